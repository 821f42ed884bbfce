//! What ends a command before it did what it was asked to, and its row of the log.
//!
//! A failure of a step is written where it happens, with its version and the statement; everything else on
//! its way out, by [`Connection::end`]. Each is written once, and only where there is a log: it comes with
//! the tables that the first change makes. No row has what ends before a connection answers, on a standby,
//! in tables that are not ours, or with the connection itself.

use std::time::Duration;

use migrate_core::Direction;

use crate::audit::{Entry, Outcome};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::Server;
use crate::pooler::HINT;
use crate::quote::json_text;
use crate::sqlstate;
use crate::transport::Failure;

impl Connection<'_> {
    /// A pooler may have kept the role to itself: then everything would be made by another one.
    pub(crate) fn refuse_other_role(&self, server: &Server) -> Result<(), Error> {
        let Some(role) =
            self.settings.role.as_deref().filter(|it| self.is_own() && *it != server.role_name)
        else {
            return Ok(());
        };
        let message = format!("the session works as {}, not as {role}", server.role_name);
        Err(Error::new(ErrorKind::Privilege, message)
            .with_state("nothing was changed")
            .with_hint(HINT))
    }

    /// The database says itself that it is a protected one, whatever the environment is called today.
    pub(crate) fn refuse_unconfirmed(&self, server: &Server) -> Result<(), Error> {
        if !server.protected || self.settings.confirmed {
            return Ok(());
        }
        let (name, schema) =
            (server.environment.as_deref().unwrap_or_default(), &self.store.schema);
        let message = format!(
            "the database {} belongs to the environment `{name}`, which is protected: changes need --confirm",
            server.database
        );
        Err(Error::new(ErrorKind::Consent, message)
            .with_state("nothing was changed")
            .with_hint(format!("migration-cli {} --confirm", self.audit.command()))
            .with_hint(format!(
                "DELETE FROM {schema}._migrations_meta WHERE key IN ('environment', 'protected');   -- in a copy: the next run notes its own"
            )))
    }

    /// Writes the end of a command to the log, unless it is there already.
    pub(crate) fn end(&mut self, error: impl Into<Error>) -> Error {
        let error = error.into();
        if error.is_logged() || !self.has_log || error.kind() == ErrorKind::ConnectionLost {
            return error;
        }
        let failed = error.partial().and_then(|it| it.failed.clone()).map(|it| it.0);
        let direction = match (&failed, self.audit.command()) {
            (Some(_), "up") => Some(Direction::Up),
            (Some(_), "down") => Some(Direction::Down),
            _ => None,
        };
        self.log_as(Outcome::of(error.kind()), (failed.as_deref(), direction), error)
    }

    /// Writes what failed or was interrupted to the log.
    pub(crate) fn log_error(
        &mut self,
        version: Option<&str>,
        direction: Option<Direction>,
        error: Error,
    ) -> Error {
        let is_interrupted = error.is_interrupted();
        let outcome = if is_interrupted { Outcome::Interrupted } else { Outcome::Failed };
        self.log_as(outcome, (version, direction), error)
    }

    /// Writes what ended in this way to the log.
    pub(crate) fn log_as(
        &mut self,
        outcome: Outcome,
        (version, direction): (Option<&str>, Option<Direction>),
        error: Error,
    ) -> Error {
        let message = error.reason();
        let (detail, started_at) = (self.detail(&error), self.began());
        let is_logged = self.log(&Entry {
            version,
            direction,
            outcome,
            started_at: &started_at,
            sqlstate: error.sqlstate(),
            message: Some(&message),
            detail: &detail,
        });
        if is_logged { error.logged() } else { error }
    }

    /// Writes a row of the log, if there is a log that can be written, and says whether it is there. What is
    /// being logged is told to the caller in any case, so a log that cannot be written adds nothing but noise.
    pub(crate) fn log(&mut self, entry: &Entry<'_>) -> bool {
        let row = self.audit.row(entry);
        let message = format!("BEGIN READ WRITE;\n{row};\nCOMMIT");
        let mut written = self.send_last(&message);
        let code = written.as_ref().err().and_then(Failure::sqlstate);
        if code == Some(sqlstate::IN_FAILED_TRANSACTION) {
            // What failed was a message of ours that opens a transaction.
            let _ = self.send_last("ROLLBACK");
            written = self.send_last(&message);
        }
        if written.is_err() {
            let _ = self.send_last("ROLLBACK");
            return false;
        }
        self.audit.note(entry, None);
        true
    }

    /// An expression: when what is to be logged began.
    pub(crate) fn began(&self) -> String {
        ago(self.began.age())
    }

    /// A JSON object: why, where, and who was in the way.
    fn detail(&self, error: &Error) -> String {
        let mut members = vec![format!("\"kind\": \"{}\"", error.kind().as_str())];
        if let Some(place) = error.location() {
            let column = place.column.map(|it| format!(":{it}")).unwrap_or_default();
            let place = format!("{}:{}{column}", place.file, place.line);
            members.push(format!("\"place\": \"{}\"", json_text(&place)));
        }
        members.extend(self.waits.members(error.blockers()));
        members.extend(self.batches.member());
        format!("{{{}}}", members.join(", "))
    }
}

/// An expression: so long ago. The time of day is the server's alone.
pub(crate) fn ago(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    format!("pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => {seconds:.6})")
}

/// What there is to do is no longer what was planned, and perhaps agreed to.
pub(crate) fn plan_changed(what: &str) -> Error {
    Error::new(ErrorKind::PlanChanged, what)
        .with_state("this run changed nothing")
        .with_hint("migration-cli status")
}
