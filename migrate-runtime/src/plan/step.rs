//! One migration in one direction, with the script that will run.

use std::sync::Arc;

use migrate_core::{Direction, Migration, Mode, Script, Statement};

use super::resume::Resume;
use crate::history::{History, Row, StoredScript};

/// One migration in one direction.
#[derive(Clone, Debug)]
pub struct Step {
    version: String,
    name: String,
    direction: Direction,
    checksum: String,
    file: String,
    script: StepScript,
    /// The script to keep in the database, so that any binary can revert what this step does.
    undo: Option<&'static Script>,
    /// Where it goes on, if it began before.
    resume: Option<Resume>,
    /// The up script of what it reverts, where that has not run to its end.
    half: Option<&'static Script>,
}

/// The script of a step: from the binary, or from the database.
#[derive(Clone, Debug)]
pub(crate) enum StepScript {
    Embedded(&'static Script),
    Stored(Arc<StoredScript>),
}

impl Step {
    pub(super) fn up(migration: &'static Migration, folder: &str) -> Step {
        Step {
            version: migration.version.to_string(),
            name: migration.name.to_owned(),
            direction: Direction::Up,
            checksum: migration.up.checksum.to_string(),
            file: format!("{folder}/{}", migration.file_name(Direction::Up)),
            script: StepScript::Embedded(&migration.up),
            undo: Some(&migration.down),
            resume: None,
            half: None,
        }
    }

    pub(super) fn down(row: &Row, migration: &'static Migration, folder: &str) -> Step {
        let file = format!("{folder}/{}", migration.file_name(Direction::Down));
        Step::reverting(row, file, StepScript::Embedded(&migration.down))
    }

    /// Takes back what has begun, and not ended.
    pub(super) fn down_half(migration: &'static Migration, folder: &str) -> Step {
        Step {
            direction: Direction::Down,
            file: format!("{folder}/{}", migration.file_name(Direction::Down)),
            script: StepScript::Embedded(&migration.down),
            undo: None,
            half: Some(&migration.up),
            ..Step::up(migration, folder)
        }
    }

    pub(super) fn down_stored(row: &Row, stored: &StoredScript) -> Step {
        // A row may be of any shape: another tool wrote it.
        let ending = Direction::Down.ending();
        let file = format!("(kept in the database)/{}_{}{ending}", row.version, row.name);
        Step::reverting(row, file, StepScript::Stored(Arc::new(stored.clone())))
    }

    fn reverting(row: &Row, file: String, script: StepScript) -> Step {
        Step {
            version: row.version.clone(),
            name: row.name.clone(),
            direction: Direction::Down,
            checksum: row.checksum.clone(),
            file,
            script,
            undo: None,
            resume: None,
            half: None,
        }
    }

    /// The same step, going on where it stopped.
    pub(super) fn resuming(self, resume: Resume) -> Step {
        Step { resume: Some(resume), ..self }
    }

    /// The number of the statement, from 1, with which a script goes on that began before.
    pub fn resumes_at(&self) -> Option<u32> {
        self.resume.as_ref().map(|it| it.work.statement)
    }

    pub(crate) fn resume(&self) -> Option<&Resume> {
        self.resume.as_ref()
    }

    /// The version, as the history has or will have it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The name of the migration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the migration runs or is reverted.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The checksum of the up script: of the one to run, or of the one that ran.
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// The script, as `migrations/FILE`, or where else it comes from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// In one transaction, or statement by statement.
    pub fn mode(&self) -> Mode {
        match &self.script {
            StepScript::Embedded(script) => script.mode,
            StepScript::Stored(script) => script.mode,
        }
    }

    /// The text of the script.
    pub fn sql(&self) -> &str {
        match &self.script {
            StepScript::Embedded(script) => script.sql,
            StepScript::Stored(script) => script.sql.as_deref().unwrap_or(""),
        }
    }

    /// The statements of the script.
    pub fn statements(&self) -> &[Statement] {
        match &self.script {
            StepScript::Embedded(script) => script.statements,
            StepScript::Stored(script) => &script.statements,
        }
    }

    /// Whether the script sets the limit for locks itself. A word in a comment counts too: then its work on
    /// rows waits no longer than the rest.
    pub(crate) fn sets_lock_timeout(&self) -> bool {
        let (text, word) = (self.sql().as_bytes(), b"lock_timeout");
        text.windows(word.len()).any(|it| it.eq_ignore_ascii_case(word))
    }

    /// Whether the script is in the binary, where it can be edited.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.script, StepScript::Embedded(_))
    }

    pub(crate) fn script(&self) -> &StepScript {
        &self.script
    }

    pub(crate) fn undo(&self) -> Option<&'static Script> {
        self.undo
    }

    /// Whether it reverts a migration that has begun and not ended.
    pub fn reverts_half(&self) -> bool {
        self.half.is_some()
    }

    /// The up script of a migration that has begun and not ended, where the step reverts one.
    pub(crate) fn half(&self) -> Option<&'static Script> {
        self.half
    }

    /// Whether the history says what this step would make true.
    pub(super) fn is_done(&self, history: &History) -> bool {
        if self.reverts_half() {
            return history.unfinished.iter().all(|it| it.version != self.version);
        }
        let is_there = history.rows.iter().any(|it| it.version == self.version);
        is_there == (self.direction == Direction::Up)
    }

    pub(super) fn same_as(&self, other: &Step) -> bool {
        self.version == other.version
            && self.direction == other.direction
            && self.checksum == other.checksum
            && self.reverts_half() == other.reverts_half()
            && self.sql() == other.sql()
    }
}

impl StepScript {
    /// The script's own limit for one attempt to get a lock.
    pub(crate) fn lock_timeout_ms(&self) -> Option<u32> {
        match self {
            StepScript::Embedded(script) => script.directives().lock_timeout_ms,
            StepScript::Stored(script) => script.lock_timeout_ms,
        }
    }

    /// The script's own limit for one statement.
    pub(crate) fn statement_timeout_ms(&self) -> Option<u32> {
        match self {
            StepScript::Embedded(script) => script.directives().statement_timeout_ms,
            StepScript::Stored(script) => script.statement_timeout_ms,
        }
    }

    /// Why there is nothing to run.
    pub(super) fn irreversible(&self) -> Option<&str> {
        match self {
            StepScript::Embedded(script) => script.directives().irreversible,
            StepScript::Stored(script) => script.irreversible.as_deref(),
        }
    }
}
