//! The lines of a diagnosis.

use crate::error::Error;

/// What an examination found, in the order of a page.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The name of the database, as the server gives it.
    pub database: String,
    /// A line each. A kind has one line that is ok, or one for each thing that is not.
    pub checks: Vec<Check>,
}

/// One line of a diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// What was looked at.
    pub kind: CheckKind,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub message: String,
    /// The way out: a command or a statement to paste.
    pub hint: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Migrations run, and somebody may be sorry.
    Warning,
    /// Migrations do not run, or do harm.
    Problem,
}

/// Kinds and their words, in the order of a page.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident = $word:literal),+ $(,)?) => {
        /// What was looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum CheckKind { $($(#[$doc])+ $kind),+ }

        impl CheckKind {
            /// Every kind, in the order of a page.
            pub const ALL: &[CheckKind] = &[$(CheckKind::$kind),+];

            /// The word that JSON output uses.
            pub fn as_str(self) -> &'static str {
                match self { $(CheckKind::$kind => $word),+ }
            }
        }
    };
}

kinds! {
    /// The server and its version.
    Server = "server",
    /// Whether it is a standby.
    Standby = "standby",
    /// Whether a pooler is in between.
    Pooler = "pooler",
    /// Whether the connection is encrypted.
    Tls = "tls",
    /// The clocks of this machine and of the server.
    Clock = "clock",
    /// Settings of the server, the database and the role.
    Settings = "settings",
    /// How many sessions there may be.
    Connections = "connections",
    /// How near transaction ids are to their end.
    Wraparound = "wraparound",
    /// The role that the connection has.
    Role = "role",
    /// What it may do in the schema.
    Schema = "schema",
    /// Tables that it cannot alter.
    Ownership = "ownership",
    /// Rows that are hidden from it.
    RowSecurity = "row_security",
    /// Transactions that have been open for long.
    Transactions = "transactions",
    /// Sessions with strong locks.
    Locks = "locks",
    /// Transactions that were prepared and not ended.
    PreparedTransactions = "prepared_transactions",
    /// Standbys, and what is kept for them.
    Replication = "replication",
    /// Indexes that are invalid.
    Indexes = "indexes",
    /// Constraints that were not validated.
    Constraints = "constraints",
    /// The tables of the history.
    History = "history",
    /// Who holds the lock of the migrations.
    Runner = "runner",
    /// The programs of PostgreSQL for backups.
    PgDump = "pg_dump",
    /// The room for backups.
    BackupSpace = "backup_space",
}

impl Level {
    /// The word that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

impl Diagnosis {
    /// The worst of all lines.
    pub fn worst(&self) -> Level {
        self.checks.iter().map(|it| it.level).max().unwrap_or(Level::Ok)
    }
}

impl Check {
    pub(super) fn ok(kind: CheckKind, message: impl Into<String>) -> Check {
        Check { kind, level: Level::Ok, message: message.into(), hint: None }
    }

    pub(super) fn warning(kind: CheckKind, message: impl Into<String>) -> Check {
        Check { level: Level::Warning, ..Check::ok(kind, message) }
    }

    pub(super) fn problem(kind: CheckKind, message: impl Into<String>) -> Check {
        Check { level: Level::Problem, ..Check::ok(kind, message) }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Check {
        Check { hint: Some(hint.into()), ..self }
    }

    /// What a migration would be refused for.
    pub(super) fn refused(kind: CheckKind, error: &Error) -> Check {
        let hint = error.hints().first().cloned().unwrap_or_default();
        Check::problem(kind, error.to_string()).hint(hint)
    }

    /// A question that the server did not answer.
    pub(super) fn untold(kind: CheckKind, reason: &str) -> Check {
        Check::warning(kind, format!("cannot be told: {reason}"))
    }

    /// A question about several things that the server did not answer.
    pub(super) fn all_untold(kinds: &[CheckKind], reason: &str) -> Vec<Check> {
        kinds.iter().map(|it| Check::untold(*it, reason)).collect()
    }

    /// What only roles see that may look at the sessions of others.
    pub(super) fn unseen(kind: CheckKind, what: &str, role: &str) -> Check {
        Check::warning(kind, format!("cannot be told: {what} needs pg_monitor"))
            .hint(format!("GRANT pg_monitor TO {role};"))
    }
}

/// The findings, or the one line that says that there are none.
pub(super) fn or_ok(found: Vec<Check>, kind: CheckKind, message: &str) -> Vec<Check> {
    if found.is_empty() { vec![Check::ok(kind, message)] } else { found }
}
