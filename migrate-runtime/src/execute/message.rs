//! The message: everything that one or more migrations need, in one round trip.
//!
//! A script is framed by what makes it safe: a clean session, a guard that proves the lock and that
//! the step is still to do, a second guard after the script, and the rows of the history in the same
//! transaction. Every statement is counted, so that an answer that stops after n completions, or an
//! error with a position, can be traced to the statement of the script.

use migrate_core::{Batch, BatchPart, Manner};

use super::frame::Frame;
use super::patience::Attempt;
use super::phrase::Wording;
use super::pieces::{Body, Past, Piece};
use crate::plan::Step;
use crate::quote::fill_code;

/// A message, and where in it the scripts stand.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(super) frame: &'a Frame,
    text: String,
    statements: usize,
    pub(super) parts: Vec<Part>,
    /// The statement that commits all of them.
    commit: Option<usize>,
    pub(super) past: Past,
    /// What the next step follows.
    pub(super) before: Option<String>,
    /// The next step is the last one of its transaction.
    pub(super) is_last: bool,
    /// How it says what every step has.
    pub(super) wording: Wording,
    /// How long a statement may wait for a lock; nothing where a script says so itself.
    longest: Option<u32>,
}

/// The part of a message that belongs to one step. Numbers of statements count from 0.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The first statement of the script.
    script: usize,
    /// What of the script was sent.
    sent: Vec<Sent>,
    /// The statement whose row says how long the step took.
    pub(crate) result: usize,
}

/// A run of statements in the message.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// The number of the first one in the message.
    statement: usize,
    /// Where it begins in the message, in bytes.
    offset: usize,
    body: Body,
}

/// What comes in the place of a batch's placeholders.
#[derive(Debug)]
pub(super) struct BatchKeys {
    pub(super) start: String,
    pub(super) end: String,
    /// `<` before the first key behind the batch, `<=` before its own last one.
    pub(super) less: &'static str,
}

/// The place in a script that an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the statement in the script, from 0.
    pub(crate) statement: usize,
    /// The byte in the script, where the server gave a position.
    pub(crate) byte: Option<usize>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(frame: &'a Frame) -> Message<'a> {
        let (text, parts, past, longest) = (String::new(), Vec::new(), Past::default(), Some(0));
        let (commit, before, is_last, wording) = (None, None, true, Wording::InFull);
        Message {
            frame,
            text,
            statements: 0,
            parts,
            commit,
            past,
            before,
            is_last,
            wording,
            longest,
        }
    }

    /// Opens a transaction that owes nothing to what the session was told before.
    pub(crate) fn begin(&mut self) {
        self.past = Past::default();
        self.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        self.push("RESET SESSION AUTHORIZATION");
        self.push("RESET ROLE");
    }

    /// Ends the transaction; it is what makes the steps since [`begin`](Message::begin) count.
    pub(crate) fn commit(&mut self) {
        self.commit = Some(self.statements);
        self.push("COMMIT");
    }

    /// Gives the lock back after the last step, which saves a round trip.
    pub(crate) fn unlock(&mut self) {
        self.push(&self.frame.key.unlock());
    }

    /// Adds a part of a script as it stands; between its pieces, the limit for locks changes. `limit` is
    /// the one that holds before it, in milliseconds.
    pub(super) fn script(&mut self, step: &Step, pieces: &[Piece], mut limit: u32) {
        let script = self.statements;
        let longest = pieces.iter().map(|it| it.limit).max().unwrap_or_default();
        self.longest = self.longest.filter(|_| !step.sets_lock_timeout()).map(|it| it.max(longest));
        let mut sent = Vec::with_capacity(pieces.len());
        for piece in pieces {
            if piece.limit != limit {
                limit = piece.limit;
                self.limit(limit);
            }
            let sql = &step.sql()[piece.body.start..piece.body.end];
            let (before, after) = match piece.body.manner {
                Manner::Verify => verified(sql),
                _ => (String::new(), String::new()),
            };
            self.text.push_str(&before);
            let (statement, offset) = (self.statements, self.text.len());
            sent.push(Sent { statement, offset, body: piece.body });
            self.statements += piece.body.count;
            self.text.push_str(sql);
            self.text.push_str(&after);
            // On a line of its own: the script may end in a comment.
            self.text.push_str("\n;\n");
        }
        self.parts.push(Part { script, sent, result: usize::MAX });
    }

    /// Adds a statement that runs in batches, with the keys of one in the place of its placeholders.
    pub(super) fn batch(&mut self, step: &Step, number: usize, keys: &BatchKeys, limit: u32) {
        let statement = self.statements;
        self.longest = Some(limit).filter(|_| !step.sets_lock_timeout());
        let mut sent = Vec::new();
        for part in Batch::parts(step.sql(), &step.statements()[number]) {
            let text = match part {
                BatchPart::Sql(range) => {
                    let body = Body::of(number, range);
                    sent.push(Sent { statement, offset: self.text.len(), body });
                    range.of(step.sql())
                }
                BatchPart::Start => &keys.start,
                BatchPart::End => &keys.end,
                BatchPart::Less => keys.less,
            };
            self.text.push_str(text);
        }
        self.text.push_str("\n;\n");
        self.statements += 1;
        self.parts.push(Part { script: statement, sent, result: usize::MAX });
    }

    /// Sets how long the statements that follow wait for a lock, in milliseconds.
    pub(crate) fn limit(&mut self, limit: u32) {
        self.push(&format!("SET LOCAL lock_timeout = '{limit}ms'"));
    }

    /// Adds one statement of ours.
    pub(crate) fn push(&mut self, statement: &str) {
        self.text.push_str(statement.trim_end());
        self.text.push_str(";\n");
        self.statements += 1;
    }

    /// A statement of ours about the progress of a step.
    pub(super) fn about(&self, step: &Step, sql: &str) -> String {
        self.frame.about(step, sql)
    }

    /// The schema in quotes, and the token of the run.
    pub(crate) fn owner(&self) -> (String, String) {
        (self.frame.store.schema.clone(), self.frame.audit.token().to_owned())
    }

    /// The attempt that sending it is, from now on.
    pub(super) fn attempt(&self) -> Attempt {
        Attempt::begins(self.longest)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How many statements there are so far.
    pub(crate) fn statements(&self) -> usize {
        self.statements
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The statements whose rows are wanted.
    pub(crate) fn results(&self) -> Vec<usize> {
        self.parts.iter().map(|it| it.result).collect()
    }

    /// Whether an answer that stopped after `completed` statements has committed the steps.
    pub(crate) fn is_committed(&self, completed: usize) -> bool {
        self.commit.is_some_and(|it| it < completed)
    }

    /// Whether anything of a script had run when an answer stopped after `completed` statements.
    pub(crate) fn has_run_any(&self, completed: usize) -> bool {
        self.parts.first().is_some_and(|it| it.script < completed)
    }

    /// The step that an answer stopped in.
    pub(crate) fn step_at(&self, completed: usize) -> usize {
        let entered = self.parts.iter().take_while(|it| it.script <= completed).count();
        entered.saturating_sub(1)
    }

    /// The step and the place in its script that an error belongs to; nothing where it belongs to a
    /// statement of ours. The number of completions gives the statement, and a position the byte in it.
    ///
    /// Before anything is executed, all of the message is read: what is found then has its place by the position
    /// alone. Later, one in another statement is that of a text which was prepared before.
    pub(crate) fn locate(
        &self,
        completed: Option<usize>,
        position: Option<u32>,
        steps: &[Step],
    ) -> Option<(usize, Place)> {
        let by_position = position.and_then(|it| self.place_at(self.byte_of(it)?, steps));
        let by_count = completed.and_then(|it| self.place_of(it));
        if completed.is_none_or(|it| it == 0) {
            return by_position.or(by_count);
        }
        let is_same = |it: &(usize, Place)| {
            by_count
                .is_some_and(|(index, place)| (index, place.statement) == (it.0, it.1.statement))
        };
        by_position.filter(is_same).or(by_count)
    }

    /// The place of a byte of the message.
    fn place_at(&self, byte: usize, steps: &[Step]) -> Option<(usize, Place)> {
        let (index, sent) =
            self.find(|it| (it.offset..=it.offset + it.body.len()).contains(&byte))?;
        let byte = byte - sent.offset + sent.body.start;
        let statements = steps.get(index)?.statements();
        let statement = statements.partition_point(|it| it.range.start as usize <= byte);
        Some((index, Place { statement: statement.saturating_sub(1), byte: Some(byte) }))
    }

    /// The place of the statement of the message that `completed` others stand before.
    fn place_of(&self, completed: usize) -> Option<(usize, Place)> {
        let (index, sent) =
            self.find(|it| (it.statement..it.statement + it.body.count).contains(&completed))?;
        let statement = completed - sent.statement + sent.body.first;
        Some((index, Place { statement, byte: None }))
    }

    /// The first run of statements that fits, with the number of its step.
    fn find(&self, fits: impl Fn(&Sent) -> bool) -> Option<(usize, Sent)> {
        let each = |(index, part): (usize, &Part)| {
            part.sent.iter().find(|it| fits(it)).map(|it| (index, *it))
        };
        self.parts.iter().enumerate().find_map(each)
    }

    /// The server counts characters, from 1.
    fn byte_of(&self, position: u32) -> Option<usize> {
        let index = (position as usize).checked_sub(1)?;
        let ends = std::iter::once(self.text.len());
        self.text.char_indices().map(|it| it.0).chain(ends).nth(index)
    }
}

/// What stands before and behind a query that has to give true: together, a statement that fails where it does not.
fn verified(query: &str) -> (String, String) {
    let text = fill_code(include_str!("verify.sql"), &[("query", query)]);
    let (before, after) = text.split_once(query).unwrap_or((&text, ""));
    (before.to_owned(), after.trim_end().to_owned())
}
