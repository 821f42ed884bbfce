//! The log, read: who did what, when, from where, and how it ended.

use crate::error::{Error, ErrorKind};
use crate::extras::entries;
use crate::history::{LogEntry, LogFilter};
use crate::info::no_such_version;
use crate::migrator::Migrator;
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

impl Migrator {
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
            {
                let status = Status::new(&call.set, &history, server.database.clone());
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
