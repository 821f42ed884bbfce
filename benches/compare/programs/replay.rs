//! Sends the messages of a recorded conversation again, each when as many answers are there as were there then, and
//! does nothing else: `replay FILE HOST:PORT DATABASE`. An error is an answer as any other; whether all went as it
//! did then is to be seen in the database.
//!
//! The file has what the client said first (a startup message, with the name of the database left out) and then its
//! messages. Where a message named the process of the server that was at the other end, it has a hole for it.
//! Numbers are 32 bits, big end first: the length of the startup message's parameters, these, and then for every
//! message: answers before it, its type, its parts; for each part its length and bytes, or 2^32 - 1 for a hole.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

const HOLE: u32 = u32::MAX;

struct Message {
    after: u32,
    kind: u8,
    parts: Vec<Option<Vec<u8>>>,
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> u32 {
        let (head, rest) = self.0.split_at(4);
        self.0 = rest;
        u32::from_be_bytes(head.try_into().expect("four bytes"))
    }

    fn bytes(&mut self, count: u32) -> Vec<u8> {
        let (head, rest) = self.0.split_at(count as usize);
        self.0 = rest;
        head.to_vec()
    }
}

/// One message of the server: its type and what is in it.
fn receive(server: &mut impl Read) -> (u8, Vec<u8>) {
    let mut head = [0; 5];
    server.read_exact(&mut head).expect("an answer");
    let length = u32::from_be_bytes(head[1..].try_into().expect("four bytes"));
    let mut body = vec![0; length as usize - 4];
    server.read_exact(&mut body).expect("the rest of an answer");
    if head[0] == b'E' {
        eprintln!("{}", String::from_utf8_lossy(&body).replace('\0', " "));
    }
    (head[0], body)
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let file = std::fs::read(&words[1]).expect("the recording");
    let mut file = Reader(&file);
    let length = file.number();
    let mut startup = 196_608u32.to_be_bytes().to_vec();
    startup.extend(file.bytes(length));
    for word in ["database", &words[3], ""] {
        startup.extend(word.as_bytes());
        startup.push(0);
    }
    let mut messages = Vec::new();
    while !file.0.is_empty() {
        let (after, kind, count) = (file.number(), file.number() as u8, file.number());
        let part = |_| match file.number() {
            HOLE => None,
            length => Some(file.bytes(length)),
        };
        messages.push(Message { after, kind, parts: (0..count).map(part).collect() });
    }

    let mut server = TcpStream::connect(&words[2]).expect("connected");
    server.set_nodelay(true).expect("no delay");
    let mut answers = BufReader::new(server.try_clone().expect("a second handle"));
    let mut out = (startup.len() as u32 + 4).to_be_bytes().to_vec();
    out.extend(startup);
    server.write_all(&out).expect("sent");
    let (mut pid, mut answered) = (String::new(), 0);
    while answered == 0 {
        match receive(&mut answers) {
            (b'K', body) => pid = u32::from_be_bytes(body[..4].try_into().expect("four bytes")).to_string(),
            (b'Z', _) => answered = 1,
            _ => {}
        }
    }
    let mut at = 0;
    while at < messages.len() {
        while answered < messages[at].after {
            answered += u32::from(receive(&mut answers).0 == b'Z');
        }
        out.clear();
        while at < messages.len() && messages[at].after <= answered {
            let body = out.len() + 1;
            out.push(messages[at].kind);
            out.extend([0; 4]);
            for part in &messages[at].parts {
                out.extend(part.as_deref().unwrap_or(pid.as_bytes()));
            }
            let length = (out.len() - body) as u32;
            out[body..body + 4].copy_from_slice(&length.to_be_bytes());
            at += 1;
        }
        server.write_all(&out).expect("sent");
    }
}
