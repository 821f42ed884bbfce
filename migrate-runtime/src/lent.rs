//! A connection that belongs to the caller, and what is owed to it.

use tokio_postgres::SimpleQueryMessage;

use crate::quote::literal;
use crate::transport::{Failure, FailureCause, Keep, Reply, cells};

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

/// The expression that sets a parameter, from a row with its name and its value.
pub(crate) fn set_config(cells: &[Option<String>]) -> Option<String> {
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
            SimpleQueryMessage::CommandComplete(_) => completed += 1,
            SimpleQueryMessage::Row(row) if keep.wants(completed) => {
                reply.rows.push((completed, cells(&row)));
            }
            _ => {}
        }
    }
    Ok(reply)
}
