//! How far a statement has come that runs in batches, as its mark in the database has it.

use migrate_core::Batch;

use super::walk::{End, Key, Start};
use crate::quote::json_text;

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) from: Start,
    /// How many rows were walked.
    pub(super) rows: u64,
    /// How many there are, as far as is known.
    pub(super) total: u64,
    pub(super) batches: u64,
    /// How many rows the next batch is to have.
    pub(super) size: u32,
    /// Where the walk ends.
    pub(super) until: End,
    /// How many rows had ever been inserted when the first batch began.
    pub(super) inserted: u64,
}

impl Cursor {
    /// Before the first batch; how many rows there are is not known yet.
    pub(super) fn first(batch: &Batch, inserted: u64) -> Cursor {
        let (from, until) = (Start::First, End::Last);
        Cursor { from, rows: 0, total: 0, batches: 0, size: batch.size, until, inserted }
    }

    /// Reads the answer to `cursor.sql`; nothing where no batch was committed.
    pub(super) fn read(row: &[Option<String>], key: Key, until: Key) -> Option<Cursor> {
        let text = |at: usize| row.get(at).and_then(Option::as_deref);
        let number = |at: usize| text(at)?.parse::<u64>().ok();
        text(0)?;
        Some(Cursor {
            from: if text(1) == Some("true") { Start::Behind(key) } else { Start::At(key) },
            rows: number(2)?,
            total: number(3)?,
            batches: number(4)?,
            size: text(5)?.parse().ok()?,
            inserted: number(6)?,
            until: match text(7)? {
                "last" => End::Last,
                "before" => End::Before(until),
                "with" => End::With(until),
                "nowhere" => End::Nowhere,
                _ => return None,
            },
        })
    }

    /// A JSON text.
    pub(super) fn to_json(&self) -> String {
        let Cursor { rows, total, batches, size, inserted, .. } = self;
        let none = Key::new();
        let (at, behind) = match &self.from {
            Start::First => (&none, false),
            Start::At(key) => (key, false),
            Start::Behind(key) => (key, true),
        };
        let (end, until) = match &self.until {
            End::Last => ("last", &none),
            End::Before(key) => ("before", key),
            End::With(key) => ("with", key),
            End::Nowhere => ("nowhere", &none),
        };
        let (at, until) = (json_key(at), json_key(until));
        format!(
            "{{\"at\": [{at}], \"behind\": {behind}, \"rows\": {rows}, \"total\": {total}, \"batches\": {batches}, \"size\": {size}, \"inserted\": {inserted}, \"end\": \"{end}\", \"until\": [{until}]}}"
        )
    }
}

fn json_key(key: &Key) -> String {
    let texts: Vec<String> = key.iter().map(|it| format!("\"{}\"", json_text(it))).collect();
    texts.join(", ")
}
