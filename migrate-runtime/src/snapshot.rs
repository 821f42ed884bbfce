//! History and schema of one moment, read in one message; and whether anything was written to the catalogs since.

use std::cell::RefCell;

use crate::connection::{Connection, not_understood};
use crate::error::{Error, ErrorKind};
use crate::history::{History, Recorded, Server};
use crate::interrupt::Interrupt;
use crate::reply_row::ReplyRow;
use crate::schema::{self, Schema};
use crate::sqlstate;
use crate::transport::{Failure, FailureCause, Keep, Reply};

/// How often a schema is read again when what is read is dropped meanwhile.
pub(crate) const ATTEMPTS: u32 = 3;

/// What belongs together.
pub(crate) struct Snapshot {
    pub(crate) history: History,
    /// What the last run noted about the schema that it left.
    pub(crate) recorded: Option<Recorded>,
    /// Of the catalogs that the schema was read from.
    pub(crate) stamp: Option<String>,
    /// Without what needs what: it is to be compared and kept, and not written as SQL.
    pub(crate) schema: Schema,
}

/// In the place of the stamp, where this role may not read what it is made of.
const NO_STAMP: &str = "SELECT NULL";

/// What a message of ours that may take a while begins with. A few objects are locked while they are written down, which
/// nobody else's lock shall keep waiting for long.
pub(crate) const LIMITS: [&str; 3] = [
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = '2s'",
    // Only since version 17.
    "SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END",
];

/// The number of the statement behind [`begin`].
const BEHIND_LIMITS: usize = schema::FIRST + 1 + LIMITS.len();

/// Begins the snapshot.
fn begin() -> String {
    format!("{};\n{}", schema::BEGIN.trim_end(), LIMITS.join(";\n"))
}

/// The number of the first query of the schema: behind what the server says of itself, the history, and the stamp.
const OBJECTS: usize = BEHIND_LIMITS + 3;

/// The answer, as its rows come.
#[derive(Default)]
struct Reading {
    reply: Reply,
    objects: schema::Objects,
}

impl Reading {
    fn take(&mut self, statement: usize, row: ReplyRow) {
        match statement.checked_sub(OBJECTS) {
            Some(query) => self.objects.take(query, &row),
            None => self.reply.rows.push((statement, row)),
        }
    }

    fn finish(self) -> Result<Snapshot, Error> {
        let Reading { mut reply, objects } = self;
        let day = reply.first(schema::FIRST).and_then(|it| it.get(1)?.as_deref()?.parse().ok());
        let (server, history) = history(&mut reply, BEHIND_LIMITS)?;
        let stamp = stamp(&reply, BEHIND_LIMITS + 2);
        Ok(Snapshot { history, recorded: server.recorded, stamp, schema: objects.finish(day) })
    }
}

fn history(reply: &mut Reply, first: usize) -> Result<(Server, History), Error> {
    let server = reply.first(first).and_then(Server::parse);
    let history = History::parse(reply.take(first + 1));
    let (Some((server, unfinished)), Some(history)) = (server, history) else {
        return Err(not_understood());
    };
    Ok((server, History { unfinished, ..history }))
}

/// The stamp of the catalogs, where that statement of an answer gave it.
pub(crate) fn stamp(reply: &Reply, at: usize) -> Option<String> {
    reply.first(at)?.first()?.clone()
}

impl Connection<'_> {
    /// Reads the history and the whole schema. The server has answered before, and said what it is.
    pub(crate) fn snapshot(&mut self, server: &Server) -> Result<Snapshot, Error> {
        let begin = begin();
        let history = [self.store.server(), self.store.rows()].join(";\n");
        let objects = schema::message_to_compare(server.version, &self.settings.schema);
        // Before the objects: functions that write one down show it as it is by then.
        let mut stamp = schema::stamp_query();
        let mut attempts = 1;
        loop {
            let message = [begin.as_str(), &history, &stamp, &objects].join(";\n");
            let mut reading = Reading::default();
            let take = RefCell::new(|statement, row| reading.take(statement, row));
            let Err(failure) = self.send(&message, Keep::HandOver(&take)) else {
                return reading.finish();
            };
            let _ = self.send_last("ROLLBACK");
            let may_not = failure.sqlstate() == Some(sqlstate::INSUFFICIENT_PRIVILEGE);
            let is_again = has_vanished(&failure) || may_not && stamp != NO_STAMP;
            if !is_again || attempts == ATTEMPTS {
                return Err(unreadable(failure, self.interrupt));
            }
            if may_not {
                // The stamp looks at more than the objects do.
                NO_STAMP.clone_into(&mut stamp);
            }
            attempts += 1;
        }
    }

    /// Whether no row of the catalogs was written since the last run recorded the schema: then it is what the run left.
    /// The stamp is asked for unless it has been. Where that cannot be told, reading the schema says why.
    pub(crate) fn is_untouched(
        &mut self,
        recorded: &Recorded,
        server: &Server,
        stamp: Option<String>,
    ) -> bool {
        // Another minor version may write the same in other words.
        if recorded.stamp.is_none() || recorded.server != server.version {
            return false;
        }
        stamp.or_else(|| self.stamp()) == recorded.stamp
    }

    fn stamp(&mut self) -> Option<String> {
        let message = [begin().as_str(), &schema::stamp_query(), "COMMIT"].join(";\n");
        let Ok(reply) = self.send(&message, Keep::All) else {
            let _ = self.send_last("ROLLBACK");
            return None;
        };
        stamp(&reply, BEHIND_LIMITS)
    }

    /// Reads the objects that the last run recorded; nothing where they are not what it noted about them, or where
    /// a migration has ended since the snapshot: what PostgreSQL writes down of an object is how it is by then.
    pub(crate) fn recorded_schema(
        &mut self,
        snapshot: &Snapshot,
        recorded: &Recorded,
    ) -> Result<Option<Schema>, Error> {
        let parts = [
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            &LIMITS.join(";\n"),
            &self.store.recorded(),
            self.store.server(),
            self.store.rows(),
            "COMMIT",
        ];
        let mut reply = match self.send(&parts.join(";\n"), Keep::All) {
            Ok(reply) => reply,
            Err(failure) => {
                let _ = self.send_last("ROLLBACK");
                return Err(self.cannot_read(failure));
            }
        };
        let objects = 1 + LIMITS.len();
        let (_, history) = history(&mut reply, objects + 1)?;
        if history.digest() != snapshot.history.digest() {
            return Ok(None);
        }
        let schema = Schema::from_stored(reply.take(objects));
        Ok(schema.filter(|it| it.fingerprint() == recorded.fingerprint))
    }
}

/// Whether the snapshot still has something that the functions which write it down do not find any more.
pub(crate) fn has_vanished(failure: &Failure) -> bool {
    failure.sqlstate().is_some_and(|it| sqlstate::VANISHED.contains(&it))
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
        Some(sqlstate::LOCK_NOT_AVAILABLE) => {
            (ErrorKind::LockTimeout, "the catalogs cannot be read: an object is locked")
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
