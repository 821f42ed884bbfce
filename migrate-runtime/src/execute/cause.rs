//! What every failure of a message says, whatever the message was for: its kind, its words, the way out
//! where nothing is wrong with what was sent. What it means for the database, its sender knows.

use crate::error::{Error, ErrorKind};
use crate::pooler;
use crate::session::Session;
use crate::sqlstate;
use crate::transport::{Failure, FailureCause};

/// What sort of failure it is.
pub(super) fn kind(session: &Session<'_>, failure: &Failure) -> ErrorKind {
    match failure.sqlstate() {
        _ if session.interrupt.is_asked() => ErrorKind::Interrupted,
        _ if is_lost(failure) => ErrorKind::ConnectionLost,
        Some(code) => kind_of(code),
        None => ErrorKind::Sql,
    }
}

pub(super) fn kind_of(code: &str) -> ErrorKind {
    match code {
        sqlstate::GUARD_NOT_LOCKED => ErrorKind::Pooler,
        sqlstate::GUARD_OTHER_RUNNER => ErrorKind::LockHeld,
        sqlstate::GUARD_ALREADY => ErrorKind::PlanChanged,
        _ if sqlstate::RETRIED.contains(&code) => ErrorKind::LockTimeout,
        sqlstate::INSUFFICIENT_PRIVILEGE => ErrorKind::Privilege,
        _ => ErrorKind::Sql,
    }
}

pub(super) fn is_lost(failure: &Failure) -> bool {
    let closed = match &failure.error {
        FailureCause::Postgres(error) => error.as_db_error().is_none(),
        FailureCause::Abandoned => true,
    };
    closed || failure.sqlstate().is_some_and(|it| sqlstate::SESSION_ENDED.contains(&it))
}

/// What happened while `what` was done.
pub(super) fn words(kind: ErrorKind, what: &str) -> String {
    match kind {
        ErrorKind::Interrupted => format!("interrupted while {what}"),
        ErrorKind::ConnectionLost => format!("the connection was lost while {what}"),
        ErrorKind::Pooler => format!("{what}: the connection is not the one that holds the lock"),
        ErrorKind::LockHeld => format!("{what}: another runner is at it"),
        ErrorKind::PlanChanged => format!("{what}: somebody else changed the history meanwhile"),
        ErrorKind::LockTimeout => {
            format!("{what}: locks of others were in the way")
        }
        _ => format!("{what} failed"),
    }
}

/// The way out, where it is the same for every command.
pub(super) fn way_out(kind: ErrorKind, command: &str, role: &str) -> Option<String> {
    Some(match kind {
        ErrorKind::PlanChanged | ErrorKind::LockHeld => "migration-cli status".to_owned(),
        ErrorKind::Pooler => pooler::HINT.to_owned(),
        ErrorKind::LockTimeout => format!("{command} --lock-deadline 30m"),
        ErrorKind::Privilege => {
            format!(
                "GRANT … TO {role};   -- the right that the server names, or connect with another role"
            )
        }
        _ => return None,
    })
}

/// An error with what the server said.
pub(super) fn error(kind: ErrorKind, message: String, failure: Failure) -> Error {
    match failure.error {
        FailureCause::Postgres(error) => Error::from_postgres(kind, message, error),
        FailureCause::Abandoned => Error::new(kind, message).with_source(std::io::Error::other(
            "the server answers neither the statement nor the request to cancel it",
        )),
    }
}
