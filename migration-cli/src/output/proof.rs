//! What `check` has proven: for people, for programs, and as problems of scripts.

use std::fmt;
use std::path::Path;

use migrate_core::snippet::{Colors, Snippet, render as drawn};
use migrate_runtime::check::{CheckFinding, CheckFindingKind, CheckReport, Checked, Proven, Round};
use migrate_runtime::schema::Difference;
use migrate_runtime::{Direction, Effect, MigrationSet, Severity};
use serde::Serialize;

use super::drift::print_sql;
use super::forecast::ClaimRecord;
use super::json::{ProblemRecord, millis};
use super::lint::Lint;
use super::plan::effect;
use super::problems::{Case, Findings, Problem, Rule};
use super::style::{BAD, FAINT, GOOD, HINT, LABEL, Styled, WARNING};
use super::ui::{Detail, Ui};
use crate::error::CommandError;
use crate::secret::redact;
use crate::text::{duration, plural, printable};

/// A migration, as `check` leaves it.
#[derive(Debug, Serialize)]
pub(crate) struct ProofRecord {
    version: String,
    name: &'static str,
    proven: &'static str,
    /// Why it cannot be reverted.
    reason: Option<String>,
    up_ms: Option<u64>,
    down_ms: Option<u64>,
    /// What is as good as equal, or not to be restored.
    notes: Vec<DifferenceRecord>,
    /// The locks that its up script takes on what was there before it, as the build knows them; null where the
    /// build did not look.
    locks: Option<Vec<ClaimRecord>>,
}

/// Where in a script.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PlaceRecord {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: Option<u32>,
}

/// What is not the same.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DifferenceRecord {
    kind: &'static str,
    object: String,
    attribute: Option<&'static str>,
    message: String,
    /// SQL that says what was.
    before: Vec<String>,
    /// SQL that says what is.
    after: Vec<String>,
}

impl ProofRecord {
    pub(crate) fn new(checked: &Checked, set: &MigrationSet) -> ProofRecord {
        let locks = strongest(checked, set);
        ProofRecord {
            version: checked.version.to_string(),
            name: checked.name,
            proven: word(checked.proven),
            reason: match checked.proven {
                Proven::Irreversible(reason) => Some(redact(reason)),
                _ => None,
            },
            up_ms: checked.up.map(millis),
            down_ms: checked.down.map(millis),
            notes: checked.notes.iter().map(DifferenceRecord::new).collect(),
            locks: locks.map(|it| it.iter().map(ClaimRecord::new).collect()),
        }
    }
}

/// What an up script does to each relation that was there before it: the strongest lock, the hardest work.
fn strongest(checked: &Checked, set: &MigrationSet) -> Option<Vec<Effect<'static>>> {
    set.facts(checked.version, Direction::Up).map(|it| it.strongest())
}

impl DifferenceRecord {
    pub(super) fn new(difference: &Difference) -> DifferenceRecord {
        let clean = |lines: &[String]| lines.iter().map(|it| redact(it)).collect();
        DifferenceRecord {
            kind: difference.object.kind.as_str(),
            object: difference.object.to_string(),
            attribute: difference.attribute,
            message: redact(&difference.message),
            before: clean(&difference.before),
            after: clean(&difference.after),
        }
    }
}

/// A finding in the one JSON object.
pub(crate) fn problem_record(finding: &CheckFinding, ui: &Ui) -> ProblemRecord {
    let hints: Vec<_> = finding.hints.iter().map(|it| ui.in_our_name(it)).collect();
    ProblemRecord {
        kind: finding.kind.as_str(),
        version: finding.version.map(|it| it.to_string()),
        message: redact(&finding.message),
        hint: Some(redact(&hints.join("\n"))).filter(|it| !it.is_empty()),
        place: finding.place.as_ref().map(|it| PlaceRecord {
            file: it.file.clone(),
            line: it.line,
            column: it.column,
        }),
        differences: finding.differences.iter().map(DifferenceRecord::new).collect(),
        ..ProblemRecord::default()
    }
}

fn word(proven: Proven) -> &'static str {
    match proven {
        Proven::Now => "now",
        Proven::Before => "before",
        Proven::Irreversible(_) => "irreversible",
        Proven::Not => "not",
        Proven::NotReached => "not_reached",
    }
}

/// The word for what came of the round.
pub(crate) fn round_word(round: Round) -> &'static str {
    match round {
        Round::Proven => "proven",
        Round::ProvenBefore => "proven_before",
        Round::ProvenDownTo(_) => "proven_in_part",
        Round::Failed => "failed",
        Round::NotTried => "not_tried",
    }
}

/// A line a migration that was looked at, what is wrong, and a sentence.
pub(crate) fn print_proof(
    ui: &Ui,
    report: &CheckReport,
    set: &MigrationSet,
) -> Result<(), CommandError> {
    let shown = report.migrations.iter().filter(|it| it.proven != Proven::Before);
    let widest = shown.clone().map(|it| it.name.len()).max().unwrap_or_default();
    for checked in shown {
        ui.result(line(checked, widest))?;
        let locks = strongest(checked, set).filter(|_| ui.shows(Detail::Verbose));
        for it in locks.iter().flatten() {
            ui.result(format_args!("    {}", Styled(FAINT, effect(it))))?;
        }
        for note in &checked.notes {
            let note = printable(&redact(&note.message));
            ui.result(format_args!("    {} {note}", Styled(WARNING, "Note:")))?;
        }
    }
    for finding in &report.findings {
        ui.result("")?;
        print_finding(ui, finding)?;
    }
    if !report.findings.is_empty() {
        ui.result("")?;
    }
    ui.result(verdict(report))
}

fn line(checked: &Checked, widest: usize) -> String {
    let Checked { version, name, proven, .. } = checked;
    let (mark, style, what) = match proven {
        Proven::Now | Proven::Before => ("✓", GOOD, String::new()),
        Proven::Irreversible(reason) => {
            ("·", WARNING, format!("cannot be reverted: {}", redact(reason)))
        }
        Proven::Not => ("✗", BAD, String::new()),
        Proven::NotReached => ("·", FAINT, "not reached".to_owned()),
    };
    let times = [("up", checked.up), ("down", checked.down)].into_iter();
    let times = times.filter_map(|(word, time)| Some(format!("{word} {}", duration(time?))));
    let times = times.collect::<Vec<_>>().join(", ");
    let is_empty = times.is_empty() && what.is_empty();
    let between = if times.is_empty() || what.is_empty() { "" } else { "; " };
    let what = format!("{}{between}{}", Styled(FAINT, &times), printable(&what));
    let name = if is_empty { (*name).to_owned() } else { format!("{name:widest$}  ") };
    format!("{} {version}  {name}{what}", Styled(style, mark))
}

fn print_finding(ui: &Ui, finding: &CheckFinding) -> Result<(), CommandError> {
    let say = |text: &dyn fmt::Display| ui.result(redact(&text.to_string()));
    let message = printable(&finding.message);
    let version = finding.version.map(|it| format!("{it}: ")).unwrap_or_default();
    say(&format_args!("{} {version}{message}", Styled(BAD.bold(), "Problem:")))?;
    if let Some(place) = &finding.place {
        let is_failure = finding.kind.is_failure();
        let line = Some(place.source_line.as_str()).filter(|it| is_failure && !it.is_empty());
        let snippet = Snippet {
            file: &place.file,
            line: Some(place.line),
            column: place.column,
            width: 1,
            source_line: line,
            ..Snippet::default()
        };
        match line {
            Some(_) => say(&drawn(&snippet, Colors::Plain))?,
            None => say(&format_args!("  --> {}:{}", place.file, place.line))?,
        }
    }
    if let Some(error) = &finding.error {
        let said = [("SQLSTATE:", error.sqlstate()), ("Detail:", error.server_detail())];
        for (label, value) in said {
            if let Some(value) = value {
                let value = printable(value);
                say(&format_args!("  {} {value}", Styled(LABEL, label)))?;
            }
        }
    }
    for difference in &finding.differences {
        say(&format_args!("  {}", printable(&difference.message)))?;
        print_sql(ui, difference)?;
    }
    for hint in &finding.hints {
        let hint = printable(&ui.in_our_name(hint));
        say(&format_args!("  {} {hint}", Styled(HINT, "Hint:")))?;
    }
    Ok(())
}

fn verdict(report: &CheckReport) -> String {
    let count =
        |is: fn(&Proven) -> bool| report.migrations.iter().filter(|it| is(&it.proven)).count();
    let proven = count(|it| matches!(it, Proven::Now | Proven::Before));
    let parts = [
        (count(|it| *it == Proven::Before), "before"),
        (count(|it| matches!(it, Proven::Irreversible(_))), "cannot be reverted"),
        (count(|it| *it == Proven::NotReached), "not reached"),
    ];
    let parts = parts.into_iter().filter(|it| it.0 > 0);
    let parts: Vec<_> = parts.map(|(count, what)| format!("{count} {what}")).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let all = plural(report.migrations.len(), "migration");
    let round = match report.round {
        Round::Proven | Round::ProvenBefore => "; all down and all up too".to_owned(),
        Round::ProvenDownTo(version) => format!("; all down to {version} and up too"),
        Round::Failed => "; all down and all up is not".to_owned(),
        Round::NotTried => "; all down and all up was not tried".to_owned(),
    };
    let rest = format!("{proven} of {all}{parts}{round}");
    match report.findings.len() {
        0 => format!("{} {rest} (PostgreSQL {}).", Styled(GOOD.bold(), "Proven:"), report.server),
        found => format!(
            "{} {} (PostgreSQL {}). Proven: {rest}.",
            Styled(BAD.bold(), "Failed:"),
            plural(found, "problem"),
            report.server
        ),
    }
}

/// The rule for what is only noted.
const SLIGHT: &str = "down_differs_slightly";

/// The findings as problems of scripts.
pub(crate) fn problems_of(
    report: &CheckReport,
    lint: &Lint<'_>,
    ui: &Ui,
    set: &MigrationSet,
) -> Findings {
    let name =
        |version| report.migrations.iter().find(|it| Some(it.version) == version).map(case_name);
    let rules = CheckFindingKind::all().map(|it| Rule { id: it.as_str(), summary: summary(it) });
    let slight = Rule {
        id: SLIGHT,
        summary: "What a down script cannot restore, or restores in other words.",
    };
    let mut problems: Vec<_> = report
        .findings
        .iter()
        .map(|it| Problem {
            rule: it.kind.as_str(),
            severity: Severity::Error,
            file: it.place.as_ref().map(|it| from_root(set, &it.file)),
            line: it.place.as_ref().map_or(1, |it| it.line),
            column: it.place.as_ref().and_then(|it| it.column),
            message: it.message.clone(),
            details: it.differences.iter().flat_map(lines).collect(),
            help: it.hints.iter().map(|it| ui.in_our_name(it)).collect(),
            case: name(it.version),
        })
        .collect();
    for checked in &report.migrations {
        let file = format!("{}/{}.down.sql", set.folder(), case_name(checked));
        problems.extend(checked.notes.iter().map(|note| Problem {
            rule: SLIGHT,
            severity: Severity::Info,
            file: Some(from_root(set, &file)),
            line: 1,
            column: None,
            message: note.message.clone(),
            details: note.lines(),
            help: Vec::new(),
            case: Some(case_name(checked)),
        }));
    }
    let cases = report.migrations.iter().map(|it| Case {
        name: case_name(it),
        milliseconds: it.up.map(|up| up.as_millis() + it.down.unwrap_or_default().as_millis()),
        skipped: match it.proven {
            Proven::Irreversible(reason) => Some(reason.to_owned()),
            Proven::NotReached => Some("not reached".to_owned()),
            _ => None,
        },
    });
    problems.extend(lint.problems());
    let rules = rules.chain([slight]).chain(Lint::rules());
    Findings { rules: rules.collect(), problems, cases: cases.collect() }
}

fn lines(difference: &Difference) -> Vec<String> {
    let more = difference.lines().into_iter().map(|it| format!("    {it}"));
    [difference.message.clone()].into_iter().chain(more).collect()
}

fn case_name(checked: &Checked) -> String {
    format!("{}_{}", checked.version, checked.name)
}

fn summary(kind: CheckFindingKind) -> &'static str {
    match kind {
        CheckFindingKind::UpFailed => "An up script runs.",
        CheckFindingKind::DownFailed => "A down script runs after its up script.",
        CheckFindingKind::UpAgainFailed => "An up script runs again after its down script.",
        CheckFindingKind::DownDiffers => "A down script restores what was there.",
        CheckFindingKind::UpAgainDiffers => "Run again, an up script makes the same.",
        CheckFindingKind::AllDownFailed => "All migrations can be reverted.",
        CheckFindingKind::AllDownDiffers => "All of them reverted, the database is as it was.",
        CheckFindingKind::AllUpFailed => "All of them run again.",
        _ => "All of them run again, the database is as it was.",
    }
}

/// A script as it is named from the root of the repository, where annotations look for it.
pub(super) fn from_root(set: &MigrationSet, file: &str) -> String {
    let folder = set.source().map(Path::new);
    let root = folder.and_then(|it| it.ancestors().find(|it| it.join(".git").exists()));
    let (Some(folder), Some(root)) = (folder, root) else { return file.to_owned() };
    let name = file.rsplit('/').next().unwrap_or(file);
    folder
        .join(name)
        .strip_prefix(root)
        .map_or_else(|_| file.to_owned(), |it| it.display().to_string())
}
