//! Progress: what happens during a run, told to the caller as it happens.

use std::time::Duration;

use migrate_core::{Direction, Mode};

use crate::run::Done;

/// Something that happened during a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The server cannot be reached yet; another attempt follows.
    WaitingForDatabase {
        /// What the last attempt said.
        reason: String,
    },
    /// The connection was lost in the middle of a run; it is opened again, and what was committed is
    /// looked up before anything else runs.
    Reconnecting {
        /// What was being done, and what the server or the system said.
        reason: String,
    },
    /// A connection is open.
    Connected {
        /// The name of the database, as the server gives it.
        database: String,
        /// The token of this run.
        token: String,
    },
    /// Another runner holds the lock.
    WaitingForLock {
        /// Who, as far as this role may see.
        holder: String,
    },
    /// The lock is ours.
    Locked,
    /// The number of migrations to run or to revert is known.
    Planned {
        /// How many.
        total: usize,
        /// Whether they run or are reverted.
        direction: Direction,
    },
    /// A migration begins.
    Started {
        /// Its place in this run, counted from 1.
        index: usize,
        /// How many there are.
        total: usize,
        /// Its version.
        version: String,
        /// Its name.
        name: String,
        /// Whether it runs or is reverted.
        direction: Direction,
        /// In one transaction, or statement by statement.
        mode: Mode,
    },
    /// A statement of a script outside a transaction begins.
    Statement {
        /// Its place in the script, counted from 1.
        index: usize,
        /// How many statements the script has.
        total: usize,
        /// Its line in the script.
        line: u32,
    },
    /// A script outside a transaction goes on that had stopped: in another run, or in this one, when the
    /// connection was lost.
    Resumed {
        /// The migration.
        version: String,
        /// What came of the statement at which it had stopped.
        what: String,
    },
    /// A migration has ended well.
    Finished {
        /// Its place in this run, counted from 1.
        index: usize,
        /// How many there are.
        total: usize,
        /// What was done.
        done: Done,
    },
    /// A lock of somebody else was in the way; nothing was changed, another attempt follows.
    Retrying {
        /// The migration.
        version: String,
        /// The number of the attempt that failed, counted from 1.
        attempt: u32,
        /// The server's code.
        sqlstate: String,
        /// The pause before the next attempt.
        pause: Duration,
    },
    /// Something a person should know, which does not stop the run.
    Warning {
        /// What.
        message: String,
    },
    /// The server said something, for example by `RAISE NOTICE`.
    Notice {
        /// `NOTICE`, `WARNING`, …
        severity: String,
        /// What it said.
        message: String,
    },
}
