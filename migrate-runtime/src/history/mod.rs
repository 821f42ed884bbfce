//! The history: what the database knows about the migrations that ran.

mod log;
mod recorded;
mod store;

use std::time::{Duration, SystemTime};

use migrate_core::{Checksum, Direction, Mode, Statement};

use crate::error::{Error, ErrorKind};
use crate::quote::literal;

pub use log::{LogEntry, LogFilter, Since};
pub use recorded::Recorded;
pub(crate) use store::{LAYOUT, Setup, Store, text, time};

/// The one question reads tables that may not be there, which takes `query_to_xml`.
pub(crate) fn without_xml(error: postgres::Error) -> Error {
    let message = "the server was built without XML, with which the history is read";
    Error::from_postgres(ErrorKind::Impossible, message, error)
        .with_state("nothing was changed")
        .with_hint("SELECT xmlcomment('x');   -- works on a server that was built with libxml, as packages of PostgreSQL are")
}

/// The rows of the history table, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Ordered by id.
    pub(crate) rows: Vec<Row>,
    /// Work outside a transaction that began and did not end.
    pub(crate) unfinished: Vec<Unfinished>,
}

/// One row of the history table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    /// Fourteen digits, unless another tool wrote the row.
    pub(crate) version: String,
    pub(crate) name: String,
    /// 64 hexadecimal digits, unless another tool wrote the row.
    pub(crate) checksum: String,
    pub(crate) execution_time: Duration,
    pub(crate) applied_at: Option<SystemTime>,
}

/// Work outside a transaction that began and did not end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The version of the migration.
    pub version: String,
    /// Whether it was running or being reverted.
    pub direction: Direction,
    /// The statement that is in doubt, counted from 1: the ones before it are done.
    pub statement: u32,
    /// The checksum of that statement.
    pub statement_checksum: String,
    /// The token of the run that began it.
    pub run: String,
    /// The text of that statement when it began, where the database kept it.
    pub sql: Option<String>,
    /// Whether the statement ran alone, so that nobody but the catalogs knows what came of it.
    pub(crate) alone: Option<bool>,
    /// Whether the server said that it failed.
    pub(crate) failed: bool,
    /// The checksum of the script up to that statement, where the database kept it.
    pub(crate) done: Option<String>,
    /// How far that statement has come, where it runs in batches and one was committed.
    pub batched: Option<Batched>,
    /// Whether a migration is being reverted that had never run to its end, so that the history has no row of it.
    pub(crate) half: bool,
}

/// How far a statement has come that runs in batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batched {
    /// How many rows of its table were walked.
    pub rows: u64,
    /// How many there are, as estimated when it began.
    pub total: u64,
    /// How many batches were committed.
    pub batches: u64,
}

impl Batched {
    /// How much of the table is done, in percent; less than 100 as long as it goes on.
    pub fn percent(&self) -> u8 {
        Batched::percent_of(self.rows, self.total)
    }

    /// As [`percent`](Batched::percent), of what an [`Event::Batch`](crate::Event::Batch) tells.
    pub fn percent_of(done: u64, total: u64) -> u8 {
        let percent = u128::from(done) * 100 / u128::from(total.max(1));
        u8::try_from(percent).map_or(99, |it| it.min(99))
    }
}

impl std::fmt::Display for Batched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Batched { rows, total, .. } = self;
        write!(f, "{} % of its rows, {rows} of about {total}", self.percent())
    }
}

/// A down script that the database kept when its migration ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredScript {
    pub(crate) version: String,
    /// Nothing where the migration cannot be reverted.
    pub(crate) sql: Option<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) statements: Vec<Statement>,
    pub(crate) lock_timeout_ms: Option<u32>,
    pub(crate) statement_timeout_ms: Option<u32>,
    pub(crate) irreversible: Option<String>,
}

/// What the server says of itself and of our tables, before anything is decided.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub(crate) struct Server {
    pub(crate) pid: i32,
    pub(crate) database: String,
    pub(crate) database_oid: String,
    /// The role that everything is done as, quoted where it has to be.
    pub(crate) role: String,
    /// The same, as it is.
    pub(crate) role_name: String,
    pub(crate) standby: bool,
    /// Whether a vanished client can be noticed while a statement runs.
    pub(crate) checks_client: bool,
    /// The number in `_migrations_meta`; nothing where the tables were not made by us yet.
    pub(crate) layout: Option<u32>,
    /// Whether there is a `_migrations_meta`, and this role may not read it.
    pub(crate) hides_meta: bool,
    /// The environment that the first run noted.
    pub(crate) environment: Option<String>,
    /// Whether it was a protected one.
    pub(crate) protected: bool,
    /// The columns of a history table that we cannot use.
    pub(crate) foreign_columns: Option<String>,
    /// The token of the run that the session was opened for, where nothing stands between it and us.
    pub(crate) run: Option<String>,
    pub(crate) role_limits: RoleLimits,
    /// Its version, as in 150018.
    pub(crate) version: u32,
    /// The schema that the last run recorded.
    pub(crate) recorded: Option<Recorded>,
}

/// Limits that a role has for the sake of applications, and that only newer servers know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoleLimits {
    /// `idle_session_timeout`: a pause between two attempts would end the session.
    pub(crate) idle_sessions: bool,
    /// `transaction_timeout`.
    pub(crate) transactions: bool,
}

impl Server {
    /// Tables that are not ours, or of a layout that is not known here.
    pub(crate) fn refuse_foreign(&self, schema: &str) -> Result<(), Error> {
        let table = format!("{schema}._migrations");
        if let Some(columns) = &self.foreign_columns {
            let message = format!("the table {table} has another shape than ours: {columns}");
            return Err(Error::new(ErrorKind::ForeignHistory, message)
                .with_state("nothing was changed")
                .with_hint(format!(
                    "ALTER TABLE {table} RENAME TO other_migrations;   -- if nothing needs it under this name"
                )));
        }
        match self.layout {
            Some(layout) if layout > LAYOUT => {
                let message = format!(
                    "the tables of the history have layout {layout}, this binary knows layout {LAYOUT}"
                );
                Err(Error::new(ErrorKind::ForeignHistory, message)
                    .with_state("nothing was changed")
                    .with_hint(
                        "run a binary that was built with the newer version of this library",
                    ))
            }
            _ => Ok(()),
        }
    }

    /// A standby takes locks, and writes nothing.
    pub(crate) fn refuse_standby(&self) -> Result<(), Error> {
        if self.standby { Err(standby(&self.database)) } else { Ok(()) }
    }
}

/// Why nothing is written to a standby.
pub(crate) fn standby(database: &str) -> Error {
    let message = format!("the server is a standby: database {database} is read-only here");
    Error::new(ErrorKind::Standby, message).with_state("nothing was changed").with_hint(
        "postgres://USER@HOST1,HOST2/DATABASE?target_session_attrs=read-write   # finds the primary",
    )
}

impl Unfinished {
    /// Whether every statement is done, and only the row in the history is missing.
    pub(crate) fn is_complete(&self) -> bool {
        self.statement_checksum == Checksum::of("").to_string()
    }

    /// The place in the script of the statement that is in doubt, from 0.
    pub(crate) fn index(&self) -> usize {
        (self.statement as usize).saturating_sub(1)
    }

    /// How far its script came, as in `stopped at statement 2`.
    pub fn progress(&self) -> String {
        if self.is_complete() {
            return "is done, its row in the history is missing".to_owned();
        }
        match self.batched {
            Some(batched) => format!("stopped in statement {}, after {batched}", self.statement),
            None => format!("stopped at statement {}", self.statement),
        }
    }
}

/// The statement that ends the progress of a migration.
pub(crate) fn forget(schema: &str, version: &str, direction: Direction) -> String {
    let version = literal(version);
    format!(
        "DELETE FROM {schema}._migrations_progress WHERE version = {version} AND direction = '{direction}'"
    )
}

impl History {
    /// The rows that count, newest first: where another tool repeated a version, its last row.
    pub(crate) fn newest_first(&self) -> Vec<&Row> {
        // As they are where nobody repeats one, and all came in order.
        if self.rows.is_sorted_by(|a, b| a.version < b.version) {
            return self.rows.iter().rev().collect();
        }
        let mut seen = std::collections::HashSet::new();
        self.rows.iter().rev().filter(|it| seen.insert(it.version.as_str())).collect()
    }

    /// Leaves the rows that count alone, in the order in which they were written.
    pub(crate) fn keep_last(&mut self) {
        let last = self.newest_first();
        if last.len() < self.rows.len() {
            self.rows = last.into_iter().rev().cloned().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_version_that_repeats_the_last_row_counts() {
        #[track_caller]
        fn check(versions: &[&str], last: &[i64]) {
            let row = |(id, version): (i64, &&str)| Row {
                id,
                version: (*version).to_owned(),
                name: String::new(),
                checksum: String::new(),
                execution_time: Duration::ZERO,
                applied_at: None,
            };
            let rows = (1..).zip(versions).map(row).collect();
            let mut history = History { rows, ..History::default() };
            let newest: Vec<i64> = history.newest_first().iter().rev().map(|it| it.id).collect();
            assert_eq!(newest, last);
            history.keep_last();
            assert_eq!(history.rows.iter().map(|it| it.id).collect::<Vec<_>>(), last);
        }

        check(&["a", "b", "c"], &[1, 2, 3]);
        check(&["b", "a"], &[1, 2]);
        check(&["a", "b", "a", "c"], &[2, 3, 4]);
        check(&["a", "a"], &[2]);
    }
}
