//! The page of `doctor`, for people and for programs.

use anstyle::Style;
use migrate_runtime::{Check, CheckKind, Level};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::style::{BAD, FAINT, GOOD, HINT, LABEL, Styled, WARNING};
use super::ui::Ui;
use crate::error::CommandError;
use crate::secret::redact;
use crate::text::{plural, printable};

/// A line of `doctor`.
#[derive(Debug, Serialize)]
pub(crate) struct CheckRecord {
    kind: &'static str,
    level: &'static str,
    message: String,
    hint: Option<String>,
}

impl CheckRecord {
    pub(crate) fn new(check: &Check, ui: &Ui) -> CheckRecord {
        CheckRecord {
            kind: check.kind.as_str(),
            level: check.level.as_str(),
            message: redact(&check.message),
            hint: check.hint.as_ref().map(|it| ui.in_our_name(it)),
        }
    }
}

/// As wide as the longest of them.
const LEVEL_WIDTH: usize = 7;

/// A line a check, its remedy below it, and how many there are of each sort.
pub(crate) fn print_checks(ui: &Ui, checks: &[Check]) -> Result<(), CommandError> {
    let width = checks.iter().map(|it| title(it.kind).len()).max().unwrap_or_default();
    let indent = " ".repeat(LEVEL_WIDTH + 2 + width + 2);
    for check in checks {
        let level = Styled(style(check.level), format!("{:LEVEL_WIDTH$}", check.level.as_str()));
        let kind = Styled(FAINT, format!("{:width$}", title(check.kind)));
        let message = printable(&redact(&check.message)).replace('\n', " ");
        let message = wrapped(&message, &indent);
        ui.result(format_args!("{level}  {kind}  {message}"))?;
        if let Some(hint) = &check.hint {
            let hint = printable(&ui.in_our_name(hint));
            ui.result(format_args!("{indent}{} {hint}", Styled(HINT, "Hint:")))?;
        }
    }
    ui.result("")?;
    ui.result(verdict(checks))
}

fn title(kind: CheckKind) -> String {
    match kind {
        // The name of a program.
        CheckKind::PgDump => kind.as_str().to_owned(),
        _ => kind.as_str().replace('_', " "),
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Ok => GOOD,
        Level::Warning => WARNING,
        Level::Problem => BAD.bold(),
    }
}

/// On a terminal, what is longer than a line goes on below its beginning. A hint stays in one piece, to be
/// pasted.
fn wrapped(text: &str, indent: &str) -> String {
    match Ui::columns() {
        Some(columns) => wrap(text, columns.saturating_sub(indent.len()).max(20), indent),
        None => text.to_owned(),
    }
}

fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        if used > 0 && used + 1 + word.width() > width {
            lines.push('\n');
            lines.push_str(indent);
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += word.width();
    }
    lines
}

/// `1 problem, 2 warnings, 15 ok.`
fn verdict(checks: &[Check]) -> String {
    let count = |level: Level| checks.iter().filter(|it| it.level == level).count();
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    let mut parts = Vec::new();
    if problems > 0 {
        parts.push(Styled(BAD.bold(), plural(problems, "problem")).to_string());
    }
    if warnings > 0 {
        parts.push(Styled(WARNING, plural(warnings, "warning")).to_string());
    }
    parts.push(format!("{} ok", Styled(LABEL, count(Level::Ok))));
    format!("{}.", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_below_their_beginning() {
        assert_eq!(wrap("one two three", 7, "  "), "one two\n  three");
        assert_eq!(wrap("one two three", 3, ""), "one\ntwo\nthree");
        assert_eq!(wrap("", 7, "  "), "");
    }
}
