//! A connection that belongs to the caller, and what is owed to it.

use tokio_postgres::SimpleQueryMessage;

use crate::audit::Audit;
use crate::config::Settings;
use crate::connection::{Connection, Tell, Wire};
use crate::error::{Error, ErrorKind};
use crate::history::Store;
use crate::interrupt::Interrupt;
use crate::quote::literal;
use crate::transport::{Failure, FailureCause, Keep, Reply};

/// A connection that belongs to the caller. Dropping it puts back what we changed.
pub(crate) struct Lent<'a> {
    pub(crate) client: &'a mut postgres::Client,
    /// What undoes our changes: roles, and the lock once it is held.
    pub(crate) restore: Vec<String>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        for statement in self.restore.iter().rev() {
            // There is nobody left to tell; a connection that is gone has nothing to put back.
            let _ = send_lent(self.client, statement, Keep::All);
        }
    }
}

impl<'a> Connection<'a> {
    /// Borrows a client. Its settings and roles are noted, and put back after every script; its
    /// temporary tables are left alone.
    pub(crate) fn lent(
        client: &'a mut postgres::Client,
        parts: (Store, Audit),
        settings: &'a Settings,
        interrupt: &'a Interrupt,
        tell: Tell<'a>,
    ) -> Result<Connection<'a>, Error> {
        if settings.role.is_some() {
            let message =
                "a lent connection works as the role that it has, and Settings::role names another";
            return Err(Error::new(ErrorKind::Impossible, message)
                .with_state("nothing was changed")
                .with_hint(
                    "SET ROLE before lending the connection, or let Migrator open its own",
                ));
        }
        let wire = Wire::Lent(Lent { client, restore: Vec::new() });
        let mut connection = Connection::new(wire, parts, settings, interrupt, tell);
        // Not RESET ALL: it takes the caller's own parameters (`app.tenant`) along, which no view lists.
        connection.cleanup = vec![include_str!("history/restore.sql").to_owned()];
        let reply = connection.ask(include_str!("history/lent.sql"))?;
        if reply.is_true(2) {
            return Err(Error::new(
                ErrorKind::Impossible,
                "the lent connection is inside a transaction, and migrations end transactions",
            )
            .with_state("nothing was changed")
            .with_hint("commit or roll back before lending the connection"));
        }
        let set: Vec<String> = reply.of(0).filter_map(set_config).collect();
        let roles: Vec<String> = reply.of(1).filter_map(set_config).collect();
        if !set.is_empty() {
            connection.cleanup.push(format!("SELECT {}", set.join(", ")));
        }
        // Reading happens under the role that logged in, as everything after it does.
        connection.restore_with(format!("SELECT {}", roles.join(", ")));
        connection.ask("RESET SESSION AUTHORIZATION;\nRESET ROLE")?;
        Ok(connection)
    }

    pub(crate) fn restore_with(&mut self, statement: String) {
        if let Wire::Lent(lent) = &mut self.wire {
            lent.restore.push(statement);
        }
    }
}

/// The expression that sets a parameter, from a row with its name and its value.
fn set_config(cells: &[Option<String>]) -> Option<String> {
    let [Some(name), Some(value)] = cells else { return None };
    Some(format!("pg_catalog.set_config({}, {}, false)", literal(name), literal(value)))
}

/// Sends a message over a connection that belongs to the caller.
pub(crate) fn send_lent(
    client: &mut postgres::Client,
    message: &str,
    keep: Keep<'_>,
) -> Result<Reply, Failure> {
    let answer = client.simple_query(message).map_err(|error| Failure {
        error: FailureCause::Postgres(error),
        completed: None,
        reply: Reply::default(),
    })?;
    let mut reply = Reply::default();
    let mut completed = 0;
    for message in answer {
        match message {
            SimpleQueryMessage::CommandComplete(count) => {
                if keep.wants(completed) {
                    reply.counts.push((completed, count));
                }
                completed += 1;
            }
            SimpleQueryMessage::Row(row) => keep.take(completed, row, &mut reply),
            _ => {}
        }
    }
    Ok(reply)
}
