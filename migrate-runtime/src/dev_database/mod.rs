//! The development database: a PostgreSQL server that we make, start and stop for one project,
//! from the server binaries that are installed on the machine.
//!
//! The data lies in `.migration/` of the project (see `place.rs`) and is durable: this is a normal
//! server with normal settings. It listens on a Unix socket in a private folder, never on the
//! network, and has no password: whoever can reach the socket is its owner or root. Peer
//! authentication would say no more than that, and would lock out root, who runs the server under
//! another account.
//!
//! Started on demand and left running for the next command. Nothing here is for a database that
//! matters: who may use it is the caller's decision.

mod account;
mod discovery;
mod error;
mod install;
mod lock;
mod place;
mod server;
#[cfg(feature = "check")]
mod supervisor;
mod throw_away;

use std::path::{Path, PathBuf};

use postgres::error::SqlState;
use postgres::{Client, Config};
use rustix::process::Pid;

pub use self::discovery::Binaries;
pub use self::error::DevDatabaseError;
use self::error::Failure;
use self::place::Place;
use self::server::{Answer, Deadline, PATIENCE_WITH_OTHERS, Server};
#[cfg(feature = "check")]
pub use self::supervisor::Supervisor;
#[cfg(feature = "testing")]
pub(crate) use self::supervisor::system_command;
#[cfg(feature = "check")]
pub(crate) use self::supervisor::throw_away;
pub use self::throw_away::ThrowAwayServer;
pub use crate::installed::Search;

/// The database that a project gets.
const DATABASE: &str = "development";

/// The development database of one project.
#[derive(Clone, Debug)]
pub struct DevDatabase {
    project: PathBuf,
    search: Search,
}

/// A development database that accepts connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Running {
    /// How to reach it, for any PostgreSQL program.
    pub url: String,
    /// How to reach it, for `postgres`.
    pub config: Config,
    /// Whether this call made the database.
    pub created: bool,
    /// Whether this call started the server.
    pub started: bool,
    /// Where the data is.
    pub data: PathBuf,
    /// The version of the server, as in `15.18`.
    pub server_version: String,
}

/// What there is of a development database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DevStatus {
    /// It has not been made yet.
    Absent,
    /// The data is there, the server is not running.
    #[non_exhaustive]
    Stopped {
        /// Where the data is.
        data: PathBuf,
        /// The major version that made it.
        version: String,
    },
    /// The server is starting, recovering from a crash, or stopping.
    #[non_exhaustive]
    Busy {
        /// Where the data is.
        data: PathBuf,
    },
    /// The server accepts connections.
    #[non_exhaustive]
    Running {
        /// Where the data is.
        data: PathBuf,
        /// The version of the server.
        version: String,
        /// How to reach it.
        url: String,
        /// The process of the server.
        process: Option<i32>,
        /// What the server writes.
        log: PathBuf,
    },
}

impl DevDatabase {
    /// The development database of the project in the folder `project`. Touches nothing yet.
    pub fn new(project: &Path, search: Search) -> DevDatabase {
        DevDatabase { project: project.to_owned(), search }
    }

    /// Finds the server alive, or makes and starts what is missing.
    ///
    /// Any number of processes may call this at once: one of them starts the server, the others
    /// wait for it. After a crash, the server recovers before this returns.
    pub fn ensure_running(&self) -> Result<Running, DevDatabaseError> {
        let server = self.server()?;
        let (mut created, mut started) = (false, false);
        let deadline = Deadline::new("start", PATIENCE_WITH_OTHERS);
        loop {
            match server.probe(DATABASE)? {
                Answer::Ready(client) => {
                    return Ok(running(&server, *client, created, started)?);
                }
                Answer::NoDatabase => {
                    create_database(&server)?;
                    continue;
                }
                Answer::Busy => {}
                Answer::Nobody => {
                    if let Some(lock) = server.try_lock()? {
                        // Where the file system's locks are not to be relied on, somebody else may
                        // have started it since.
                        if matches!(server.probe(DATABASE)?, Answer::Nobody) {
                            created |= self.bring_up(&server, &lock)?;
                            started = true;
                        }
                        continue;
                    }
                }
            }
            deadline.pause(&server)?;
        }
    }

    /// The server of the project; its folder is made if it is missing.
    fn server(&self) -> Result<Server, Failure> {
        let place = Place::of(&self.project)?;
        if let Some(server) = place.existing()? {
            return Ok(server);
        }
        // Without a server to run, no folder is worth making.
        self.search.preferred()?;
        place.new_server()
    }

    /// Starts the server; says whether its data had to be made.
    fn bring_up(&self, server: &Server, lock: &lock::Lock) -> Result<bool, Failure> {
        let version = server.data_version()?;
        let binaries = match &version {
            Some(major) => self.search.of_major(major)?,
            None => self.search.preferred()?,
        };
        if version.is_none() {
            server.initialise(&binaries, lock)?;
        }
        server.start(&binaries, lock)?;
        Ok(version.is_none())
    }

    /// What there is; starts nothing.
    pub fn status(&self) -> Result<DevStatus, DevDatabaseError> {
        let Some(server) = Place::of(&self.project)?.existing()? else {
            return Ok(DevStatus::Absent);
        };
        let Some(version) = server.data_version()? else { return Ok(DevStatus::Absent) };
        let data = server.data();
        Ok(match server.probe("postgres")? {
            Answer::Ready(client) => {
                let process = server.process().map(Pid::as_raw_pid);
                let Running { server_version, url, .. } = running(&server, *client, false, false)?;
                DevStatus::Running {
                    data,
                    version: server_version,
                    url,
                    process,
                    log: server.log(),
                }
            }
            Answer::Nobody if server.try_lock()?.is_some() => DevStatus::Stopped { data, version },
            Answer::Nobody | Answer::NoDatabase | Answer::Busy => DevStatus::Busy { data },
        })
    }

    /// How to reach the database, whether its server runs or not.
    pub fn url(&self) -> Result<String, DevDatabaseError> {
        let server = Place::of(&self.project)?.existing()?;
        Ok(server.ok_or(Failure::NotCreated)?.url(DATABASE))
    }

    /// Where its data is, if it has been made. Asks no server.
    pub fn data(&self) -> Result<Option<PathBuf>, DevDatabaseError> {
        Ok(Place::of(&self.project)?.existing()?.map(|it| it.data()))
    }

    /// Stops the server and waits until it is gone. Says whether it was running.
    pub fn stop(&self) -> Result<bool, DevDatabaseError> {
        match Place::of(&self.project)?.existing()? {
            Some(server) => Ok(server.stop()?.0),
            None => Ok(false),
        }
    }

    /// Stops the server and removes the database with all that is in it.
    pub fn reset(&self) -> Result<(), DevDatabaseError> {
        let place = Place::of(&self.project)?;
        if let Some(server) = place.existing()? {
            let (_, _lock) = server.stop()?;
            place.remove(&server)?;
        }
        Ok(())
    }
}

fn running(
    server: &Server,
    mut client: Client,
    created: bool,
    started: bool,
) -> Result<Running, Failure> {
    if !server.owns(&mut client)? {
        return Err(Failure::OtherServer(server.socket.clone()));
    }
    let version = client.query_one("SHOW server_version", &[]).map_err(Failure::Query)?;
    let version: &str = version.get(0);
    // Packagers add their own: `15.18 (Debian 15.18-0+deb12u1)`.
    let server_version = version.split(' ').next().unwrap_or(version).to_owned();
    let (url, config, data) = (server.url(DATABASE), server.config(DATABASE), server.data());
    Ok(Running { url, config, created, started, data, server_version })
}

fn create_database(server: &Server) -> Result<(), Failure> {
    let Answer::Ready(mut client) = server.probe("postgres")? else { return Ok(()) };
    match client.batch_execute(&format!("CREATE DATABASE {DATABASE}")) {
        // Somebody else was faster.
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::DUPLICATE_DATABASE | &SqlState::UNIQUE_VIOLATION)
            ) =>
        {
            Ok(())
        }
        created => created.map_err(Failure::Query),
    }
}
