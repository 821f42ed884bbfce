//! One migration in full, as binary and database know it. Pure.

use migrate_core::{Migration, MigrationSet};

use crate::error::{Error, ErrorKind};
use crate::history::{LogEntry, StoredScript, Unfinished};
use crate::plan::{nearest, same_down};
use crate::status::{Entry, Status};

/// One migration in full.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Info {
    /// The name of the database, as the server gives it.
    pub database: String,
    /// Its state, and when it ran.
    pub entry: Entry,
    /// Where it stopped, if it began outside a transaction and did not end.
    pub unfinished: Vec<Unfinished>,
    /// Its scripts, where this binary has them.
    pub migration: Option<&'static Migration>,
    /// The down script that the database kept, where it is another one than that of the binary, or
    /// the binary has none.
    pub kept_down: Option<String>,
    /// Everything that was done with it, oldest first; nothing where the role may not read the log.
    pub log: Option<Vec<LogEntry>>,
}

impl Info {
    /// Picks one migration from what there is; `stored` are the scripts that the database kept.
    pub(crate) fn new(
        set: &MigrationSet,
        version: &str,
        status: Status,
        stored: &[StoredScript],
        log: Option<Vec<LogEntry>>,
    ) -> Result<Info, Error> {
        let Some(entry) = status.entries.iter().find(|it| it.version == version).cloned() else {
            return Err(no_such_version(set, &status, version, |it| {
                format!("migration-cli info {it}")
            }));
        };
        let migration = version.parse().ok().and_then(|it| set.get(it));
        let kept = stored.iter().find(|it| it.version == version);
        let kept = kept.filter(|kept| migration.is_none_or(|it| !same_down(it, kept)));
        let kept_down = kept.and_then(|it| it.sql.clone());
        let mut unfinished = status.unfinished;
        unfinished.retain(|it| it.version == version);
        Ok(Info { database: status.database, entry, unfinished, migration, kept_down, log })
    }
}

/// A name, or the beginning of a version, is what people have at hand.
pub(crate) fn no_such_version(
    set: &MigrationSet,
    status: &Status,
    text: &str,
    hint: impl FnOnce(&str) -> String,
) -> Error {
    let message = format!("neither this binary nor the database has a migration {text}");
    let error = Error::new(ErrorKind::NoSuchVersion, message);
    let alike = |it: &&Entry| it.name == text || it.version.starts_with(text);
    let alike = status.entries.iter().find(alike).map(|it| it.version.clone());
    let near = || nearest(set, text.parse().ok()?).map(|it| it.to_string());
    // A version of another tool's may be anything, and a hint is pasted.
    let plain = |it: &String| it.bytes().all(|it| it.is_ascii_alphanumeric());
    match alike.filter(|it| !text.is_empty() && plain(it)).or_else(near) {
        Some(near) => error.with_hint(hint(&near)),
        None => error.with_hint("migration-cli status   # lists every version"),
    }
}
