//! The effective configuration, for people and for programs.

use serde::Serialize;

use super::style::FAINT;
use super::table::{Cell, Column, render};
use super::ui::Ui;
use crate::error::CommandError;
use crate::secret::redact;

/// A setting, and where its value comes from.
#[derive(Debug, Serialize)]
pub(crate) struct SettingRecord {
    key: String,
    value: Option<String>,
    source: String,
}

impl SettingRecord {
    pub(crate) fn new(key: &str, value: Option<String>, source: &str) -> SettingRecord {
        // Whatever it is for, somebody may have put a URL into it.
        let value = value.map(|it| redact(&it));
        SettingRecord { key: key.to_owned(), value, source: source.to_owned() }
    }
}

/// A line a setting.
pub(crate) fn print_settings(ui: &Ui, settings: &[SettingRecord]) -> Result<(), CommandError> {
    let columns = [Column::left("SETTING", 0), Column::left("VALUE", 0), Column::left("FROM", 0)];
    let rows: Vec<Vec<Cell>> = settings
        .iter()
        .map(|it| {
            let value = match &it.value {
                Some(value) => Cell::plain(value),
                None => Cell::styled(FAINT, "none"),
            };
            vec![Cell::plain(&it.key), value, Cell::styled(FAINT, &it.source)]
        })
        .collect();
    ui.result(render(&columns, &rows, Ui::columns()).trim_end())
}
