//! The error of a command: everything that is said about a failure, in one flat value.

use std::error::Error as StdError;
use std::path::Path;

use migrate_runtime::dev_database::DevDatabaseError;
use migrate_runtime::{Blocker, Done, Error, ErrorKind};

use crate::paste::quote;

/// After these, the database is asked nothing more.
pub(crate) const ENDS: [ErrorKind; 3] =
    [ErrorKind::Connect, ErrorKind::ConnectionLost, ErrorKind::Interrupted];

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CommandError(Box<Failure>);

/// What is said about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong, for programs; decides the exit code.
    pub(crate) kind: ErrorKind,
    /// One sentence.
    pub(crate) message: String,
    /// The reasons behind it, outermost first.
    pub(crate) causes: Vec<String>,
    /// Ways out; those that are commands name the program `migration-cli`.
    pub(crate) hints: Vec<String>,
    /// Where in a file it was found.
    pub(crate) place: Option<FailurePlace>,
    /// What the server said beside its message.
    pub(crate) server: ServerSaid,
    /// Whose locks were in the way.
    pub(crate) blockers: Vec<Blocker>,
    /// In which state the database is now.
    pub(crate) state: Option<String>,
    /// What ran before it, where something was to run.
    pub(crate) done: Option<Vec<Done>>,
    /// The token of the run that failed.
    pub(crate) run: Option<String>,
    /// Whether the log of the database has a row about it.
    pub(crate) is_logged: bool,
    /// Whether this command line found it, and not the library.
    pub(crate) is_ours: bool,
}

/// Where in a file a failure was found.
#[derive(Debug)]
pub(crate) struct FailurePlace {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: Option<u32>,
    pub(crate) source_line: Option<String>,
}

/// What the server said beside its message, which is among the causes.
#[derive(Debug, Default)]
pub(crate) struct ServerSaid {
    pub(crate) sqlstate: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    pub(crate) context: Option<String>,
}

impl CommandError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> CommandError {
        CommandError(Box::new(Failure {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            place: None,
            server: ServerSaid::default(),
            blockers: Vec::new(),
            state: None,
            done: None,
            run: None,
            is_logged: false,
            is_ours: true,
        }))
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> CommandError {
        CommandError::new(ErrorKind::Usage, message)
    }

    /// A configuration that makes no sense.
    pub(crate) fn config(message: impl Into<String>) -> CommandError {
        CommandError::new(ErrorKind::Config, message)
    }

    /// The system refused something.
    pub(crate) fn io(message: impl Into<String>, error: &std::io::Error) -> CommandError {
        CommandError::new(ErrorKind::Io, message).caused_by(error)
    }

    pub(crate) fn caused_by(mut self, error: &(dyn StdError + 'static)) -> CommandError {
        self.0.causes.extend(chain(Some(error)));
        self
    }

    /// Adds a reason that is only known as text.
    pub(crate) fn because(mut self, reason: String) -> CommandError {
        self.0.causes.push(reason);
        self
    }

    pub(crate) fn with_state(mut self, state: impl Into<String>) -> CommandError {
        self.0.state = Some(state.into());
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> CommandError {
        self.0.hints.push(hint.into());
        self
    }

    /// Puts another hint in the place of those that `is_meant` finds.
    pub(crate) fn with_hint_instead(
        mut self,
        is_meant: impl Fn(&str) -> bool,
        hint: &str,
    ) -> CommandError {
        for old in self.0.hints.iter_mut().filter(|it| is_meant(it)) {
            hint.clone_into(old);
        }
        self
    }

    /// For a command that only shows: its hints show too, and change nothing.
    pub(crate) fn for_plan(mut self) -> CommandError {
        for hint in &mut self.0.hints {
            for (runs, shows) in [("up", "plan"), ("down", "plan --down")] {
                let runs = format!("migration-cli {runs}");
                let rest =
                    hint.strip_prefix(&runs).filter(|it| it.is_empty() || it.starts_with(' '));
                if let Some(rest) = rest {
                    *hint = format!("migration-cli {shows}{rest}");
                    break;
                }
            }
        }
        self
    }

    /// Where backups are in a folder of their own, hints look for them there.
    pub(crate) fn for_backups_in(mut self, folder: Option<&Path>) -> CommandError {
        const FLAG: &str = "--backup-dir";
        let Some(folder) = folder else { return self };
        let folder = quote(&folder.to_string_lossy());
        for hint in &mut self.0.hints {
            let rest = hint.strip_prefix("migration-cli ").unwrap_or_default();
            let is_of_backups = ["backup", "restore"].iter().any(|it| rest.starts_with(it));
            if is_of_backups && !rest.contains(FLAG) {
                let end = hint.find("   #").unwrap_or(hint.len());
                hint.insert_str(end, &format!(" {FLAG} {folder}"));
            }
        }
        self
    }

    /// Says where in a file it was found.
    pub(crate) fn at(mut self, file: String, line: u32, column: Option<u32>) -> CommandError {
        self.0.place = Some(FailurePlace { file, line, column, source_line: None });
        self
    }
}

impl std::ops::Deref for CommandError {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl From<DevDatabaseError> for CommandError {
    fn from(error: DevDatabaseError) -> CommandError {
        let mut made = CommandError::new(ErrorKind::Connect, error.to_string());
        made.0.causes = chain(error.source());
        made.0.hints = error.hints();
        made
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> CommandError {
        let place = error.location().map(|it| FailurePlace {
            file: it.file.clone(),
            line: it.line,
            column: it.column,
            source_line: Some(it.source_line.clone()).filter(|it| !it.is_empty()),
        });
        CommandError(Box::new(Failure {
            kind: error.kind(),
            message: without_place(&error.to_string(), place.as_ref()),
            causes: chain(error.source()),
            hints: error.hints().to_vec(),
            place,
            server: ServerSaid {
                sqlstate: error.sqlstate().map(str::to_owned),
                detail: error.server_detail().map(str::to_owned),
                hint: error.server_hint().map(str::to_owned),
                context: error.server_context().map(str::to_owned),
            },
            blockers: error.blockers().to_vec(),
            state: error.state().map(str::to_owned),
            done: error.partial().map(|it| it.done.clone()),
            run: error.partial().map(|it| it.token.clone()),
            is_logged: error.is_logged(),
            is_ours: false,
        }))
    }
}

impl FailurePlace {
    /// `FILE:LINE:COLUMN`, as editors and terminals make links of it.
    pub(crate) fn link(&self) -> String {
        let column = self.column.map(|it| format!(":{it}")).unwrap_or_default();
        format!("{}:{}{column}", self.file, self.line)
    }
}

/// The place is shown on its own: with its line and a caret, or as fields of JSON.
fn without_place(message: &str, place: Option<&FailurePlace>) -> String {
    let prefix = place.map(|it| format!("{}: ", it.link())).unwrap_or_default();
    message.strip_prefix(&prefix).unwrap_or(message).to_owned()
}

/// The messages of an error and of what caused it; a cause that its effect quotes in full is left out.
fn chain(error: Option<&(dyn StdError + 'static)>) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error;
    while let Some(error) = next {
        let message = error.to_string();
        if causes.last().is_none_or(|it| !it.contains(&message)) {
            causes.push(message);
        }
        next = error.source();
    }
    causes
}
