//! The server that the proof is made on: one that the caller names, or one that is made for it and gone with it.

use std::path::Path;

use migrate_core::MigrationSet;

use crate::config::Settings;
use crate::connect_options::ConnectOptions;
use crate::dev_database::{Binaries, DevDatabaseError, Supervisor, ThrowAwayServer, supervise};
use crate::error::{Error, ErrorKind};
use crate::installed::Search;
use crate::interrupt::Interrupt;
use crate::migrator::Migrator;

/// Data that is thrown away is not flushed to disk.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "jit=off",
    "shared_buffers=32MB",
    "max_locks_per_transaction=1024",
];

/// Where the proof will be made.
pub(super) enum Server {
    Given(Box<ConnectOptions>),
    Own(Binaries),
}

/// A server that accepts connections.
pub(super) struct Running {
    pub(super) options: ConnectOptions,
    /// Ends it when it is dropped, where it was made for the proof.
    supervisor: Option<Supervisor>,
}

impl Running {
    /// Whether it is gone with the proof.
    pub(super) fn is_own(&self) -> bool {
        self.supervisor.is_some()
    }
}

impl Server {
    /// The programs that a server of our own is made with.
    pub(super) fn find(search: &Search) -> Result<Server, Error> {
        search.find().map(Server::Own).map_err(no_server)
    }

    /// The major version, which is known without starting anything where it is our own.
    pub(super) fn major(
        &self,
        set: &MigrationSet,
        settings: &Settings,
        interrupt: &Interrupt,
    ) -> Result<String, Error> {
        let options = match self {
            Server::Own(binaries) => return Ok(binaries.major.clone()),
            Server::Given(options) => options.as_ref().clone(),
        };
        let mut migrator = Migrator::new(set, options)
            .with_settings(settings.clone())
            .with_interrupt(interrupt.clone());
        let version = migrator.call("check", |mut connection, _| {
            let reply = connection.ask(include_str!("version.sql"))?;
            Ok(reply.first(0).and_then(|it| it.first()?.as_deref()?.parse::<u32>().ok()))
        })?;
        Ok((version.unwrap_or_default() / 10_000).to_string())
    }

    pub(super) fn start(self) -> Result<Running, Error> {
        let binaries = match self {
            Server::Given(options) => return Ok(Running { options: *options, supervisor: None }),
            Server::Own(binaries) => binaries,
        };
        // Not in `TMPDIR`, which may be a folder that the server's account cannot reach.
        let folder = Path::new("/tmp").join(format!("migration-check-{}", uuid::Uuid::new_v4()));
        let server = ThrowAwayServer::new(&folder, binaries).map_err(no_server)?;
        let server = server.with_initdb("--no-sync");
        let server = SETTINGS.iter().fold(server, |server, it| server.with_setting(it));
        let supervisor = supervise(&folder, server.socket())
            .map_err(|error| Error::new(ErrorKind::Io, "cannot run /bin/sh").with_source(error))?;
        server.make_data().map_err(no_server)?;
        server.start().map_err(no_server)?;
        let options = ConnectOptions::from(server.config("postgres"));
        Ok(Running { options, supervisor: Some(supervisor) })
    }
}

fn no_server(error: DevDatabaseError) -> Error {
    let elsewhere = "migration-cli check --scratch-url postgresql://USER@HOST:5432/postgres";
    let hints = error.hints_or(elsewhere);
    let failed = Error::new(ErrorKind::Connect, "no throw-away server could be started");
    hints.into_iter().fold(failed.with_source(error), Error::with_hint)
}
