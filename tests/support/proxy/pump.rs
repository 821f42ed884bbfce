//! The threads of a proxy: one accepts connections, two for each connection pass messages on.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;

use super::stream::{Address, Listener, Stream};
use super::wire::{Framer, Message, Opening};
use super::{Fault, Shared};

/// One connection through the proxy.
#[derive(Debug)]
pub(super) struct Link {
    client: Stream,
    server: Stream,
    state: Mutex<LinkState>,
}

#[derive(Debug, Default)]
struct LinkState {
    phase: Phase,
    /// The client has sent something that the server has not answered yet.
    unanswered: bool,
    /// Simple queries that the server is still to answer.
    on_their_way: u32,
    /// The client is gone, and what the server still says is lost.
    deaf: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Logging in.
    #[default]
    Opening,
    /// The server's next byte is its answer to a request for encryption.
    OneByte,
    /// Logged in: what passes counts.
    Session,
    /// Encrypted: nothing can be read.
    Opaque,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Pass,
    /// So many bytes pass, then the connection ends.
    Cut(usize),
    /// It passes, but the client does not live to see the answer.
    PassAndDeafen,
}

/// Accepts connections until the proxy is over.
pub(super) fn accept(listener: &Listener, server: &Address, shared: &Arc<Shared>) {
    while let Ok(client) = listener.accept() {
        let (over, fault) = {
            let state = shared.lock();
            (state.over, state.fault)
        };
        if over {
            return;
        }
        if fault != Fault::Refuse {
            // A server that is gone is a connection that ends: what the client would see.
            drop(open(client, server, shared));
        }
    }
}

fn open(client: Stream, server: &Address, shared: &Arc<Shared>) -> std::io::Result<()> {
    let server = server.connect()?;
    let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
    shared.lock().open.extend([client.try_clone()?, server.try_clone()?]);
    let link = Arc::new(Link { client, server, state: Mutex::default() });
    shared.lock().links.push(Arc::downgrade(&link));

    let (to_server, its_link, its_shared) =
        (link.server.try_clone()?, Arc::clone(&link), Arc::clone(shared));
    thread::spawn(move || requests(from_client, to_server, &its_link, &its_shared));
    let (to_client, its_shared) = (link.client.try_clone()?, Arc::clone(shared));
    thread::spawn(move || replies(from_server, to_client, &link, &its_shared));
    Ok(())
}

/// Passes on what the client says, until one of both is gone.
fn requests(mut client: Stream, mut server: Stream, link: &Link, shared: &Shared) {
    let mut framer = Framer::of_client();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        framer.push(&buffer[..length]);
        if link.state.lock().unwrap().phase == Phase::Opaque {
            framer.give_up();
        }
        let messages: Vec<_> = std::iter::from_fn(|| framer.next()).collect();
        // All of them before the first is passed on: together they are one burst.
        for message in &messages {
            note_request(message, link, shared);
        }
        hold(shared);
        for message in messages {
            let fate = fate_of_request(&message, shared);
            link.state.lock().unwrap().deaf |= fate == Fate::PassAndDeafen;
            if !deliver(&message, fate, &mut server) {
                // Of a server that is gone, what it said before is still to be passed on, and then the link ends.
                if let Fate::Cut(_) = fate {
                    end(link);
                }
                return;
            }
            if fate == Fate::PassAndDeafen {
                // The server side stays open until the server has done its work.
                return link.client.cut();
            }
        }
    }
    if !link.state.lock().unwrap().deaf {
        end(link);
    }
}

/// Passes on what the server says, until one of both is gone.
fn replies(mut server: Stream, mut client: Stream, link: &Link, shared: &Shared) {
    let mut framer = Framer::of_server();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        framer.push(&buffer[..length]);
        if link.state.lock().unwrap().phase == Phase::OneByte {
            framer.expect_one_byte();
        }
        let messages: Vec<_> = std::iter::from_fn(|| framer.next()).collect();
        for message in &messages {
            note_reply(message, link, shared);
        }
        hold(shared);
        for message in messages {
            if link.state.lock().unwrap().deaf {
                match message.kind {
                    Some(b'Z') => return end(link),
                    _ => continue,
                }
            }
            if !deliver(&message, fate_of_reply(&message, shared), &mut client) {
                return end(link);
            }
        }
    }
    end(link);
}

impl Link {
    pub(super) fn forget_client(&self) {
        self.state.lock().unwrap().deaf = true;
        self.client.cut();
    }
}

fn end(link: &Link) {
    link.client.cut();
    link.server.cut();
}

/// Says whether the connection goes on.
fn deliver(message: &Message, fate: Fate, to: &mut Stream) -> bool {
    let length = match fate {
        Fate::Cut(length) => length,
        Fate::Pass | Fate::PassAndDeafen => message.raw.len(),
    };
    to.write_all(&message.raw[..length]).is_ok() && !matches!(fate, Fate::Cut(_))
}

fn note_request(message: &Message, link: &Link, shared: &Shared) {
    let (mut link, mut state) = (link.state.lock().unwrap(), shared.lock());
    match message.kind {
        None if link.phase == Phase::Opaque => {}
        None => match message.opening() {
            Opening::Session => state.counts.sessions += 1,
            Opening::Cancel => state.counts.cancels += 1,
            Opening::Encryption => link.phase = Phase::OneByte,
        },
        Some(b'Q') => {
            state.counts.queries += 1;
            state.counts.waits += u32::from(link.on_their_way == 0);
            link.on_their_way += 1;
        }
        Some(b'P') => state.counts.prepared += 1,
        Some(_) => {}
    }
    state.sql.extend(message.sql());
    link.unanswered |= link.phase == Phase::Session && message.kind != Some(b'X');
}

fn note_reply(message: &Message, link: &Link, shared: &Shared) {
    let (mut link, mut state) = (link.state.lock().unwrap(), shared.lock());
    if std::mem::take(&mut link.unanswered) {
        state.counts.round_trips += 1;
    }
    if message.kind == Some(b'Z') && link.phase == Phase::Session {
        state.counts.ready += 1;
        link.on_their_way = link.on_their_way.saturating_sub(1);
    }
    link.phase = match (message.kind, link.phase) {
        (None, Phase::OneByte) if message.raw == b"N" => Phase::Opening,
        (None, _) => Phase::Opaque,
        (Some(b'Z'), Phase::Opening) => Phase::Session,
        (_, phase) => phase,
    };
}

/// Waits as long as nothing may pass.
fn hold(shared: &Shared) {
    let state = shared.lock();
    if let Fault::Delay(delay) = state.fault {
        drop(state);
        return thread::sleep(delay);
    }
    let stuck = |state: &mut super::State| state.fault == Fault::BlackHole && !state.over;
    drop(shared.changed.wait_while(state, stuck).unwrap());
}

fn fate_of_request(message: &Message, shared: &Shared) -> Fate {
    if message.kind != Some(b'Q') {
        return Fate::Pass;
    }
    let mut state = shared.lock();
    let (fault, fate) = match state.fault {
        Fault::CutBeforeQuery(0 | 1) => (Fault::None, Fate::Cut(0)),
        Fault::CutBeforeQuery(number) => (Fault::CutBeforeQuery(number - 1), Fate::Pass),
        Fault::CutAfterQuery(0 | 1) => (Fault::None, Fate::PassAndDeafen),
        Fault::CutAfterQuery(number) => (Fault::CutAfterQuery(number - 1), Fate::Pass),
        other => (other, Fate::Pass),
    };
    state.fault = fault;
    fate
}

fn fate_of_reply(message: &Message, shared: &Shared) -> Fate {
    let (mut state, length) = (shared.lock(), message.raw.len());
    let (fault, fate) = match state.fault {
        Fault::CutAfterBytes(left) if left <= length => (Fault::None, Fate::Cut(left)),
        Fault::CutAfterBytes(left) => (Fault::CutAfterBytes(left - length), Fate::Pass),
        Fault::CutOnReply(tag, count) if message.tag().as_deref() == Some(tag) => match count {
            ..=1 => (Fault::None, Fate::Cut(0)),
            _ => (Fault::CutOnReply(tag, count - 1), Fate::Pass),
        },
        other => (other, Fate::Pass),
    };
    state.fault = fault;
    fate
}
