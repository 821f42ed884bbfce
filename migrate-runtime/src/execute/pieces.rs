//! A script cut into pieces, where the limit for locks changes between its statements.

use migrate_core::{ByteRange, Manner, WaitsFor};

use super::patience::Limits;
use crate::plan::Step;

/// Statements of a script that wait equally long for a lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) body: Body,
    /// How long, in milliseconds.
    pub(super) limit: u32,
}

/// A part of a script, as it is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    /// The number of its first statement in the script.
    pub(super) first: usize,
    /// How many statements it has.
    pub(super) count: usize,
    /// Where it begins in the script, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
    /// How its statements run.
    pub(super) manner: Manner,
}

/// What a transaction has done so far, as far as it matters to the locks that come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    /// It has worked on rows, which would have to be done again.
    worked: bool,
    /// It may hold a lock on a table, behind which others queue whatever it waits for.
    locked: bool,
}

impl Past {
    /// How long the next statement waits.
    fn limit(&mut self, waits_for: WaitsFor, limits: Limits) -> u32 {
        match waits_for {
            WaitsFor::Rows => {
                self.worked = true;
                if self.locked { limits.tables } else { limits.rows }
            }
            WaitsFor::Tables if !self.worked => {
                self.locked = true;
                limits.first
            }
            WaitsFor::Tables => {
                self.locked = true;
                limits.tables
            }
            _ => limits.tables,
        }
    }
}

/// A whole script. One that sets the limit itself is left alone.
pub(super) fn pieces(step: &Step, limits: Limits, past: &mut Past) -> Vec<Piece> {
    let is_its_own = step.sets_lock_timeout();
    let mut pieces: Vec<Piece> = Vec::new();
    for (number, statement) in step.statements().iter().enumerate() {
        let waits_for = statement.kind.waits_for();
        let limit = match pieces.last() {
            _ if is_its_own => limits.first,
            Some(last) if waits_for == WaitsFor::Nothing => last.limit,
            _ => past.limit(waits_for, limits),
        };
        let joins = |it: &Piece| it.limit == limit && it.body.manner == Manner::Once;
        match pieces.last_mut() {
            Some(last) if joins(last) && statement.manner == Manner::Once => {
                last.body = Body::range(step, last.body.first, last.body.count + 1);
            }
            _ => pieces.push(Piece { body: Body::range(step, number, 1), limit }),
        }
    }
    pieces
}

/// One statement, in a transaction of its own or in none.
pub(super) fn single(step: &Step, statement: usize, limits: Limits) -> Piece {
    let waits_for = step.statements()[statement].kind.waits_for();
    let limit = Past::default().limit(waits_for, limits);
    Piece { body: Body::range(step, statement, 1), limit }
}

impl Body {
    fn range(step: &Step, first: usize, count: usize) -> Body {
        let statements = &step.statements()[first..first + count];
        let start = statements.first().map_or(0, |it| it.range.start as usize);
        let end = statements.last().map_or(0, |it| it.range.end as usize);
        let manner = statements.first().map_or(Manner::Once, |it| it.manner);
        Body { first, count, start, end, manner }
    }

    /// A part of one statement.
    pub(super) fn of(statement: usize, range: ByteRange) -> Body {
        let (start, end) = (range.start as usize, range.end as usize);
        Body { first: statement, count: 1, start, end, manner: Manner::Once }
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }
}
