//! The few styles of the program. The streams take them out where colours are not wanted.

use std::fmt;

use anstyle::{AnsiColor, Style};
use migrate_runtime::State;

pub(crate) const HEADER: Style = Style::new().dimmed();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const LABEL: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
const WAITING: Style = AnsiColor::Yellow.on_default();
const FOREIGN: Style = AnsiColor::Magenta.on_default();

/// A text in a style.
pub(crate) struct Styled<T>(pub(crate) Style, pub(crate) T);

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Styled(style, text) = self;
        write!(f, "{style}{text}{style:#}")
    }
}

/// What the style of the page calls them.
const CLASSES: [(Style, &str); 6] = [
    (GOOD, "good"),
    (WAITING, "waiting"),
    (WARNING, "waiting"),
    (BAD, "bad"),
    (ERROR, "bad"),
    (FOREIGN, "foreign"),
];

/// The class of the page that is a style of the terminal; none of one that says nothing.
pub(super) fn class(style: Style) -> &'static str {
    CLASSES.iter().find(|it| it.0 == style).map_or("", |it| it.1)
}

/// The colour of a state.
pub(crate) fn of_state(state: State) -> Style {
    match state {
        State::Applied => GOOD,
        State::Pending => WAITING,
        State::Unknown => FOREIGN,
        _ => BAD,
    }
}
