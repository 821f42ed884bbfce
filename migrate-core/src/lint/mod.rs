//! The lint: what is valid SQL and would still hurt a database in use, or lose what nobody can bring back.
//!
//! One rule a file, with its documentation and its examples in it. A rule looks at an action, at a whole
//! script, or at both scripts of a migration; what it finds can be accepted in the script with
//! `-- migrate:allow RULE because REASON`.

mod columns;
mod condition;
mod context;
mod document;
mod ledger;
mod made;
mod options;
mod pass;
mod rule;
mod rules;

pub use document::rules_page;
pub use options::{Level, LintOptions, OptionsError};
pub use rule::{Example, Rule};
pub use rules::RULES;

pub(crate) use context::{ActionContext, MigrationContext, ScriptContext, Sink};
pub(crate) use pass::Pass;
pub(crate) use rule::Check;

pub(crate) use crate::Severity;
use crate::analysis::known::Known;
use crate::sql::action::ObjectName;
use crate::{Direction, Problem, Version};

/// What the lint found at a place.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LintFinding {
    /// The rule.
    pub rule: &'static Rule,
    /// How serious it is, after what the options say.
    pub severity: Severity,
    /// Whether the options make it an error of the build.
    pub is_denied: bool,
    /// The migration.
    pub version: Version,
    /// Which of its scripts.
    pub direction: Direction,
    /// Place, message and help.
    pub problem: Problem,
    wants_index: Option<(ObjectName, Vec<String>)>,
}

impl LintFinding {
    /// Whether what a later migration made is the answer, or may be.
    pub(crate) fn is_settled(&self, end: &Known) -> bool {
        let has = |(table, columns): &(ObjectName, Vec<String>)| {
            let is_doubted = end.tables.get(table).is_some_and(|it| it.is_doubted);
            end.has_index(table, columns) || is_doubted
        };
        self.wants_index.as_ref().is_some_and(has)
    }
}

/// The rule with this id.
pub(crate) fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|it| it.id == id)
}

#[cfg(test)]
mod tests;
