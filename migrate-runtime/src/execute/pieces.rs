//! A script cut into pieces, where the limit for locks changes between its statements.

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
}

/// A whole script. One that sets the limit itself is left alone.
pub(super) fn pieces(step: &Step, limits: Limits) -> Vec<Piece> {
    let statements = step.statements();
    if limits.rows == limits.tables || step.sets_lock_timeout() {
        return vec![Piece { body: Body::range(step, 0, statements.len()), limit: limits.tables }];
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for (number, statement) in statements.iter().enumerate() {
        let limit = limits.for_statement(statement);
        match pieces.last_mut() {
            Some(last) if last.limit == limit => {
                last.body = Body::range(step, last.body.first, last.body.count + 1);
            }
            _ => pieces.push(Piece { body: Body::range(step, number, 1), limit }),
        }
    }
    pieces
}

/// One statement of a script that runs statement by statement.
pub(super) fn single(step: &Step, statement: usize, limits: Limits) -> [Piece; 1] {
    [Piece { body: Body::range(step, statement, 1), limit: limits.tables }]
}

impl Body {
    fn range(step: &Step, first: usize, count: usize) -> Body {
        let statements = &step.statements()[first..first + count];
        let start = statements.first().map_or(0, |it| it.range.start as usize);
        let end = statements.last().map_or(0, |it| it.range.end as usize);
        Body { first, count, start, end }
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }
}
