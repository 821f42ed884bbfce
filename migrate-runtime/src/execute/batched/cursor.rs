//! How far a statement has come that runs in batches, as its mark in the database has it.

use migrate_core::Batch;

use super::walk::{Key, Start};
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
    /// How many rows had ever been inserted when the first batch began.
    pub(super) inserted: u64,
}

impl Cursor {
    /// Before the first batch; how many rows there are is not known yet.
    pub(super) fn first(batch: &Batch, inserted: u64) -> Cursor {
        Cursor { from: Start::First, rows: 0, total: 0, batches: 0, size: batch.size, inserted }
    }

    /// Reads the answer to `cursor.sql`; nothing where no batch was committed.
    pub(super) fn read(row: &[Option<String>], key: Key) -> Option<Cursor> {
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
        })
    }

    /// A JSON text.
    pub(super) fn to_json(&self) -> String {
        let Cursor { rows, total, batches, size, inserted, .. } = self;
        let (key, behind) = match &self.from {
            Start::First => (&Vec::new(), false),
            Start::At(key) => (key, false),
            Start::Behind(key) => (key, true),
        };
        let key: Vec<String> = key.iter().map(|it| format!("\"{}\"", json_text(it))).collect();
        let key = key.join(", ");
        format!(
            "{{\"at\": [{key}], \"behind\": {behind}, \"rows\": {rows}, \"total\": {total}, \"batches\": {batches}, \"size\": {size}, \"inserted\": {inserted}}}"
        )
    }
}
