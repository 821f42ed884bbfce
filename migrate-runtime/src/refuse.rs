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

/// A server that cannot be written to is told apart before a lock is taken.
pub(crate) fn refuse_unwritable(server: &Server) -> Result<(), Error> {
    if server.standby {
        let message =
            format!("the server is a standby: database {} is read-only here", server.database);
        return Err(Error::new(ErrorKind::Standby, message)
            .with_state("nothing was changed")
            .with_hint(
                "postgres://USER@HOST1,HOST2/DATABASE?target_session_attrs=read-write   # finds the primary",
            ));
    }
    Ok(())
}

/// What there is to do is no longer what was planned, and perhaps agreed to.
pub(crate) fn plan_changed(what: &str) -> Error {
    Error::new(ErrorKind::PlanChanged, what)
        .with_state("this run changed nothing")
        .with_hint("migration-cli status")
}
