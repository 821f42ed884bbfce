//! The state of every migration, as binary and database see it. Pure.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use migrate_core::MigrationSet;

use crate::drift::{self, Compared, Drift};
use crate::history::{History, Recorded, Row, Unfinished};

/// Every migration of binary and database, oldest version first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The name of the database, as the server gives it.
    pub database: String,
    /// Every migration, oldest version first.
    pub entries: Vec<Entry>,
    /// Work outside a transaction that began and did not end.
    pub unfinished: Vec<Unfinished>,
    /// What the last run noted about the schema that it left, where it did.
    pub recorded: Option<Recorded>,
}

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The version, fourteen digits unless another tool wrote it.
    pub version: String,
    /// The name.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// When it ran.
    pub applied_at: Option<SystemTime>,
    /// The checksum of the script that ran, or of the one that would run.
    pub checksum: String,
    /// How long it took.
    pub execution_time: Option<Duration>,
}

/// How a migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It ran.
    Applied,
    /// It has not run.
    Pending,
    /// It ran, and its script changed after that.
    Edited,
    /// It ran, and this binary does not have it.
    Unknown,
    /// It has not run, but a newer one has, or has begun.
    OutOfOrder,
    /// It began outside a transaction and did not end.
    Unfinished,
}

impl State {
    /// Every state, in the order in which summaries give them.
    pub const ALL: [State; 6] = [
        State::Applied,
        State::Pending,
        State::Edited,
        State::Unknown,
        State::OutOfOrder,
        State::Unfinished,
    ];

    /// The word that JSON output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Pending => "pending",
            State::Edited => "edited",
            State::Unknown => "unknown",
            State::OutOfOrder => "out_of_order",
            State::Unfinished => "unfinished",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == State::OutOfOrder { "out of order" } else { self.as_str() })
    }
}

impl Status {
    pub(crate) fn new(set: &MigrationSet, mut history: History, database: String) -> Status {
        let Compared { drift, pending } = drift::compare(set, &history);
        history.keep_last();
        let History { rows, unfinished: begun } = history;
        let special: HashMap<String, State> = drift.iter().map(named).collect();
        let unfinished = |version: &str| begun.iter().any(|it| it.version == version);
        let state = |version: &str, plain: State| match special.get(version) {
            _ if unfinished(version) => State::Unfinished,
            Some(state) => *state,
            None => plain,
        };
        let ran = rows.into_iter().map(|row| {
            let state = state(&row.version, State::Applied);
            Entry::ran(row, state)
        });
        let pending = pending.into_iter().map(|it| {
            let version = it.version.to_string();
            Entry {
                state: state(&version, State::Pending),
                version,
                name: it.name.to_owned(),
                applied_at: None,
                checksum: it.up.checksum.to_string(),
                execution_time: None,
            }
        });
        let mut entries: Vec<Entry> = ran.chain(pending).collect();
        // Begun by a newer release: neither this binary nor the history has it.
        for work in &begun {
            if !entries.iter().any(|it| it.version == work.version) {
                entries.push(Entry::begun(&work.version));
            }
        }
        entries.sort_by(|a, b| a.version.cmp(&b.version));
        Status { database, entries, unfinished: begun, recorded: None }
    }

    /// How many migrations are in this state.
    pub fn count(&self, state: State) -> usize {
        self.entries.iter().filter(|it| it.state == state).count()
    }
}

impl Entry {
    /// Version and name, as file names have them; the version alone where there is no name.
    pub fn title(&self) -> String {
        if self.name.is_empty() {
            return self.version.clone();
        }
        format!("{}_{}", self.version, self.name)
    }

    fn begun(version: &str) -> Entry {
        Entry {
            version: version.to_owned(),
            name: String::new(),
            state: State::Unfinished,
            applied_at: None,
            checksum: String::new(),
            execution_time: None,
        }
    }

    fn ran(row: Row, state: State) -> Entry {
        Entry {
            version: row.version,
            name: row.name,
            state,
            applied_at: row.applied_at,
            checksum: row.checksum,
            execution_time: Some(row.execution_time),
        }
    }
}

fn named(drift: &Drift) -> (String, State) {
    let state = match drift {
        Drift::Edited { .. } => State::Edited,
        Drift::Unknown { .. } => State::Unknown,
        Drift::OutOfOrder { .. } => State::OutOfOrder,
    };
    (drift.version(), state)
}
