//! What a rule sees, and where it says what it found.

use crate::analysis::known::Known;
use crate::analysis::{Claim, Examined, Fresh};
use crate::sql::action::{Action, Change, ObjectName, What};
use crate::{
    ByteRange, Direction, LintOptions, LockMode, Mode, SourceMigration, SourceScript, Whose, Work,
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
    /// Whether it hangs on what is not known here: then it is never more than worth knowing.
    pub(super) is_unsure: bool,
}

impl Sink<'_> {
    /// What is wrong, as a fragment in lower case, and what to write instead.
    pub(crate) fn report(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(self.direction, range, message.into(), help.into(), false);
    }

    /// The same in one of the scripts of a migration.
    pub(crate) fn report_in(
        &mut self,
        direction: Direction,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(direction, range, message.into(), help.into(), false);
    }

    /// What is wrong unless something is so that is not known here; the message says what. It is never more
    /// than information.
    pub(crate) fn report_unsure(
        &mut self,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(self.direction, range, message.into(), help.into(), true);
    }

    fn push(
        &mut self,
        direction: Direction,
        range: ByteRange,
        message: String,
        help: String,
        is_unsure: bool,
    ) {
        self.found.push(Found { direction, range, message, help, is_unsure });
    }
}

impl ActionContext<'_> {
    /// Whether the script made this relation itself, so that nobody uses it yet.
    pub(crate) fn is_fresh(&self, relation: &ObjectName) -> bool {
        self.fresh.relations.contains(relation)
    }

    /// Whether this is the way there; the way back is allowed to lose what the way there made.
    pub(crate) fn is_up(&self) -> bool {
        self.direction == Direction::Up
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

    /// The table that an action is about and how it changes, where it is `ALTER TABLE` of a table in use that
    /// the script has not emptied.
    pub(crate) fn altered(&self) -> Option<(&ObjectName, &Change)> {
        match &self.action.what {
            What::AlterTable { table, change, .. }
                if !self.is_fresh(table) && !self.is_truncated(table) =>
            {
                Some((table, change))
            }
            _ => None,
        }
    }

    /// Whether the script has taken all rows from a table, so that there is none to wait for.
    fn is_truncated(&self, table: &ObjectName) -> bool {
        let truncates = |it: &Examined| matches!(&it.action.what, What::Truncate { tables, .. } if tables.contains(table));
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
                && !self.fresh.gone.contains(&it.relation)
        })
    }

    /// The line of the script on which the statement of an action begins.
    pub(crate) fn line(&self, examined: &Examined) -> u32 {
        self.script.statements.get(examined.statement).map_or(0, |it| it.line)
    }
}

/// What stands before the name of a relation that a claim is about: "partitions of ", or nothing.
pub(crate) fn words(claim: &Claim) -> String {
    match claim.whose.words() {
        "" => String::new(),
        words => format!("{words} "),
    }
}
