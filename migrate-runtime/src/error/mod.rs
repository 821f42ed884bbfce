//! The one error of this library.
//!
//! Modules describe what went wrong in their own terms and turn it into an [`Error`]: a kind for
//! programs, one sentence, the way out, and what is known about the database.

mod debug;
mod kind;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::progress::Blocker;
use crate::run::PartialRun;
use crate::sqlstate;

pub use kind::ErrorKind;

/// Why a command did not do what it was asked to.
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    server: Option<ServerError>,
    location: Option<Location>,
    state: Option<String>,
    hints: Vec<String>,
    blockers: Vec<Blocker>,
    partial: Option<PartialRun>,
    is_logged: bool,
}

/// What the server said.
#[derive(Clone, Debug)]
struct ServerError {
    sqlstate: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    context: Option<String>,
}

/// Where in the scripts an error was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The script, as `migrations/FILE`.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1, where the server told.
    pub column: Option<u32>,
    /// The text of that line.
    pub source_line: String,
    /// Which statement of the script it is, counted from 1.
    pub statement: usize,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
            server: None,
            location: None,
            state: None,
            hints: Vec::new(),
            blockers: Vec::new(),
            partial: None,
            is_logged: false,
        }))
    }

    /// An error that came from the client library; what the server said is kept apart from it.
    pub(crate) fn from_postgres(
        kind: ErrorKind,
        message: impl Into<String>,
        error: postgres::Error,
    ) -> Error {
        let mut made = Error::new(kind, message);
        made.0.server = error.as_db_error().map(|it| {
            let said = (it.code().code(), it.message());
            let (sqlstate, message) = sqlstate::refusal(it).map_or(said, |it| (it.code, it.words));
            ServerError {
                sqlstate: sqlstate.to_owned(),
                message: message.to_owned(),
                detail: it.detail().map(str::to_owned),
                hint: it.hint().map(str::to_owned),
                context: it.where_().map(str::to_owned),
            }
        });
        // With the server's own words at hand, the client's "db error" adds nothing.
        made.0.source = match &made.0.server {
            Some(server) => {
                Some(Box::<dyn StdError + Send + Sync>::from(server.message.clone()).into())
            }
            None => Some(Arc::new(error)),
        };
        made
    }

    /// The same once more, for the next who fails for the same reason.
    #[cfg(feature = "testing")]
    pub(crate) fn again(&self) -> Error {
        Error(self.0.clone())
    }

    /// The same, under another kind.
    #[cfg(feature = "backup")]
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Error {
        self.0.source = Some(Arc::new(source));
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hints.push(hint.into());
        self
    }

    pub(crate) fn with_state(mut self, state: impl Into<String>) -> Error {
        self.0.state = Some(state.into());
        self
    }

    pub(crate) fn with_location(mut self, location: Option<Location>) -> Error {
        self.0.location = location;
        self
    }

    pub(crate) fn with_blockers(mut self, blockers: Vec<Blocker>) -> Error {
        self.0.blockers = blockers;
        self
    }

    pub(crate) fn with_partial(mut self, partial: PartialRun) -> Error {
        self.0.partial = Some(partial);
        self
    }

    /// Notes that the log of the database has a row about it.
    pub(crate) fn logged(mut self) -> Error {
        self.0.is_logged = true;
        self
    }

    /// What went wrong, as far as a program has to tell apart.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The exit code of a command that fails with this error.
    pub fn exit_code(&self) -> u8 {
        self.0.kind.exit_code()
    }

    /// The server's code, where the server refused something.
    pub fn sqlstate(&self) -> Option<&str> {
        self.0.server.as_ref().map(|it| it.sqlstate.as_str())
    }

    /// The server's own message.
    pub fn server_message(&self) -> Option<&str> {
        self.0.server.as_ref().map(|it| it.message.as_str())
    }

    /// The server's own message; ours, where it has said nothing.
    pub(crate) fn reason(&self) -> String {
        self.server_message().map_or_else(|| self.to_string(), str::to_owned)
    }

    /// The server's `DETAIL`.
    pub fn server_detail(&self) -> Option<&str> {
        self.0.server.as_ref()?.detail.as_deref()
    }

    /// The server's `HINT`.
    pub fn server_hint(&self) -> Option<&str> {
        self.0.server.as_ref()?.hint.as_deref()
    }

    /// The server's `CONTEXT`: the functions that were running.
    pub fn server_context(&self) -> Option<&str> {
        self.0.server.as_ref()?.context.as_deref()
    }

    /// Where in the scripts it happened.
    pub fn location(&self) -> Option<&Location> {
        self.0.location.as_ref()
    }

    /// One sentence: in which state the database is now.
    pub fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    /// Ways out; those that are commands name the program `migration-cli`.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// Who held the locks that were in the way when somebody was last seen there. Empty for all other
    /// failures, and where it cannot be seen: over a connection that belongs to the caller.
    pub fn blockers(&self) -> &[Blocker] {
        &self.0.blockers
    }

    /// What had been done when it happened.
    pub fn partial(&self) -> Option<&PartialRun> {
        self.0.partial.as_ref()
    }

    /// Whether the log of the database has a row about it.
    pub fn is_logged(&self) -> bool {
        self.0.is_logged
    }

    /// Whether another runner held the lock until the waiting time was over.
    pub fn is_lock_held(&self) -> bool {
        self.kind() == ErrorKind::LockHeld
    }

    /// Whether it was an interruption and not a failure.
    pub fn is_interrupted(&self) -> bool {
        self.kind() == ErrorKind::Interrupted
    }

    /// Whether the same call may succeed when it is simply made again.
    pub fn is_transient(&self) -> bool {
        let kind = self.kind();
        let passing = [ErrorKind::LockHeld, ErrorKind::LockTimeout, ErrorKind::ConnectionLost];
        passing.contains(&kind) || self.sqlstate().is_some_and(|it| sqlstate::RETRIED.contains(&it))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Location { file, line, column, .. }) = &self.0.location {
            write!(f, "{file}:{line}")?;
            if let Some(column) = column {
                write!(f, ":{column}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|it| it as _)
    }
}
