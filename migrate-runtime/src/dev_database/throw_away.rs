//! A server whose data nobody will miss, for tests.
//!
//! The same programs, account and start as the development database, but where, how durable and
//! how reachable is up to the caller, and so is its end.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use postgres::Config;

use super::account::Account;
use super::discovery::Binaries;
use super::error::{DevDatabaseError, Failure};
use super::place::{check_owner, server_in};
use super::server::Server;

/// A server in a folder of the caller's choice.
#[derive(Clone, Debug)]
pub struct ThrowAwayServer {
    server: Server,
    binaries: Binaries,
}

impl ThrowAwayServer {
    /// Takes `folder` for the server; it is made if it is missing.
    pub fn new(folder: &Path, binaries: Binaries) -> Result<ThrowAwayServer, DevDatabaseError> {
        let account = Account::choose()?;
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                check_owner(folder, super::account::caller_uid())?;
            }
            made => made.map_err(Failure::io("make", folder))?,
        }
        let mode = fs::Permissions::from_mode(account.passage_mode());
        fs::set_permissions(folder, mode).map_err(Failure::io("protect", folder))?;
        Ok(ThrowAwayServer { server: server_in(folder, account), binaries })
    }

    /// Sets the port, which is a part of the socket's name as well.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> ThrowAwayServer {
        self.server.port = port;
        self
    }

    /// Adds an argument of `initdb`.
    #[must_use]
    pub fn with_initdb(mut self, argument: &str) -> ThrowAwayServer {
        self.server.initdb.push(argument.to_owned());
        self
    }

    /// Adds a setting of the server, as `name=value`.
    #[must_use]
    pub fn with_setting(mut self, setting: &str) -> ThrowAwayServer {
        self.server.settings.push(setting.to_owned());
        self
    }

    /// Makes the data folder, unless it is there. Waits for another process that is at it.
    pub fn make_data(&self) -> Result<(), DevDatabaseError> {
        let (_, lock) = self.server.stop()?;
        if self.server.data_version()?.is_none() {
            self.server.initialise(&self.binaries, &lock)?;
        }
        Ok(())
    }

    /// Starts the server and waits until it accepts connections.
    pub fn start(&self) -> Result<(), DevDatabaseError> {
        let (_, lock) = self.server.stop()?;
        Ok(self.server.start(&self.binaries, &lock)?)
    }

    /// Stops the server and waits until all of it is gone. Says whether it ran.
    pub fn stop(&self) -> Result<bool, DevDatabaseError> {
        Ok(self.server.stop()?.0)
    }

    /// How the superuser reaches `database`.
    pub fn config(&self, database: &str) -> Config {
        self.server.config(database)
    }

    /// The same as [`config`](ThrowAwayServer::config), as a URL.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.server.data()
    }

    /// The folder of the socket, which may lie outside the server's own.
    pub fn socket(&self) -> &Path {
        &self.server.socket
    }

    /// What the server writes.
    pub fn log(&self) -> PathBuf {
        self.server.log()
    }

    /// The programs of the server's version.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The numeric id of the account that the server runs as.
    pub fn uid(&self) -> u32 {
        self.server.account.uid()
    }
}
