//! Compares what ran with what this binary would run.

use std::collections::HashSet;

use migrate_core::{Direction, Migration, MigrationSet, Version};

use crate::history::{History, Row};

/// A way in which the history and the binary disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Drift {
    /// The script changed after it ran.
    Edited { version: Version, name: String, ran: String, embedded: String },
    /// The binary has no such migration: it was deleted, or a newer release ran it.
    Unknown { version: String, name: String },
    /// It has not run, but a newer one has, or has `begun`.
    OutOfOrder { version: Version, name: &'static str, newest: Version, begun: bool },
}

impl Drift {
    pub(crate) fn edited(row: &Row, migration: &Migration) -> Drift {
        Drift::Edited {
            version: migration.version,
            name: migration.name.to_owned(),
            ran: row.checksum.clone(),
            embedded: migration.up.checksum.to_string(),
        }
    }
}

/// Lists every disagreement: what ran first, in the order in which it ran; then what is late.
pub(crate) fn compare(set: &MigrationSet, history: &History) -> Vec<Drift> {
    let mut rows = history.newest_first();
    rows.reverse();
    let ran = rows.iter().filter_map(|row| {
        let migration = row.version.parse().ok().and_then(|it| set.get(it));
        match migration {
            None => Some(Drift::Unknown { version: row.version.clone(), name: row.name.clone() }),
            Some(it) if it.up.checksum.to_string() != row.checksum => Some(Drift::edited(row, it)),
            Some(_) => None,
        }
    });
    let begun: Vec<Version> = begun(history).collect();
    let ended = rows.iter().filter_map(|it| it.version.parse::<Version>().ok());
    let newest = ended.map(|it| (it, false)).chain(begun.iter().map(|it| (*it, true))).max();
    let late = pending(set, history).into_iter().filter(|it| !begun.contains(&it.version));
    let late = late.filter_map(|it| {
        let (newest, begun) = newest.filter(|newest| it.version < newest.0)?;
        Some(Drift::OutOfOrder { version: it.version, name: it.name, newest, begun })
    });
    ran.chain(late).collect()
}

/// The migrations that began to run, and are not in the history yet.
fn begun(history: &History) -> impl Iterator<Item = Version> {
    let begun = history.unfinished.iter().filter(|it| it.direction == Direction::Up);
    begun.filter_map(|it| it.version.parse().ok())
}

/// The migrations that have not run, oldest first.
pub(crate) fn pending(set: &MigrationSet, history: &History) -> Vec<&'static Migration> {
    let ran: HashSet<&str> = history.rows.iter().map(|it| it.version.as_str()).collect();
    set.iter().filter(|it| !ran.contains(it.version.to_string().as_str())).collect()
}
