//! A connection to another database of the server: a database can neither be made, renamed nor dropped by
//! who is connected to it.

use std::time::Duration;

use super::names;
use super::properties::{self, Properties};
use super::refuse::failed;
use crate::audit::{Audit, Entry};
use crate::config::Settings;
use crate::connect::connect;
use crate::connect_options::ConnectOptions;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::Store;
use crate::interrupt::Interrupt;
use crate::quote::{ident, literal};
use crate::sqlstate;
use crate::transport::{Keep, Link, Reply};

/// How many databases are tried.
const TRIES: usize = 10;

/// Limits of a role that are meant for applications, where the server knows them.
pub(super) const STAY: &str =
    "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
    WHERE name IN ('idle_session_timeout', 'transaction_timeout')";

/// How further connections of the same run are opened, also when the first one has ended.
#[derive(Clone, Debug)]
pub(super) struct Opener {
    /// To the same host, and for programs as the same role.
    pub(super) options: ConnectOptions,
    settings: Settings,
    pub(super) audit: Audit,
    pub(super) store: Store,
}

/// A connection to another database, which nothing interrupts: what it does is short, or has to be done.
pub(super) struct Side {
    link: Link,
    pub(super) pid: i32,
    database: String,
}

/// A database of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Database {
    pub(super) oid: u32,
    pub(super) name: String,
    pub(super) comment: Option<String>,
    pub(super) lets_in: bool,
}

/// All databases of the server, those first that are good to be connected to.
pub(super) fn databases(connection: &mut Connection<'_>) -> Result<Vec<Database>, Error> {
    let reply = connection.ask(include_str!("databases.sql"))?;
    let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
    let database = |row: &[Option<String>]| {
        Some(Database {
            oid: cell(row, 0)?.parse().ok()?,
            name: cell(row, 1)?,
            comment: cell(row, 2),
            lets_in: cell(row, 3).as_deref() == Some("t"),
        })
    };
    Ok(reply.of(0).filter_map(database).collect())
}

impl Opener {
    /// For connections as this one.
    pub(super) fn of(connection: &Connection<'_>, options: ConnectOptions) -> Opener {
        let (audit, store) = (connection.audit.clone(), connection.store.clone());
        Opener { options, settings: connection.settings.clone(), audit, store }
    }

    /// Opens one to another database, or to the same.
    pub(super) fn open(
        &self,
        database: Option<&str>,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<Link, Error> {
        let other = database.map(|it| self.options.with_database(it));
        let mut settings = self.settings.clone();
        settings.wait_for_db = patience;
        let run = (self.audit.token(), self.audit.command());
        let options = other.as_ref().unwrap_or(&self.options);
        let mut link = connect(options, &settings, run, interrupt, &mut |_| {})?;
        // While others are at work for us it says nothing, for as long as that takes.
        let what = "the limits of the role cannot be put aside";
        link.ask(STAY).map_err(|it| failed(it, what))?;
        Ok(link)
    }

    /// Connects to the first database that lets us in and is none that a restore into `target` is about.
    pub(super) fn side(&self, databases: &[Database], target: &str) -> Result<Side, Error> {
        let is_about = |it: &Database| {
            let comment = it.comment.as_deref().unwrap_or_default();
            let is_made = names::is_new_one(&it.name, target);
            it.name == target || is_made || names::is_unfinished(comment, target)
        };
        let mut refused = None;
        let candidates = databases.iter().filter(|it| it.lets_in && !is_about(it));
        for database in candidates.take(TRIES) {
            match self.side_in(&database.name) {
                Ok(side) => return Ok(side),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        let message =
            "no other database of the server lets us in, from which this one could be replaced";
        let error = Error::new(ErrorKind::Connect, message);
        let error = match refused {
            Some(refused) => error.with_source(refused),
            None => error,
        };
        Err(error
            .with_hint("GRANT CONNECT ON DATABASE postgres TO …;   -- or restore with --in-place"))
    }

    /// Connects to a database, without being interrupted: what is done there has to be done.
    fn side_in(&self, database: &str) -> Result<Side, Error> {
        let mut link = self.open(Some(database), Duration::ZERO, &Interrupt::default())?;
        let what = "the server does not answer";
        let message = "SELECT pg_catalog.pg_backend_pid()";
        let reply = link.ask(message).map_err(|it| failed(it, what))?;
        let pid = reply.first(0).and_then(|it| it.first()?.as_deref()?.parse().ok());
        let pid = pid.ok_or_else(|| Error::new(ErrorKind::Internal, what))?;
        Ok(Side { link, pid, database: database.to_owned() })
    }

    /// Connects once more, after the connection was lost.
    pub(super) fn again(&self, side: &mut Side) -> Result<(), Error> {
        *side = self.side_in(&side.database)?;
        Ok(())
    }

    /// Which database has the name now, after a connection was lost that was changing that.
    pub(super) fn who_has_the_name(&self, name: &str) -> Result<Option<u32>, Error> {
        let patience = self.settings.reconnect.max(self.settings.wait_for_db);
        let mut link = match self.open(Some(name), patience, &Interrupt::default()) {
            Err(error) if error.sqlstate() == Some(sqlstate::INVALID_CATALOG_NAME) => {
                return Ok(None);
            }
            opened => opened?,
        };
        let what = "the server does not say which database has the name";
        let message =
            "SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()";
        let reply = link.ask(message).map_err(|it| failed(it, what))?;
        let oid = reply.first(0).and_then(|it| it.first()?.as_deref()?.parse().ok());
        oid.map(Some).ok_or_else(|| Error::new(ErrorKind::Internal, what))
    }

    /// Writes a row of the log over a connection of its own, if there is a log that can be written; the
    /// program's own log has it in any case.
    pub(super) fn log(&self, entry: &Entry<'_>) {
        self.audit.note(entry, None);
        if let Ok(mut link) = self.open(None, Duration::ZERO, &Interrupt::default()) {
            let row = self.audit.row(entry);
            let _ = link.send_last(&format!("BEGIN READ WRITE;\n{row};\nCOMMIT"));
        }
    }
}

impl Side {
    /// Sends a message, and waits for the answer as long as it takes.
    pub(super) fn send(&mut self, message: &str, what: &str) -> Result<Reply, Error> {
        self.link.send(message, Keep::All).map_err(|it| failed(it, what))
    }

    /// Takes the lock of a name, which whoever makes its database anew has as well.
    pub(super) fn lock_name(&mut self, database: &str) -> Result<(), Error> {
        let what = "the lock of the name cannot be taken";
        let reply = self.send(&super::name_key(database).try_lock(), what)?;
        if reply.is_true(0) { Ok(()) } else { Err(super::name_is_locked(database)) }
    }

    /// Sends statements that belong together.
    pub(super) fn together(&mut self, statements: &[String], what: &str) -> Result<(), Error> {
        self.in_transaction(statements, "COMMIT", what)
    }

    /// Sends statements, and takes them back.
    pub(super) fn try_out(&mut self, statements: &[String], what: &str) -> Result<(), Error> {
        self.in_transaction(statements, "ROLLBACK", what)
    }

    fn in_transaction(
        &mut self,
        statements: &[String],
        end: &str,
        what: &str,
    ) -> Result<(), Error> {
        if statements.is_empty() {
            return Ok(());
        }
        let sent = self.send(&format!("BEGIN;\n{};\n{end}", statements.join(";\n")), what);
        if sent.is_err() {
            self.roll_back();
        }
        sent.map(drop)
    }

    /// Ends a transaction that failed, if there is one.
    pub(super) fn roll_back(&mut self) {
        // If this fails too, the connection is gone, and the server rolls back by itself.
        let _ = self.link.send_last("ROLLBACK");
    }

    /// Reads what the database has outside of its dump.
    pub(super) fn properties(&mut self, name: &str) -> Result<Properties, Error> {
        let what = "the properties of the database cannot be read";
        let reply = self.send(&properties::query(name), what)?;
        Ok(Properties::parse(reply.of(0)))
    }

    /// The number of the database with that name.
    pub(super) fn oid_of(&mut self, name: &str) -> Result<u32, Error> {
        let what = "the number of a database cannot be read";
        let name = literal(name);
        let message = format!("SELECT oid FROM pg_catalog.pg_database WHERE datname = {name}");
        let reply = self.send(&message, what)?;
        let oid = reply.first(0).and_then(|it| it.first()?.as_deref()?.parse().ok());
        oid.ok_or_else(|| Error::new(ErrorKind::Internal, what))
    }

    /// Drops a database of ours, with whoever is connected to it: a program that has outlived us.
    pub(super) fn drop_database(&mut self, name: &str) -> Result<(), Error> {
        let name = ident(name);
        let what = format!("the database {name} cannot be dropped");
        // A template cannot be dropped, and may be one already.
        let _ = self.link.send(&format!("ALTER DATABASE {name} IS_TEMPLATE false"), Keep::All);
        self.send(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), &what).map(drop)
    }
}
