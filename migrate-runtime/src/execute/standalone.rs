//! Scripts outside a transaction: statement by statement, with the progress in the database.
//!
//! The row of `_migrations_progress` says: the statements before number N are done, N is not, or is in
//! doubt. A statement that may run in a transaction moves the row in its own transaction, so it is
//! never in doubt. Only for the others the row is written ahead.

use migrate_core::{Checksum, Direction, Manner};

use super::describe::{Progress, Situation, describe};
use super::frame::Times;
use super::message::Place;
use super::patience::{Attempts, Limits};
use super::phrase::Wording;
use super::pieces::single;
use super::transactional::position;
use super::verdict::before;
use super::{Execution, Failed, Frame, Message};
use crate::audit::Outcome;
use crate::connection::DEALLOCATE;
use crate::error::Error;
use crate::fault::{self, Point};
use crate::history::{Batched, forget};
use crate::plan::{Step, around};
use crate::progress::Event;
use crate::quote::{fill, json_text, literal};
use crate::sqlstate;
use crate::transport::{Failure, Keep};
use crate::waits::Waits;

/// How a statement ran.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    /// Together with its mark or, if it was the last one, with the rows of the history.
    InTransaction,
    /// Otherwise: the mark moved behind it in a transaction of its own.
    Alone,
}

impl Execution<'_, '_> {
    pub(super) fn run_standalone(&mut self, step: &Step, index: usize) -> Result<(), Failed> {
        self.started(step, index);
        if std::mem::take(&mut self.knows_names) {
            // What the session has prepared would be taken for the script's.
            let _ = self.session.send(DEALLOCATE, Keep::Only(&[]));
        }
        let begun = step.resume().map(|it| it.work.index());
        let in_doubt = step.resume().is_some_and(|it| it.work.alone == Some(true));
        let batched = step.resume().and_then(|it| it.work.batched);
        let mut work = Work { step, index, recorded: begun, in_doubt, batched };
        self.session.waits = Waits::of(step.version());
        let result = self.run_statements(&mut work);
        self.session.come_back();
        // Nothing that a script set may reach the next one; a connection that is gone has no settings.
        let cleanup: Vec<_> = self.frame.cleanup(Wording::InFull).collect();
        let _ = self.session.send_last(&cleanup.join(";\n"));
        result
    }

    fn run_statements(&mut self, work: &mut Work<'_>) -> Result<(), Failed> {
        let step = work.step;
        self.prepare(work)?;
        let first = self.settle(work)?;
        let total = step.statements().len();
        let mut ran = Ran::Alone;
        for (number, statement) in step.statements().iter().enumerate().skip(first) {
            self.check_interrupt(step, work.index, work.situation(self.done.len()))?;
            let (index, line) = (number + 1, statement.line);
            self.session.waits.next();
            self.session.tell(Event::Statement { index, total, line });
            ran = if statement.manner == Manner::Batch {
                self.run_batches(work, number)?;
                Ran::Alone
            } else if statement.kind.refuses_transaction() {
                self.run_alone(work, number)?
            } else {
                self.run_in_transaction(work, number)?
            };
        }
        if ran == Ran::Alone { self.enter(work) } else { Ok(()) }
    }

    /// Settings of the whole script; what the script sets itself is kept from statement to statement.
    fn prepare(&mut self, work: &mut Work<'_>) -> Result<(), Failed> {
        let mut message = Message::new(&self.frame);
        message.push("RESET SESSION AUTHORIZATION");
        message.push("RESET ROLE");
        // What runs alone has no BEGIN READ WRITE before it.
        message.push("SET default_transaction_read_only = off");
        let limits = self.limits(work.step);
        for (name, value) in self.frame.limits(work.step.script(), limits.tables) {
            message.push(&format!("SET {name} = {value}"));
        }
        for (name, value) in self.frame.settings() {
            message.push(&format!("SET {name} = {value}"));
        }
        message.push(&format!("SET search_path = {}", self.frame.search_path));
        message.push(include_str!("prepared.sql"));
        let text = message.text().to_owned();
        self.say(work, &text)
    }

    /// A statement that may run in a transaction is committed together with the mark that it is done.
    fn run_in_transaction(&mut self, work: &mut Work<'_>, number: usize) -> Result<Ran, Failed> {
        let mut attempts = Attempts::new(self.session.settings);
        let step = work.step;
        let mut frame = self.frame.clone();
        let usual = self.limits(step);
        loop {
            frame.retries = self.session.waits.all_retries();
            frame.batches = self.session.batches.member();
            let limits = attempts.limits(step.script());
            let message = work.in_transaction(&frame, number, (limits, usual));
            let results = message.results();
            let (wanted, looks) = (Keep::Only(&results), attempts.pace(limits));
            let attempt = message.attempt();
            let failure = match self.session.send_watched(message.text(), wanted, looks) {
                Ok(reply) => {
                    fault::at(Point::ReplyRead);
                    (work.recorded, work.in_doubt) = (Some(number + 1), false);
                    if work.is_last(number) {
                        self.finished(step, work.index, &reply, message.parts()[0].result);
                    }
                    return Ok(Ran::InTransaction);
                }
                Err(failure) => failure,
            };
            self.session.roll_back();
            let code = failure.sqlstate().unwrap_or_default();
            if [sqlstate::ACTIVE_SQL_TRANSACTION, sqlstate::INVALID_TRANSACTION_TERMINATION]
                .contains(&code)
            {
                // A procedure that commits, REINDEX of a partitioned table: only the server can know,
                // and what it refuses has not happened.
                return self.run_alone(work, number);
            }
            if let Some(next) = self.again(&mut attempts, &attempt, &failure) {
                let situation = work.situation(self.done.len());
                self.wait_for_locks(step, &failure, next, (work.index, situation))?;
                continue;
            }
            let steps = std::slice::from_ref(step);
            let place = message.locate(failure.completed, position(&failure), steps).map(|it| it.1);
            return Err(self.fail(work, place, failure));
        }
    }

    /// Enters the step into the history, and ends the progress.
    fn enter(&mut self, work: &mut Work<'_>) -> Result<(), Failed> {
        self.session.waits.next();
        let mut frame = self.frame.clone();
        frame.retries = self.session.waits.all_retries();
        frame.batches = self.session.batches.member();
        let mut message = Message::new(&frame);
        message.begin();
        message.guard(work.step);
        message.script(work.step, &[], 0);
        work.enter(&mut message);
        message.commit();
        let results = message.results();
        match self.session.send(message.text(), Keep::Only(&results)) {
            Ok(reply) => {
                fault::at(Point::ReplyRead);
                self.finished(work.step, work.index, &reply, message.parts()[0].result);
                Ok(())
            }
            Err(failure) => Err(self.fail(work, None, failure)),
        }
    }

    /// How long the statements of a script wait for a lock, unless an attempt says otherwise.
    pub(super) fn limits(&self, step: &Step) -> Limits {
        Limits::of(step.script(), self.session.settings.lock_timeout)
    }

    /// Sends a message of ours.
    pub(super) fn say(&mut self, work: &mut Work<'_>, message: &str) -> Result<(), Failed> {
        match self.session.send(message, Keep::Only(&[])) {
            Ok(_) => Ok(()),
            Err(failure) => Err(self.fail(work, Some(work.place()), failure)),
        }
    }

    pub(super) fn fail(
        &mut self,
        work: &Work<'_>,
        place: Option<Place>,
        failure: Failure,
    ) -> Failed {
        self.session.come_back();
        let situation = work.situation(self.done.len());
        let error = describe(self.session, work.step, place, failure, situation);
        Failed::new(work.index, error)
    }

    /// Ends the script with an error of ours, which the log gets as it gets those of the server.
    pub(super) fn stop(&mut self, work: &Work<'_>, outcome: Outcome, error: Error) -> Failed {
        self.session.come_back();
        let of = (Some(work.step.version()), Some(work.step.direction()));
        let error = self.session.log_as(outcome, of, error);
        Failed::new(work.index, error)
    }
}

/// How the statement runs that a mark names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// It will share a transaction with the next mark: as long as this one stands, it has not run.
    InTransaction,
    /// Alone: from now on it is in doubt.
    Alone,
}

/// A script on its way.
pub(super) struct Work<'w> {
    pub(super) step: &'w Step,
    /// The place of the step in the plan.
    pub(super) index: usize,
    /// The statement, from 0, that the progress in the database names.
    pub(super) recorded: Option<usize>,
    /// Whether that one was sent alone, so that nobody but the catalogs knows what came of it.
    pub(super) in_doubt: bool,
    /// How far that one has come, where it runs in batches.
    pub(super) batched: Option<Batched>,
}

impl Work<'_> {
    /// The statement that the progress names, or the last one.
    pub(super) fn place(&self) -> Place {
        let last = self.step.statements().len().saturating_sub(1);
        Place { statement: self.recorded.unwrap_or(0).min(last), byte: None }
    }

    fn is_last(&self, number: usize) -> bool {
        number + 1 == self.step.statements().len()
    }

    pub(super) fn situation(&self, done: usize) -> Situation {
        let progress = match self.recorded {
            None => Progress::Untouched,
            Some(statement) => {
                let (in_doubt, batched) = (self.in_doubt, self.batched);
                Progress::Begun { statement, in_doubt, batched }
            }
        };
        Situation { done, in_doubt: 0, progress }
    }

    /// The message for a statement that may run in a transaction. The mark keeps the settings of the
    /// session: before it, the limit is the usual one again.
    fn in_transaction<'f>(
        &self,
        frame: &'f Frame,
        number: usize,
        (limits, usual): (Limits, Limits),
    ) -> Message<'f> {
        let mut message = Message::new(frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        as_ourselves(&mut message, |it| it.guard(self.step));
        let piece = single(self.step, number, limits);
        let is_ours = !self.step.sets_lock_timeout();
        if is_ours {
            message.limit(piece.limit);
        }
        message.script(self.step, &[piece], piece.limit);
        message.push("SET CONSTRAINTS ALL IMMEDIATE");
        if is_ours {
            message.limit(usual.tables);
        }
        as_ourselves(&mut message, |it| {
            if self.is_last(number) {
                self.enter(it);
            } else {
                self.mark(it, number + 1, Runs::InTransaction);
            }
        });
        message.commit();
        message
    }

    /// Adds the mark: the statements before this one are done.
    pub(super) fn mark(&self, message: &mut Message<'_>, number: usize, runs: Runs) {
        self.mark_with(message, (number, runs), "");
    }

    /// Adds the mark of a statement that runs in batches: `batch`, a JSON text, says how far it has come.
    pub(super) fn mark_batch(&self, message: &mut Message<'_>, number: usize, batch: &str) {
        let member = format!(", \"batch\": {batch}");
        self.mark_with(message, (number, Runs::InTransaction), &member);
    }

    fn mark_with(&self, message: &mut Message<'_>, (number, runs): (usize, Runs), member: &str) {
        let (schema, token) = message.owner();
        let (done, text) = around(self.step.sql(), self.step.statements(), number);
        let (text, alone) = (text.unwrap_or_default(), runs == Runs::Alone);
        let (half, upto) = if self.step.reverts_half() {
            (", \"half\": true", message.about(self.step, include_str!("mark_upto.sql")))
        } else {
            ("", String::new())
        };
        let cursor = format!(
            "{{\"sql\": \"{}\", \"alone\": {alone}, \"done\": \"{}\"{half}{member}}}",
            json_text(text),
            Checksum::of(done)
        );
        let before = match runs {
            Runs::Alone => before(text),
            Runs::InTransaction => "NULL::pg_catalog.jsonb".to_owned(),
        };
        message.push(&fill(
            include_str!("mark.sql"),
            &[
                ("schema", &schema),
                ("version", &literal(self.step.version())),
                ("direction", &literal(self.step.direction().as_str())),
                ("statement", &(number + 1).to_string()),
                ("checksum", &literal(&Checksum::of(text).to_string())),
                ("cursor", &literal(&cursor)),
                ("before", &before),
                ("upto", upto.trim_end()),
                ("run", &literal(&token)),
            ],
        ));
        if self.step.reverts_half() {
            message.push(&forget(&schema, self.step.version(), Direction::Up));
        }
    }

    /// Adds the rows of the history, and takes the mark away.
    fn enter(&self, message: &mut Message<'_>) {
        let (schema, _) = message.owner();
        let started = format!(
            "COALESCE((SELECT started_at FROM {schema}._migrations_progress WHERE version = {} AND direction = '{}'), pg_catalog.now())",
            literal(self.step.version()),
            self.step.direction()
        );
        let elapsed = format!(
            "GREATEST(0, EXTRACT(epoch FROM pg_catalog.clock_timestamp() - {started}) * 1000)::integer"
        );
        message.record(self.step, Times { started: &started, elapsed: &elapsed });
        message.push(&self.forget(&schema));
    }

    pub(super) fn forget(&self, schema: &str) -> String {
        forget(schema, self.step.version(), self.step.direction())
    }
}

/// Adds statements of ours under the role that logged in; what the script had set comes back after.
pub(super) fn as_ourselves<'m, 'f>(
    message: &'m mut Message<'f>,
    add: impl FnOnce(&mut Message<'f>),
) {
    message.push(include_str!("note_roles.sql"));
    message.push("RESET SESSION AUTHORIZATION");
    message.push("RESET ROLE");
    add(message);
    message.push("SELECT pg_catalog.set_config('session_authorization', pg_catalog.current_setting('migrate.user'), false)");
    message.push(
        "SELECT pg_catalog.set_config('role', pg_catalog.current_setting('migrate.role'), false)",
    );
}
