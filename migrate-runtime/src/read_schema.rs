//! Reads the schema of a database.

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
    ///
    /// Not seen are rows, where sequences stand, and large objects; roles, tablespaces, settings, and what else belongs
    /// to the server or to the database as a whole; subscriptions and user mappings; languages, access methods,
    /// conversions, transforms, and parsers and templates of text search.
    pub fn schema(&mut self) -> Result<Schema, Error> {
        let schema = self.settings().schema.clone();
        self.call("schema", |mut connection, _| {
            // It takes as long as there is to read: an interruption ends it.
            let read = read(&schema, &mut |message| connection.send(message, Keep::All));
            read.map_err(|failure| unreadable(failure, connection.interrupt))
        })
    }
}

/// Reads the schema of a database with the history in `history`, over whatever sends messages to it.
pub(crate) fn read(
    history: &str,
    send: &mut dyn FnMut(&str) -> Result<Reply, Failure>,
) -> Result<Schema, Failure> {
    let mut attempts = 1;
    loop {
        let begun = send(schema::BEGIN)?;
        let first = |at: usize| begun.first(schema::FIRST).and_then(|it| it.get(at)?.as_deref());
        let version = first(0).and_then(|it| it.parse().ok()).unwrap_or_default();
        let day = first(1).and_then(|it| it.parse().ok());
        let failure = match send(&schema::message(version, history)) {
            Ok(reply) => return Ok(schema::parse(reply, day, 0)),
            Err(failure) => failure,
        };
        // The snapshot still has it, and the functions that write it down do not find it.
        let is_gone = failure.sqlstate().is_some_and(|it| sqlstate::VANISHED.contains(&it));
        if !is_gone || attempts == ATTEMPTS {
            return Err(failure);
        }
        attempts += 1;
        send("ROLLBACK")?;
    }
}

/// Why a schema could not be read.
pub(crate) fn unreadable(failure: Failure, interrupt: &Interrupt) -> Error {
    if interrupt.is_asked() {
        return Interrupt::error().with_state("nothing was changed");
    }
    let (kind, message) = match failure.sqlstate() {
        Some(sqlstate::INSUFFICIENT_PRIVILEGE) => {
            (ErrorKind::Privilege, "the catalogs cannot be read")
        }
        Some(code) if !sqlstate::SESSION_ENDED.contains(&code) => {
            (ErrorKind::Connect, "the catalogs cannot be read")
        }
        _ => (ErrorKind::ConnectionLost, "the connection was lost while the catalogs were read"),
    };
    let error = match failure.error {
        FailureCause::Postgres(error) => Error::from_postgres(kind, message, error),
        FailureCause::Abandoned => Error::new(kind, message),
    };
    error.with_state("nothing was changed")
}
