//! The message: everything that one or more migrations need, in one round trip.
//!
//! A script is framed by what makes it safe: a clean session, a guard that proves the lock and that
//! the step is still to do, a second guard after the script, and the rows of the history in the same
//! transaction. Every statement is counted, so that an answer that stops after n completions, or an
//! error with a position, can be traced to the statement of the script.

use migrate_core::Direction;

use super::undo::{json_text, keep_script};

use crate::audit::{Audit, Entry, Outcome};
use crate::config::Settings;
use crate::deadline::server_millis;
use crate::history::{Server, Store};
use crate::lock::LockKey;
use crate::plan::{Step, StepScript};
use crate::quote::{fill, fill_code, ident, literal};

/// What the messages of one run have in common.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    key: LockKey,
    pid: i32,
    lock_timeout_ms: u32,
    statement_timeout_ms: u32,
    search_path: String,
    checks_client: bool,
    /// What brings a session back to how it was before a script.
    cleanup: Vec<String>,
}

/// A message, and where in it the scripts stand.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    frame: &'a Frame,
    text: String,
    statements: usize,
    parts: Vec<Part>,
}

/// The part of a message that belongs to one step. Numbers of statements count from 0.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The first statement of the script.
    script: usize,
    /// Where the script begins in the message, in bytes.
    offset: usize,
    /// What of the script was sent.
    pub(crate) body: Body,
    /// The statement whose row says how long the step took.
    pub(crate) result: usize,
    /// The statement that commits the step.
    commit: usize,
}

/// A part of a script, as it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    /// The number of its first statement in the script.
    pub(crate) first: usize,
    /// How many statements it has.
    pub(crate) count: usize,
    /// Where it begins in the script, in bytes.
    start: usize,
    end: usize,
}

/// The place in a script that an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the statement in the script, from 0.
    pub(crate) statement: usize,
    /// The byte in the script, where the server gave a position.
    pub(crate) byte: Option<usize>,
}

impl Frame {
    pub(crate) fn new(
        (store, audit): (Store, Audit),
        key: LockKey,
        server: &Server,
        settings: &Settings,
        cleanup: Vec<String>,
    ) -> Frame {
        let schema = &settings.schema;
        let search_path = match schema.as_str() {
            "public" => "public".to_owned(),
            other => format!("{}, public", ident(other)),
        };
        Frame {
            store,
            audit,
            key,
            pid: server.pid,
            lock_timeout_ms: server_millis(settings.lock_timeout),
            statement_timeout_ms: server_millis(settings.statement_timeout),
            search_path,
            checks_client: server.checks_client,
            cleanup,
        }
    }

    /// A statement of ours about the progress of a step.
    pub(crate) fn about(&self, step: &Step, sql: &str) -> String {
        let values = [
            ("schema", self.store.schema.as_str()),
            ("version", &literal(step.version())),
            ("direction", &literal(step.direction().as_str())),
        ];
        fill(sql, &values)
    }

    /// The settings of a script, each as a name and a value.
    pub(crate) fn settings(&self, script: &StepScript) -> Vec<(&'static str, String)> {
        let lock_timeout = script.lock_timeout_ms().unwrap_or(self.lock_timeout_ms);
        let statement_timeout = script.statement_timeout_ms().unwrap_or(self.statement_timeout_ms);
        let mut settings = vec![
            ("lock_timeout", format!("'{lock_timeout}ms'")),
            ("statement_timeout", format!("'{statement_timeout}ms'")),
            ("search_path", self.search_path.clone()),
        ];
        if self.checks_client {
            // Without it, the server notices only at the end of a statement that nobody waits for it.
            settings.push(("client_connection_check_interval", "'2s'".to_owned()));
        }
        settings
    }

    /// What brings a session back to how it was before a script.
    pub(crate) fn cleanup(&self) -> &[String] {
        &self.cleanup
    }

    fn guard(&self, already: &str) -> String {
        fill_code(
            include_str!("guard.sql"),
            &[
                ("pid", &self.pid.to_string()),
                ("classid", &self.key.unsigned().to_string()),
                ("key", &self.key.signed().to_string()),
                ("already", already),
            ],
        )
    }

    fn guard_after(&self) -> String {
        fill_code(include_str!("left.sql"), &[("classid", &self.key.unsigned().to_string())])
    }
}

impl<'a> Message<'a> {
    pub(crate) fn new(frame: &'a Frame) -> Message<'a> {
        Message { frame, text: String::new(), statements: 0, parts: Vec::new() }
    }

    /// Opens a transaction that owes nothing to what the session was told before.
    pub(crate) fn begin(&mut self) {
        self.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        self.push("RESET SESSION AUTHORIZATION");
        self.push("RESET ROLE");
    }

    /// Adds a whole script with its guards and its rows; `checks` run after the script, in the same
    /// transaction, before anything of it counts.
    pub(crate) fn step(&mut self, step: &Step, checks: &[String]) {
        for (name, value) in self.frame.settings(step.script()) {
            self.push(&format!("SET LOCAL {name} = {value}"));
        }
        self.guard(step);
        self.script(step, Body::whole(step));
        // Before anything is reset: deferred triggers are the script's, with its role and search path.
        self.push("SET CONSTRAINTS ALL IMMEDIATE");
        self.push("RESET SESSION AUTHORIZATION");
        self.push("RESET ROLE");
        self.push("SET LOCAL search_path = pg_catalog");
        for check in checks {
            self.push(check);
        }
        self.push(&self.frame.guard_after());
        self.record(step, include_str!("started.sql"), include_str!("elapsed.sql"));
        for statement in &self.frame.cleanup {
            self.push(statement);
        }
    }

    /// Ends the transaction; it is what makes the steps since [`begin`](Message::begin) count.
    pub(crate) fn commit(&mut self) {
        for part in self.parts.iter_mut().filter(|it| it.commit == usize::MAX) {
            part.commit = self.statements;
        }
        self.push("COMMIT");
    }

    /// Gives the lock back after the last step, which saves a round trip.
    pub(crate) fn unlock(&mut self) {
        self.push(&self.frame.key.unlock());
    }

    /// Proves that we hold the lock and that the step is still to do.
    pub(crate) fn guard(&mut self, step: &Step) {
        let exists = format!(
            "EXISTS (SELECT FROM {}._migrations WHERE version = {})",
            self.frame.store.schema,
            literal(step.version())
        );
        let already = match step.direction() {
            Direction::Up => exists,
            Direction::Down => format!("NOT {exists}"),
        };
        self.guard_unless(&already);
    }

    /// Proves that we hold the lock and that `already`, an expression, is not true.
    pub(crate) fn guard_unless(&mut self, already: &str) {
        self.push(&self.frame.guard(already));
    }

    /// Adds a part of a script as it stands.
    pub(crate) fn script(&mut self, step: &Step, body: Body) {
        let offset = self.text.len();
        self.parts.push(Part {
            script: self.statements,
            offset,
            body,
            result: usize::MAX,
            commit: usize::MAX,
        });
        self.statements += body.count;
        if body.count > 0 {
            self.text.push_str(&step.sql()[body.start..body.end]);
            // On a line of its own: the script may end in a comment.
            self.text.push_str("\n;\n");
        }
    }

    /// Adds the rows that say that the step is done.
    pub(crate) fn record(&mut self, step: &Step, started_at: &str, elapsed: &str) {
        let version = literal(step.version());
        let values = [
            ("schema", self.frame.store.schema.as_str()),
            ("version", &version),
            ("name", &literal(step.name())),
            ("checksum", &literal(step.checksum())),
            ("elapsed", elapsed.trim_end()),
        ];
        if let Some(part) = self.parts.last_mut() {
            part.result = self.statements;
        }
        match step.direction() {
            Direction::Up => self.push(&fill(include_str!("ran.sql"), &values)),
            Direction::Down => self.push(&fill(include_str!("reverted.sql"), &values)),
        }
        if let Some(undo) = step.undo() {
            self.push(&keep_script(&self.frame.store.schema, &version, undo));
        }
        let detail = format!("{{\"checksum\": \"{}\"}}", json_text(step.checksum()));
        self.push(&self.frame.audit.row(&Entry {
            version: Some(step.version()),
            direction: Some(step.direction()),
            outcome: Outcome::Ok,
            started_at: started_at.trim_end(),
            sqlstate: None,
            message: None,
            detail: &detail,
        }));
    }

    /// Adds one statement of ours.
    pub(crate) fn push(&mut self, statement: &str) {
        self.text.push_str(statement.trim_end());
        self.text.push_str(";\n");
        self.statements += 1;
    }

    /// The schema in quotes, and the token of the run.
    pub(crate) fn owner(&self) -> (String, String) {
        (self.frame.store.schema.clone(), self.frame.audit.token().to_owned())
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

    /// How many steps an answer that stopped after `completed` statements has committed.
    pub(crate) fn committed(&self, completed: usize) -> usize {
        self.parts.iter().take_while(|it| it.commit < completed).count()
    }

    /// The step that an answer stopped in.
    pub(crate) fn step_at(&self, completed: usize) -> usize {
        let before = self.committed(completed).min(self.parts.len().saturating_sub(1));
        let within = &self.parts[before..];
        let entered = within.iter().take_while(|it| it.script <= completed).count();
        before + entered.saturating_sub(1)
    }

    /// The step and the place in its script that an error belongs to; nothing where it belongs to a
    /// statement of ours. A position is exact; the number of completions gives the statement.
    pub(crate) fn locate(
        &self,
        completed: Option<usize>,
        position: Option<u32>,
        steps: &[Step],
    ) -> Option<(usize, Place)> {
        if let Some(byte) = position.and_then(|it| self.byte_of(it)) {
            let within = |it: &Part| (it.offset..=it.offset + it.body.len()).contains(&byte);
            let index = self.parts.iter().position(within)?;
            let part = &self.parts[index];
            let byte = byte - part.offset + part.body.start;
            let statements = steps.get(index)?.statements();
            let statement = statements.partition_point(|it| it.range.start as usize <= byte);
            let statement = statement.saturating_sub(1);
            return Some((index, Place { statement, byte: Some(byte) }));
        }
        let completed = completed?;
        let within = |it: &Part| (it.script..it.script + it.body.count).contains(&completed);
        let index = self.parts.iter().position(within)?;
        let part = &self.parts[index];
        let statement = completed - part.script + part.body.first;
        Some((index, Place { statement, byte: None }))
    }

    /// The server counts characters, from 1.
    fn byte_of(&self, position: u32) -> Option<usize> {
        let index = (position as usize).checked_sub(1)?;
        let ends = std::iter::once(self.text.len());
        self.text.char_indices().map(|it| it.0).chain(ends).nth(index)
    }
}

impl Body {
    /// For a step whose statements have all been sent.
    pub(crate) const NOTHING: Body = Body { first: 0, count: 0, start: 0, end: 0 };

    /// The script from its first to its last statement.
    pub(crate) fn whole(step: &Step) -> Body {
        Body::range(step, 0, step.statements().len())
    }

    /// One statement.
    pub(crate) fn single(step: &Step, statement: usize) -> Body {
        Body::range(step, statement, 1)
    }

    fn range(step: &Step, first: usize, count: usize) -> Body {
        let statements = &step.statements()[first..first + count];
        let start = statements.first().map_or(0, |it| it.range.start as usize);
        let end = statements.last().map_or(0, |it| it.range.end as usize);
        Body { first, count, start, end }
    }

    fn len(&self) -> usize {
        self.end - self.start
    }
}
