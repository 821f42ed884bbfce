//! Failures for people: one sentence, the place with its line, the chain, the state, the way out.

use std::fmt::Write as _;

use migrate_core::snippet::{Colors, Snippet, render};

use super::style::{ERROR, FAINT, HINT, LABEL, Styled};
use super::ui::Ui;
use crate::error::{CommandError, Failure, FailurePlace};
use crate::secret::redact;
use crate::text::printable;

impl Ui {
    /// Says why a command failed.
    pub(crate) fn failure(&self, error: &CommandError) {
        self.say(self.in_our_name(&redact(describe(error, self.colors_stderr()).trim_end())));
    }
}

fn describe(error: &Failure, colored: bool) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{} {}", Styled(ERROR, "Error:"), error.message);
    for cause in &error.causes {
        let _ = writeln!(text, "{} {cause}", Styled(LABEL, "Caused by:"));
    }
    if let Some(place) = &error.place {
        let _ = writeln!(text, "{}", snippet(place, colored));
    }
    let server = &error.server;
    let said = [
        ("SQLSTATE:", &server.sqlstate),
        ("Detail:", &server.detail),
        ("Server's hint:", &server.hint),
        ("Context:", &server.context),
    ];
    for (label, value) in said {
        if let Some(value) = value {
            let _ = writeln!(text, "{} {value}", Styled(LABEL, label));
        }
    }
    for blocker in &error.blockers {
        let blocker = printable(&blocker.to_string());
        let _ = writeln!(text, "{} {blocker}", Styled(LABEL, "In the way:"));
    }
    if let Some(state) = &error.state {
        let _ = writeln!(text, "{} {state}", Styled(LABEL, "State:"));
    }
    for hint in &error.hints {
        let _ = writeln!(text, "{} {hint}", Styled(HINT, "Hint:"));
    }
    text
}

fn snippet(place: &FailurePlace, colored: bool) -> String {
    let Some(line) = &place.source_line else {
        return format!("  {} {}", Styled(FAINT, "-->"), place.link());
    };
    let colors = if colored { Colors::Ansi } else { Colors::Plain };
    let snippet = Snippet {
        file: &place.file,
        line: Some(place.line),
        column: place.column,
        width: 1,
        source_line: Some(line),
        ..Snippet::default()
    };
    render(&snippet, colors)
}
