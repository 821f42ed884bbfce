//! What is read beside the history: the down scripts that the database kept, and the log.

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{LogEntry, Server, StoredScript};

/// Reads the down scripts that the database kept; none where there is no table of them.
pub(crate) fn stored_scripts(
    connection: &mut Connection<'_>,
    server: &Server,
) -> Result<Vec<StoredScript>, Error> {
    if server.layout.is_none() {
        return Ok(Vec::new());
    }
    let message = connection.store.scripts();
    let reply = connection.ask(&message)?;
    Ok(reply.of(0).filter_map(StoredScript::parse).collect())
}

/// Reads what the log says about a migration; nothing where there is no log.
pub(crate) fn log_of(
    connection: &mut Connection<'_>,
    server: &Server,
    version: &str,
) -> Result<Vec<LogEntry>, Error> {
    if server.layout.is_none() {
        return Ok(Vec::new());
    }
    let message = connection.store.log_of(version);
    let reply = connection.ask(&message)?;
    Ok(reply.of(0).filter_map(LogEntry::parse).collect())
}

/// Kept scripts and log are extras: who may not read them still gets the rest.
pub(crate) fn if_allowed<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(error) if error.kind() == ErrorKind::Privilege => Ok(None),
        read => read.map(Some),
    }
}
