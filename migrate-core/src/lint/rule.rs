//! What a rule is.

use super::{ActionContext, MigrationContext, ScriptContext, Severity, Sink};

/// A rule, with all that people should know of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// What it is called in `-- migrate:allow` and in `migration.toml`.
    pub id: &'static str,
    /// How serious a finding is.
    pub severity: Severity,
    /// What it finds, in one line.
    pub title: &'static str,
    /// What that does to a database in use.
    pub harm: &'static str,
    /// How to do it instead, in SQL, with what comes in migrations of their own said in comments.
    pub way_out: &'static str,
    /// Migrations that are fine, and migrations in which it finds something.
    pub examples: &'static [Example],
    pub(crate) check: Check,
}

/// A migration that documents a rule and tests it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Example {
    /// What earlier migrations did.
    pub before: &'static str,
    /// The up script.
    pub up: &'static str,
    /// The down script.
    pub down: &'static str,
    /// How many times the rule finds something in it.
    pub findings: usize,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// Every action of every script.
    Action(fn(&ActionContext<'_>, &mut Sink<'_>)),
    /// Every script, with what is known when it has run.
    Script(fn(&ScriptContext<'_>, &mut Sink<'_>)),
    /// Every migration.
    Migration(fn(&MigrationContext<'_>, &mut Sink<'_>)),
    /// Nothing: the lint itself finds it.
    Lint,
}

impl Example {
    /// A migration that is fine.
    pub(crate) const fn fine(before: &'static str, up: &'static str) -> Example {
        Example { before, up, down: "SELECT 1", findings: 0 }
    }

    /// A migration in which the rule finds something, once.
    pub(crate) const fn found(before: &'static str, up: &'static str) -> Example {
        Example { before, up, down: "SELECT 1", findings: 1 }
    }

    /// With another down script than one that does nothing.
    pub(crate) const fn with_down(self, down: &'static str) -> Example {
        Example { down, ..self }
    }

    /// Found so many times.
    pub(crate) const fn times(self, findings: usize) -> Example {
        Example { findings, ..self }
    }
}
