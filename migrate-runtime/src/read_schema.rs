//! Reads the schema of a database.

use crate::error::Error;
use crate::migrator::Migrator;
use crate::schema::{self, Schema};
use crate::snapshot::{ATTEMPTS, has_vanished, unreadable};
use crate::transport::{Failure, Keep, Reply};

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
            Ok(reply) => {
                let mut objects = schema::Objects::default();
                for (query, row) in reply.rows {
                    objects.take(query, &row);
                }
                return Ok(objects.finish(day));
            }
            Err(failure) => failure,
        };
        if !has_vanished(&failure) || attempts == ATTEMPTS {
            return Err(failure);
        }
        attempts += 1;
        send("ROLLBACK")?;
    }
}
