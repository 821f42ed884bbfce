//! What the server says when a backup begins, in the transaction whose snapshot the backup is of.

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{History, Row};
use crate::quote::{fill, literal};
use crate::sqlstate;
use crate::transport::{Failure, FailureCause, Keep};

/// What the server says at the beginning; its snapshot lasts as long as the transaction.
pub(super) struct Facts {
    pub(super) snapshot: String,
    pub(super) server_version: String,
    pub(super) database: String,
    pub(super) database_bytes: u64,
    /// Without its indexes.
    pub(super) data_bytes: u64,
    pub(super) time: String,
    pub(super) role: String,
    pub(super) history: Option<Vec<Row>>,
}

/// Opens the transaction, which the caller ends.
pub(super) fn facts(connection: &mut Connection<'_>) -> Result<Facts, Error> {
    let migrations = literal(&format!("{}._migrations", connection.store.schema));
    let facts = fill(include_str!("facts.sql"), &[("migrations", &migrations)]);
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let reply = connection.send(&format!("{begin};\n{facts}"), Keep::All);
    let reply = reply.map_err(|it| no_snapshot(connection, it))?;
    let cells = reply.first(2).unwrap_or_default();
    let cell = |at: usize| cells.get(at).and_then(Option::as_deref);
    let text = |at: usize| cell(at).map(str::to_owned).ok_or_else(not_understood);
    let version = text(1)?;
    let history = if cell(5).is_some() {
        let message = connection.store.rows().to_owned();
        let mut rows = connection.ask(&message)?;
        Some(History::parse(rows.take(0)).ok_or_else(not_understood)?.rows)
    } else {
        None
    };
    Ok(Facts {
        snapshot: text(0)?,
        // Packagers add their own: `15.18 (Debian 15.18-0+deb12u1)`.
        server_version: version.split(' ').next().unwrap_or(&version).to_owned(),
        database: text(2)?,
        database_bytes: text(3)?.parse().unwrap_or(0),
        time: text(4)?,
        role: text(6)?,
        data_bytes: text(7)?.parse().unwrap_or(0),
        history,
    })
}

fn no_snapshot(connection: &Connection<'_>, failure: Failure) -> Error {
    let code = failure.sqlstate().unwrap_or_default().to_owned();
    match failure.error {
        FailureCause::Postgres(error)
            if !code.is_empty()
                && !sqlstate::SESSION_ENDED.contains(&code.as_str())
                && code != sqlstate::QUERY_CANCELED =>
        {
            let lacks = code == sqlstate::INSUFFICIENT_PRIVILEGE;
            let kind = if lacks { ErrorKind::Privilege } else { ErrorKind::Connect };
            Error::from_postgres(kind, "the server gives no snapshot for a backup", error)
                .with_state("nothing was changed")
        }
        error => connection.cannot_read(Failure { error, ..failure }),
    }
}

pub(super) fn not_understood() -> Error {
    Error::new(ErrorKind::Internal, "the server's answer makes no sense")
}
