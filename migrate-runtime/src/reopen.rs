//! A new connection in the place of one that was lost.
//!
//! It only comes back to where the lost one was: to the same database, with the lock, and with the
//! history as it is now. What to do about what is found there is decided above.

use std::time::Duration;

use crate::connect::connect;
use crate::connection::{Connection, Wire};
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind};
use crate::history::{History, Server};
use crate::lock::{Holder, LockKey};
use crate::progress::Event;
use crate::session::Session;
use crate::transport::Link;

/// The pause before a server that did not help is asked again.
const PAUSE: Duration = Duration::from_millis(250);

impl Connection<'_> {
    /// Whether this failure is the loss of a connection of our own, which nobody forbids to open again.
    pub(crate) fn may_reopen(&self, error: &Error) -> bool {
        let wanted = self.origin.is_some() && !self.settings.reconnect.is_zero();
        wanted && error.kind() == ErrorKind::ConnectionLost && !self.interrupt.is_asked()
    }

    /// Opens the connection again and takes the lock. The old session may hold it until the server
    /// notices that its client is gone; before that, nothing that was sent over it is certain.
    pub(crate) fn reopen(&mut self, lost: &Error) -> Result<(Server, History), Error> {
        let cause = std::error::Error::source(lost).map(|it| format!(": {it}")).unwrap_or_default();
        self.tell(Event::Reconnecting { reason: format!("{lost}{cause}") });
        let patience = self.settings.reconnect.max(self.settings.wait_for_db);
        let deadline = Deadline::after(patience);
        loop {
            self.wire = Wire::Own(Box::new(self.link(deadline.left())?));
            let error = match self.take_up() {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            // A server that goes down once more; the standby that is about to take over.
            let passes = [ErrorKind::ConnectionLost, ErrorKind::Standby].contains(&error.kind());
            if !passes || deadline.is_over() {
                return Err(error);
            }
            self.tell(Event::WaitingForDatabase { reason: error.to_string() });
            self.interrupt.sleep(PAUSE)?;
        }
    }

    /// After a connection was lost, the same address may lead elsewhere.
    pub(crate) fn refuse_other_database(&mut self, server: &Server) -> Result<(), Error> {
        let found = (server.database.clone(), server.database_oid.clone());
        let (name, oid) = self.database.get_or_insert_with(|| found.clone());
        if (&*name, &*oid) == (&found.0, &found.1) {
            return Ok(());
        }
        let message = format!(
            "another database answers now: {} (oid {}) in the place of {name} (oid {oid})",
            found.0, found.1
        );
        Err(Error::new(ErrorKind::ForeignHistory, message)
            .with_state("nothing was changed there")
            .with_hint("migration-cli status"))
    }

    fn link(&mut self, patience: Duration) -> Result<Link, Error> {
        let origin = self.origin.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a lent connection cannot be opened again")
        })?;
        let mut settings = self.settings.clone();
        settings.wait_for_db = patience;
        let (token, command) = (self.audit.token().to_owned(), self.audit.command());
        let interrupt = self.interrupt;
        connect(origin, &settings, (&token, command), interrupt, &mut |event| self.tell(event))
    }

    /// Reads before it locks: on a standby, everybody gets the lock.
    fn take_up(&mut self) -> Result<(Server, History), Error> {
        let (server, _) = self.read()?;
        server.refuse_standby()?;
        // Without `wait`, our own old session still needs its time.
        self.acquire(self.settings.wait.max(self.settings.reconnect))
    }

    /// Ends our own lost session where it holds the lock and waits for a message that will not come:
    /// the server may need a quarter of an hour to notice that by itself. A statement that still runs is
    /// waited for. Says whether the lock is worth another try at once.
    pub(crate) fn end_forgotten(&mut self, holder: &Holder) -> Result<bool, Error> {
        if !holder.is_idle || !holder.is_of(self.audit.token()) {
            return Ok(false);
        }
        Ok(self.ask(&LockKey::end_idle(holder.pid))?.is_true(0))
    }
}

impl Session<'_> {
    /// Goes on over a new connection, which holds the lock as the lost one did.
    pub(crate) fn reopen(mut self, lost: &Error) -> Result<(Self, History), Error> {
        // Until the lock is taken again, there is nothing to give back.
        self.released = true;
        let (server, history) = Connection::reopen(&mut self, lost)?;
        self.server = server;
        self.released = false;
        Ok((self, history))
    }
}
