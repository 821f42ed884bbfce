//! The SQLSTATE codes that decisions depend on, by name.

use std::fmt;

use postgres::error::DbError;

use crate::quote::literal;

pub(crate) const CONNECTION_DOES_NOT_EXIST: &str = "08003";
pub(crate) const CONNECTION_FAILURE: &str = "08006";
pub(crate) const FEATURE_NOT_SUPPORTED: &str = "0A000";
pub(crate) const INVALID_TEXT_REPRESENTATION: &str = "22P02";
pub(crate) const ACTIVE_SQL_TRANSACTION: &str = "25001";
pub(crate) const READ_ONLY_SQL_TRANSACTION: &str = "25006";
pub(crate) const IN_FAILED_TRANSACTION: &str = "25P02";
pub(crate) const IDLE_IN_TRANSACTION_TIMEOUT: &str = "25P03";
pub(crate) const TRANSACTION_TIMEOUT: &str = "25P04";
pub(crate) const IDLE_SESSION_TIMEOUT: &str = "57P05";
pub(crate) const INVALID_TRANSACTION_TERMINATION: &str = "2D000";
pub(crate) const SERIALIZATION_FAILURE: &str = "40001";
pub(crate) const DEADLOCK_DETECTED: &str = "40P01";
pub(crate) const INVALID_AUTHORIZATION: &str = "28000";
pub(crate) const INVALID_CATALOG_NAME: &str = "3D000";
pub(crate) const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// No prepared statement has that name.
pub(crate) const INVALID_STATEMENT_NAME: &str = "26000";
pub(crate) const UNDEFINED_COLUMN: &str = "42703";
pub(crate) const UNDEFINED_TABLE: &str = "42P01";
pub(crate) const UNDEFINED_OBJECT: &str = "42704";
pub(crate) const INTERNAL_ERROR: &str = "XX000";
#[cfg(feature = "backup")]
pub(crate) const OBJECT_IN_USE: &str = "55006";
pub(crate) const LOCK_NOT_AVAILABLE: &str = "55P03";
pub(crate) const QUERY_CANCELED: &str = "57014";
pub(crate) const ADMIN_SHUTDOWN: &str = "57P01";
pub(crate) const CRASH_SHUTDOWN: &str = "57P02";
pub(crate) const CANNOT_CONNECT_NOW: &str = "57P03";
#[cfg(feature = "check")]
pub(crate) const UNDEFINED_FILE: &str = "58P01";
pub(crate) const DISK_FULL: &str = "53100";
pub(crate) const TOO_MANY_CONNECTIONS: &str = "53300";

/// Raised by our own guard: this session does not hold the lock, so it is not the one we locked.
pub(crate) const GUARD_NOT_LOCKED: &str = "MG001";
/// Raised by our own guard: another runner is inside a migration.
pub(crate) const GUARD_OTHER_RUNNER: &str = "MG002";
/// Raised by our own guard: the history already says what the step would make true.
pub(crate) const GUARD_ALREADY: &str = "MG003";
/// Raised by our own guard: the script gave the lock back.
pub(crate) const GUARD_LEFT: &str = "MG004";
/// Raised by a query of a script that is to give true, and did not.
pub(crate) const NOT_TRUE: &str = "MG005";
/// Raised by our own guard: what the step was sent behind is not done.
pub(crate) const GUARD_BEFORE: &str = "MG006";
/// Raised by our own guard: there are other prepared statements than ours.
pub(crate) const GUARD_PREPARED: &str = "MG007";
/// Raised by our own guard: the script ended the transaction.
pub(crate) const GUARD_ENDED: &str = "MG008";

/// Raised by our own guard before a statement was sent.
pub(crate) const GUARDED: [&str; 4] =
    [GUARD_NOT_LOCKED, GUARD_OTHER_RUNNER, GUARD_ALREADY, GUARD_BEFORE];

/// What one of our own guards says when it refuses.
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) words: &'static str,
}

pub(crate) const NOT_LOCKED: Refused = Refused {
    code: GUARD_NOT_LOCKED,
    words: "this session does not hold the lock of the migrations",
};
pub(crate) const OTHER_RUNNER: Refused =
    Refused { code: GUARD_OTHER_RUNNER, words: "another runner is inside a migration" };
pub(crate) const ALREADY: Refused =
    Refused { code: GUARD_ALREADY, words: "the history already says so" };
pub(crate) const GAVE_BACK: Refused =
    Refused { code: GUARD_LEFT, words: "the script gave the lock back" };
pub(crate) const ENDED: Refused =
    Refused { code: GUARD_ENDED, words: "the script ended the transaction" };
pub(crate) const BEFORE: Refused =
    Refused { code: GUARD_BEFORE, words: "the migration before it is not done" };
pub(crate) const PREPARED: Refused =
    Refused { code: GUARD_PREPARED, words: "scripts before it left prepared statements" };

const REFUSALS: [Refused; 7] =
    [NOT_LOCKED, OTHER_RUNNER, ALREADY, GAVE_BACK, ENDED, BEFORE, PREPARED];

impl Refused {
    /// A text for SQL, and no number.
    pub(crate) fn literal(&self) -> String {
        literal(&self.to_string())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.words)
    }
}

/// What a guard of ours has refused. Without a block of code, SQL has no other way to raise an error than a text that
/// is no number, which the server quotes in its own language.
pub(crate) fn refusal(error: &DbError) -> Option<Refused> {
    if error.code().code() != INVALID_TEXT_REPRESENTATION {
        return None;
    }
    REFUSALS.into_iter().find(|it| error.message().contains(&it.to_string()))
}

/// Failures that pass by themselves: nothing was changed, and the same step may be sent again.
pub(crate) const RETRIED: [&str; 3] =
    [LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED, SERIALIZATION_FAILURE];

/// Classes of errors with which a server or a pooler refuses settings that we connect with: of the protocol,
/// not supported, a wrong value, no such setting.
pub(crate) const UNKNOWN_SETTING: [&str; 4] = ["08", "0A", "22", "42"];

/// No session now, but perhaps soon: the server starts, ends or recovers, or is full.
pub(crate) const NOT_YET: [&str; 4] =
    [CANNOT_CONNECT_NOW, ADMIN_SHUTDOWN, CRASH_SHUTDOWN, TOO_MANY_CONNECTIONS];

/// What was looked for in the catalogs is gone, as PostgreSQL's functions that write it down say it.
pub(crate) const VANISHED: [&str; 3] = [INTERNAL_ERROR, UNDEFINED_OBJECT, UNDEFINED_TABLE];

/// The server, not the statement, ended the session.
pub(crate) const SESSION_ENDED: [&str; 8] = [
    IDLE_IN_TRANSACTION_TIMEOUT,
    TRANSACTION_TIMEOUT,
    IDLE_SESSION_TIMEOUT,
    ADMIN_SHUTDOWN,
    CRASH_SHUTDOWN,
    CANNOT_CONNECT_NOW,
    CONNECTION_FAILURE,
    CONNECTION_DOES_NOT_EXIST,
];
