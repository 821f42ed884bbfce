//! How a restore fails: what the server refused, and what cannot be done.

use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::sqlstate;
use crate::transport::{Failure, FailureCause};

/// A restore that failed.
pub(super) fn error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::RestoreFailed, message)
}

/// What the server refused, or why it could not answer: `what` was being done.
pub(super) fn failed(failure: Failure, what: &str) -> Error {
    let code = failure.sqlstate().unwrap_or_default().to_owned();
    let error = match failure.error {
        FailureCause::Postgres(error) => error,
        FailureCause::Abandoned => return Interrupt::error(),
    };
    let kind = match code.as_str() {
        sqlstate::INSUFFICIENT_PRIVILEGE => ErrorKind::Privilege,
        sqlstate::QUERY_CANCELED => ErrorKind::Interrupted,
        _ if code.is_empty() || sqlstate::SESSION_ENDED.contains(&code.as_str()) => {
            ErrorKind::ConnectionLost
        }
        _ => ErrorKind::RestoreFailed,
    };
    Error::from_postgres(kind, what, error)
}
