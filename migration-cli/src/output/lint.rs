//! What the lint found when the program was built, as `check` tells it.

use anstyle::Style;
use migrate_core::RULES;
use migrate_runtime::{Direction, Migration, MigrationSet, ScriptFinding, Severity};

use super::json::ProblemRecord;
use super::problems::{Problem, Rule};
use super::proof::{PlaceRecord, from_root};
use super::style::{BAD, ERROR, FAINT, GOOD, HINT, Styled, WARNING};
use super::ui::{Detail, Ui};
use crate::error::CommandError;
use crate::secret::redact;
use crate::text::{plural, printable};

/// What was found in all scripts.
pub(crate) struct Lint<'a> {
    set: &'a MigrationSet,
    found: Vec<(&'static Migration, Direction, ScriptFinding)>,
    /// How many more are merely worth knowing.
    notes: usize,
    /// Whether the build looked at the scripts at all.
    pub(super) was_looked_at: bool,
}

impl<'a> Lint<'a> {
    /// With what is merely worth knowing only where somebody wants to know all.
    pub(crate) fn of(set: &'a MigrationSet, ui: &Ui) -> Lint<'a> {
        let mut lint = Lint::with_notes(set);
        if !ui.shows(Detail::Verbose) {
            let all = lint.found.len();
            lint.found.retain(|it| it.2.severity > Severity::Info);
            lint.notes = all - lint.found.len();
        }
        lint
    }

    /// With all of it.
    pub(super) fn with_notes(set: &'a MigrationSet) -> Lint<'a> {
        let mut lint = Lint { set, found: Vec::new(), notes: 0, was_looked_at: true };
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

    /// Every finding, with its script.
    pub(super) fn each(&self) -> impl Iterator<Item = (String, &ScriptFinding)> {
        self.found.iter().map(|(migration, direction, it)| (self.file(migration, *direction), it))
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
            severity: it.severity,
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
            message: redact(&it.message),
            hint: Some(redact(&it.help)),
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
        for (migration, direction, it) in &self.found {
            let message = printable(&redact(&it.message));
            ui.result(format_args!("\n{}: {message}", tag(it)))?;
            let file = self.file(migration, *direction);
            ui.result(format_args!("  --> {file}:{}:{}", it.line, it.column))?;
            for help in [&it.help, &accept(it)] {
                ui.result(format_args!(
                    "  {} {}",
                    Styled(HINT, "Hint:"),
                    printable(&redact(help))
                ))?;
            }
        }
        if !self.found.is_empty() {
            ui.result("")?;
        }
        ui.result(self.verdict())
    }

    fn verdict(&self) -> String {
        let count = |severity| self.found.iter().filter(|it| it.2.severity == severity).count();
        let parts = [
            (count(Severity::Error), "error"),
            (count(Severity::Warning), "warning"),
            (count(Severity::Info) + self.notes, "note"),
        ];
        let parts = parts.into_iter().filter(|it| it.0 > 0);
        let parts: Vec<String> = parts.map(|(count, what)| plural(count, what)).collect();
        let style = if self.is_clean() { GOOD } else { BAD };
        match parts.as_slice() {
            [] => format!("{} nothing found.", Styled(style.bold(), "Lint:")),
            parts => {
                let more = if self.notes == 0 { "" } else { " (-v shows them)" };
                format!("{} {}{more}.", Styled(style.bold(), "Lint:"), parts.join(", "))
            }
        }
    }

    fn file(&self, migration: &Migration, direction: Direction) -> String {
        format!("{}/{}", self.set.folder(), migration.file_name(direction))
    }
}

/// `warning[drop-table]`, in the colour of how serious it is.
pub(super) fn tag(finding: &ScriptFinding) -> String {
    Styled(
        of_severity(finding.severity),
        format!("{}[{}]", finding.severity.as_str(), finding.rule),
    )
    .to_string()
}

/// The colour of how bad it is.
pub(super) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        _ => FAINT,
    }
}

/// How a finding is accepted.
pub(super) fn accept(finding: &ScriptFinding) -> String {
    format!("`-- migrate:allow {} because REASON` in the script accepts it", finding.rule)
}

#[cfg(test)]
mod tests {
    use migrate_core::{LintOptions, SourceFile, analyze, resolve};

    use super::*;

    fn set(up: &str) -> MigrationSet {
        let file = |direction: &str, text: &str| {
            let name = format!("20260101000000_one.{direction}.sql");
            SourceFile { path: name.clone().into(), name, bytes: text.as_bytes().to_vec() }
        };
        let files = vec![file("down", "DROP INDEX CONCURRENTLY i"), file("up", up)];
        let set = resolve(files, "migrations").unwrap();
        let text = analyze(&set, "migrations", &LintOptions::default()).to_text();
        set.leak("migrations").with_analysis(Some(text.leak()))
    }

    #[test]
    fn what_hurts_counts_and_what_is_worth_knowing_does_not() {
        let hurts = set("CREATE INDEX i ON t (a)");
        let lint = Lint::with_notes(&hurts);
        assert!(!lint.is_clean());
        let problems: Vec<Problem> = lint.problems().collect();
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!((problem.rule, problem.severity), ("index-not-concurrent", Severity::Error));
        assert_eq!((problem.line, problem.column), (1, Some(1)));
        assert_eq!(problem.file.as_deref(), Some("migrations/20260101000000_one.up.sql"));
        let record = lint.records().next().unwrap();
        assert_eq!((record.kind, record.severity), ("lint", Some("error")));
        assert!(lint.verdict().contains("1 error"), "{}", lint.verdict());

        let fine = set("LOCK TABLE t; COMMENT ON TABLE t IS 'known'");
        let lint = Lint::with_notes(&fine);
        assert!(lint.is_clean() && !lint.found.is_empty(), "{:?}", lint.found);
        let unseen = fine.with_analysis(None);
        assert!(!Lint::with_notes(&unseen).was_looked_at);
    }
}
