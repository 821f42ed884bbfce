//! What a rule sees, and where it says what it found.

use crate::analysis::known::Known;
use crate::analysis::{Claim, Examined, Fresh};
use crate::sql::action::{Action, Change, ObjectName, What};
use crate::sql::byte_range;
use crate::sql::token::Tokens;
use crate::{
    ByteRange, Direction, LintOptions, LockMode, Manner, Mode, SourceMigration, SourceScript,
    Whose, Work,
};

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
    /// Whether it hangs on what is not known here: then it is never more than worth knowing.
    pub(super) is_unsure: bool,
    /// Whether the line must not be shown.
    pub(super) is_secret: bool,
    /// The table and the columns whose index would be the answer, also one that a later migration builds.
    pub(super) wants_index: Option<(ObjectName, Vec<String>)>,
}

impl Found {
    pub(super) fn new(
        direction: Direction,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Found {
        let (message, help) = (message.into(), help.into());
        let (is_unsure, is_secret, wants_index) = (false, false, None);
        Found { direction, range, message, help, is_unsure, is_secret, wants_index }
    }
}

impl Sink<'_> {
    /// What is wrong, as a fragment in lower case, and what to write instead.
    pub(crate) fn report(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(range, message, help);
    }

    /// The same of a line that is not to be shown.
    pub(crate) fn report_secret(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(range, message, help).is_secret = true;
    }

    /// The same in one of the scripts of a migration.
    pub(crate) fn report_in(
        &mut self,
        direction: Direction,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.push(Found::new(direction, range, message, help));
    }

    /// What is wrong unless something is so that is not known here; the message says what. It is never more
    /// than information.
    pub(crate) fn report_unsure(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(range, message, help).is_unsure = true;
    }

    /// What is wrong unless a later migration of the set builds an index.
    pub(crate) fn report_without_index(
        &mut self,
        (table, columns): (&ObjectName, &[String]),
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let wanted = Some((table.clone(), columns.to_vec()));
        self.push(range, message, help).wants_index = wanted;
    }

    fn push(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Found {
        self.found.push_mut(Found::new(self.direction, range, message, help))
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

    /// Whether its statement runs in batches.
    pub(crate) fn is_batch(&self) -> bool {
        let statement = self.script.statements.get(self.statement);
        statement.is_some_and(|it| it.manner == Manner::Batch)
    }

    /// The claim about relations in use that has the hardest work, if one has any.
    pub(crate) fn hardest(&self) -> Option<&Claim> {
        let working = self.claims.iter().filter(|it| it.work != Work::None);
        working.max_by_key(|it| (it.work, it.lock))
    }

    /// Whether IF NOT EXISTS leaves everything as it is.
    pub(crate) fn is_done_already(&self) -> bool {
        let is_conditional = match &self.action.what {
            What::CreateTable(new) => new.if_not_exists,
            What::AlterTable { change: Change::AddColumn { if_not_exists, .. }, .. } => {
                *if_not_exists
            }
            _ => false,
        };
        is_conditional && self.was_there == Some(true)
    }

    /// The table that an action is about and how it changes, where it is `ALTER TABLE` of a table in use that
    /// the script has not emptied.
    pub(crate) fn altered(&self) -> Option<(&ObjectName, &Change)> {
        match &self.action.what {
            What::AlterTable { table, change, .. }
                if !self.is_fresh(table)
                    && !self.is_truncated(table)
                    && !self.is_done_already() =>
            {
                Some((table, change))
            }
            _ => None,
        }
    }

    /// Whether the script has taken all rows from a table, so that there is none to wait for.
    fn is_truncated(&self, table: &ObjectName) -> bool {
        let truncates = |it: &Examined| matches!(&it.action.what, What::Truncate { tables } if tables.contains(table));
        self.is_transactional() && self.before.iter().any(truncates)
    }

    /// Whether the column is NOT NULL already, or a valid CHECK proves it.
    pub(crate) fn is_never_null(&self, table: &ObjectName, column: &str) -> bool {
        self.known.column(table, column).is_some_and(|it| it.not_null)
            || self.known.proves_not_null(table, column)
    }

    /// The first lock of at least this mode that an earlier statement of the transaction took on a relation
    /// in use: it is held until the transaction ends.
    pub(crate) fn held(&self, at_least: LockMode) -> Option<(&Examined, &Claim)> {
        if !self.is_transactional() {
            return None;
        }
        let earlier = self.before.iter().filter(|it| it.statement < self.statement);
        let mut locks = earlier.flat_map(|it| it.claims.iter().map(move |claim| (it, claim)));
        locks.find(|(examined, it)| {
            let is_index = match &examined.action.what {
                What::DropIndex { indexes, .. } => indexes.contains(&it.relation),
                What::ReindexIndex { index, .. } | What::AlterIndex { index, .. } => {
                    *index == it.relation
                }
                _ => false,
            };
            it.lock >= at_least
                && it.since <= self.options.postgres_version
                && !(is_index && it.whose == Whose::Itself)
                && !self.fresh.is_gone(it)
        })
    }

    /// The line of the script on which the statement of an action begins.
    pub(crate) fn line(&self, examined: &Examined) -> u32 {
        self.script.statements.get(examined.statement).map_or(0, |it| it.line)
    }
}

/// Names one after the other, as they stand in SQL.
pub(crate) fn list(names: impl IntoIterator<Item = impl ToString>) -> String {
    names.into_iter().map(|it| it.to_string()).collect::<Vec<_>>().join(", ")
}

/// What stands before the name of a relation that a claim is about: "partitions of ", or nothing.
pub(crate) fn words(claim: &Claim) -> String {
    match claim.whose.words() {
        "" => String::new(),
        words => format!("{words} "),
    }
}
