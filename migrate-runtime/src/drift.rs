//! Compares what ran with what this binary would run.

use std::fmt;

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
    /// The migration that it is about.
    pub(crate) fn version(&self) -> String {
        match self {
            Drift::Edited { version, .. } | Drift::OutOfOrder { version, .. } => {
                version.to_string()
            }
            Drift::Unknown { version, .. } => version.clone(),
        }
    }

    pub(crate) fn edited(row: &Row, migration: &Migration) -> Drift {
        Drift::Edited {
            version: migration.version,
            name: migration.name.to_owned(),
            ran: row.checksum.clone(),
            embedded: migration.up.checksum.to_string(),
        }
    }
}

/// One sentence, for `verify` and `repair`.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Drift::Edited { version, name, ran, embedded } => {
                let (then, now) = (shorten(ran), shorten(embedded));
                write!(
                    f,
                    "{version}_{name} was edited after it ran: checksum {then} then, {now} now"
                )
            }
            Drift::Unknown { version, name } => {
                write!(f, "{version}_{name} ran, but this binary does not have it")
            }
            Drift::OutOfOrder { version, name, newest, begun } => {
                let fate = if *begun { " begun" } else { "" };
                write!(f, "{version}_{name} has not run, but the newer {newest} has{fate}")
            }
        }
    }
}

/// What is said of a down script that is another one than the database kept.
pub(crate) fn down_differs(title: &str) -> String {
    format!("the down script of {title} is not the one that was kept when it ran")
}

/// Enough of a checksum to tell two apart.
pub(crate) fn shorten(checksum: &str) -> String {
    checksum.chars().take(12).collect()
}

/// How binary and history compare.
pub(crate) struct Compared {
    /// Every disagreement: what ran first, in the order in which it ran; then what is late.
    pub(crate) drift: Vec<Drift>,
    /// The migrations that have not run, oldest first.
    pub(crate) pending: Vec<&'static Migration>,
}

/// Compares the migrations of a binary with the history.
pub(crate) fn compare(set: &MigrationSet, history: &History) -> Compared {
    let mut ended = Vec::with_capacity(history.rows.len());
    let ran = history.newest_first().into_iter().rev().filter_map(|row| {
        let version = row.version.parse().ok();
        ended.extend(version);
        match version.and_then(|it| set.get(it)) {
            None => Some(Drift::Unknown { version: row.version.clone(), name: row.name.clone() }),
            Some(it) if it.up.checksum != *row.checksum => Some(Drift::edited(row, it)),
            Some(_) => None,
        }
    });
    let mut drift: Vec<Drift> = ran.collect();
    let begun: Vec<Version> = begun(history).collect();
    let newest = ended.iter().map(|it| (*it, false)).chain(begun.iter().map(|it| (*it, true)));
    let newest = newest.max();
    let pending = without(set, ended);
    let late = pending.iter().filter(|it| !begun.contains(&it.version)).filter_map(|it| {
        let (newest, begun) = newest.filter(|newest| it.version < newest.0)?;
        Some(Drift::OutOfOrder { version: it.version, name: it.name, newest, begun })
    });
    drift.extend(late);
    Compared { drift, pending }
}

/// The migrations that began to run, and are not in the history yet.
fn begun(history: &History) -> impl Iterator<Item = Version> {
    let begun = history.unfinished.iter().filter(|it| it.direction == Direction::Up);
    begun.filter_map(|it| it.version.parse().ok())
}

/// The migrations of a set that are not among those that ran, oldest first.
fn without(set: &MigrationSet, mut ran: Vec<Version>) -> Vec<&'static Migration> {
    // They are nearly in order.
    ran.sort();
    set.iter().filter(|it| ran.binary_search(&it.version).is_err()).collect()
}
