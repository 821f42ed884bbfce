//! The log: read, and written by programs that do more than migrations.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::audit::{Entry, Outcome};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::extras::entries;
use crate::history::{LogEntry, LogFilter};
use crate::info::no_such_version;
use crate::migrator::Migrator;
use crate::quote::json_text;
use crate::refuse::ago;
use crate::sqlstate;
use crate::status::Status;

/// Rows of the log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Logs {
    /// The name of the database, as the server gives it.
    pub database: String,
    /// The rows that were asked for, oldest first; nothing where there is no log: it is made by the first
    /// command that changes something.
    pub entries: Option<Vec<LogEntry>>,
    /// Whether the limit left out older ones.
    pub has_older: bool,
}

/// A row of the log about what a program did, or refused to do, beside the commands of this library: a
/// backup, or `up` without the consent that it needs. Start from [`Record::new`] and assign fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// The command, as in `backup`.
    pub command: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// The migration that it is about.
    pub version: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// The code of the server's error.
    pub sqlstate: Option<String>,
    /// What went wrong, or is worth telling.
    pub message: Option<String>,
    /// Whatever else is to be noted: names and texts.
    pub detail: Vec<(&'static str, String)>,
}

impl Record {
    /// Says how a command ended.
    pub fn new(command: &'static str, outcome: Outcome) -> Record {
        let (version, sqlstate, message) = (None, None, None);
        let (took, detail) = (Duration::ZERO, Vec::new());
        Record { command, outcome, version, took, sqlstate, message, detail }
    }

    fn detail(&self) -> String {
        let member = |(name, text): &(&str, String)| {
            format!("\"{}\": \"{}\"", json_text(name), json_text(text))
        };
        let members: Vec<String> = self.detail.iter().map(member).collect();
        format!("{{{}}}", members.join(", "))
    }
}

impl Migrator {
    /// Writes a row of the log, where there is a log that can be written; says whether it is there. Makes no
    /// tables, and needs no lock.
    pub fn record(&mut self, record: &Record) -> Result<bool, Error> {
        self.call(record.command, |mut connection, call| {
            call.read(&mut connection)?;
            if !connection.has_log {
                return Ok(false);
            }
            Ok(connection.log(&Entry {
                version: record.version.as_deref(),
                direction: None,
                outcome: record.outcome,
                started_at: &ago(record.took),
                sqlstate: record.sqlstate.as_deref(),
                message: record.message.as_deref(),
                detail: &record.detail(),
            }))
        })
    }

    /// What the log says. A role that may only read is enough.
    pub fn logs(&mut self, filter: &LogFilter) -> Result<Logs, Error> {
        self.call("logs", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            let table = format!("{}._migrations_log", connection.store.schema);
            let role = server.role.clone();
            let read = entries(&mut connection, filter);
            let mut entries = read.map_err(|it| unreadable(it, &table, &role))?;
            if let Some(version) = &filter.version
                && entries.as_ref().is_none_or(Vec::is_empty)
                && !has_ever(&mut connection, filter)?
            {
                let status = Status::new(&call.set, history, server.database.clone());
                if status.entries.iter().all(|it| it.version != *version) {
                    return Err(no_such_version(&call.set, &status, version, |it| {
                        format!("migration-cli logs --version {it}")
                    }));
                }
            }
            let wanted = filter.limit.map_or(usize::MAX, |it| it.get() as usize);
            let found = entries.as_ref().map_or(0, Vec::len);
            if let Some(entries) = &mut entries {
                entries.drain(..found.saturating_sub(wanted));
            }
            Ok(Logs { database: server.database, entries, has_older: found > wanted })
        })
    }
}

/// Whether the log has the version at all, at whatever time.
fn has_ever(connection: &mut Connection<'_>, filter: &LogFilter) -> Result<bool, Error> {
    if filter.since.is_none() {
        return Ok(false);
    }
    let ever = LogFilter { since: None, limit: Some(NonZeroU32::MIN), ..filter.clone() };
    Ok(entries(connection, &ever)?.is_some_and(|it| !it.is_empty()))
}

fn unreadable(error: Error, table: &str, role: &str) -> Error {
    if error.kind() == ErrorKind::Privilege {
        return error.with_hint(format!("GRANT SELECT ON {table} TO {role};"));
    }
    if error.sqlstate() == Some(sqlstate::UNDEFINED_COLUMN) {
        let message = format!("the table {table} has another shape than ours");
        return Error::new(ErrorKind::ForeignHistory, message).with_state("nothing was changed");
    }
    error
}
