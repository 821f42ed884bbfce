//! What is refused before anything is written, and the rows of the log about what did not end well.

use migrate_core::Direction;

use crate::audit::{Entry, Outcome};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::Server;
use crate::plan::Refusal;

/// A refusal is logged only where there is a log.
pub(crate) fn refuse(connection: &mut Connection<'_>, server: &Server, refusal: Refusal) -> Error {
    let error = Error::from(refusal);
    if server.layout.is_some() && !server.standby {
        connection.log_as(Outcome::Refused, (None, None), &error);
    }
    error
}

impl Connection<'_> {
    /// Writes what failed or was interrupted to the log.
    pub(crate) fn log_error(
        &mut self,
        version: Option<&str>,
        direction: Option<Direction>,
        error: &Error,
    ) {
        let is_interrupted = error.is_interrupted();
        let outcome = if is_interrupted { Outcome::Interrupted } else { Outcome::Failed };
        self.log_as(outcome, (version, direction), error);
    }

    /// Writes what ended in this way to the log.
    pub(crate) fn log_as(
        &mut self,
        outcome: Outcome,
        (version, direction): (Option<&str>, Option<Direction>),
        error: &Error,
    ) {
        let message = error.server_message().map_or_else(|| error.to_string(), str::to_owned);
        let detail = self.waits.detail(error.blockers());
        self.log(&Entry {
            version,
            direction,
            outcome,
            started_at: "pg_catalog.now()",
            sqlstate: error.sqlstate(),
            message: Some(&message),
            detail: &detail,
        });
    }
}

/// What there is to do is no longer what was planned, and perhaps agreed to.
pub(crate) fn plan_changed(what: &str) -> Error {
    Error::new(ErrorKind::PlanChanged, what)
        .with_state("this run changed nothing")
        .with_hint("migration-cli status")
}
