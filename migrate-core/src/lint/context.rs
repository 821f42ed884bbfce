//! What a rule sees, and where it says what it found.

use crate::analysis::known::Known;
use crate::analysis::{Claim, Examined, Fresh};
use crate::sql::action::{Action, Change, ObjectName, What};
use crate::sql::byte_range;
use crate::sql::token::Tokens;
use crate::{ByteRange, Direction, LintOptions, Mode, SourceMigration, SourceScript, Work};

/// An action, before it is done.
pub(crate) struct ActionContext<'a> {
    pub(crate) options: &'a LintOptions,
    pub(crate) script: &'a SourceScript,
    pub(crate) direction: Direction,
    /// Which statement of the script it belongs to.
    pub(crate) statement: usize,
    pub(crate) action: &'a Action,
    /// What it does to relations that the script did not make itself.
    pub(crate) claims: &'a [Claim],
    /// Whether what it makes, or drops, was there before it, where that is known.
    pub(crate) was_there: Option<bool>,
    /// The actions of the script before it.
    pub(crate) before: &'a [Examined],
    /// The schema before it.
    pub(crate) known: &'a Known,
    /// What the script has made before it.
    pub(crate) fresh: &'a Fresh,
}

/// A script, when it has run.
pub(crate) struct ScriptContext<'a> {
    pub(crate) options: &'a LintOptions,
    pub(crate) script: &'a SourceScript,
    pub(crate) direction: Direction,
    pub(crate) actions: &'a [Examined],
    /// The schema after it.
    pub(crate) known: &'a Known,
    /// What it has made.
    pub(crate) fresh: &'a Fresh,
}

/// A migration.
pub(crate) struct MigrationContext<'a> {
    pub(crate) options: &'a LintOptions,
    pub(crate) migration: &'a SourceMigration,
    pub(crate) up: &'a [Examined],
    pub(crate) down: &'a [Examined],
}

/// Where a rule says what it found.
pub(crate) struct Sink<'a> {
    pub(super) direction: Direction,
    pub(super) found: &'a mut Vec<Found>,
}

/// What a rule said.
pub(crate) struct Found {
    pub(super) direction: Direction,
    pub(super) range: ByteRange,
    pub(super) message: String,
    pub(super) help: String,
    /// Whether the line must not be shown.
    pub(super) is_secret: bool,
}

impl Sink<'_> {
    /// What is wrong, as a fragment in lower case, and what to write instead.
    pub(crate) fn report(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (message, help) = (message.into(), help.into());
        let direction = self.direction;
        self.found.push(Found { direction, range, message, help, is_secret: false });
    }

    /// The same of a line that is not to be shown.
    pub(crate) fn report_secret(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(range, message, help);
        self.found.iter_mut().last().into_iter().for_each(|it| it.is_secret = true);
    }

    /// The same in one of the scripts of a migration.
    pub(crate) fn report_in(
        &mut self,
        direction: Direction,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (message, help) = (message.into(), help.into());
        self.found.push(Found { direction, range, message, help, is_secret: false });
    }
}

impl ScriptContext<'_> {
    /// Whether this is the way there.
    pub(crate) fn is_up(&self) -> bool {
        self.direction == Direction::Up
    }
}

impl ActionContext<'_> {
    /// Where a name stands in the action; the whole of it, where it is written in another way.
    pub(crate) fn place_of(&self, name: &str) -> ByteRange {
        let range = self.action.range;
        let sql = range.of(&self.script.sql);
        let found = Tokens::of(sql)
            .find(|it| ObjectName::read(it.text(sql)).is_some_and(|it| it.name == name));
        let offset = range.start as usize;
        found.map_or(range, |it| byte_range(offset + it.start, offset + it.end))
    }

    /// Whether the script made this relation itself, so that nobody uses it yet.
    pub(crate) fn is_fresh(&self, relation: &ObjectName) -> bool {
        self.fresh.relations.contains(relation)
    }

    /// Whether the script added this column itself.
    pub(crate) fn is_fresh_column(&self, table: &ObjectName, column: &str) -> bool {
        self.before.iter().any(|it| match &it.action.what {
            What::AlterTable {
                table: of, change: Change::AddColumn { column: new, .. }, ..
            } => of == table && new.name == column && it.was_there != Some(true),
            _ => false,
        })
    }

    /// Whether this is the way there; the way back is allowed to lose what the way there made.
    pub(crate) fn is_up(&self) -> bool {
        self.direction == Direction::Up
    }

    /// What to add about something that is dropped only where it is there, and may not be.
    pub(crate) fn if_there(&self) -> &'static str {
        let sql = self.action.range.of(&self.script.sql);
        let mut tokens = Tokens::of(sql);
        let is_conditional = tokens.any(|it| it.is(sql, "exists"));
        if is_conditional && self.was_there.is_none() { ", if it is there" } else { "" }
    }

    /// Whether the script runs in one transaction, its locks held to the end.
    pub(crate) fn is_transactional(&self) -> bool {
        self.script.mode == Mode::Transactional
    }

    /// The claim about relations in use that has the hardest work, if one has any.
    pub(crate) fn hardest(&self) -> Option<&Claim> {
        let working = self.claims.iter().filter(|it| it.work != Work::None);
        working.max_by_key(|it| (it.work, it.lock))
    }

    /// The table that an action is about, where it is `ALTER TABLE`.
    pub(crate) fn altered(&self) -> Option<&ObjectName> {
        match &self.action.what {
            What::AlterTable { table, .. } => Some(table),
            _ => None,
        }
    }
}
