//! A statement on its way through its table.

use migrate_core::Batch;

use super::cursor::Cursor;
use super::health::LogSizes;
use super::table::Table;
use super::walk::{Range, Start};
use crate::execute::Message;
use crate::execute::frame::Frame;
use crate::execute::message::BatchKeys;
use crate::execute::patience::{Attempts, Limits};
use crate::execute::standalone::{Work, as_ourselves};
use crate::history::Batched;
use crate::quote::literal;

/// A statement on its way.
pub(super) struct Passage {
    /// The number of the statement, from 0.
    pub(super) number: usize,
    pub(super) batch: Batch,
    pub(super) table: Table,
    pub(super) cursor: Cursor,
    /// The cursor that the database has; nothing before the first batch.
    pub(super) noted: Option<String>,
    /// The tries to get past the locks of others, until one batch gets through.
    pub(super) attempts: Attempts,
    /// How much log there was before the batches so far, for the sake of standbys.
    pub(super) sizes: LogSizes,
}

impl Passage {
    pub(super) fn batched(&self) -> Option<Batched> {
        let Cursor { rows, total, batches, .. } = self.cursor;
        Some(Batched { rows, total: total.max(rows), batches }).filter(|it| it.batches > 0)
    }

    /// Where the walk goes on after a batch.
    pub(super) fn behind(&self, range: &Range) -> Cursor {
        let end = range.end.clone();
        let cursor = &self.cursor;
        let rows = cursor.rows + range.rows;
        Cursor {
            from: if range.is_last { Start::Behind(end) } else { Start::At(end) },
            rows,
            total: cursor.total.max(rows),
            batches: cursor.batches + 1,
            ..cursor.clone()
        }
    }

    /// An expression: whether the history or the mark is not where this batch begins.
    pub(super) fn is_elsewhere(&self, work: &Work<'_>, message: &Message<'_>) -> String {
        let already = message.already(work.step);
        let (schema, _) = message.owner();
        let noted = self.noted.as_ref().map_or("NULL".to_owned(), |it| literal(it));
        format!(
            "{already} OR (SELECT cursor -> 'batch' FROM {schema}._migrations_progress WHERE version = {} AND direction = '{}') IS DISTINCT FROM {noted}::jsonb",
            literal(work.step.version()),
            work.step.direction()
        )
    }

    /// The message of a batch, and the number of the statement in it whose rows count.
    pub(super) fn message<'f>(
        &self,
        frame: &'f Frame,
        work: &Work<'_>,
        range: &Range,
        next: &Cursor,
        (limits, usual): (Limits, Limits),
    ) -> (Message<'f>, usize) {
        let mut message = Message::new(frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        as_ourselves(&mut message, |it| it.guard_unless(&self.is_elsewhere(work, it)));
        let is_ours = !work.step.sets_lock_timeout();
        if is_ours {
            message.limit(limits.rows);
        }
        let counted = message.statements();
        let keys = BatchKeys {
            start: self.table.literals(&range.start),
            end: self.table.literals(&range.end),
            less: if range.is_last { "<=" } else { "<" },
        };
        message.batch(work.step, self.number, &keys, limits.rows);
        message.push("SET CONSTRAINTS ALL IMMEDIATE");
        if is_ours {
            message.limit(usual.tables);
        }
        let batch = next.to_json();
        as_ourselves(&mut message, |it| work.mark_batch(it, self.number, &batch));
        message.commit();
        (message, counted)
    }
}

/// A batch is small: it waits no longer for rows than for tables, so that nobody waits long for those that it has
/// changed already.
pub(super) fn patient(limits: Limits) -> Limits {
    Limits { rows: limits.tables, ..limits }
}
