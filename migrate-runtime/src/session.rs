//! The session: the connection that holds the lock.
//!
//! A [`Session`] exists only while the lock is held, and only a session runs a plan. Our own connection
//! is closed on every path, which gives the lock back; a lent one is unlocked and put back as it was.

use std::time::Duration;

use crate::connection::{Connection, DEALLOCATE, Wire};
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::{LAYOUT, Server, Setup};
use crate::progress::Event;
use crate::transport::{Answer, Failure, Keep, Reply};
use crate::watch::Pace;

/// The connection that holds the lock.
pub(crate) struct Session<'a> {
    connection: Connection<'a>,
    pub(crate) server: Server,
    /// Whether the last message has given the lock back.
    pub(crate) released: bool,
}

impl<'a> Session<'a> {
    /// For [`Connection::lock`](Connection::lock) alone, which has just taken the lock.
    pub(crate) fn new(connection: Connection<'a>, server: Server) -> Session<'a> {
        Session { connection, server, released: false }
    }

    /// Whether the last message of a run gives the lock back, which saves a round trip: nothing follows.
    pub(crate) fn unlocks_early(&self) -> bool {
        self.is_own() && !self.settings.record_schema
    }

    /// Makes the tables, if this is the first run on the database.
    pub(crate) fn set_up(&mut self) -> Result<(), Error> {
        if self.server.layout != Some(LAYOUT) {
            return self.make_tables();
        }
        self.mark();
        Ok(())
    }

    /// Notes the environment where nobody has, or where a protected one was used without its name before. A
    /// role that may not do that runs its migrations all the same.
    fn mark(&mut self) {
        let Some(mark) = self.store.mark(self.settings) else { return };
        let name = self.settings.identity.environment.as_deref().unwrap_or_default();
        let rises = self.settings.protected && !self.server.protected;
        let warning = match self.server.environment.as_deref() {
            None => None,
            Some(noted) if noted == name && !rises => return,
            Some(noted) if rises => Some(format!(
                "the database was noted as one of the environment `{noted}`, and is one of `{name}` from now on, which is protected"
            )),
            Some(noted) => {
                let message = format!(
                    "the database is noted as one of the environment `{noted}`, not of `{name}`"
                );
                return self.tell(Event::Warning { message });
            }
        };
        let sent = self.send(&format!("BEGIN READ WRITE;\n{mark};\nCOMMIT"), Keep::All);
        let warning = match sent {
            Ok(_) => warning,
            Err(failure) => {
                self.roll_back();
                let error = self.cannot_read(failure);
                Some(format!(
                    "the database cannot note that it is one of the environment `{name}`, and does not protect itself: {error}"
                ))
            }
        };
        if let Some(message) = warning {
            self.tell(Event::Warning { message });
        }
    }

    /// Makes the tables that are missing.
    pub(crate) fn make_tables(&mut self) -> Result<(), Error> {
        let message = self.store.setup(self.settings);
        let reply = match self.send(&message, Keep::All) {
            Ok(reply) => reply,
            Err(failure) => {
                self.roll_back();
                let error = self.cannot_read(failure);
                let (schema, role) = (&self.store.schema, &self.server.role);
                let hint = format!("GRANT CREATE ON SCHEMA {schema} TO {role};");
                return Err(if error.kind() == ErrorKind::Privilege {
                    error.with_hint(hint)
                } else {
                    error
                });
            }
        };
        self.has_log = true;
        let found = reply.rows.last().map_or(Setup::Complete, |it| Setup::parse(it.1.cells()));
        let warning = match found {
            Setup::Complete => return Ok(()),
            Setup::RepeatedVersions => {
                "the history repeats versions that an older installation wrote twice: its unique index covers newer rows alone"
            }
            Setup::NotOwner => {
                "the history belongs to another role, so it gets no unique index; the lock keeps its versions unique"
            }
        };
        self.tell(Event::Warning { message: warning.to_owned() });
        Ok(())
    }

    /// Sends a part of a script, and tells who is in its way as long as it is not answered. Over a
    /// connection that belongs to the caller nobody looks.
    pub(crate) fn send_watched(
        &mut self,
        message: &str,
        keep: Keep<'_>,
        pace: Pace,
    ) -> Result<Reply, Failure> {
        self.answer_watched(message, None, keep, pace)
    }

    /// Sends a message behind those that are on their way; their answers come in the same order. Nothing goes
    /// ahead over a connection that belongs to the caller, nor over one that is lost.
    pub(crate) fn post(&mut self, message: &str) -> Option<Answer> {
        match &mut self.connection.wire {
            Wire::Own(link) => link.post(message).ok(),
            Wire::Lent(_) => None,
        }
    }

    /// Waits until the server has answered what is on its way, whatever it says.
    pub(crate) fn drain(&mut self, answers: impl Iterator<Item = Answer>) {
        if let Wire::Own(link) = &mut self.connection.wire {
            link.drain(answers);
        }
        self.connection.tell_notices();
    }

    /// As [`send_watched`](Session::send_watched); a message whose answer is to come was sent before.
    pub(crate) fn answer_watched(
        &mut self,
        message: &str,
        answer: Option<Answer>,
        keep: Keep<'_>,
        pace: Pace,
    ) -> Result<Reply, Failure> {
        let Session { connection, server, .. } = self;
        let Connection { wire: Wire::Own(link), tell, waits, .. } = connection else {
            return connection.send(message, keep);
        };
        let answer = match answer {
            Some(answer) => answer,
            None => link.post(message)?,
        };
        let answer = link.read_watched(answer, keep, (server.pid, pace), &mut |sight| {
            waits.note(sight).into_iter().for_each(&mut *tell);
        });
        connection.tell_notices();
        answer
    }

    /// Waits, unless somebody interrupts, and gets ready to look meanwhile.
    pub(crate) fn pause(&mut self, time: Duration) {
        match &mut self.connection.wire {
            Wire::Own(link) => link.pause(time),
            // What is to be said about an interruption, the next message says.
            Wire::Lent(_) => drop(self.connection.interrupt.sleep(time)),
        }
    }

    /// Ends a transaction that failed. If that fails too, the connection is gone, and the server
    /// rolls back by itself.
    pub(crate) fn roll_back(&mut self) {
        let _ = self.send_last("ROLLBACK");
    }

    /// As [`roll_back`](Session::roll_back), and drops what a script prepared, which a rollback leaves:
    /// the same script may be sent again.
    pub(crate) fn forget_script(&mut self) {
        let forget =
            if self.is_own() { format!("ROLLBACK;\n{DEALLOCATE}") } else { "ROLLBACK".to_owned() };
        let _ = self.send_last(&forget);
    }

    /// As [`roll_back`](Session::roll_back), and drops the role of the script, which may not write our
    /// tables.
    pub(crate) fn come_back(&mut self) {
        let _ = self.send_last("ROLLBACK;\nRESET SESSION AUTHORIZATION;\nRESET ROLE");
    }
}

impl<'a> std::ops::Deref for Session<'a> {
    type Target = Connection<'a>;

    fn deref(&self) -> &Connection<'a> {
        &self.connection
    }
}

impl<'a> std::ops::DerefMut for Session<'a> {
    fn deref_mut(&mut self) -> &mut Connection<'a> {
        &mut self.connection
    }
}

impl Drop for Session<'_> {
    /// Closing our connection gives the lock back as well, but only once the server notices: the next
    /// runner shall not have to wait for that.
    fn drop(&mut self) {
        fault::at(Point::Unlocking);
        let unlock = self.connection.key.unlock();
        // A panic may have left messages on their way, which would all be carried out before this one.
        if let Wire::Own(link) = &mut self.connection.wire
            && !self.released
            && !std::thread::panicking()
        {
            let _ = link.send_last(&unlock);
        }
    }
}
