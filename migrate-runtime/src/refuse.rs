//! What is refused before anything is written.

use crate::audit::{Entry, Outcome};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::Server;
use crate::plan::Refusal;

/// A refusal is logged only where there is a log.
pub(crate) fn refuse(connection: &mut Connection<'_>, server: &Server, refusal: Refusal) -> Error {
    let error = Error::from(refusal);
    if server.layout.is_some() && !server.standby {
        connection.log(&Entry {
            version: None,
            direction: None,
            outcome: Outcome::Refused,
            started_at: "pg_catalog.now()",
            sqlstate: None,
            message: Some(&error.to_string()),
            detail: "{}",
        });
    }
    error
}

/// What there is to do is no longer what was planned, and perhaps agreed to.
pub(crate) fn plan_changed(what: &str) -> Error {
    Error::new(ErrorKind::PlanChanged, what)
        .with_state("this run changed nothing")
        .with_hint("migration-cli status")
}
