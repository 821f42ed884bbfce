//! Rows of the log, as they are read back, and which of them are wanted.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use super::store::{Cells, time};

/// Which rows of the log are wanted. Start from [`LogFilter::default`], which is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogFilter {
    /// At most so many, the newest ones.
    pub limit: Option<NonZeroU32>,
    /// What was going on since then.
    pub since: Option<Since>,
    /// What is about this migration.
    pub version: Option<String>,
}

/// A moment from which on rows of the log are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long ago, by the server's clock, which made the times of the log.
    Ago(Duration),
    /// A time of day.
    Time(SystemTime),
}

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
    /// How often it was attempted again because of the locks of others.
    pub retries: u32,
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

impl Since {
    /// An expression: the moment, within what the server takes for one.
    pub(crate) fn as_sql(self) -> String {
        /// A thousand years.
        const LONGEST: u64 = 31_556_952_000;
        match self {
            Since::Ago(time) => {
                let seconds = time.as_secs().min(LONGEST);
                format!("pg_catalog.now() - pg_catalog.make_interval(secs => {seconds})")
            }
            Since::Time(time) => {
                let sign = if time < SystemTime::UNIX_EPOCH { "-" } else { "" };
                let distance = match time.duration_since(SystemTime::UNIX_EPOCH) {
                    Ok(it) => it,
                    Err(before) => before.duration(),
                };
                let seconds = distance.as_secs().min(LONGEST);
                let micros = distance.subsec_micros();
                format!("pg_catalog.to_timestamp({sign}{seconds}.{micros:06})")
            }
        }
    }
}

impl LogEntry {
    /// How long it took; nothing where its end was never written.
    pub fn duration(&self) -> Option<Duration> {
        self.finished_at?.duration_since(self.started_at?).ok()
    }

    /// Reads a row of the answer to [`Store::entries`](super::Store::entries).
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
            retries: cell(16).and_then(|it| it.parse().ok()).unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_moment_is_one_that_the_server_takes() {
        #[track_caller]
        fn check(since: Since, expected: &str) {
            let sql = since.as_sql();
            assert_eq!(sql.strip_prefix("pg_catalog.").unwrap(), expected);
        }

        let epoch = SystemTime::UNIX_EPOCH;
        check(Since::Time(epoch + Duration::from_millis(1_500)), "to_timestamp(1.500000)");
        check(Since::Time(epoch - Duration::from_secs(1)), "to_timestamp(-1.000000)");
        let ago = |secs: &str| format!("now() - pg_catalog.make_interval(secs => {secs})");
        check(Since::Ago(Duration::from_mins(2)), &ago("120"));
        check(Since::Ago(Duration::MAX), &ago("31556952000"));
    }
}
