//! The databases of a proof: made, dropped at the end whatever happens, and those of runs that were killed swept
//! away.
//!
//! Each has a name that nobody else gives, and a comment that says over which database it was asked for. There,
//! who uses it holds a lock, so that it is known to be in use; what nobody holds was left behind.

use migrate_core::{Checksum, MigrationSet};

use super::server::Running;
use super::shared::Shared;
use crate::connect_options::ConnectOptions;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::progress::Event;
use crate::quote::{fill, ident, literal};
use crate::sqlstate;
use crate::transport::{FailureCause, Keep};

/// How the names begin.
const NAME: &str = "migration_check_";

/// The SQL that a new database is to be given first.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) sql: String,
    /// Where it is from.
    pub(super) file: Option<String>,
}

impl Setup {
    /// What is said when it fails.
    pub(super) fn failed(&self) -> String {
        let failed = "the setup of the check failed";
        self.file.as_ref().map_or_else(|| failed.to_owned(), |it| format!("{failed}: {it}"))
    }

    /// What to do then.
    pub(super) fn hint(&self) -> String {
        let what = self.file.as_deref().unwrap_or("the setup");
        format!(
            "correct {what}: it is to run in an empty database, as one message, and check again"
        )
    }
}

/// Makes databases, one at a time.
pub(super) struct Databases<'a> {
    connection: Connection<'a>,
    server: ConnectOptions,
    /// Whether the server is gone with the proof.
    is_own: bool,
    setup: Setup,
    /// The one that we are connected to.
    database: String,
    current: Option<String>,
    shared: Shared,
}

impl<'a> Databases<'a> {
    pub(super) fn new(
        connection: Connection<'a>,
        running: &Running,
        setup: Setup,
        set: &MigrationSet,
    ) -> Databases<'a> {
        let (server, is_own) = (running.options.clone(), running.is_own());
        let shared = if is_own { Shared::default() } else { Shared::with_others(set, &setup.sql) };
        let (database, current) = (String::new(), None);
        Databases { connection, server, is_own, setup, database, current, shared }
    }

    /// Does something with them, and leaves none behind.
    pub(super) fn with<T>(
        mut self,
        work: impl FnOnce(&mut Databases<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.sweep()?;
        self.shared.note(&mut self.connection)?;
        let done = work(&mut self);
        if self.is_own {
            return done;
        }
        let dropped = self.drop_current();
        match (done, dropped) {
            (done, Ok(())) => done,
            // What was found out is not lost with it.
            (Ok(done), Err(left)) => {
                self.warn(&left);
                Ok(done)
            }
            (Err(error), Err(left)) => Err(beside(error, &left)),
        }
    }

    pub(super) fn connection(&mut self) -> &mut Connection<'a> {
        &mut self.connection
    }

    pub(super) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// An empty database in the place of the present one.
    pub(super) fn fresh(&mut self) -> Result<ConnectOptions, Error> {
        if let Err(left) = self.drop_current() {
            self.warn(&left);
        }
        let digits = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{NAME}{}", &digits[..12]);
        let key = key(&name);
        self.connection.ask(&format!("SELECT pg_catalog.pg_advisory_lock({key})"))?;
        self.current = Some(name.clone());
        self.create(&name)?;
        let comment = literal(&self.comment());
        self.send(&format!("COMMENT ON DATABASE {name} IS {comment}"))?;
        let mut options = self.server.clone();
        options.config.dbname(&name);
        Ok(options)
    }

    fn create(&mut self, name: &str) -> Result<(), Error> {
        let created = self.send(&format!("CREATE DATABASE {name} TEMPLATE template0"));
        let Err(error) = created else { return Ok(()) };
        if error.kind() != ErrorKind::Privilege {
            return Err(error);
        }
        let role = self.connection.ask("SELECT pg_catalog.quote_ident(current_user)")?;
        let role = role.first(0).and_then(|it| it.first()?.clone()).unwrap_or_default();
        Err(error.with_hint(format!("ALTER ROLE {role} CREATEDB;")))
    }

    /// Names the database that it is asked for over: there, the locks are.
    fn comment(&self) -> String {
        format!("migration check, made over the database {}", self.database)
    }

    /// Drops what runs have left that were killed.
    fn sweep(&mut self) -> Result<(), Error> {
        let begun = self.connection.ask(include_str!("begin.sql"))?;
        self.database = begun.first(0).and_then(|it| it.first()?.clone()).unwrap_or_default();
        let values = [("comment", &*literal(&self.comment())), ("name", &*literal(NAME))];
        let found = self.connection.ask(&fill(include_str!("left.sql"), &values))?;
        let names: Vec<_> = found.of(0).filter_map(|it| it.first()?.clone()).collect();
        for name in names {
            let key = key(&name);
            let lock = format!("SELECT pg_catalog.pg_try_advisory_lock({key})");
            if self.connection.ask(&lock)?.is_true(0) {
                log::info!("dropping the database {name}, which a check has left that was killed");
                // Somebody else's to drop: it only takes space.
                let dropped = self.send(&drop_it(&name));
                self.connection.ask(&format!("SELECT pg_catalog.pg_advisory_unlock({key})"))?;
                if let Err(error) = dropped {
                    log::warn!("the database {name} stays: {error}");
                }
            }
        }
        Ok(())
    }

    /// Also after an interruption.
    fn drop_current(&mut self) -> Result<(), Error> {
        let Some(name) = self.current.take() else { return Ok(()) };
        let unlock = format!("SELECT pg_catalog.pg_advisory_unlock({})", key(&name));
        let dropped = self.connection.send_last(&drop_it(&name));
        self.shared.drop_new(&mut self.connection);
        dropped.and_then(|_| self.connection.send_last(&unlock)).map(drop).map_err(|failure| {
            let state = format!("the database {name} is left over");
            self.connection.cannot_read(failure).with_state(state).with_hint(drop_it(&name))
        })
    }

    fn warn(&mut self, left: &Error) {
        let state = left.state().unwrap_or_default();
        let reason = left.reason();
        self.connection.tell(Event::Warning { message: format!("{state}: {reason}") });
    }

    fn send(&mut self, message: &str) -> Result<(), Error> {
        let Err(failure) = self.connection.send(message, Keep::Only(&[])) else { return Ok(()) };
        if self.connection.interrupt.is_asked() {
            return Err(Interrupt::error());
        }
        let kind = match failure.sqlstate() {
            Some(sqlstate::INSUFFICIENT_PRIVILEGE) => ErrorKind::Privilege,
            Some(sqlstate::READ_ONLY_SQL_TRANSACTION) => ErrorKind::Standby,
            Some(code) if !sqlstate::SESSION_ENDED.contains(&code) => ErrorKind::Sql,
            _ => ErrorKind::ConnectionLost,
        };
        match failure.error {
            FailureCause::Postgres(error) => {
                let message = "no database can be made for the check";
                Err(Error::from_postgres(kind, message, error))
            }
            FailureCause::Abandoned => Err(self.connection.cannot_read(failure)),
        }
    }
}

/// An error that leaves something behind as well.
fn beside(error: Error, left: &Error) -> Error {
    let states: Vec<_> = [error.state(), left.state()].into_iter().flatten().collect();
    let state = states.join("; ");
    left.hints().iter().cloned().fold(error.with_state(state), Error::with_hint)
}

fn drop_it(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", ident(name))
}

/// The key of the lock that tells of a database that it is in use: half of it is what the names begin with.
fn key(name: &str) -> String {
    let number = |text: &str| {
        let bytes = *Checksum::of(text).bytes();
        i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    };
    format!("{}, {}", number(NAME), number(name))
}
