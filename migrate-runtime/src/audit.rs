//! The log: one row for every migration and direction, and for every command that was refused.

use migrate_core::Direction;

use crate::config::Identity;
use crate::quote::{fill, literal, optional};

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

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Failed,
    Interrupted,
    Refused,
}

impl Audit {
    pub(crate) fn new(
        schema: &str,
        token: &str,
        command: &'static str,
        identity: &Identity,
    ) -> Audit {
        let (schema, token) = (schema.to_owned(), token.to_owned());
        Audit { schema, token, command, identity: identity.clone() }
    }

    /// The statement that writes a row.
    pub(crate) fn row(&self, entry: &Entry<'_>) -> String {
        let Identity { application, os_user, host, environment, revision } = &self.identity;
        fill(
            include_str!("log.sql"),
            &[
                ("schema", &self.schema),
                ("run", &literal(&self.token)),
                ("command", &literal(self.command)),
                ("version", &optional(entry.version)),
                ("direction", &optional(entry.direction.map(Direction::as_str))),
                ("started_at", entry.started_at),
                ("outcome", &literal(entry.outcome.as_str())),
                ("sqlstate", &optional(entry.sqlstate)),
                ("message", &optional(entry.message)),
                ("detail", &literal(entry.detail)),
                ("os_user", &optional(os_user.as_deref())),
                ("host", &optional(host.as_deref())),
                ("environment", &optional(environment.as_deref())),
                ("application", &optional(application.as_deref())),
                ("revision", &optional(revision.as_deref())),
            ],
        )
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
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Failed => "failed",
            Outcome::Interrupted => "interrupted",
            Outcome::Refused => "refused",
        }
    }
}
