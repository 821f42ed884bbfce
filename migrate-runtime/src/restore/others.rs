//! Who else is connected to a database that is to be replaced.

use std::fmt;
use std::time::Duration;

use super::refuse::failed;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind};
use crate::quote::fill;
use crate::sqlstate;

/// Somebody else's session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connected {
    /// Its process.
    pub pid: i32,
    /// Its `application_name`, or nothing.
    pub application: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// How long it has been there, where our role may see that.
    pub age: Option<Duration>,
    /// The database that it is connected to.
    pub(super) oid: u32,
}

/// Who is connected to databases beside the session that asks.
pub(super) fn connected(
    connection: &mut Connection<'_>,
    databases: &[u32],
) -> Result<Vec<Connected>, Error> {
    if databases.is_empty() {
        return Ok(Vec::new());
    }
    let oids: Vec<String> = databases.iter().map(ToString::to_string).collect();
    let message = fill(include_str!("others.sql"), &[("databases", &oids.join(", "))]);
    let reply = connection.ask(&message)?;
    Ok(reply.of(0).filter_map(Connected::parse).collect())
}

/// Ends sessions. One that has ended by itself is no failure.
pub(super) fn end(connection: &mut Connection<'_>, others: &[Connected]) -> Result<(), Error> {
    for other in others {
        let message = format!("SELECT pg_catalog.pg_terminate_backend({})", other.pid);
        if let Err(failure) = connection.send(&message, crate::transport::Keep::All) {
            let lacks = failure.sqlstate() == Some(sqlstate::INSUFFICIENT_PRIVILEGE);
            let error = failed(failure, &format!("this role may not end the session of {other}"));
            let hint =
                "GRANT pg_signal_backend TO …;   -- a superuser's sessions only a superuser ends";
            return Err(if lacks { error.with_hint(hint) } else { error });
        }
    }
    Ok(())
}

/// As a person reads it.
pub(super) fn list(others: &[Connected]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = others.iter().take(SHOWN).map(ToString::to_string).collect();
    match others.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{} (and {more} more)", shown.join("; ")),
    }
}

/// How long those may take to be gone who are about to leave.
pub(super) const LEAVING: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

/// Who is connected to a database, and does not leave at once.
pub(super) fn staying(
    connection: &mut Connection<'_>,
    database: Option<u32>,
) -> Result<Vec<Connected>, Error> {
    let deadline = Deadline::after(LEAVING);
    loop {
        let found = connected(connection, database.as_slice())?;
        if found.is_empty() || deadline.is_over() {
            return Ok(found);
        }
        connection.interrupt.sleep(PAUSE)?;
    }
}

/// Refuses, since others are connected and nobody has said that they may be thrown out.
pub(super) fn refuse(database: &str, others: &[Connected], id: &str) -> Error {
    let message = format!("others are connected to {database}: {}", list(others));
    Error::new(ErrorKind::InUse, message)
        .with_hint(format!("migration-cli restore {id} --disconnect   # ends their sessions"))
}

impl Connected {
    fn parse(cells: &[Option<String>]) -> Option<Connected> {
        let cell = |at: usize| cells.get(at).cloned().flatten().filter(|it| !it.is_empty());
        Some(Connected {
            pid: cell(0)?.parse().ok()?,
            application: cell(1),
            role: cell(2),
            age: cell(3).and_then(|it| it.parse().ok()).map(Duration::from_secs),
            oid: cell(4)?.parse().ok()?,
        })
    }
}

impl fmt::Display for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {}", self.pid)?;
        for (name, value) in [("application", &self.application), ("role", &self.role)] {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        self.age.map_or(Ok(()), |it| write!(f, ", for {} s", it.as_secs()))
    }
}
