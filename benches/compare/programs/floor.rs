//! The floor: a bare client with an array of scripts, that does what cannot be left out.
//!
//! `count` | `query URL` (connects, asks for the history, and that is all) | `up URL each|one|mega` | `status URL` |
//! `down URL K|all`. How `up` goes: `each` migration in a message and a transaction of its own, `one` transaction
//! with a message for each, or `mega`: one message with everything.

use std::fmt::Write;

use postgres::{Client, NoTls, SimpleQueryMessage};

mod corpus;
use corpus::{MIGRATIONS, Migration};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _migrations (version bigint PRIMARY KEY, name text NOT NULL, \
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), checksum text NOT NULL, execution_time bigint NOT NULL);";
const HISTORY: &str = "SELECT version, checksum FROM _migrations ORDER BY version";

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).expect("connected")
}

fn applied(client: &mut Client) -> Vec<(i64, String)> {
    let row = |it: &SimpleQueryMessage| match it {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?.parse().ok()?, row.get(1)?.to_owned())),
        _ => None,
    };
    match client.simple_query(HISTORY) {
        Ok(rows) => rows.iter().filter_map(row).collect(),
        Err(error) if error.code() == Some(&postgres::error::SqlState::UNDEFINED_TABLE) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

fn step(out: &mut String, it: &Migration) {
    write!(
        out,
        "{}\n;INSERT INTO _migrations (version, name, checksum, execution_time) VALUES ({}, '{}', '{}', \
         (extract(epoch FROM clock_timestamp() - now()) * 1000)::bigint);",
        it.up, it.version, it.name, it.checksum
    )
    .expect("written");
}

fn up(url: &str, mode: &str) {
    let mut client = connect(url);
    let done = applied(&mut client);
    let mut message = String::with_capacity(4096);
    let mut send = |message: &mut String| {
        client.batch_execute(message).expect("it runs");
        message.clear();
    };
    message.push_str(if mode == "each" { "" } else { "BEGIN;" });
    message.push_str(TABLE);
    let newest = done.last().map_or(0, |it| it.0);
    for it in MIGRATIONS.iter().filter(|it| it.version > newest) {
        match mode {
            "each" => {
                message.push_str("BEGIN;");
                step(&mut message, it);
                message.push_str("COMMIT;");
                send(&mut message);
            }
            "one" => {
                step(&mut message, it);
                send(&mut message);
            }
            _ => step(&mut message, it),
        }
    }
    if mode != "each" {
        message.push_str("COMMIT");
        send(&mut message);
    }
}

fn down(url: &str, count: usize) {
    let mut client = connect(url);
    let done = applied(&mut client);
    for (version, _) in done.iter().rev().take(count) {
        let at = MIGRATIONS.binary_search_by_key(version, |it| it.version).expect("a version of ours");
        let message = format!(
            "BEGIN;{}\n;DELETE FROM _migrations WHERE version={version};COMMIT;",
            MIGRATIONS[at].down
        );
        client.batch_execute(&message).expect("it runs");
    }
}

fn status(url: &str) {
    let mut client = connect(url);
    let done = applied(&mut client);
    let mut out = String::new();
    for it in MIGRATIONS {
        let state = match done.binary_search_by_key(&it.version, |row| row.0) {
            Ok(at) if done[at].1 == it.checksum => "applied",
            Ok(_) => "edited",
            Err(_) => "pending",
        };
        writeln!(out, "{} {} {state}", it.version, it.name).expect("written");
    }
    print!("{out}");
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(1) {
        "count" => {
            let bytes: usize = MIGRATIONS.iter().map(|it| it.name.len()).sum();
            println!("{} {bytes}", MIGRATIONS.len());
        }
        "query" => {
            connect(word(2)).simple_query(HISTORY).expect("it runs");
        }
        "up" => up(word(2), word(3)),
        "status" => status(word(2)),
        "down" => down(word(2), word(3).parse().unwrap_or(usize::MAX)),
        other => panic!("{other}: not known"),
    }
}
