//! Problems: findings that keep a folder of migrations from being used.

use std::fmt;

use crate::place::Lines;
use crate::{ByteRange, Place};

/// A finding in a file or in the folder: where, what, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What sort of problem it is.
    pub kind: ProblemKind,
    /// The file, with the folder before it; the folder alone where no file is to blame.
    pub file: String,
    /// Where in the file; nothing where the name is to blame, or the file as a whole.
    pub place: Option<Place>,
    /// How many characters of the line are to blame, at least 1.
    pub width: u32,
    /// The text of the line that [`place`](Problem::place) names.
    pub source_line: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What sort of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The folder or a file cannot be read.
    Unreadable,
    /// A file that is no script of a migration.
    BadName,
    /// An up script without its down script, or the other way round.
    LoneHalf,
    /// Two migrations with one version.
    DuplicateVersion,
    /// A script larger than PostgreSQL takes.
    TooLarge,
    /// A file that is not UTF-8.
    NotUtf8,
    /// A NUL byte, which PostgreSQL does not take.
    Nul,
    /// A merge that was not finished.
    MergeConflict,
    /// A script without any statement.
    Empty,
    /// A quote, comment or parenthesis without its end, or SQL that does not parse.
    Syntax,
    /// A script that begins or ends transactions itself.
    TransactionControl,
    /// A command of psql.
    PsqlCommand,
    /// `COPY … FROM stdin`.
    CopyFromStdin,
    /// A statement that cannot run in a transaction, in a script that runs in one.
    RefusesTransaction,
    /// A `-- migrate:` line that says nothing known, or says it wrongly.
    Directive,
    /// What the lint found; no folder is refused because of it.
    Lint,
}

impl ProblemKind {
    /// The word for this sort of problem, for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::BadName => "bad_name",
            ProblemKind::LoneHalf => "lone_half",
            ProblemKind::DuplicateVersion => "duplicate_version",
            ProblemKind::TooLarge => "too_large",
            ProblemKind::NotUtf8 => "not_utf8",
            ProblemKind::Nul => "nul",
            ProblemKind::MergeConflict => "merge_conflict",
            ProblemKind::Empty => "empty",
            ProblemKind::Syntax => "syntax",
            ProblemKind::TransactionControl => "transaction_control",
            ProblemKind::PsqlCommand => "psql_command",
            ProblemKind::CopyFromStdin => "copy_from_stdin",
            ProblemKind::RefusesTransaction => "refuses_transaction",
            ProblemKind::Directive => "directive",
            ProblemKind::Lint => "lint",
        }
    }
}

impl Problem {
    /// A problem of a file as a whole.
    pub(crate) fn of_file(kind: ProblemKind, file: String, message: String, help: String) -> Self {
        let help = Some(help).filter(|it| !it.is_empty());
        Problem { kind, file, place: None, width: 1, source_line: None, message, help }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => {
                write!(f, "{}:{line}:{column}: {}", self.file, self.message)
            }
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Problem {}

/// A problem of a script before the name of its file is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: ProblemKind,
    pub(crate) range: ByteRange,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Finding {
    pub(crate) fn new(
        kind: ProblemKind,
        range: ByteRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Finding {
        Finding { kind, range, message: message.into(), help: help.into() }
    }

    pub(crate) fn in_file(self, file: &str, lines: &Lines<'_>) -> Problem {
        let (start, end) = (self.range.start as usize, self.range.end as usize);
        Problem {
            place: Some(lines.place_of(start)),
            width: lines.width_of(start, end),
            source_line: Some(lines.text_at(start).to_owned()),
            ..Problem::of_file(self.kind, file.to_owned(), self.message, self.help)
        }
    }
}
