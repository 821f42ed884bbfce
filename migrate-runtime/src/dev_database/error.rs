//! What can go wrong with the development database, and the way out of it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::install;
#[cfg(feature = "check")]
use crate::error::{Error, ErrorKind};

/// Why the development database cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DevDatabaseError(#[from] Failure);

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no PostgreSQL server was found on this machine{}", Looked(.0))]
    NoServer(Vec<PathBuf>),
    #[error("PG_BIN names {}, where no PostgreSQL server is", .0.display())]
    PgBin(PathBuf),
    #[error("the development database was made by PostgreSQL {major}, but {}", Found(.found))]
    NoSuchVersion { major: String, found: Vec<String> },
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody"
    )]
    NoAccount,
    #[error("{} belongs to another user (id {owner})", .folder.display())]
    Foreign { folder: PathBuf, owner: u32 },
    #[error("{} is not a folder that this program made", .0.display())]
    NotOurs(PathBuf),
    #[error("{} holds no database: PG_VERSION is missing", .0.display())]
    Broken(PathBuf),
    #[error("another server answers on {}", .0.display())]
    OtherServer(PathBuf),
    #[error("there is no development database yet")]
    NotCreated,
    #[error("{} failed ({status}){}", .program.display(), Tail(.output))]
    Program { program: PathBuf, status: String, output: String },
    #[error("the server stopped while it started ({status}){}", Tail(.log))]
    Died { status: String, log: String },
    #[error("the server did not {action} within {seconds} seconds{}", Tail(.log))]
    Timeout { action: &'static str, seconds: u64, log: String },
    #[error("cannot {action} {}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the development database answered with an error")]
    Query(#[source] postgres::Error),
}

impl DevDatabaseError {
    /// Whether nothing is wrong but that no PostgreSQL server is installed.
    pub fn is_no_server(&self) -> bool {
        matches!(self.0, Failure::NoServer(_))
    }

    /// What to type next.
    pub fn hints(&self) -> Vec<String> {
        let reset = || vec!["migration-cli db reset --confirm".to_owned()];
        match &self.0 {
            Failure::NoServer(_) => install_or(OTHER_DATABASE),
            Failure::NoSuchVersion { major, .. } => {
                vec![
                    format!("PG_BIN=/path/to/postgresql-{major}/bin migration-cli up"),
                    "migration-cli db reset --confirm".to_owned(),
                ]
            }
            Failure::PgBin(_) => vec!["unset PG_BIN".to_owned()],
            Failure::NoAccount => vec![OTHER_DATABASE.to_owned()],
            Failure::Broken(_) => reset(),
            Failure::NotCreated => vec!["migration-cli db start".to_owned()],
            Failure::OtherServer(_) | Failure::Timeout { .. } => {
                vec!["migration-cli db status".to_owned()]
            }
            Failure::Foreign { .. }
            | Failure::NotOurs(_)
            | Failure::Program { .. }
            | Failure::Died { .. }
            | Failure::Io { .. }
            | Failure::Query(_) => Vec::new(),
        }
    }
}

#[cfg(feature = "check")]
impl DevDatabaseError {
    /// There is no server to throw away. `elsewhere` does the same on another one.
    pub(crate) fn or_elsewhere(self, elsewhere: &str) -> Error {
        let hints = match &self.0 {
            Failure::NoServer(_) => install_or(elsewhere),
            Failure::PgBin(_) => vec!["unset PG_BIN".to_owned(), elsewhere.to_owned()],
            _ => vec![elsewhere.to_owned()],
        };
        let failed = Error::new(ErrorKind::Connect, "no throw-away server could be started");
        hints.into_iter().fold(failed.with_source(self), Error::with_hint)
    }
}

const OTHER_DATABASE: &str =
    "DATABASE_URL=postgresql://USER:PASSWORD@HOST:5432/DATABASE migration-cli up";

/// The command that installs a server, where we know it, and the way that needs none.
fn install_or(without: &str) -> Vec<String> {
    install::command().into_iter().chain([without]).map(str::to_owned).collect()
}

impl Failure {
    /// Says what was being done to which path when the system refused.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
        let path = path.to_owned();
        move |source| Failure::Io { action, path, source }
    }
}

/// The places that were searched, one a line.
struct Looked<'a>(&'a [PathBuf]);

impl fmt::Display for Looked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() {
            f.write_str("; looked in")?;
        }
        self.0.iter().try_for_each(|place| write!(f, "\n  {}", place.display()))
    }
}

/// The versions that are there instead of the one that is needed.
struct Found<'a>(&'a [String]);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("no server is installed"),
            found => write!(f, "only {} is installed", found.join(", ")),
        }
    }
}

/// The last lines of what a program wrote, indented.
struct Tail<'a>(&'a str);

impl fmt::Display for Tail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINES: usize = 8;
        let lines: Vec<_> = self.0.lines().filter(|it| !it.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LINES)..];
        if !last.is_empty() {
            f.write_str("; it wrote")?;
        }
        last.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
