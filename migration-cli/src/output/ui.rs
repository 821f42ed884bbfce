//! The two streams, and who may write what to them.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};

use super::style::{HINT, LABEL, Styled, WARNING};
use crate::cli::GlobalArgs;
use crate::error::CommandError;
use crate::paste::Caller;
use crate::text::printable;

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Warnings and errors.
    Quiet,
    /// What is being done.
    Normal,
    /// And with what.
    Verbose,
}

/// The terminal, or what stands in its place.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    caller: Caller,
    json: bool,
    detail: Detail,
    color: ColorChoice,
    dumb: bool,
}

impl Ui {
    pub(crate) fn new(program: &str, color: ColorChoice) -> Ui {
        let caller = Caller::new(program);
        Ui { caller, json: false, detail: Detail::Normal, color, dumb: false }
    }

    /// Leaves stdout to the one JSON object.
    pub(crate) fn with_json(self, json: bool) -> Ui {
        Ui { json, ..self }
    }

    pub(crate) fn with_detail(self, detail: Detail) -> Ui {
        Ui { detail, ..self }
    }

    /// Draws nothing that moves: the terminal cannot redraw a line.
    pub(crate) fn with_dumb(self, dumb: bool) -> Ui {
        Ui { dumb, ..self }
    }

    /// Lets hints choose the database as the command line did.
    pub(crate) fn with_flags(self, global: &GlobalArgs) -> Ui {
        Ui { caller: self.caller.with_flags(global), ..self }
    }

    /// Prints a result, which is what the command was called for. In JSON, it is in the object.
    pub(crate) fn result(&self, text: impl Display) -> Result<(), CommandError> {
        if self.json { Ok(()) } else { self.write_out(&format!("{text}\n")) }
    }

    /// Prints a result just as it is; what would steer a terminal does not reach one.
    pub(crate) fn verbatim(&self, text: &str) -> Result<(), CommandError> {
        match (self.json, io::stdout().is_terminal()) {
            (true, _) => Ok(()),
            (false, true) => self.write_out(&printable(text)),
            (false, false) => write_to(io::stdout().lock(), text),
        }
    }

    /// Prints a result that has a label.
    pub(crate) fn labelled(&self, label: &str, value: &str) -> Result<(), CommandError> {
        self.result(format_args!("{}  {value}", Styled(LABEL, format_args!("{label:5}"))))
    }

    /// Prints the one JSON object.
    pub(crate) fn json(&self, text: &str) -> Result<(), CommandError> {
        self.write_out(&format!("{text}\n"))
    }

    /// Says what is going on.
    pub(crate) fn note(&self, text: impl Display) {
        if self.detail >= Detail::Normal {
            self.say(text);
        }
    }

    /// Says what only some want to know.
    pub(crate) fn detail(&self, text: impl Display) {
        if self.detail >= Detail::Verbose {
            self.say(text);
        }
    }

    /// Says what everybody should know.
    pub(crate) fn warn(&self, text: impl Display) {
        self.say(format_args!("{} {text}", Styled(WARNING, "Warning:")));
    }

    /// Says what to do about a warning, in our name already.
    pub(crate) fn hint(&self, text: &str) {
        let text = text.replace('\n', "\n        ");
        self.say(format_args!("  {} {text}", Styled(HINT, "Hint:")));
    }

    /// Writes a line to stderr. Where even that fails, nobody is left to tell.
    pub(crate) fn say(&self, text: impl Display) {
        let mut stderr = AutoStream::new(io::stderr(), self.color).lock();
        let _ = writeln!(stderr, "{text}");
    }

    /// Whether results are before the eyes of whoever sits at the terminal.
    pub(crate) fn shows_results(&self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Whether so much is to be said.
    pub(crate) fn shows(&self, detail: Detail) -> bool {
        self.detail >= detail
    }

    /// Whether stderr shows a progress bar: on a terminal that can redraw a line.
    pub(crate) fn draws(&self) -> bool {
        self.detail >= Detail::Normal && io::stderr().is_terminal() && !self.dumb
    }

    /// Whether stderr has colours.
    pub(crate) fn colors_stderr(&self) -> bool {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        }
    }

    /// How many columns stdout has, where it is a terminal.
    pub(crate) fn columns() -> Option<usize> {
        let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(width.0.into())
    }

    /// How many columns stderr has; as many as terminals have at least, where nobody knows.
    pub(crate) fn columns_of_stderr() -> usize {
        let size = terminal_size::terminal_size_of(io::stderr());
        size.map_or(80, |(width, _)| width.0.into())
    }

    /// What the program is called.
    pub(crate) fn program(&self) -> &str {
        &self.caller.program
    }

    /// The program with the version of this command line, as the log of the database keeps it.
    pub(crate) fn application(&self) -> String {
        format!("{} {}", self.caller.program, env!("CARGO_PKG_VERSION"))
    }

    /// Puts the running program into a hint of a library, so that it can be pasted.
    pub(crate) fn in_our_name(&self, text: &str) -> String {
        self.caller.rename(text)
    }

    fn write_out(&self, text: &str) -> Result<(), CommandError> {
        write_to(AutoStream::new(io::stdout(), self.color).lock(), text)
    }
}

/// A reader that has seen enough (`| head`) is no error.
fn write_to(mut stdout: impl io::Write, text: &str) -> Result<(), CommandError> {
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::io("cannot write to stdout", &error))
        }
        _ => Ok(()),
    }
}
