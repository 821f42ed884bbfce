//! What became of the migrations of another tool, for people and for programs.

use serde::Serialize;

use super::style::FAINT;
use super::table::{Cell, Column, render};
use super::ui::Ui;
use crate::error::CommandError;
use crate::import::Converted;

/// A migration that came from another tool.
#[derive(Debug, Serialize)]
pub(crate) struct ImportRecord {
    from: String,
    version: String,
    name: String,
    notes: Vec<&'static str>,
}

impl ImportRecord {
    pub(crate) fn new(made: &Converted) -> ImportRecord {
        ImportRecord {
            from: made.from.clone(),
            version: made.version.to_string(),
            name: made.name.clone(),
            notes: made.notes.iter().map(|it| it.as_str()).collect(),
        }
    }
}

/// Lists what was made of what.
pub(crate) fn print_import(ui: &Ui, made: &[Converted]) -> Result<(), CommandError> {
    let columns = [
        Column::left("FROM", 0),
        Column::left("VERSION", 0),
        Column::left("NAME", 1),
        Column::left("NOTES", 0),
    ];
    let row = |it: &Converted| {
        let notes: Vec<&str> = it.notes.iter().map(|it| it.as_str()).collect();
        vec![
            Cell::plain(&it.from),
            Cell::plain(it.version.to_string()),
            Cell::plain(&it.name),
            Cell::styled(FAINT, notes.join(", ")),
        ]
    };
    let rows: Vec<Vec<Cell>> = made.iter().map(row).collect();
    ui.result(render(&columns, &rows, Ui::columns()))
}
