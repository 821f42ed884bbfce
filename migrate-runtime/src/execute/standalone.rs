//! Scripts outside a transaction: statement by statement, with the progress in the database.
//!
//! The row of `_migrations_progress` says: the statements before number N are done, N is not, or is in
//! doubt. A statement that may run in a transaction moves the row in its own transaction, so it is
//! never in doubt. Only for the others the row is written ahead.

use migrate_core::{Checksum, Statement};

use super::describe::{Situation, describe};
use super::message::{Body, Place};
use super::transactional::{Attempts, position};
use super::{Execution, Failed, Message};
use crate::plan::Step;
use crate::progress::Event;
use crate::quote::{fill, literal};
use crate::transport::{Failure, Keep};

impl Execution<'_, '_> {
    pub(super) fn run_standalone(&mut self, step: &Step, index: usize) -> Result<(), Failed> {
        self.started(step, index);
        let mut work = Work { step, index, recorded: None };
        let result = self.run_statements(&mut work);
        if result.is_err() {
            self.session.roll_back();
        }
        let cleanup = self.frame.cleanup().join(";\n");
        // Nothing that a script set may reach the next one; a connection that is gone has no settings.
        let _ = self
            .session
            .send_last(&format!("RESET SESSION AUTHORIZATION;\nRESET ROLE;\n{cleanup}"));
        result
    }

    fn run_statements(&mut self, work: &mut Work<'_>) -> Result<(), Failed> {
        let step = work.step;
        self.prepare(work)?;
        let total = step.statements().len();
        for (number, statement) in step.statements().iter().enumerate() {
            let (index, line) = (number + 1, statement.line);
            self.session.tell(Event::Statement { index, total, line });
            if statement.kind.refuses_transaction() {
                self.write_ahead(work, number)?;
                self.run_alone(work, number)?;
            } else {
                self.run_in_transaction(work, number)?;
            }
        }
        let last_was_alone =
            step.statements().last().is_none_or(|it| it.kind.refuses_transaction());
        if last_was_alone { self.enter(work) } else { Ok(()) }
    }

    /// Settings of the whole script; what the script sets itself is kept from statement to statement.
    fn prepare(&mut self, work: &Work<'_>) -> Result<(), Failed> {
        let mut message = Message::new(&self.frame);
        message.push("RESET SESSION AUTHORIZATION");
        message.push("RESET ROLE");
        for (name, value) in self.frame.settings(work.step.script()) {
            message.push(&format!("SET {name} = {value}"));
        }
        let text = message.text().to_owned();
        self.say(work, &text, 0)
    }

    /// A statement that may run in a transaction is committed together with the mark that it is done.
    fn run_in_transaction(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let settings = self.session.settings;
        let mut attempts = Attempts::new(settings.lock_timeout, settings.lock_deadline);
        let step = work.step;
        let is_last = number + 1 == step.statements().len();
        let frame = self.frame.clone();
        loop {
            let mut message = Message::new(&frame);
            message.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
            as_ourselves(&mut message, |it| it.guard(step));
            message.script(step, Body::single(step, number));
            message.push("SET CONSTRAINTS ALL IMMEDIATE");
            as_ourselves(&mut message, |it| {
                if is_last { work.enter(it) } else { work.mark(it, number + 1) }
            });
            message.commit();
            let results = message.results();
            let failure = match self.session.send(message.text(), Keep::Only(&results)) {
                Ok(reply) => {
                    work.recorded = Some(number + 1);
                    if is_last {
                        self.finished(step, work.index, &reply, message.parts()[0].result);
                    }
                    return Ok(());
                }
                Err(failure) => failure,
            };
            self.session.roll_back();
            if attempts.may_go_on(&failure, self.session.interrupt.is_asked()) {
                self.wait_for_locks(step, &failure, &mut attempts, work.index)?;
                continue;
            }
            let steps = std::slice::from_ref(step);
            let place = message.locate(failure.completed, position(&failure), steps).map(|it| it.1);
            return Err(self.fail(work, place, failure));
        }
    }

    /// Says which statement comes next, before a statement that cannot share a transaction with its
    /// mark.
    fn write_ahead(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        as_ourselves(&mut message, |it| {
            it.guard(work.step);
            work.mark(it, number);
        });
        message.commit();
        self.say(work, message.text(), number)?;
        work.recorded = Some(number);
        Ok(())
    }

    fn run_alone(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        // A concurrent build that gives up waiting for a lock leaves an invalid index behind.
        self.say(work, "SET lock_timeout = 0", number)?;
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.script(work.step, Body::single(work.step, number));
        if let Err(failure) = self.session.send(message.text(), Keep::Only(&[])) {
            let steps = std::slice::from_ref(work.step);
            let place = message.locate(Some(0), position(&failure), steps).map(|it| it.1);
            if position(&failure).is_some() {
                // It did not get past the analysis: the statement never began.
                self.take_back(work, number);
            }
            return Err(self.fail(work, place, failure));
        }
        let lock_timeout = &self.frame.settings(work.step.script())[0].1;
        let message = format!("SET lock_timeout = {lock_timeout}");
        self.say(work, &message, number + 1)
    }

    /// Enters the step into the history, and ends the progress.
    fn enter(&mut self, work: &Work<'_>) -> Result<(), Failed> {
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.begin();
        message.guard(work.step);
        message.script(work.step, Body::NOTHING);
        work.enter(&mut message);
        message.commit();
        let results = message.results();
        match self.session.send(message.text(), Keep::Only(&results)) {
            Ok(reply) => {
                self.finished(work.step, work.index, &reply, message.parts()[0].result);
                Ok(())
            }
            Err(failure) => Err(self.fail(work, None, failure)),
        }
    }

    /// Sends a message of ours; `number` is the statement that comes after it.
    fn say(&mut self, work: &Work<'_>, message: &str, number: usize) -> Result<(), Failed> {
        match self.session.send(message, Keep::Only(&[])) {
            Ok(_) => Ok(()),
            Err(failure) => {
                let place = Place { statement: number, byte: None };
                Err(self.fail(work, Some(place), failure))
            }
        }
    }

    /// Takes the mark of a statement back that never began. If that fails, the mark stays, and a person
    /// decides: no harm.
    fn take_back(&mut self, work: &mut Work<'_>, number: usize) {
        if number > 0 {
            return;
        }
        let message = work.forget(&self.frame.store.schema);
        if self.session.send_last(&message).is_ok() {
            work.recorded = None;
        }
    }

    fn fail(&mut self, work: &Work<'_>, place: Option<Place>, failure: Failure) -> Failed {
        self.session.roll_back();
        let done = self.done.len();
        let situation = match work.recorded {
            None => Situation::Untouched { done },
            Some(statement) => Situation::Begun { done, statement },
        };
        let error = describe(self.session, work.step, place, failure, situation);
        Failed::new(work.index, error)
    }
}

/// A script on its way.
struct Work<'w> {
    step: &'w Step,
    /// The place of the step in the plan.
    index: usize,
    /// The statement, from 0, that the progress in the database names.
    recorded: Option<usize>,
}

impl Work<'_> {
    /// Adds the mark: the statements before this one are done.
    fn mark(&self, message: &mut Message<'_>, number: usize) {
        let (schema, token) = message.owner();
        let sql = |it: &Statement| it.range.of(self.step.sql());
        let text = self.step.statements().get(number).map_or("", sql);
        message.push(&fill(
            include_str!("mark.sql"),
            &[
                ("schema", &schema),
                ("version", &literal(self.step.version())),
                ("direction", &literal(self.step.direction().as_str())),
                ("statement", &(number + 1).to_string()),
                ("checksum", &literal(&Checksum::of(text).to_string())),
                ("run", &literal(&token)),
            ],
        ));
    }

    /// Adds the rows of the history, and takes the mark away.
    fn enter(&self, message: &mut Message<'_>) {
        let (schema, _) = message.owner();
        let started = format!(
            "COALESCE((SELECT started_at FROM {schema}._migrations_progress WHERE {}), pg_catalog.now())",
            self.identity()
        );
        let elapsed = format!(
            "GREATEST(0, EXTRACT(epoch FROM pg_catalog.clock_timestamp() - {started}) * 1000)::integer"
        );
        message.record(self.step, &started, &elapsed);
        message.push(&self.forget(&schema));
    }

    fn forget(&self, schema: &str) -> String {
        format!("DELETE FROM {schema}._migrations_progress WHERE {}", self.identity())
    }

    fn identity(&self) -> String {
        let version = literal(self.step.version());
        format!("version = {version} AND direction = '{}'", self.step.direction())
    }
}

/// Adds statements of ours under the role that logged in; the role of the script comes back after.
fn as_ourselves<'m, 'f>(message: &'m mut Message<'f>, add: impl FnOnce(&mut Message<'f>)) {
    message.push(
        "SELECT pg_catalog.set_config('migrate.role', pg_catalog.current_setting('role'), true)",
    );
    message.push("RESET ROLE");
    add(message);
    message.push(
        "SELECT pg_catalog.set_config('role', pg_catalog.current_setting('migrate.role'), false)",
    );
}
