//! What is read beside the history: the down scripts that the database kept, and the log.

use std::time::Duration;

use migrate_core::MigrationSet;

use crate::config::Settings;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{History, LogEntry, LogFilter, Server, StoredScript};
use crate::reading::READ;
use crate::schema;
use crate::schema_drift::SchemaDrift;
use crate::snapshot::{LIMITS, stamp};
use crate::sqlstate;
use crate::transport::Reply;
use crate::verify::{STRUCTURE, Structure, Verification};

/// Reads the down scripts that the database kept, of some versions or of all; none where there is no table of them.
pub(crate) fn stored_scripts(
    connection: &mut Connection<'_>,
    server: &Server,
    versions: Option<&[&str]>,
) -> Result<Vec<StoredScript>, Error> {
    if server.layout.is_none() || versions.is_some_and(<[_]>::is_empty) {
        return Ok(Vec::new());
    }
    let message = connection.store.scripts(versions);
    let mut reply = connection.ask(&message)?;
    Ok(kept(server, &mut reply, 0))
}

/// The scripts in the answer to a statement; what is there without a layout is not ours.
fn kept(server: &Server, reply: &mut Reply, statement: usize) -> Vec<StoredScript> {
    let scripts = reply.take(statement).filter(|_| server.layout.is_some());
    scripts.filter_map(|it| StoredScript::parse(&it.into_cells())).collect()
}

/// What stands before that which is asked together with the history.
const BESIDE: [&str; 5] = [
    // Names are told with their schemas.
    "SET LOCAL search_path = pg_catalog",
    "SET LOCAL jit = off",
    LIMITS[0],
    LIMITS[1],
    LIMITS[2],
];

/// What [`stamp_of`] reads, to be asked together with the history; nothing where schemas are not recorded.
pub(crate) fn stamp_beside(settings: &Settings) -> Option<String> {
    settings.record_schema.then(|| format!("{};\n{}", BESIDE.join(";\n"), schema::stamp_query()))
}

/// The stamp of the catalogs in the answer to [`stamp_beside`].
pub(crate) fn stamp_of(reply: &Reply) -> Option<String> {
    stamp(reply, READ + BESIDE.len())
}

/// What [`verification`] reads, to be asked together with the history.
pub(crate) fn verification_beside(connection: &Connection<'_>) -> String {
    let mut parts = BESIDE.map(str::to_owned).to_vec();
    // Two for the structure, the scripts, the stamp.
    parts.extend([STRUCTURE.to_owned(), connection.store.scripts(None)]);
    parts.extend(connection.settings.record_schema.then(schema::stamp_query));
    parts.join(";\n")
}

/// Compares binary, history and database, and tells what of that was changed by hand since the last run. What was asked
/// together with the history is not asked again.
pub(crate) fn verification(
    connection: &mut Connection<'_>,
    set: &MigrationSet,
    (server, history, beside): (&Server, History, Option<Reply>),
) -> Result<(Verification, SchemaDrift), Error> {
    let (structure, stored, stamp) = if let Some(mut reply) = beside {
        let first = READ + BESIDE.len();
        let mut structure = Structure::read(reply.of(first), reply.of(first + 1));
        if structure.has_invalid_indexes() {
            // Who builds one is not told in the snapshot that the index is read in: it may have been finished since.
            structure = self::structure(connection)?;
        }
        (structure, kept(server, &mut reply, first + 2), stamp(&reply, first + 3))
    } else {
        let stored = if_allowed(stored_scripts(connection, server, None))?;
        (structure(connection)?, stored.unwrap_or_default(), None)
    };
    let drift = connection.schema_drift(server, &history, stamp)?;
    let database = server.database.clone();
    let mut verification = Verification::new(set, history, &stored, &structure, database);
    verification.findings.extend(drift.findings());
    Ok((verification, drift))
}

/// Reads which indexes are invalid and which constraints are not validated. Every role may, unless somebody
/// took it away.
fn structure(connection: &mut Connection<'_>) -> Result<Structure, Error> {
    // Names are told with their schemas.
    let message = format!("SET LOCAL search_path = pg_catalog;\n{STRUCTURE}");
    match connection.ask(&message) {
        Ok(reply) => Ok(Structure::read(reply.of(1), reply.of(2))),
        Err(error) if error.kind() == ErrorKind::Privilege => {
            Ok(Structure::unread(error.server_message().unwrap_or_default()))
        }
        Err(error) => Err(error),
    }
}

/// Reads what the log says about a migration: nothing where it cannot be read, and no row where there
/// is no log. It is an extra: whatever is wrong with it, the rest is told.
pub(crate) fn log_of(
    connection: &mut Connection<'_>,
    version: &str,
) -> Result<Option<Vec<LogEntry>>, Error> {
    let filter = LogFilter { version: Some(version.to_owned()), ..LogFilter::default() };
    match entries(connection, &filter) {
        Ok(entries) => Ok(Some(entries.unwrap_or_default())),
        // It may not be read, or a table of that name is not ours.
        Err(error) if error.sqlstate().is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads rows of the log, oldest first; nothing where there is no log. Where there are more of them than
/// wanted, one more is read.
pub(crate) fn entries(
    connection: &mut Connection<'_>,
    filter: &LogFilter,
) -> Result<Option<Vec<LogEntry>>, Error> {
    let message = connection.store.entries(filter);
    match connection.ask(&message) {
        Ok(reply) => {
            let mut entries: Vec<_> = reply.of(0).filter_map(LogEntry::parse).collect();
            entries.reverse();
            Ok(Some(entries))
        }
        Err(error) if error.sqlstate() == Some(sqlstate::UNDEFINED_TABLE) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads which migrations a run has committed, and how long each took; nothing where the log cannot be
/// read.
pub(crate) fn committed_by(
    connection: &mut Connection<'_>,
    run: &str,
) -> Result<Option<Vec<(String, Duration)>>, Error> {
    let message = connection.store.committed_by(run);
    let Some(reply) = if_allowed(connection.ask(&message))? else { return Ok(None) };
    let parse = |cells: &[Option<String>]| {
        let millis: i64 = cells.get(1)?.as_deref().unwrap_or("0").parse().ok()?;
        Some((cells.first()?.clone()?, Duration::from_millis(millis.max(0).unsigned_abs())))
    };
    Ok(Some(reply.of(0).filter_map(parse).collect()))
}

/// It is an extra: who may not read it, or has lost the table, still gets the rest.
pub(crate) fn if_allowed<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(error) if error.kind() == ErrorKind::Privilege => Ok(None),
        Err(error) if error.sqlstate() == Some(sqlstate::UNDEFINED_TABLE) => Ok(None),
        read => read.map(Some),
    }
}
