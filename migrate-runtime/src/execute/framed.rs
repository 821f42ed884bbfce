//! A script in its frame: a clean session and a guard before it, a second guard and the rows of the history behind it.

use migrate_core::Direction;

use super::Message;
use super::frame::Times;
use super::patience::Limits;
use super::phrase::{Phrase, Wording};
use super::pieces::pieces;
use super::undo::kept;
use crate::history::forget;
use crate::plan::Step;
use crate::quote::{json_text, literal};
use crate::sqlstate;
use crate::transport::Failure;

const NOTHING: &str = "NULL";

impl Message<'_> {
    /// The next step runs only where the one before it is done.
    pub(super) fn after(&mut self, before: &Step) {
        self.before = Some(literal(&done(before)));
    }

    /// Adds a whole script with its guards and its rows.
    pub(crate) fn step(&mut self, step: &Step, limits: Limits) {
        let pieces = pieces(step, limits, &mut self.past);
        let limit = pieces.first().map_or(limits.tables, |it| it.limit);
        for (name, value) in self.frame.limits(step.script(), limit) {
            self.push(&format!("SET LOCAL {name} = {value}"));
        }
        // With another search path, the server would plan again what it knows by name.
        self.push("SET LOCAL search_path = pg_catalog");
        self.enter(step);
        self.script(step, &pieces, limit);
        // Before anything is reset: deferred triggers are the script's, with its role and search path.
        // Of those that were not foreseen, all are looked at before the last step ends.
        if self.is_last || self.frame.shared.is_none_or(|it| it.may_defer) {
            self.push("SET CONSTRAINTS ALL IMMEDIATE");
        }
        self.push("RESET SESSION AUTHORIZATION");
        self.push("RESET ROLE");
        self.push("SET LOCAL search_path = pg_catalog");
        let times = self.frame.times();
        self.say(Phrase::Left, step.direction(), (&[], times));
        self.record(step, times);
        for statement in self.frame.cleanup(self.wording) {
            self.push(statement);
        }
    }

    /// Notes for what [follows](Message::after) that a step is done; if it is not committed, that is forgotten.
    pub(super) fn note_done(&mut self, step: &Step) {
        self.push(&format!("SET migrate.done = {}", literal(&done(step))));
    }

    /// Proves that we hold the lock and that the step is still to do, and lets its script in.
    fn enter(&mut self, step: &Step) {
        let before = self.before.take();
        let before = before.as_deref().unwrap_or(NOTHING);
        if step.reverts_half() {
            let guard = self.frame.guard(&self.already(step), before, None);
            return self.push(&self.frame.enter(&guard));
        }
        let values = [&*literal(step.version()), before];
        self.say(Phrase::Enter, step.direction(), (&values, self.frame.times()));
    }

    /// Proves that we hold the lock and that the step is still to do.
    pub(crate) fn guard(&mut self, step: &Step) {
        self.guard_unless(&self.already(step));
    }

    /// An expression: whether what the step would make true is true.
    pub(super) fn already(&self, step: &Step) -> String {
        let version = literal(step.version());
        let already = self.frame.already(step.direction(), &version);
        if !step.reverts_half() {
            return already;
        }
        // It has no row to take away, and is unfinished as long as it is not reverted.
        let has_run = self.frame.already(Direction::Up, &version);
        let schema = &self.frame.store.schema;
        format!(
            "{has_run} OR NOT EXISTS (SELECT FROM {schema}._migrations_progress WHERE version = {version})"
        )
    }

    /// Proves that we hold the lock and that `already`, an expression, is not true.
    pub(crate) fn guard_unless(&mut self, already: &str) {
        self.push(&format!("SELECT {}", self.frame.guard(already, NOTHING, None)));
    }

    /// Adds the rows that say that the step is done.
    pub(crate) fn record(&mut self, step: &Step, times: Times<'_>) {
        let (version, direction) = (literal(step.version()), step.direction());
        let result = self.statements();
        if let Some(part) = self.parts.last_mut() {
            part.result = result;
        }
        match direction {
            Direction::Up => {
                let (name, checksum) = (literal(step.name()), literal(step.checksum()));
                self.say(Phrase::Ran, direction, (&[&version, &name, &checksum], times));
            }
            Direction::Down => self.say(Phrase::Reverted, direction, (&[&version], times)),
        }
        if step.reverts_half() {
            self.push(&forget(&self.frame.store.schema, step.version(), Direction::Up));
        }
        if let Some(undo) = step.undo() {
            let values = kept(&version, undo);
            self.say(Phrase::Keep, direction, (&values.each_ref().map(String::as_str), times));
        }
        let detail = literal(&self.detail(step));
        self.say(Phrase::Log, direction, (&[&version, &detail], times));
    }

    /// Whether it failed because the script had to do with prepared statements: then it has to be sent in full.
    pub(super) fn misses_names(&self, failure: &Failure, steps: &[Step]) -> bool {
        const MISSING: [&str; 3] = [
            sqlstate::GUARD_PREPARED,
            sqlstate::INVALID_STATEMENT_NAME,
            // A script has changed a table of ours: the plan has other columns.
            sqlstate::FEATURE_NOT_SUPPORTED,
        ];
        self.wording == Wording::ByName
            && failure.sqlstate().is_some_and(|it| MISSING.contains(&it))
            && self.locate(failure.completed, None, steps).is_none()
    }

    /// What the log says of a step beside its times: a JSON text.
    fn detail(&self, step: &Step) -> String {
        let retries = match self.frame.retries {
            0 => String::new(),
            count => format!(", \"retries\": {count}"),
        };
        // Who began it and was killed has left no row.
        let resumed = step.resume().map_or_else(String::new, |it| {
            let (run, statement) = (json_text(&it.work.run), it.work.statement);
            format!(", \"resumed\": {{\"run\": \"{run}\", \"statement\": {statement}}}")
        });
        let batches = self.frame.batches.as_ref().map_or_else(String::new, |it| format!(", {it}"));
        let checksum = json_text(step.checksum());
        format!("{{\"checksum\": \"{checksum}\"{retries}{batches}{resumed}}}")
    }

    /// Adds what every step has, with the values of this one.
    fn say(&mut self, phrase: Phrase, direction: Direction, (values, times): (&[&str], Times<'_>)) {
        let statement = match self.wording {
            Wording::InFull => self.frame.phrase(phrase, direction, (values, times)),
            Wording::ByName => phrase.by_name(values),
        };
        self.push(&statement);
    }
}

/// What the session notes of a step that is done.
fn done(step: &Step) -> String {
    format!("{} {}", step.direction(), step.version())
}
