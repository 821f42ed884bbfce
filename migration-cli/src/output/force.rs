//! How `force` changes the history, for people and for programs.

use migrate_runtime::HistoryChange;
use serde::Serialize;

use super::style::{BAD, FAINT, GOOD, LABEL, Styled, WARNING};
use crate::text::printable;

/// How the history changes.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryChangeRecord {
    added: Vec<AddedRecord>,
    removed: Vec<RemovedRecord>,
    accepted: Vec<AcceptedRecord>,
    ended: Vec<EndedRecord>,
}

#[derive(Debug, Serialize)]
struct AddedRecord {
    version: String,
    name: String,
    checksum: String,
}

#[derive(Debug, Serialize)]
struct RemovedRecord {
    version: String,
    name: String,
    checksum: String,
}

#[derive(Debug, Serialize)]
struct AcceptedRecord {
    version: String,
    name: String,
    /// The one that counts from now on.
    checksum: String,
    /// The one that counted before.
    ran: String,
}

#[derive(Debug, Serialize)]
struct EndedRecord {
    version: String,
    direction: &'static str,
    statement: u32,
}

impl HistoryChangeRecord {
    pub(crate) fn new(change: &HistoryChange) -> HistoryChangeRecord {
        let added = change.added.iter().map(|it| AddedRecord {
            version: it.version.to_string(),
            name: it.name.to_owned(),
            checksum: it.up.checksum.to_string(),
        });
        let removed = change.removed.iter().map(|it| RemovedRecord {
            version: it.version.clone(),
            name: it.name.clone(),
            checksum: it.checksum.clone(),
        });
        let accepted = change.accepted.iter().map(|it| AcceptedRecord {
            version: it.migration.version.to_string(),
            name: it.migration.name.to_owned(),
            checksum: it.migration.up.checksum.to_string(),
            ran: it.ran.clone(),
        });
        let ended = change.ended.iter().map(|it| EndedRecord {
            version: it.version.clone(),
            direction: it.direction.as_str(),
            statement: it.statement,
        });
        HistoryChangeRecord {
            added: added.collect(),
            removed: removed.collect(),
            accepted: accepted.collect(),
            ended: ended.collect(),
        }
    }
}

/// The difference, a line for each migration, and an empty one behind them.
pub(crate) fn change_text(change: &HistoryChange) -> String {
    let added = change.added.iter().map(|it| {
        let (version, name) = (it.version, it.name);
        format!("{} {version} {name}\n", Styled(GOOD, "+"))
    });
    let removed = change.removed.iter().map(|it| {
        let (version, name) = (printable(&it.version), printable(&it.name));
        format!("{} {version} {name}\n", Styled(BAD, "-"))
    });
    let accepted = change.accepted.iter().map(|it| {
        let (version, name) = (it.migration.version, it.migration.name);
        let why = "(edited: this program's script counts as the one that ran)";
        format!("{} {version} {name} {}\n", Styled(WARNING, "~"), Styled(FAINT, why))
    });
    let ended = change.ended.iter().map(|it| {
        let (version, direction) = (&it.version, it.direction);
        let why = format!("(its {direction} script {}: counts as ended)", it.progress());
        format!("{} {version} {}\n", Styled(WARNING, "!"), Styled(FAINT, why))
    });
    added.chain(removed).chain(accepted).chain(ended).collect()
}

/// How much of what: `9 added, 1 removed`.
pub(crate) fn change_counts(change: &HistoryChange) -> String {
    let counts = [
        (change.added.len(), "added"),
        (change.removed.len(), "removed"),
        (change.accepted.len(), "accepted as edited"),
        (change.ended.len(), "unfinished ended"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, what)| format!("{} {what}", Styled(LABEL, count)));
    counts.collect::<Vec<_>>().join(", ")
}
