//! Finds PostgreSQL's own programs by version: a client of an older version does not understand the server,
//! and one of the same version makes what that server can read.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, ErrorKind};
use crate::installed::{Search, library_path, major_of, version_of};

/// A program that comes with PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    PgDump,
    PgRestore,
}

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// The full version, as in `15.18`.
    pub(crate) version: String,
    /// As in `15`.
    pub(crate) major: u32,
}

impl Program {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Program::PgDump => "pg_dump",
            Program::PgRestore => "pg_restore",
        }
    }
}

/// The program of exactly that version, else the oldest that is newer.
pub(crate) fn find(search: &Search, program: Program, major: u32) -> Result<Found, Error> {
    let mut newer: Option<Found> = None;
    let mut older: Vec<String> = Vec::new();
    for folder in search.candidates() {
        let Some(found) = inspect(&folder.join(program.name())) else { continue };
        if found.major == major {
            return Ok(found);
        }
        if found.major < major {
            let text = format!("{} in {}", found.version, folder.display());
            older.extend(Some(text).filter(|it| !older.contains(it)));
        } else if newer.as_ref().is_none_or(|it| found.major < it.major) {
            newer = Some(found);
        }
    }
    newer.ok_or_else(|| missing(search, program, major, &older))
}

fn missing(search: &Search, program: Program, major: u32, older: &[String]) -> Error {
    let name = program.name();
    let message = match (older, search.named()) {
        ([], Some(folder)) => {
            format!("there is no {name} in {}, which PG_BIN names", folder.display())
        }
        ([], None) => format!("{name} is not installed, or not where it is looked for"),
        (older, _) => {
            let found = older.join(", ");
            format!("{name} is too old for this server of version {major}: there is {found}")
        }
    };
    let error = Error::new(ErrorKind::MissingProgram, message).with_state("nothing was changed");
    let error = error.with_hint(format!(
        "sudo apt-get install postgresql-client-{major}   # Debian, Ubuntu; elsewhere the client programs of PostgreSQL {major} or newer"
    ));
    match search.named() {
        Some(_) => error.with_hint(format!(
            "unset PG_BIN   # or let it name a folder with the {name} of PostgreSQL {major} or newer"
        )),
        None => error.with_hint(format!(
            "export PG_BIN=/path/to/bin   # where {name} of PostgreSQL {major} or newer is"
        )),
    }
}

/// Asks a program for its version; nothing where there is none that runs.
fn inspect(path: &Path) -> Option<Found> {
    let target = path.canonicalize().ok()?;
    // Debian's wrapper chooses a version by rules of its own, among those that are found by themselves.
    if target.file_name().is_some_and(|it| it == "pg_wrapper") {
        return None;
    }
    let mut command = command(path);
    let output = command.arg("--version").output().ok().filter(|it| it.status.success())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let version = version_of(&printed)?.to_owned();
    let major = major_of(&version)?.split('.').next()?.parse().ok()?;
    Some(Found { path: path.to_owned(), version, major })
}

/// A command with a fresh environment: no `PG*` variable decides anything, and no secret of the caller's is
/// handed on.
pub(super) fn command(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C");
    let target = path.canonicalize().ok();
    command.envs(target.as_deref().and_then(Path::parent).and_then(library_path));
    command
}
