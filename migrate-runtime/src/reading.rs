//! Reading the history, with the lock and without.

use crate::connection::{Connection, not_understood};
use crate::error::{Error, ErrorKind};
use crate::history::{History, Server};
use crate::sqlstate;
use crate::transport::{Failure, Reply};

/// How many statements read the history.
pub(crate) const READ: usize = 3;

impl Connection<'_> {
    /// Reads the history: one round trip, without a lock.
    pub(crate) fn read(&mut self) -> Result<(Server, History), Error> {
        self.read_with(None).map(|(server, history, _)| (server, history))
    }

    /// As [`read`](Connection::read), and what more there is to ask in the same message, whose first statement has the
    /// number [`READ`]; no answer where that cannot be read: whoever asks one after the other is told what.
    pub(crate) fn read_with(
        &mut self,
        more: Option<&str>,
    ) -> Result<(Server, History, Option<Reply>), Error> {
        let mut message = self.store.read();
        if let Some(more) = more {
            message.extend([";\n", more]);
        }
        let (mut reply, missing) = match self.exchange(&message) {
            Ok(reply) => (reply, false),
            Err(failure) if failure.completed.is_some_and(|it| it >= READ) => {
                if self.interrupt.is_asked() || has_ended(&failure) {
                    return Err(self.cannot_read(failure));
                }
                log::debug!("asking one after the other: {:?}", failure.sqlstate());
                return self.read_with(None);
            }
            Err(failure) => self.without_table(failure, 1)?,
        };
        let (server, history) = self.understand(&mut reply, 1, missing)?;
        Ok((server, history, more.filter(|_| !missing).map(|_| reply)))
    }

    /// A history table that is missing or of another shape is no failure of reading.
    ///
    /// `server` is the number of the statement that tells about the server.
    pub(crate) fn without_table(
        &mut self,
        mut failure: Failure,
        server: usize,
    ) -> Result<(Reply, bool), Error> {
        let code = failure.sqlstate().unwrap_or_default();
        let is_missing = code == sqlstate::UNDEFINED_TABLE;
        if !is_missing && code != sqlstate::UNDEFINED_COLUMN {
            let role = failure.reply.first(server).and_then(Server::parse).map(|it| it.0.role);
            let error = self.cannot_read(failure);
            let schema = &self.store.schema;
            return Err(match role {
                Some(role) if error.kind() == ErrorKind::Privilege => error.with_hint(format!(
                    "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {schema}._migrations TO {role};"
                )),
                _ => error,
            });
        }
        let locks = server > 1;
        if locks {
            // Then it has begun a transaction.
            self.ask("ROLLBACK")?;
        }
        let mut reply = std::mem::take(&mut failure.reply);
        if reply.first(server).is_none() {
            // A lent client hides what came before the error.
            let message = self.store.server().to_owned();
            reply.rows = self.ask(&message)?.rows;
            reply.rows.iter_mut().for_each(|it| it.0 = server);
        }
        if !is_missing {
            let message = self.store.shape().to_owned();
            let shape = self.ask(&message)?.first(0).and_then(|it| it.first()?.clone());
            let row = reply.rows.iter_mut().find(|it| it.0 == server);
            let Some((_, row)) = row.filter(|_| shape.is_some()) else {
                return Err(self.cannot_read(failure));
            };
            row.put(Server::SHAPE, shape);
        }
        Ok((reply, true))
    }

    pub(crate) fn understand(
        &mut self,
        reply: &mut Reply,
        server: usize,
        missing: bool,
    ) -> Result<(Server, History), Error> {
        let row = reply.first(server).and_then(Server::parse);
        let (mut server_row, unfinished) = row.ok_or_else(not_understood)?;
        let is_ours = server_row.run.as_deref() == Some(self.audit.token());
        self.may_be_ended = self.is_own() && server_row.role_limits.idle_sessions;
        self.behind_pooler = (self.is_own() && !is_ours).then_some(server_row.pid);
        self.refuse_other_database(&server_row)?;
        self.refuse_other_role(&server_row)?;
        server_row.refuse_foreign(&self.settings.schema)?;
        if missing {
            // Whatever is left beside it.
            server_row.layout = None;
        }
        self.has_log = server_row.layout.is_some() && !server_row.standby;
        let rows =
            if missing { Some(History::default()) } else { History::parse(reply.take(server + 1)) };
        let mut history = rows.ok_or_else(not_understood)?;
        history.unfinished = unfinished;
        Ok((server_row, history))
    }
}

/// Whether nobody is there any more who could answer.
fn has_ended(failure: &Failure) -> bool {
    failure.sqlstate().is_none_or(|it| sqlstate::SESSION_ENDED.contains(&it))
}
