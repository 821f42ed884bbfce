//! `restore --drop-old`: the databases that a restore has replaced, and kept.

use super::names;
use super::others::{self, Connected};
use super::refuse::failed;
use super::side::databases;
use crate::audit::Entry;
use crate::backup::BackupId;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::quote::{ident, json_text};
use crate::transport::Keep;

/// A database that a restore has replaced.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Kept {
    /// Its name now.
    pub name: String,
    /// Who is connected to it.
    pub others: Vec<Connected>,
    oid: u32,
}

/// The databases that restores of a backup into `database` have replaced.
pub(super) fn find(
    connection: &mut Connection<'_>,
    database: &str,
    id: &BackupId,
) -> Result<Vec<Kept>, Error> {
    let mut found = Vec::new();
    for it in databases(connection)? {
        // Another name is none that we gave; somebody has taken it into use.
        let comment = it.comment.as_deref().unwrap_or_default();
        let is_kept = names::is_kept(comment, database, id.as_str());
        if is_kept && names::is_kept_name(&it.name, database) {
            let others = others::connected(connection, &[it.oid])?;
            found.push(Kept { name: it.name, others, oid: it.oid });
        }
    }
    if found.is_empty() {
        let message =
            format!("no database was kept that a restore of {id} into {database} has replaced");
        return Err(Error::new(ErrorKind::NoSuchBackup, message)
            .with_state("nothing was changed")
            .with_hint("SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database;   -- what was kept says so"));
    }
    Ok(found)
}

/// Drops them, if they are what was shown. Gives their names.
pub(super) fn drop_all(
    connection: &mut Connection<'_>,
    database: &str,
    id: &BackupId,
    agreed: &[Kept],
) -> Result<Vec<String>, Error> {
    let found = find(connection, database, id)?;
    let mut dropped = Vec::new();
    for kept in found.iter().filter(|it| agreed.iter().any(|agreed| agreed.oid == it.oid)) {
        let name = ident(&kept.name);
        connection.interrupt.check()?;
        if !kept.others.is_empty() {
            let others = others::list(&kept.others);
            let message = format!("others are connected to {}: {others}", kept.name);
            return Err(Error::new(ErrorKind::InUse, message)
                .with_state(so_far(&dropped))
                .with_hint(format!(
                    "DROP DATABASE {name} WITH (FORCE);   -- ends their sessions"
                )));
        }
        // A template cannot be dropped.
        let message = format!("ALTER DATABASE {name} IS_TEMPLATE false");
        let prepared = connection.send(&message, Keep::All);
        let sent =
            prepared.and_then(|_| connection.send(&format!("DROP DATABASE {name}"), Keep::All));
        sent.map_err(|it| {
            failed(it, &format!("the database {} cannot be dropped", kept.name))
                .with_state(so_far(&dropped))
        })?;
        log(connection, id, &kept.name);
        dropped.push(kept.name.clone());
    }
    Ok(dropped)
}

fn so_far(dropped: &[String]) -> String {
    match dropped {
        [] => "nothing was dropped".to_owned(),
        dropped => format!("dropped: {}", dropped.join(", ")),
    }
}

fn log(connection: &mut Connection<'_>, id: &BackupId, name: &str) {
    connection.log(&Entry {
        detail: &format!(r#"{{"backup": "{id}", "dropped": "{}"}}"#, json_text(name)),
        ..Entry::ok()
    });
}
