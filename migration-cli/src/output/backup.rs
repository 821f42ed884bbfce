//! Backups, for people and for programs.

use std::path::Path;
use std::time::Duration;

use migrate_runtime::BackupSummary;
use migrate_runtime::backup::{Backup, Listed, Manifest, Pruned};
use serde::Serialize;

use super::style::{BAD, FAINT, GOOD, LABEL, Styled};
use super::table::{Cell, Column, render};
use super::ui::Ui;
use crate::error::CommandError;
use crate::text::{bytes, duration, plural, printable};

/// A backup.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BackupRecord {
    id: String,
    created_at: String,
    size_bytes: u64,
    checksum: String,
}

/// A backup of a list; what its manifest says is null where that cannot be read.
#[derive(Debug, Serialize)]
pub(crate) struct ListedRecord {
    id: String,
    created_at: Option<String>,
    size_bytes: Option<u64>,
    checksum: Option<String>,
    environment: Option<String>,
    database: Option<String>,
    server_version: Option<String>,
    format: Option<&'static str>,
    /// How many had run; null where there was no history.
    migrations: Option<usize>,
    /// The newest that had run.
    newest_version: Option<String>,
    /// What is wrong with it, as far as it was looked at.
    problem: Option<String>,
}

impl BackupRecord {
    pub(crate) fn new(summary: &BackupSummary) -> BackupRecord {
        BackupRecord {
            id: summary.id.clone(),
            created_at: summary.created_at.clone(),
            size_bytes: summary.size_bytes,
            checksum: summary.checksum.clone(),
        }
    }
}

impl ListedRecord {
    pub(crate) fn new(listed: &Listed, ui: &Ui) -> ListedRecord {
        let manifest = listed.manifest.as_ref().ok();
        let problem = listed.manifest.as_ref().err().map(ToString::to_string);
        ListedRecord {
            id: listed.id.to_string(),
            created_at: manifest.map(|it| it.created_at.clone()),
            size_bytes: manifest.map(|it| it.archive.size_bytes),
            checksum: manifest.map(|it| it.archive.checksum.clone()),
            environment: manifest.and_then(|it| it.environment.clone()),
            database: manifest.map(|it| it.database.clone()),
            server_version: manifest.map(|it| it.server_version.clone()),
            format: manifest.map(|it| it.archive.format.as_str()),
            migrations: manifest.and_then(|it| it.history.as_ref()).map(Vec::len),
            newest_version: manifest.and_then(newest),
            problem: problem.map(|it| ui.in_our_name(&it)),
        }
    }
}

fn newest(manifest: &Manifest) -> Option<String> {
    let rows = manifest.history.as_ref()?.iter();
    rows.map(|it| it.version.clone()).max()
}

/// What was taken: the id alone goes where programs read.
pub(crate) fn print_backup(ui: &Ui, backup: &Backup, took: Duration) -> Result<(), CommandError> {
    let size = bytes(backup.manifest.archive.size_bytes);
    ui.note(format!("{} a backup of {size} in {}.", Styled(GOOD.bold(), "Took"), duration(took)));
    ui.result(&backup.id)
}

/// What was proved.
pub(crate) fn print_verified(ui: &Ui, backup: &Backup) -> Result<(), CommandError> {
    let Manifest { database, created_at, server_version, archive, .. } = &backup.manifest;
    let database = printable(database);
    let size = bytes(archive.size_bytes);
    ui.result(format!(
        "{} {}: database {database}, taken at {}, PostgreSQL {server_version}, {size}, {}.",
        Styled(GOOD.bold(), "Good:"),
        backup.id,
        readable(created_at),
        history(&backup.manifest)
    ))
}

fn history(manifest: &Manifest) -> String {
    match (&manifest.history, newest(manifest)) {
        (Some(rows), Some(newest)) => format!("{} up to {newest}", plural(rows.len(), "migration")),
        (Some(_), None) => "no migration".to_owned(),
        (None, _) => "no history".to_owned(),
    }
}

fn readable(time: &str) -> String {
    let seconds = time.split('.').next().unwrap_or(time);
    seconds.replace('T', " ").trim_end_matches('Z').to_owned()
}

/// A line for each backup.
pub(crate) fn print_backups(ui: &Ui, folder: &Path, listed: &[Listed]) -> Result<(), CommandError> {
    if listed.is_empty() {
        return ui.result(format!("No backups in {}.", folder.display()));
    }
    let columns = [
        Column::left("ID", 0),
        Column::left("TAKEN AT (UTC)", 2),
        Column::left("DATABASE", 0),
        Column::right("SIZE", 0),
        Column::left("HISTORY", 1),
    ];
    let row = |it: &Listed| match &it.manifest {
        Ok(manifest) => vec![
            Cell::plain(it.id.to_string()),
            Cell::plain(readable(&manifest.created_at)),
            Cell::plain(&manifest.database),
            Cell::plain(bytes(manifest.archive.size_bytes)),
            Cell::styled(FAINT, history(manifest)),
        ],
        Err(_) => vec![
            Cell::plain(it.id.to_string()),
            Cell::plain(""),
            Cell::styled(BAD, "damaged"),
            Cell::plain(""),
            Cell::plain(""),
        ],
    };
    ui.result(render(&columns, &listed.iter().map(row).collect::<Vec<_>>(), Ui::columns()))?;
    for error in listed.iter().filter_map(|it| it.manifest.as_ref().err()) {
        ui.warn(ui.in_our_name(&error.to_string()));
    }
    let count = plural(listed.len(), "backup");
    ui.result(format!("{} in {}.", Styled(LABEL, count), folder.display()))
}

/// What was removed, and what was not.
pub(crate) fn print_pruned(ui: &Ui, pruned: &Pruned) -> Result<(), CommandError> {
    for id in &pruned.removed {
        ui.result(format!("{} {id}", Styled(BAD, "-")))?;
    }
    if pruned.swept > 0 {
        ui.note(format!("{} left half-made, swept away", plural(pruned.swept, "backup")));
    }
    let kept = pruned.kept.len() + pruned.unreadable.len();
    let removed = plural(pruned.removed.len(), "backup");
    ui.result(format!("{} {removed} removed, {kept} kept.", Styled(GOOD.bold(), "Done:")))
}
