//! The session: the connection that holds the lock.
//!
//! A [`Session`] exists only while the lock is held, and only a session runs a plan. Our own connection
//! is closed on every path, which gives the lock back; a lent one is unlocked and put back as it was.

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{LAYOUT, Server, Setup};
use crate::progress::Event;
use crate::transport::Keep;

/// The connection that holds the lock.
pub(crate) struct Session<'a> {
    connection: Connection<'a>,
    pub(crate) server: Server,
}

impl<'a> Session<'a> {
    /// For [`Connection::lock`](Connection::lock) alone, which has just taken the lock.
    pub(crate) fn new(mut connection: Connection<'a>, server: Server) -> Session<'a> {
        connection.note_lock();
        Session { connection, server }
    }

    /// Makes the tables, if this is the first run on the database.
    pub(crate) fn set_up(&mut self) -> Result<(), Error> {
        if self.server.layout == Some(LAYOUT) {
            return Ok(());
        }
        let message = self.store.setup(self.settings.lock_timeout);
        let reply = match self.send(&message, Keep::All) {
            Ok(reply) => reply,
            Err(failure) => {
                self.roll_back();
                let error = self.cannot_read(failure);
                let hint = format!("GRANT CREATE ON SCHEMA {} TO the role", self.store.schema);
                return Err(if error.kind() == ErrorKind::Privilege {
                    error.with_hint(hint)
                } else {
                    error
                });
            }
        };
        let found = reply.rows.last().map_or(Setup::Complete, |it| Setup::parse(&it.1));
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

    /// Ends a transaction that failed. If that fails too, the connection is gone, and the server
    /// rolls back by itself.
    pub(crate) fn roll_back(&mut self) {
        let _ = self.send_last("ROLLBACK");
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
