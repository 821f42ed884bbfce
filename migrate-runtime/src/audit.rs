//! The log: one row for every migration and direction, and for every other end of a command that changes something.

use std::time::Duration;

use migrate_core::Direction;

use crate::config::Identity;
use crate::error::ErrorKind;
use crate::quote::{fill, literal, optional};
use crate::run::Done;

/// Makes rows of the log for one run.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    /// The schema's name in quotes.
    schema: String,
    token: String,
    command: &'static str,
    identity: Identity,
}

/// What a row of the log is about.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) version: Option<&'a str>,
    pub(crate) direction: Option<Direction>,
    pub(crate) outcome: Outcome,
    /// An expression of SQL: the time at which the work began.
    pub(crate) started_at: &'a str,
    pub(crate) sqlstate: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    /// A JSON text.
    pub(crate) detail: &'a str,
}

impl Entry<'_> {
    /// What was done by the statements that are sent with it, and has nothing to say.
    pub(crate) fn ok() -> Self {
        Entry {
            version: None,
            direction: None,
            outcome: Outcome::Ok,
            started_at: "pg_catalog.now()",
            sqlstate: None,
            message: None,
            detail: "{}",
        }
    }
}

/// How something ended, as the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was begun, and something went wrong.
    Failed,
    /// A signal, or a call to [`Interrupt::interrupt`](crate::Interrupt::interrupt).
    Interrupted,
    /// It was not even begun.
    Refused,
}

impl Audit {
    pub(crate) fn new(
        schema: &str,
        token: &str,
        command: &'static str,
        identity: Identity,
    ) -> Audit {
        let (schema, token) = (schema.to_owned(), token.to_owned());
        Audit { schema, token, command, identity }
    }

    /// The statement that writes a row.
    pub(crate) fn row(&self, entry: &Entry<'_>) -> String {
        self.row_with(entry, &optional(entry.version), &literal(entry.detail))
    }

    /// As [`row`](Audit::row), with expressions for the version and for the detail.
    pub(crate) fn row_with(&self, entry: &Entry<'_>, version: &str, detail: &str) -> String {
        let Identity { application, os_user, host, environment, revision } = &self.identity;
        fill(
            include_str!("log.sql"),
            &[
                ("schema", &self.schema),
                ("run", &literal(&self.token)),
                ("command", &literal(self.command)),
                ("version", version),
                ("direction", &optional(entry.direction.map(Direction::as_str))),
                ("started_at", entry.started_at),
                ("outcome", &literal(entry.outcome.as_str())),
                ("sqlstate", &optional(entry.sqlstate)),
                ("message", &optional(entry.message)),
                ("detail", detail),
                ("os_user", &optional(os_user.as_deref())),
                ("host", &optional(host.as_deref())),
                ("environment", &optional(environment.as_deref())),
                ("application", &optional(application.as_deref())),
                ("revision", &optional(revision.as_deref())),
            ],
        )
    }

    /// Tells the program's own log what a row of the database's says. At no level above debug it holds text
    /// of a script: what the server says may quote one.
    pub(crate) fn note(&self, entry: &Entry<'_>, took: Option<Duration>) {
        let Audit { command, token, .. } = self;
        // Versions of other tools and texts of the server may hold anything.
        let plain = |it: &str| it.replace(char::is_control, " ");
        let about = entry.version.map(|it| format!(" {}", plain(it))).unwrap_or_default();
        let direction = entry.direction.map(Direction::as_str).filter(|it| it != command);
        let direction = direction.map(|it| format!(" {it}")).unwrap_or_default();
        let code = entry.sqlstate.map(|it| format!(", SQLSTATE {it}")).unwrap_or_default();
        let took = took.map(|it| format!(" in {} ms", it.as_millis())).unwrap_or_default();
        let outcome = entry.outcome.as_str();
        log::info!("{command}{about}{direction}: {outcome}{took}{code}, run {token}");
        if let Some(message) = entry.message {
            log::debug!("{command}{about}{direction}: {outcome}: {}", plain(message));
        }
    }

    /// As [`note`](Audit::note), of what a step has written together with its script.
    pub(crate) fn note_done(&self, done: &Done) {
        let (version, direction) = (Some(done.version.as_str()), Some(done.direction));
        let entry = Entry { version, direction, ..Entry::ok() };
        self.note(&entry, Some(done.execution_time));
    }

    /// The command that runs.
    pub(crate) fn command(&self) -> &'static str {
        self.command
    }

    /// The token of the run.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

impl Outcome {
    /// How what ends with such an error has ended, where nothing had been begun before. What is not certain
    /// is no refusal.
    pub fn of(kind: ErrorKind) -> Outcome {
        use ErrorKind::{
            Config, Connect, ConnectionLost, Consent, DamagedBackup, Edited, ForeignHistory,
            Impossible, InUse, Internal, Interrupted, Io, LockHeld, LockTimeout, MissingProgram,
            NoSuchBackup, NoSuchVersion, OutOfOrder, PlanChanged, Pooler, Privilege, Program,
            RestoreFailed, ScriptDiffers, Sql, StaleBuild, Standby, Unfinished, Usage,
        };
        match kind {
            Interrupted => Outcome::Interrupted,
            Usage | Config | NoSuchVersion | Impossible | Standby | Pooler | Edited
            | OutOfOrder | ScriptDiffers | PlanChanged | StaleBuild | ForeignHistory | LockHeld
            | Consent | Unfinished | NoSuchBackup | MissingProgram | InUse => Outcome::Refused,
            Connect | Privilege | Sql | LockTimeout | ConnectionLost | Io | Internal
            | DamagedBackup | Program | RestoreFailed => Outcome::Failed,
        }
    }

    /// The word that the log keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Failed => "failed",
            Outcome::Interrupted => "interrupted",
            Outcome::Refused => "refused",
        }
    }
}
