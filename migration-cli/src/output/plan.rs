//! A plan for people: every step with its script, how it runs, and what its statements are.

use std::fmt::Write as _;

use migrate_runtime::{AffectedTable, Direction, Mode, Plan, Statement, Step};

use super::style::{FAINT, LABEL, Styled};
use super::ui::{Detail, Ui};
use crate::text::{bytes, one_line, plural};

/// What would run, in order; `how` goes behind the last sentence.
pub(crate) fn plan_text(
    ui: &Ui,
    plan: &Plan,
    affected: &[Vec<AffectedTable>],
    how: &str,
) -> String {
    let width = plan.steps.len().to_string().len();
    let mut text = String::new();
    for (index, step) in plan.steps.iter().enumerate() {
        text.push_str(describe(ui, step, index + 1, width).trim_end());
        text.push('\n');
        let indent = " ".repeat(width + 2);
        let tables = affected.get(index).map(Vec::as_slice).unwrap_or_default();
        for (is_locked, verb) in [(true, "locks"), (false, "works on rows of")] {
            let named = tables.iter().filter(|it| it.is_locked == is_locked).map(table);
            let named = named.collect::<Vec<_>>().join(", ");
            if !named.is_empty() {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{indent}{} {named}", Styled(FAINT, verb));
            }
        }
    }
    let verb = match plan.direction {
        Direction::Up => "run",
        Direction::Down => "be reverted",
    };
    // Writing to a string does not fail.
    let _ = write!(text, "\n{} would {verb}{how}.", plural(plan.steps.len(), "migration"));
    text
}

fn describe(ui: &Ui, step: &Step, number: usize, width: usize) -> String {
    let indent = " ".repeat(width + 2);
    let file = step.file().rsplit('/').next().unwrap_or_default();
    let number = Styled(FAINT, format!("{number:width$}"));
    let mode = Styled(FAINT, mode_words(step.mode()));
    let mut text = format!("{number}  {}\n", Styled(LABEL, file));
    // Writing to a string does not fail.
    let _ = writeln!(text, "{indent}{mode}: {}", summary(step.statements()));
    if ui.shows(Detail::Verbose) {
        text.push_str(&statement_list(step.sql(), step.statements(), &indent));
    }
    text
}

/// `contracts (12.4 MB, about 10000 rows)`
fn table(table: &AffectedTable) -> String {
    let rows = match table.rows {
        Some(count) => {
            format!("about {}", plural(usize::try_from(count).unwrap_or(usize::MAX), "row"))
        }
        None => "rows never counted".to_owned(),
    };
    format!("{} ({}, {rows})", one_line(&table.table, 60), bytes(table.size_bytes))
}

/// How a script runs.
pub(crate) fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Standalone => "statement by statement",
        _ => "in one transaction",
    }
}

/// What the statements of a script are, in the order of their first appearance.
fn summary(statements: &[Statement]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for statement in statements {
        let word = statement.kind.as_str();
        match counts.iter_mut().find(|it| it.0 == word) {
            Some(found) => found.1 += 1,
            None => counts.push((word, 1)),
        }
    }
    let parts = counts.iter().map(|(word, count)| match count {
        1 => words(word),
        _ => format!("{count} × {}", words(word)),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The statements of a script, each with its line and its beginning.
pub(crate) fn statement_list(sql: &str, statements: &[Statement], indent: &str) -> String {
    let width = statements.last().map_or(0, |it| it.line.to_string().len());
    let room = Ui::columns().unwrap_or(100).saturating_sub(indent.len() + width + 2).max(20);
    let mut text = String::new();
    for statement in statements {
        let line = Styled(FAINT, format!("{:width$}", statement.line));
        let sql = one_line(statement.range.of(sql), room);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{indent}{line}  {sql}");
    }
    text
}

fn words(kind: &str) -> String {
    kind.replace('-', " ")
}
