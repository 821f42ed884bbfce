//! The server that the proof is made on: one that the caller names, or one that is made for it and gone with it.

use migrate_core::MigrationSet;

use crate::config::Settings;
use crate::connect_options::ConnectOptions;
use crate::dev_database::{Binaries, DevDatabaseError, Supervisor, throw_away};
use crate::error::Error;
use crate::installed::Search;
use crate::interrupt::Interrupt;
use crate::migrator::Migrator;

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
        let (server, supervisor) = throw_away("migration-check", binaries).map_err(no_server)?;
        let server = server.with_setting("max_locks_per_transaction=1024");
        server.make_data().map_err(no_server)?;
        server.start().map_err(no_server)?;
        let options = ConnectOptions::from(server.config("postgres"));
        Ok(Running { options, supervisor: Some(supervisor) })
    }
}

fn no_server(error: DevDatabaseError) -> Error {
    error.or_elsewhere("migration-cli check --scratch-url postgresql://USER@HOST:5432/postgres")
}
