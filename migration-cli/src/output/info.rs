//! One migration in full, for people.

use std::time::Duration;

use migrate_runtime::{Direction, Info, LogEntry, MigrationSet, Script, ScriptFacts};

use super::human::unfinished_line;
use super::logs::{by, took};
use super::plan::{mode_words, statement_list};
use super::style::{FAINT, HEADER, LABEL, Styled, of_state};
use super::table::{Cell, Column, render};
use super::ui::Ui;
use crate::error::CommandError;
use crate::text::{duration, limit, printable};
use crate::time::readable;

/// One migration in full.
pub(crate) fn print_info(ui: &Ui, info: &Info, set: &MigrationSet) -> Result<(), CommandError> {
    ui.result(Styled(LABEL, printable(&info.entry.title())))?;
    for (label, value) in facts(info) {
        ui.result(format!("{}  {value}", Styled(LABEL, format!("{label:8}"))))?;
    }
    for work in &info.unfinished {
        ui.result(unfinished_line(work))?;
    }
    if let Some(it) = info.migration {
        for (direction, script) in [(Direction::Up, &it.up), (Direction::Down, &it.down)] {
            let file = format!("{}/{}", set.folder(), it.file_name(direction));
            let facts = set.facts(it.version, direction);
            ui.result(script_lines(&file, script, facts.as_ref()))?;
        }
    }
    if let Some(sql) = &info.kept_down {
        let what = if info.migration.is_some() { ", which is another one" } else { "" };
        ui.result(format!(
            "\nThe down script that the database kept{what}:\n{}",
            printable(sql.trim_end())
        ))?;
    }
    print_log(ui, info.log.as_deref())
}

fn facts(info: &Info) -> Vec<(&'static str, String)> {
    let entry = &info.entry;
    let mut facts = vec![("State", Styled(of_state(entry.state), entry.state).to_string())];
    if let Some(at) = entry.applied_at {
        let took = entry.execution_time.map(|it| format!(", took {}", duration(it)));
        facts.push(("Applied", format!("{} UTC{}", readable(at), took.unwrap_or_default())));
    }
    // That of the script in this program stands beside it.
    let is_ours = info.migration.is_some_and(|it| it.up.checksum.to_string() == entry.checksum);
    if !is_ours && !entry.checksum.is_empty() {
        facts.push(("Ran as", entry.checksum.clone()));
    }
    facts
}

fn script_lines(file: &str, script: &Script, known: Option<&ScriptFacts>) -> String {
    let head = format!("\n{}\n  {}", Styled(LABEL, file), Styled(FAINT, script.checksum));
    let directives = script.directives();
    if let Some(reason) = directives.irreversible {
        return format!("{head}\n  {} {reason}", Styled(FAINT, "irreversible:"));
    }
    let mut notes = vec![mode_words(script.mode).to_owned()];
    let limits = [
        ("lock timeout", directives.lock_timeout_ms),
        ("statement timeout", directives.statement_timeout_ms),
    ];
    let time = |ms: u32| limit(Duration::from_millis(ms.into()));
    notes.extend(limits.iter().filter_map(|(name, ms)| Some(format!("{name} {}", time((*ms)?)))));
    notes.extend(directives.no_parse.map(|it| format!("not parsed, because {it}")));
    let statements = statement_list(script.sql, script.statements, known, "  ");
    format!("{head}\n  {}\n{}", Styled(FAINT, notes.join(", ")), statements.trim_end())
}

fn print_log(ui: &Ui, log: Option<&[LogEntry]>) -> Result<(), CommandError> {
    let Some(log) = log else {
        return ui.result("\nThe log cannot be read, by this role at least.");
    };
    if log.is_empty() {
        return ui.result("\nThe log has nothing about it.");
    }
    let columns = [
        Column::left("AT (UTC)", 0),
        Column::left("COMMAND", 0),
        Column::left("OUTCOME", 0),
        Column::right("TOOK", 2),
        Column::left("BY", 1),
        Column::left("WITH", 3),
    ];
    let rows: Vec<Vec<Cell>> = log.iter().map(row).collect();
    ui.result(format!("\n{}", Styled(HEADER, "Log")))?;
    ui.result(render(&columns, &rows, Ui::columns()).trim_end())?;
    for entry in log {
        if let Some(message) = &entry.message {
            let at = entry.started_at.map(readable).unwrap_or_default();
            ui.result(format!("{}  {}", Styled(FAINT, at), printable(message)))?;
        }
    }
    Ok(())
}

fn row(entry: &LogEntry) -> Vec<Cell> {
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    vec![
        Cell::plain(entry.started_at.map(readable).unwrap_or_default()),
        Cell::plain(&entry.command),
        Cell::plain(&entry.outcome),
        Cell::styled(FAINT, took(entry).unwrap_or_default()),
        Cell::plain(by(entry)),
        Cell::styled(FAINT, text(&entry.application)),
    ]
}
