//! Results for people: the status, what ran, what `verify` found.

use std::time::Duration;

use anstyle::Style;
use migrate_runtime::{Direction, Entry, Finding, Run, SchemaDrift, State, Status, Unfinished};

use super::drift::{line, print_sql};
use super::style::{BAD, FAINT, GOOD, HINT, LABEL, Styled, WARNING, of_state};
use super::table::{Cell, Column, render};
use super::ui::Ui;
use super::violation::listed;
use crate::error::CommandError;
use crate::secret::redact;
use crate::text::{duration, plural, printable};
use crate::time::readable;

/// Every migration with its state, and how many there are of each.
pub(crate) fn print_status(
    ui: &Ui,
    status: &Status,
    drift: &SchemaDrift,
) -> Result<(), CommandError> {
    if status.entries.is_empty() {
        return ui.result("No migrations: neither this program nor the database has one.");
    }
    let columns = [
        Column::left("VERSION", 0),
        Column::left("NAME", 0),
        Column::left("STATE", 0),
        Column::left("APPLIED AT (UTC)", 1),
        Column::right("TIME", 2),
    ];
    let rows: Vec<Vec<Cell>> = status.entries.iter().map(row).collect();
    ui.result(render(&columns, &rows, Ui::columns()))?;
    for unfinished in &status.unfinished {
        ui.result(unfinished_line(unfinished))?;
    }
    ui.result(summary(status))?;
    line(ui, drift).map_or(Ok(()), |it| ui.result(it))
}

fn row(entry: &Entry) -> Vec<Cell> {
    vec![
        Cell::plain(&entry.version),
        Cell::plain(&entry.name),
        Cell::styled(of_state(entry.state), entry.state.to_string()),
        Cell::plain(entry.applied_at.map(readable).unwrap_or_default()),
        Cell::styled(FAINT, entry.execution_time.map(duration).unwrap_or_default()),
    ]
}

/// Where a script outside a transaction stopped.
pub(super) fn unfinished_line(work: &Unfinished) -> String {
    let label = Styled(BAD, "Unfinished:");
    let Unfinished { version, direction, .. } = work;
    format!("{label} the {direction} script of {version} {}.", work.progress())
}

const STATES: [State; 6] = [
    State::Applied,
    State::Pending,
    State::OutOfOrder,
    State::Edited,
    State::Unknown,
    State::Unfinished,
];

/// `12 applied, 1 pending.`
pub(crate) fn summary(status: &Status) -> String {
    let counts = STATES.into_iter().map(|it| (it, status.count(it)));
    let parts: Vec<String> = counts
        .filter(|(state, count)| *count > 0 || *state == State::Applied)
        .map(|(state, count)| format!("{} {}", Styled(LABEL, count), state))
        .collect();
    format!("{}.", parts.join(", "))
}

/// What ran, in one sentence.
pub(crate) fn print_run(ui: &Ui, run: &Run, took: Duration) -> Result<(), CommandError> {
    let verb = match run.direction {
        Direction::Up => "Ran",
        Direction::Down => "Reverted",
    };
    let count = plural(run.done.len(), "migration");
    ui.result(format!("{} {count} in {}.", Styled(GOOD.bold(), verb), duration(took)))
}

/// What was compared and found.
pub(crate) fn print_verification(
    ui: &Ui,
    findings: &[Finding],
    status: Option<&Status>,
) -> Result<(), CommandError> {
    for (index, finding) in findings.iter().enumerate() {
        let (style, label) = severity(finding);
        ui.result(format!("{} {}", Styled(style, label), printable(&redact(&finding.message))))?;
        if let Some(violation) = &finding.violation {
            ui.result(listed(violation))?;
        }
        if let Some(difference) = &finding.difference {
            print_sql(ui, difference)?;
        }
        // One way out for several findings is said once, after the last of them.
        let next = findings.get(index + 1).and_then(|it| it.hint.as_ref());
        if let Some(hint) = finding.hint.as_ref().filter(|it| next != Some(it)) {
            ui.result(format!("  {} {}", Styled(HINT, "Hint:"), ui.in_our_name(hint)))?;
        }
    }
    if !findings.is_empty() {
        ui.result("")?;
    }
    let problems = findings.iter().filter(|it| it.kind.exit_code() != 0).count();
    let verdict = match problems {
        0 => format!("{} no problems.", Styled(GOOD.bold(), "Verified:")),
        count => format!("{} {}.", Styled(BAD.bold(), "Failed:"), plural(count, "problem")),
    };
    match status {
        Some(status) => ui.result(format!("{verdict} {}", summary(status))),
        None => ui.result(verdict),
    }
}

fn severity(finding: &Finding) -> (Style, &'static str) {
    if finding.kind.exit_code() == 0 { (WARNING, "Note:") } else { (BAD.bold(), "Problem:") }
}

/// What `verify` ends with: the worst of all that was found.
pub(crate) fn worst(findings: &[Finding]) -> u8 {
    findings.iter().map(|it| it.kind.exit_code()).max().unwrap_or_default()
}
