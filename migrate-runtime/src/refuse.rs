//! What is refused before anything is written, and the rows of the log about what did not end well.

use migrate_core::Direction;

use crate::audit::{Entry, Outcome};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::Server;
use crate::plan::Refusal;
use crate::pooler::HINT;

/// A refusal is logged only where there is a log.
pub(crate) fn refuse(connection: &mut Connection<'_>, server: &Server, refusal: Refusal) -> Error {
    let error = Error::from(refusal);
    if server.layout.is_some() && !server.standby {
        connection.log_as(Outcome::Refused, (None, None), &error);
    }
    error
}

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
    pub(crate) fn refuse_unconfirmed(&mut self, server: &Server) -> Result<(), Error> {
        if !server.protected || self.settings.confirmed {
            return Ok(());
        }
        let (name, schema) =
            (server.environment.as_deref().unwrap_or_default(), &self.store.schema);
        let message = format!(
            "the database {} belongs to the environment `{name}`, which is protected: changes need --confirm",
            server.database
        );
        let error = Error::new(ErrorKind::Consent, message)
            .with_state("nothing was changed")
            .with_hint(format!("migration-cli {} --confirm", self.audit.command()))
            .with_hint(format!(
                "DELETE FROM {schema}._migrations_meta WHERE key IN ('environment', 'protected');   -- in a copy: the next run notes its own"
            ));
        self.log_as(Outcome::Refused, (None, None), &error);
        Err(error)
    }

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
