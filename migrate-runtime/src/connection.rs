//! The connection before it holds the lock: waiting for the lock.
//!
//! The lock is polled for, on the connection that will run the scripts: a blocking wait deadlocks with
//! `CREATE INDEX CONCURRENTLY`, and so does a lock on a second connection.

use std::time::Duration;

use crate::audit::Audit;
use crate::batches::Batches;
use crate::config::Settings;
use crate::connect_options::ConnectOptions;
use crate::deadline::{Deadline, Moment, jittered};
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::{History, Server, Store, without_xml};
use crate::interrupt::Interrupt;
use crate::lent::{Lent, send_lent};
use crate::lock::{Holder, LockKey};
use crate::progress::Event;
use crate::session::Session;
use crate::sqlstate;
use crate::transport::{ANSWER, Failure, FailureCause, Keep, Link, Reply};
use crate::waits::Waits;

/// Where events go.
pub(crate) type Tell<'a> = &'a mut (dyn FnMut(Event) + Send);

/// A connection that does not hold the lock.
pub(crate) struct Connection<'a> {
    pub(crate) wire: Wire<'a>,
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    pub(crate) settings: &'a Settings,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) key: LockKey,
    /// What brings the session back to how it was before a script.
    pub(crate) cleanup: Vec<String>,
    /// How a connection of our own came about, and may come about again.
    pub(crate) origin: Option<&'a ConnectOptions>,
    /// The database that has answered first: no other one may take its place.
    pub(crate) database: Option<(String, String)>,
    /// Whether the server ends the session when it does nothing for a while.
    pub(crate) may_be_ended: bool,
    /// The session that answered, where something stands between it and us.
    pub(crate) behind_pooler: Option<i32>,
    /// Whether there is a log to write to, as far as was read.
    pub(crate) has_log: bool,
    /// When what the next row of the log is about began.
    pub(crate) began: Moment,
    /// What the migration on its way waited for.
    pub(crate) waits: Waits,
    /// What it did in batches.
    pub(crate) batches: Batches,
    pub(crate) tell: Tell<'a>,
}

/// What ends with a script on a connection of our own: cursors, prepared statements, channels,
/// settings, temporary objects. (DISCARD ALL says the same, but not in a transaction, and it would give
/// the lock back.)
const CLEANUP: [&str; 5] = ["CLOSE ALL", DEALLOCATE, "UNLISTEN *", "RESET ALL", "DISCARD TEMP"];

/// What drops all that is prepared, ours too.
pub(crate) const DEALLOCATE: &str = "DEALLOCATE ALL";

/// How often the lock is tried again when its holder is gone while we look.
const TRIES_AFTER_HOLDER: u32 = 50;

/// What a connection speaks through.
pub(crate) enum Wire<'a> {
    Own(Box<Link>),
    Lent(Lent<'a>),
}

impl<'a> Connection<'a> {
    pub(crate) fn own(
        (link, origin): (Link, &'a ConnectOptions),
        parts: (Store, Audit),
        settings: &'a Settings,
        interrupt: &'a Interrupt,
        tell: Tell<'a>,
    ) -> Connection<'a> {
        let wire = Wire::Own(Box::new(link));
        let made = Connection::new(wire, parts, settings, interrupt, tell);
        Connection { origin: Some(origin), ..made }
    }

    pub(crate) fn new(
        wire: Wire<'a>,
        (store, audit): (Store, Audit),
        settings: &'a Settings,
        interrupt: &'a Interrupt,
        tell: Tell<'a>,
    ) -> Connection<'a> {
        let (key, cleanup) = (LockKey::of(&settings.schema), CLEANUP.map(str::to_owned).to_vec());
        let (origin, database, behind_pooler, waits) = (None, None, None, Waits::default());
        Connection {
            wire,
            store,
            audit,
            settings,
            interrupt,
            key,
            cleanup,
            origin,
            database,
            may_be_ended: false,
            behind_pooler,
            has_log: false,
            began: Moment::now(),
            waits,
            batches: Batches::default(),
            tell,
        }
    }

    /// Waits for the lock, and reads the history under it. A connection that is lost meanwhile is opened
    /// again: there is nothing yet that could be in doubt.
    pub(crate) fn lock(mut self, server: &Server) -> Result<(Session<'a>, History), Error> {
        if let Err(error) = self.refuse_unconfirmed(server) {
            return Err(if self.settings.asks { error } else { self.end(error) });
        }
        let (server, history) = match self.acquire(self.settings.wait) {
            Err(error) if self.may_reopen(&error) => self.reopen(&error)?,
            read => read.map_err(|it| self.end(it))?,
        };
        // Whoever had the lock may have noted that the database is protected.
        if let Err(error) = self.refuse_unconfirmed(&server) {
            return Err(self.end(error));
        }
        Ok((Session::new(self, server), history))
    }

    /// Waits for the lock, and reads the history under it.
    pub(crate) fn acquire(&mut self, wait: Duration) -> Result<(Server, History), Error> {
        self.refuse_pooling()?;
        self.stay()?;
        let deadline = Deadline::after(wait);
        let mut told = None;
        let mut gone = 0;
        let read = loop {
            if let Some(read) = self.try_lock()? {
                break read;
            }
            let pause = match self.holder()? {
                Some(holder) if deadline.is_over() => return Err(holder.held(wait)),
                Some(holder) if self.end_forgotten(&holder)? => Duration::from_millis(5),
                Some(holder) => {
                    if told != Some(holder.pid) {
                        told = Some(holder.pid);
                        self.tell(Event::WaitingForLock { holder: holder.to_string() });
                    }
                    Duration::from_millis(100)
                }
                // It ended while we looked: very likely the lock is free.
                None => {
                    gone += 1;
                    Duration::from_millis(if gone < TRIES_AFTER_HOLDER { 5 } else { 100 })
                }
            };
            if deadline.is_over() && gone > TRIES_AFTER_HOLDER {
                return Err(Holder::default().held(wait));
            }
            self.interrupt.sleep(jittered(pause))?;
        };
        fault::at(Point::Locked);
        self.tell(Event::Locked);
        Ok(read)
    }

    /// Takes the lock if it is free, and reads the history after that, in one message.
    fn try_lock(&mut self) -> Result<Option<(Server, History)>, Error> {
        if let Wire::Lent(_) = self.wire {
            if !self.ask(&self.key.try_lock())?.is_true(0) {
                return Ok(None);
            }
            // From here on the caller's session holds it: whatever happens next, it is given back.
            self.restore_with(self.key.unlock());
            return self.read().map(Some);
        }
        let message = self.store.lock_and_read(self.key);
        let (mut reply, missing) = match self.exchange(&message) {
            Ok(reply) => (reply, false),
            Err(failure) => self.without_table(failure, 2)?,
        };
        if reply.is_true(1) { self.understand(&mut reply, 2, missing).map(Some) } else { Ok(None) }
    }

    /// A session that pauses between two attempts is not to be ended for it, whatever the role has as its
    /// limit, and neither after a script, which leaves the session as it was found.
    pub(crate) fn stay(&mut self) -> Result<(), Error> {
        const STAY: &str = "SET idle_session_timeout = 0";
        if std::mem::take(&mut self.may_be_ended) {
            self.ask(STAY)?;
            if self.cleanup.iter().all(|it| it != STAY) {
                self.cleanup.push(STAY.to_owned());
            }
        }
        Ok(())
    }

    /// Who holds the lock, as far as the role may see; nothing when nobody does any more.
    pub(crate) fn holder(&mut self) -> Result<Option<Holder>, Error> {
        let reply = self.ask(&self.key.holder())?;
        Ok(reply.first(0).map(Holder::parse))
    }

    /// Sends a message whose failure means that the database cannot be worked with.
    pub(crate) fn ask(&mut self, message: &str) -> Result<Reply, Error> {
        self.exchange(message).map_err(|failure| self.cannot_read(failure))
    }

    /// Sends a message of ours, which is answered soon or never.
    pub(crate) fn exchange(&mut self, message: &str) -> Result<Reply, Failure> {
        let answer = match &mut self.wire {
            Wire::Own(link) => link.ask(message),
            Wire::Lent(lent) => send_lent(lent.client, message, Keep::All),
        };
        self.tell_notices();
        answer
    }

    /// Sends a message; what the server said on its own is told first.
    pub(crate) fn send(&mut self, message: &str, keep: Keep<'_>) -> Result<Reply, Failure> {
        let answer = match &mut self.wire {
            Wire::Own(link) => link.send(message, keep),
            Wire::Lent(lent) => send_lent(lent.client, message, keep),
        };
        self.tell_notices();
        answer
    }

    /// Runs SQL of the caller's, however long it takes.
    #[cfg(feature = "check")]
    pub(crate) fn run_alone(&mut self, sql: &str, when_failed: &str) -> Result<(), Error> {
        let Err(failure) = self.send(sql, Keep::Only(&[])) else { return Ok(()) };
        match failure.error {
            FailureCause::Postgres(error) if error.as_db_error().is_some() => {
                Err(Error::from_postgres(ErrorKind::Sql, when_failed, error))
            }
            _ => Err(self.cannot_read(failure)),
        }
    }

    /// Whether the connection was opened here.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.wire, Wire::Own(_))
    }

    /// Sends a message that has to get through also after an interruption.
    pub(crate) fn send_last(&mut self, message: &str) -> Result<Reply, Failure> {
        match &mut self.wire {
            Wire::Own(link) => {
                let mut answer = link.send_last(message);
                let code = answer.as_ref().err().and_then(Failure::sqlstate);
                if code == Some(sqlstate::QUERY_CANCELED) && self.interrupt.is_asked() {
                    // The cancel request for the statement before came too late, and hit this one.
                    let _ = link.send_last("ROLLBACK");
                    answer = link.send_last(message);
                }
                // A ROLLBACK without a transaction warns; that is our business alone.
                link.notices().for_each(drop);
                answer
            }
            Wire::Lent(lent) => send_lent(lent.client, message, Keep::All),
        }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        (self.tell)(event);
    }

    pub(crate) fn tell_notices(&mut self) {
        if let Wire::Own(link) = &self.wire {
            for notice in link.notices() {
                (self.tell)(Event::Notice { severity: notice.severity, message: notice.message });
            }
        }
    }

    pub(crate) fn cannot_read(&self, failure: Failure) -> Error {
        let code = failure.sqlstate().unwrap_or_default().to_owned();
        if self.interrupt.is_asked() {
            return Interrupt::error().with_state("nothing was changed");
        }
        let error = match failure.error {
            FailureCause::Postgres(error) if code != sqlstate::QUERY_CANCELED => error,
            _ => {
                let message = format!("the server did not answer within {} s", ANSWER.as_secs());
                return Error::new(ErrorKind::Connect, message)
                    .with_state("nothing was changed")
                    .with_hint("SELECT pid, query FROM pg_stat_activity WHERE wait_event_type = 'Lock';   -- who is in the way?");
            }
        };
        let (kind, message) = match code.as_str() {
            sqlstate::INSUFFICIENT_PRIVILEGE => {
                (ErrorKind::Privilege, "the role lacks a right on the tables of the history")
            }
            sqlstate::READ_ONLY_SQL_TRANSACTION => {
                (ErrorKind::Standby, "the database allows no writing")
            }
            sqlstate::LOCK_NOT_AVAILABLE => {
                (ErrorKind::LockTimeout, "the tables of the history are locked by somebody else")
            }
            _ if code.is_empty() || sqlstate::SESSION_ENDED.contains(&code.as_str()) => {
                (ErrorKind::ConnectionLost, "the connection was lost")
            }
            sqlstate::FEATURE_NOT_SUPPORTED => return without_xml(error),
            _ => (ErrorKind::Connect, "the tables of the history cannot be read"),
        };
        Error::from_postgres(kind, message, error).with_state("nothing was changed")
    }
}

/// An answer of another shape than what was asked for.
pub(crate) fn not_understood() -> Error {
    Error::new(ErrorKind::Internal, "the server's answer makes no sense")
}
