//! The throw-away server of a test process: made, started, and gone when the process is.
//!
//! It does not matter how the process ends (see `dev_database/supervisor.rs`). `initdb` takes longer than all the rest, so
//! its result is kept and copied (see `template`): with nextest, every test is a process.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::template;
use super::{PATH, PG_BIN, TEST_DATABASE_URL};
pub use crate::dev_database::Supervisor;
use crate::dev_database::{DevDatabaseError, Search, ThrowAwayServer, throw_away};
use crate::error::Error;

/// Where tests look for server binaries: where a user's command would.
pub fn search() -> Search {
    let pg_bin = std::env::var_os(PG_BIN).map(PathBuf::from);
    Search { pg_bin, path: std::env::var_os(PATH), ..Search::default() }
}

/// Makes a server with data, not started yet, that ends with this process. For tests that need one
/// with settings or files of their own, such as a standby or a port.
pub fn prepare_server() -> Result<(ThrowAwayServer, Supervisor), Error> {
    let (server, supervisor) = prepare_without_data()?;
    let filled = match template::place(&server) {
        Some(template) => template::fill(&server, &template),
        None => server.make_data(),
    };
    filled.map_err(no_server)?;
    Ok((server, supervisor))
}

/// The same without the data.
pub(super) fn prepare_without_data() -> Result<(ThrowAwayServer, Supervisor), Error> {
    let binaries = search().find().map_err(no_server)?;
    let (server, supervisor) = throw_away("migration-tests", binaries).map_err(no_server)?;
    Ok((server.with_setting("max_connections=200"), supervisor))
}

/// The URL of the server of this process, which is started when the first test asks for it.
pub(super) fn throw_away_server() -> Result<String, Error> {
    static SERVER: Mutex<Option<(ThrowAwayServer, Supervisor)>> = Mutex::new(None);
    let mut running = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((server, _)) = &*running {
        return Ok(server.url("postgres"));
    }
    let (server, supervisor) = prepare_server()?;
    server.start().map_err(no_server)?;
    let url = server.url("postgres");
    *running = Some((server, supervisor));
    Ok(url)
}

fn no_server(error: DevDatabaseError) -> Error {
    let elsewhere =
        format!("{TEST_DATABASE_URL}=postgresql://USER:PASSWORD@HOST:5432/postgres cargo test");
    error.or_elsewhere(&elsewhere)
}
