//! `backup`, and the backup before the first step of `up` and `down`.

use std::sync::{Mutex, PoisonError};

use crate::audit::Entry;
use crate::backup::{Backup, Backups, Ready, prepare, take};
use crate::connect_options::ConnectOptions;
use crate::connection::{Connection, Wire};
use crate::error::{Error, ErrorKind};
use crate::history::{History, Row, Server};
use crate::migrator::Migrator;
use crate::quote::{json_text, literal};
use crate::safeguard::Safeguard;
use crate::session::Session;

impl Migrator {
    /// Takes a backup of the whole database. Changes nothing there, except that the log of the
    /// migrations gets a row where it can be written; no lock is taken.
    pub fn backup(&mut self, backups: &Backups) -> Result<Backup, Error> {
        self.call("backup", |mut connection, call| {
            let (server, _) = call.read(&mut connection)?;
            // While the archive is read back, it says nothing.
            connection.stay()?;
            let taken = take_logged(backups, &mut connection, &server);
            taken.map_err(|it| connection.end(it))
        })
    }

    /// Lets `up` and `down` take a backup under the lock, before their first step, and only when there is
    /// something to do. Where `pg_dump` cannot be had, they do not start.
    #[must_use]
    pub fn with_backups(self, backups: Backups) -> Migrator {
        let options = self.options().clone();
        let state = Mutex::new(State::default());
        self.with_safeguard(Box::new(BackupFirst { backups, options, state }))
    }
}

fn take_logged(
    backups: &Backups,
    connection: &mut Connection<'_>,
    server: &Server,
) -> Result<Backup, Error> {
    let ready = prepare(backups, connection)?;
    let here = connection.here()?;
    let backup = take(backups, &ready, connection, &here)?;
    if may_log(server) {
        log(connection, &backup);
    }
    Ok(backup)
}

impl Connection<'_> {
    /// How another connection gets to the same server.
    pub(crate) fn here(&self) -> Result<ConnectOptions, Error> {
        match (self.origin, &self.wire) {
            (Some(options), Wire::Own(link)) => {
                Ok(options.pinned(link.host, self.settings.role.as_deref()))
            }
            _ => Err(Error::new(ErrorKind::Internal, "a lent connection has no origin")),
        }
    }
}

/// A row is written only where there is a log.
fn may_log(server: &Server) -> bool {
    server.layout.is_some() && !server.standby
}

fn log(connection: &mut Connection<'_>, backup: &Backup) {
    let it = backup.summary();
    let (id, checksum) = (json_text(&it.id), json_text(&it.checksum));
    let size = it.size_bytes;
    let detail = format!(
        r#"{{"backup": {{"id": "{id}", "size_bytes": {size}, "checksum": "{checksum}"}}}}"#
    );
    let started_at = format!("{}::timestamptz", literal(&it.created_at));
    connection.log(&Entry { started_at: &started_at, detail: &detail, ..Entry::ok() });
}

/// A backup before the first step.
struct BackupFirst {
    backups: Backups,
    options: ConnectOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ready: Option<Ready>,
    /// The backup, and the history that it is of.
    taken: Option<(Backup, Vec<Row>)>,
}

impl Safeguard for BackupFirst {
    fn prepare(&self, connection: &mut Connection<'_>) -> Result<(), Error> {
        let ready = prepare(&self.backups, connection).map_err(without)?;
        // Each run has a backup of its own.
        *self.state() = State { ready: Some(ready), taken: None };
        Ok(())
    }

    fn take(&self, session: &mut Session<'_>, history: &History) -> Result<(), Error> {
        let mut state = self.state();
        let State { ready: Some(ready), taken } = &mut *state else { return Ok(()) };
        if taken.as_ref().is_some_and(|it| it.1 == history.rows) {
            return Ok(());
        }
        let may_log = may_log(&session.server);
        // Over a lent connection, as one of our own would be opened.
        let here = session.here().unwrap_or_else(|_| self.options.clone());
        if !session.is_own() {
            refuse_other(&session.server.database, &here)?;
        }
        match take(&self.backups, ready, session, &here) {
            Ok(backup) => {
                if may_log {
                    log(session, &backup);
                }
                *taken = Some((backup, history.rows.clone()));
                Ok(())
            }
            Err(error) => Err(without(session.end(error))),
        }
    }

    fn taken(&self) -> Option<String> {
        self.state().taken.as_ref().map(|it| it.0.id.to_string())
    }
}

impl BackupFirst {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is dumped has to be what is changed.
fn refuse_other(database: &str, options: &ConnectOptions) -> Result<(), Error> {
    let other = options.database();
    if other == database {
        return Ok(());
    }
    let message = format!(
        "the lent connection is to database {database}, and backups would be of database {other}"
    );
    Err(without(Error::new(ErrorKind::Impossible, message))
        .with_hint("Migrator::new(…, options)   # of the database that the connection is to"))
}

fn without(error: Error) -> Error {
    error.with_state("nothing was changed: no migration runs without the backup")
}
