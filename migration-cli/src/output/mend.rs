//! What `repair` found, for people and for programs.

use migrate_runtime::Mend;
use serde::Serialize;

use super::style::{GOOD, HINT, Styled, WARNING};
use super::ui::Ui;
use crate::error::CommandError;
use crate::text::printable;

/// Something that `repair` found.
#[derive(Debug, Serialize)]
pub(crate) struct MendRecord {
    kind: &'static str,
    version: Option<String>,
    found: String,
    /// What is done about it; null where it is left.
    action: Option<String>,
    hint: Option<String>,
}

impl MendRecord {
    pub(crate) fn new(mend: &Mend, ui: &Ui) -> MendRecord {
        MendRecord {
            kind: mend.kind.as_str(),
            version: mend.version.clone(),
            found: mend.found.clone(),
            action: mend.action.clone(),
            hint: mend.hint.as_ref().map(|it| ui.in_our_name(it)),
        }
    }
}

/// Each finding, with what is done about it or what a person can do.
pub(crate) fn print_mends(ui: &Ui, found: &[Mend]) -> Result<(), CommandError> {
    if found.is_empty() { Ok(()) } else { ui.result(mends_text(ui, found)) }
}

/// The same as a text, with an empty line behind it.
pub(crate) fn mends_text(ui: &Ui, found: &[Mend]) -> String {
    let text = |mend: &Mend| {
        let (style, label) = match mend.action {
            Some(_) => (GOOD.bold(), "Found:"),
            None => (WARNING, "Left:"),
        };
        let found = format!("{} {}\n", Styled(style, label), printable(&mend.found));
        let action = mend.action.as_ref().map(|it| format!("  {it}\n"));
        let hint = mend.hint.as_ref();
        let hint = hint.map(|it| format!("  {} {}\n", Styled(HINT, "Hint:"), ui.in_our_name(it)));
        found + &action.unwrap_or_default() + &hint.unwrap_or_default()
    };
    found.iter().map(text).collect()
}
