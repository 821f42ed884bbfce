//! Where a walk ends that does not go through the whole table.
//!
//! What has stopped half-way is taken back as far as it had come: where its up script had one batch over the same rows,
//! the one of the down script ends where that one did. And a statement that adds rows to the table which it walks
//! would never come to an end.

use migrate_core::{Batch, Checksum, Manner, Script};

use super::walk::{End, Key};
use crate::plan::around;

/// How far an up script had come when its down script began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upto {
    /// The statement that was not done, from 0.
    statement: usize,
    /// The checksums of that statement, and of what stands before it.
    checksums: [String; 2],
    /// Where the batches of that one had come, and how many rows they had walked; nothing where there was none.
    batches: Option<(End, u64)>,
}

impl Upto {
    /// Reads the answers to the two questions about it.
    pub(super) fn read(row: Option<&[Option<String>]>, key: Key) -> Option<Upto> {
        let row = row?;
        let text = |at: usize| row.get(at).and_then(Option::as_deref);
        let number: usize = text(0)?.parse().ok()?;
        let end = if text(1) == Some("true") { End::With(key) } else { End::Before(key) };
        let batches = text(2).and_then(|it| Some((end, it.parse().ok()?)));
        let checksums = [text(3)?.to_owned(), text(4)?.to_owned()];
        Some(Upto { statement: number.checked_sub(1)?, checksums, batches })
    }

    /// Whether it is about this up script: one that was edited since has its batches at other places.
    pub(super) fn is_of(&self, up: &Script) -> bool {
        let (before, text) = around(up.sql, up.statements, self.statement);
        [text.unwrap_or_default(), before].map(|it| Checksum::of(it).to_string()) == self.checksums
    }

    /// Where a batch of the down script ends, and how many rows that is; nothing where it goes through all of them.
    pub(super) fn end(&self, up: &Script, batch: &Batch) -> Option<(End, u64)> {
        let statements = up.statements.iter().enumerate();
        let batches = statements.filter(|it| it.1.manner == Manner::Batch);
        let same = |it: &Batch| it.table == batch.table && it.key == batch.key;
        let mut numbers = batches.filter(|it| Batch::of(up.sql, it.1).is_some_and(|it| same(&it)));
        // Which of several it takes back, nobody knows.
        let (number, None) = (numbers.next()?.0, numbers.next()) else { return None };
        match self.statement {
            at if at > number => None,
            at if at == number => Some(self.batches.clone().unwrap_or((End::Nowhere, 0))),
            _ => Some((End::Nowhere, 0)),
        }
    }
}
