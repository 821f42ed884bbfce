//! Rows of the log, as they are read back.

use std::time::SystemTime;

use super::store::{Cells, time};

/// One row of the log: a migration in one direction, or another command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// The token of the run, which joins what one process did.
    pub run: String,
    /// The command, as in `up`.
    pub command: String,
    /// The migration that it is about.
    pub version: Option<String>,
    /// `up` or `down`, where it is about a migration.
    pub direction: Option<String>,
    /// When it began, by the server's clock.
    pub started_at: Option<SystemTime>,
    /// When it ended; nothing where its end was never written.
    pub finished_at: Option<SystemTime>,
    /// `ok`, `failed`, `interrupted` or `refused`.
    pub outcome: String,
    /// The code of the server's error.
    pub sqlstate: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
    /// Whatever else was noted, as a JSON object.
    pub detail: String,
    /// The role that logged in.
    pub db_role: String,
    /// The account on the operating system.
    pub os_user: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The name of the environment.
    pub environment: Option<String>,
    /// The program, with its version.
    pub application: Option<String>,
    /// The revision of the source that the program was built from.
    pub revision: Option<String>,
}

impl LogEntry {
    /// Reads a row of the answer to [`Store::log_of`](super::Store::log_of).
    pub(crate) fn parse(cells: &Cells) -> Option<LogEntry> {
        let cell = |at: usize| cells.get(at).cloned().flatten();
        Some(LogEntry {
            run: cell(0)?,
            command: cell(1)?,
            version: cell(2),
            direction: cell(3),
            started_at: time(cells, 4),
            finished_at: time(cells, 5),
            outcome: cell(6)?,
            sqlstate: cell(7),
            message: cell(8),
            detail: cell(9)?,
            db_role: cell(10)?,
            os_user: cell(11),
            host: cell(12),
            environment: cell(13),
            application: cell(14),
            revision: cell(15),
        })
    }
}
