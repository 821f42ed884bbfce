//! What the lint found when the program was built, as `check` tells it.

use migrate_core::RULES;
use migrate_runtime::{Direction, Migration, MigrationSet, ScriptFinding, Severity};

use super::json::ProblemRecord;
use super::problems::{Level, Problem, Rule};
use super::proof::{PlaceRecord, from_root};
use super::style::{BAD, FAINT, GOOD, HINT, Styled, WARNING};
use super::ui::{Detail, Ui};
use crate::error::CommandError;
use crate::text::{plural, printable};

/// What was found in all scripts.
pub(crate) struct Lint<'a> {
    set: &'a MigrationSet,
    found: Vec<(&'static Migration, Direction, ScriptFinding)>,
    /// Whether the build looked at the scripts at all.
    was_looked_at: bool,
}

impl<'a> Lint<'a> {
    pub(crate) fn of(set: &'a MigrationSet) -> Lint<'a> {
        let mut lint = Lint { set, found: Vec::new(), was_looked_at: true };
        for migration in set {
            for direction in [Direction::Up, Direction::Down] {
                match set.facts(migration.version, direction) {
                    Some(facts) => lint
                        .found
                        .extend(facts.findings.into_iter().map(|it| (migration, direction, it))),
                    None => lint.was_looked_at = false,
                }
            }
        }
        lint
    }

    /// Whether there is nothing but what is worth knowing.
    pub(crate) fn is_clean(&self) -> bool {
        self.found.iter().all(|it| it.2.severity == Severity::Info)
    }

    /// The rules, for the formats that list them.
    pub(crate) fn rules() -> impl Iterator<Item = Rule> {
        RULES.iter().map(|it| Rule { id: it.id, summary: it.title })
    }

    /// As problems of scripts.
    pub(crate) fn problems(&self) -> impl Iterator<Item = Problem> {
        self.found.iter().map(|(migration, direction, it)| Problem {
            rule: it.rule,
            level: match it.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                _ => Level::Note,
            },
            file: Some(from_root(self.set, &self.file(migration, *direction))),
            line: it.line,
            column: Some(it.column),
            message: it.message.clone(),
            details: Vec::new(),
            help: vec![it.help.clone(), accept(it)],
            case: Some(format!("{}_{}", migration.version, migration.name)),
        })
    }

    /// For the one JSON object.
    pub(crate) fn records(&self) -> impl Iterator<Item = ProblemRecord> {
        self.found.iter().map(|(migration, direction, it)| ProblemRecord {
            kind: "lint",
            version: Some(migration.version.to_string()),
            message: it.message.clone(),
            hint: Some(it.help.clone()),
            rule: Some(it.rule),
            severity: Some(it.severity.as_str()),
            place: Some(PlaceRecord {
                file: self.file(migration, *direction),
                line: it.line,
                column: Some(it.column),
            }),
            ..ProblemRecord::default()
        })
    }

    /// A paragraph a finding, and a sentence.
    pub(crate) fn print(&self, ui: &Ui) -> Result<(), CommandError> {
        if !self.was_looked_at {
            return ui.result("Lint: the build did not look at the scripts (feature `parser`).");
        }
        let shows_all = ui.shows(Detail::Verbose);
        let shown = |it: &&(_, _, ScriptFinding)| shows_all || it.2.severity > Severity::Info;
        for (migration, direction, it) in self.found.iter().filter(shown) {
            let style = match it.severity {
                Severity::Error => BAD.bold(),
                Severity::Warning => WARNING,
                _ => FAINT,
            };
            let what = Styled(style, format!("{}[{}]:", it.severity.as_str(), it.rule));
            ui.result(format_args!("\n{what} {}", printable(&it.message)))?;
            let file = self.file(migration, *direction);
            ui.result(format_args!("  --> {file}:{}:{}", it.line, it.column))?;
            for help in [&it.help, &accept(it)] {
                ui.result(format_args!("  {} {}", Styled(HINT, "Hint:"), printable(help)))?;
            }
        }
        if !self.is_clean() || shows_all && !self.found.is_empty() {
            ui.result("")?;
        }
        ui.result(self.verdict())
    }

    fn verdict(&self) -> String {
        let count = |severity| self.found.iter().filter(|it| it.2.severity == severity).count();
        let parts = [
            (count(Severity::Error), "error"),
            (count(Severity::Warning), "warning"),
            (count(Severity::Info), "note"),
        ];
        let parts = parts.into_iter().filter(|it| it.0 > 0);
        let parts: Vec<String> = parts.map(|(count, what)| plural(count, what)).collect();
        let style = if self.is_clean() { GOOD } else { BAD };
        match parts.as_slice() {
            [] => format!("{} nothing found.", Styled(style.bold(), "Lint:")),
            parts => format!("{} {}.", Styled(style.bold(), "Lint:"), parts.join(", ")),
        }
    }

    fn file(&self, migration: &Migration, direction: Direction) -> String {
        format!("{}/{}", self.set.folder(), migration.file_name(direction))
    }
}

/// How a finding is accepted.
fn accept(finding: &ScriptFinding) -> String {
    format!("`-- migrate:allow {} because REASON` in the script accepts it", finding.rule)
}
