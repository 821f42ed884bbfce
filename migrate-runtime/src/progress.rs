//! Progress: what happens during a run, told to the caller as it happens.

use std::fmt;
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
    /// A batch of a statement was committed.
    Batch {
        /// The migration.
        version: String,
        /// The place of the statement in the script, counted from 1.
        statement: usize,
        /// How many rows of its table it has walked.
        rows: u64,
        /// How many rows the statement says that it worked on.
        changed: u64,
        /// How long it took.
        took: Duration,
        /// How many rows all batches so far have walked, those of earlier runs too.
        done: u64,
        /// How many there are, as estimated when the first batch began.
        total: u64,
    },
    /// The next batch waits; told about every second as long as it does.
    BatchPaused {
        /// The migration.
        version: String,
        /// For whom.
        reason: String,
    },
    /// A script outside a transaction goes on that had stopped: in another run, or in this one, when the
    /// connection was lost.
    Resumed {
        /// The migration.
        version: String,
        /// What came of the statement at which it had stopped.
        what: String,
    },
    /// A migration has ended well. Those that follow may be on their way to the server by then.
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
    /// A statement waits for others; told again whenever these are others than before.
    Blocked {
        /// The migration.
        version: String,
        /// Who is in the way, those with the oldest transactions first.
        blockers: Vec<Blocker>,
    },
    /// An index is being built outside of a transaction; told every second while it lasts.
    IndexBuild {
        /// The migration.
        version: String,
        /// What the server is at, in its own words.
        phase: String,
        /// How much of this phase is done.
        done: u64,
        /// How much there is; zero where the server does not tell.
        total: u64,
    },
    /// A backup is being taken.
    BackupStarted {
        /// Its id.
        id: String,
        /// The size of the database on the server; the archive is smaller as a rule.
        database_bytes: u64,
    },
    /// How far a backup is, told a few times a second while it is taken or verified.
    BackupProgress {
        /// What is being done.
        step: BackupStep,
        /// How many bytes are done.
        done: u64,
        /// How many there are: of the database, while it is being dumped, else of the archive.
        total: u64,
    },
    /// A backup is complete.
    BackedUp {
        /// The backup.
        backup: BackupSummary,
    },
    /// A backup is being restored.
    Restoring {
        /// What comes next.
        step: String,
    },
    /// A migration is about to be proven: run, reverted and run again on a database of its own.
    Proving {
        /// Its place in the set, counted from 1.
        index: usize,
        /// How many there are.
        total: usize,
        /// Its version.
        version: String,
        /// Its name.
        name: String,
    },
    /// A constraint is about to be compared with the rows.
    Checking {
        /// Its place among all, counted from 1.
        index: usize,
        /// How many there are.
        total: usize,
        /// Which one.
        what: String,
    },
    /// Something a person should know, which does not stop the run.
    Warning {
        /// What.
        message: String,
    },
    /// The server said something, for example by `RAISE NOTICE`. It may be about a migration that was sent ahead, and
    /// then comes before the events of those before that one.
    Notice {
        /// `NOTICE`, `WARNING`, …
        severity: String,
        /// What it said.
        message: String,
    },
}

/// What is being done with a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackupStep {
    /// The server's data is written to an archive.
    Dumping,
    /// The archive is read as restoring it would.
    ReadingBack,
    /// The archive's checksum is taken.
    Hashing,
}

/// A backup in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupSummary {
    /// Its id.
    pub id: String,
    /// When it was taken, by the server's clock, as in `2026-11-25T22:15:30.123456Z`.
    pub created_at: String,
    /// The bytes of its archive.
    pub size_bytes: u64,
    /// SHA-256 of its archive.
    pub checksum: String,
}

/// A session that holds, or waits in front of us for, a lock that a migration needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocker {
    /// Its process; nothing for a prepared transaction, which has none.
    pub pid: Option<i32>,
    /// Its `application_name`, or what sort of process it is.
    pub application: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// What it does: `active`, `idle in transaction`, … As the following, only where our role may see it.
    pub state: Option<String>,
    /// How long its transaction has been open.
    pub transaction_age: Option<Duration>,
    /// The beginning of its statement; the last one, where none is running.
    pub statement: Option<String>,
    /// Whether it waits for a lock itself.
    pub waits: bool,
    /// After how long it gives way to whoever waits for it, as autovacuum does.
    pub(crate) yields_after: Option<Duration>,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pid) = self.pid else {
            return f.write_str("a prepared transaction (pg_prepared_xacts lists them)");
        };
        write!(f, "pid {pid}")?;
        for (name, value) in [("application", &self.application), ("role", &self.role)] {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        if let Some(state) = &self.state {
            write!(f, ", {state}")?;
        }
        if self.waits {
            f.write_str(", waiting for a lock itself")?;
        }
        if let Some(age) = self.transaction_age {
            write!(f, ", transaction open for {} s", age.as_secs())?;
        }
        match &self.statement {
            Some(statement) => write!(f, ": {statement}"),
            None => Ok(()),
        }
    }
}
