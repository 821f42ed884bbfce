//! The log for people: a line for each row, or a paragraph where all of it is wanted.
//!
//! Scripts, other tools and other machines have written into it: nothing of it steers the terminal, and
//! no text makes a line that does not end.

use std::fmt::Write as _;

use anstyle::Style;
use migrate_runtime::{LogEntry, Logs};

use super::batches::in_short;
use super::style::{BAD, FAINT, GOOD, LABEL, Styled, WARNING};
use super::table::{Cell, Column, render};
use super::ui::{Detail, Ui};
use crate::error::CommandError;
use crate::text::{duration, plural, printable, shorten};
use crate::time::readable;

/// The longest text that a column is made wide for.
const WIDEST: usize = 40;
/// As much of a token or a hash as tells it from others.
const SHORT: usize = 8;

/// The log, oldest first.
pub(crate) fn print_logs(ui: &Ui, logs: &Logs) -> Result<(), CommandError> {
    let Some(entries) = &logs.entries else {
        return ui
            .result("There is no log yet: the first command that changes something makes it.");
    };
    if entries.is_empty() {
        return ui.result("The log has nothing about that.");
    }
    if logs.has_older {
        ui.note("Older ones are left out; --limit shows more of them");
    }
    if ui.shows(Detail::Verbose) {
        for (index, entry) in entries.iter().enumerate() {
            let before = if index == 0 { "" } else { "\n" };
            ui.result(format!("{before}{}", paragraph(entry)))?;
        }
        return Ok(());
    }
    let width = Ui::columns();
    let rows: Vec<Vec<Cell>> = entries.iter().map(row).collect();
    let table = render(&COLUMNS, &rows, width);
    let mut lines = table.lines();
    ui.result(lines.next().unwrap_or_default())?;
    for (line, entry) in lines.zip(entries) {
        ui.result(line)?;
        if let Some(note) = note(entry) {
            let text = shorten(&note, width.map_or(usize::MAX, |it| it.saturating_sub(4)));
            ui.result(format!("    {}", Styled(FAINT, text)))?;
        }
    }
    Ok(())
}

/// On 80 columns, what happened to what, when, how it ended and by whom.
const COLUMNS: [Column; 11] = [
    Column::left("WHEN (UTC)", 0),
    Column::left("COMMAND", 0),
    Column::left("MIGRATION", 0),
    Column::left("OUTCOME", 0),
    Column::right("TOOK", 2),
    Column::left("ROLE", 1),
    Column::left("FROM", 3),
    Column::left("ENVIRONMENT", 5),
    Column::left("WITH", 4),
    Column::left("REVISION", 7),
    Column::left("RUN", 6),
];

fn row(entry: &LogEntry) -> Vec<Cell> {
    let text = |it: &Option<String>| shorten(it.as_deref().unwrap_or_default(), WIDEST);
    vec![
        Cell::plain(entry.started_at.map(readable).unwrap_or_default()),
        Cell::plain(shorten(&entry.command, WIDEST)),
        Cell::plain(shorten(&migration(entry), WIDEST)),
        Cell::styled(of_outcome(&entry.outcome), shorten(&entry.outcome, WIDEST)),
        Cell::styled(FAINT, took(entry).unwrap_or_default()),
        Cell::plain(shorten(&entry.db_role, WIDEST)),
        Cell::plain(shorten(&from(entry).unwrap_or_default(), WIDEST)),
        Cell::plain(text(&entry.environment)),
        Cell::styled(FAINT, text(&entry.application)),
        Cell::styled(FAINT, short(entry.revision.as_deref().unwrap_or_default())),
        Cell::styled(FAINT, short(&entry.run)),
    ]
}

/// The version, and the direction where the command does not say it.
fn migration(entry: &LogEntry) -> String {
    let version = entry.version.clone().unwrap_or_default();
    match &entry.direction {
        Some(direction) if *direction != entry.command => format!("{version} {direction}"),
        _ => version,
    }
}

/// Who it was: the role, and the account on which machine.
pub(super) fn by(entry: &LogEntry) -> String {
    match from(entry) {
        Some(from) => format!("{} ({from})", entry.db_role),
        None => entry.db_role.clone(),
    }
}

/// The account, and on which machine.
fn from(entry: &LogEntry) -> Option<String> {
    Some(format!("{}@{}", entry.os_user.as_ref()?, entry.host.as_ref()?))
}

pub(super) fn took(entry: &LogEntry) -> Option<String> {
    entry.duration().map(duration)
}

/// What the server or the program said about it.
pub(super) fn said(entry: &LogEntry) -> Option<String> {
    match (&entry.sqlstate, &entry.message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.clone().or_else(|| message.clone()),
    }
}

/// What was said, what ran in batches, and how often it was tried again.
fn note(entry: &LogEntry) -> Option<String> {
    let retries = plural(entry.retries as usize, "more attempt");
    let retries = (entry.retries > 0).then(|| format!("{retries} because of locks"));
    let parts: Vec<String> =
        said(entry).into_iter().chain(in_short(entry)).chain(retries).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// All of it.
fn paragraph(entry: &LogEntry) -> String {
    let outcome = Styled(of_outcome(&entry.outcome), printable(&entry.outcome));
    let about = [printable(&entry.command), printable(&migration(entry))].join(" ");
    let took = took(entry).map(|it| format!(", took {it}")).unwrap_or_default();
    let at = entry.started_at.map(|it| format!("{} UTC  ", readable(it))).unwrap_or_default();
    let mut text = format!("{}{}: {outcome}{took}", Styled(FAINT, at), Styled(LABEL, about.trim()));
    let retries = (entry.retries > 0).then(|| entry.retries.to_string());
    let detail = Some(entry.detail.clone()).filter(|it| it != "{}");
    let facts = [
        ("sqlstate", entry.sqlstate.clone()),
        ("message", entry.message.clone()),
        ("batches", in_short(entry)),
        ("retries", retries),
        ("by", Some(by(entry))),
        ("environment", entry.environment.clone()),
        ("with", entry.application.clone()),
        ("revision", entry.revision.clone()),
        ("run", Some(entry.run.clone())),
        ("detail", detail),
    ];
    for (label, value) in facts.into_iter().filter_map(|(label, value)| Some((label, value?))) {
        // A text of several lines stays beside its label.
        let value = printable(&value).replace('\n', &format!("\n{:17}", ""));
        // Writing to a string does not fail.
        let _ = write!(text, "\n    {}  {value}", Styled(FAINT, format!("{label:11}")));
    }
    text
}

/// The colour of how something ended.
pub(super) fn of_outcome(outcome: &str) -> Style {
    match outcome {
        "ok" => GOOD,
        "failed" => BAD,
        _ => WARNING,
    }
}

/// The beginning of a hash or a token; what is neither, such as the name of a release, in full.
pub(super) fn short(text: &str) -> String {
    let is_hex =
        text.len() > 2 * SHORT && text.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    if is_hex { text[..SHORT].to_owned() } else { shorten(text, WIDEST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighty_columns_show_what_happened_and_by_whom() {
        let row = [
            "2026-11-25 22:01:49",
            "repair",
            "20240619085000 up",
            "interrupted",
            "12.3 s",
            "deployer",
            "ada@workstation",
            "production",
            "contracts 1.2.3",
            "3a35bc1f",
            "8d7f51a0",
        ];
        let rows = [row.map(Cell::plain).into_iter().collect::<Vec<_>>()];
        let shown = |width| {
            let text = render(&COLUMNS, &rows, width);
            let plain = anstream::adapter::strip_str(&text).to_string();
            (plain.lines().map(str::len).max().unwrap(), plain)
        };
        let (width, text) = shown(Some(80));
        assert!(width <= 80 && text.contains("deployer") && text.contains("interrupted"), "{text}");
        let (_, text) = shown(None);
        assert!(row.iter().all(|it| text.contains(it)), "{text}");
    }

    #[test]
    fn hashes_are_cut_and_names_are_not() {
        assert_eq!(short("3a35bc1f0c1bb0c1d2e3f405162738495a6b7c8d"), "3a35bc1f");
        assert_eq!(short("8d7f51a0-1111-4222-8333-444455556666"), "8d7f51a0");
        assert_eq!(short("v1.2.3"), "v1.2.3");
        assert_eq!(short(""), "");
    }
}
