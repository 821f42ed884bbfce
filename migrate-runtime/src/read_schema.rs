//! Reads the schema of a database.

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::migrator::Migrator;
use crate::schema::{self, Schema};
use crate::sqlstate;
use crate::transport::{Failure, FailureCause, Keep, Reply};

/// How often it is read again when what it reads is dropped meanwhile.
const ATTEMPTS: u32 = 3;

impl Migrator {
    /// Every object of the database with what is to be known of it, but those of the migration system, of
    /// extensions and of PostgreSQL itself. A role that may only read is enough; nothing is locked.
    pub fn schema(&mut self) -> Result<Schema, Error> {
        let schema = self.settings().schema.clone();
        self.call("schema", |mut connection, _| read(&mut connection, &schema))
    }
}

fn read(connection: &mut Connection<'_>, history: &str) -> Result<Schema, Error> {
    let mut attempts = 1;
    loop {
        let failure = match attempt(connection, history)? {
            Ok(reply) => return Ok(schema::parse(reply)),
            Err(failure) => failure,
        };
        if connection.interrupt.is_asked() {
            return Err(Interrupt::error().with_state("nothing was changed"));
        }
        // The snapshot still has it, and the functions that write it down do not find it.
        let is_gone = failure.sqlstate().is_some_and(|it| sqlstate::VANISHED.contains(&it));
        if !is_gone || attempts == ATTEMPTS {
            return Err(unreadable(connection, failure));
        }
        attempts += 1;
        connection.ask("ROLLBACK")?;
    }
}

fn attempt(
    connection: &mut Connection<'_>,
    history: &str,
) -> Result<Result<Reply, Failure>, Error> {
    let begun = connection.ask(schema::BEGIN)?;
    let version = begun.first(schema::FIRST).and_then(|it| it.first()?.as_deref()?.parse().ok());
    // It takes as long as there is to read: an interruption ends it.
    Ok(connection.send(&schema::message(version.unwrap_or_default(), history), Keep::All))
}

fn unreadable(connection: &Connection<'_>, failure: Failure) -> Error {
    let code = failure.sqlstate().unwrap_or_default();
    let kind = match code {
        sqlstate::INSUFFICIENT_PRIVILEGE => ErrorKind::Privilege,
        _ => ErrorKind::Connect,
    };
    if code.is_empty() || sqlstate::SESSION_ENDED.contains(&code) {
        return connection.cannot_read(failure);
    }
    match failure.error {
        FailureCause::Postgres(error) => {
            Error::from_postgres(kind, "the catalogs cannot be read", error)
                .with_state("nothing was changed")
        }
        FailureCause::Abandoned => connection.cannot_read(failure),
    }
}
