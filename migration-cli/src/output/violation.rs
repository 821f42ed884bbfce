//! The rows that break a constraint, for people and for programs.

use std::fmt::Write as _;

use migrate_runtime::Violation;
use serde::Serialize;

use super::style::FAINT;
use super::table::{Cell, Column, render};
use super::ui::Ui;

/// Rows that break a constraint.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ViolationRecord {
    table: String,
    constraint: String,
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
    count: u64,
    /// Whether `count` is all of them.
    complete: bool,
}

impl ViolationRecord {
    pub(super) fn new(violation: &Violation) -> ViolationRecord {
        ViolationRecord {
            table: violation.table.clone(),
            constraint: violation.constraint.clone(),
            columns: violation.columns.clone(),
            rows: violation.rows.clone(),
            count: violation.count,
            complete: violation.is_complete,
        }
    }
}

/// The first rows as a table, indented, and how many are not shown.
pub(super) fn listed(violation: &Violation) -> String {
    let columns: Vec<_> = violation.columns.iter().map(|it| Column::left(it, 0)).collect();
    let cell = |it: &Option<String>| match it {
        Some(value) => Cell::plain(value.clone()),
        None => Cell::styled(FAINT, "NULL"),
    };
    let rows: Vec<Vec<Cell>> =
        violation.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let width = Ui::columns().map(|it| it.saturating_sub(INDENT.len()));
    let mut text = String::new();
    for line in render(&columns, &rows, width).lines() {
        text.push_str(INDENT);
        text.push_str(line);
        text.push('\n');
    }
    let more = violation.count.saturating_sub(violation.rows.len() as u64);
    if more > 0 {
        let least = if violation.is_complete { "" } else { "at least " };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{INDENT}… and {least}{more} more");
    }
    text.trim_end().to_owned()
}

const INDENT: &str = "  ";
