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
    for mend in found {
        let (style, label) = match mend.action {
            Some(_) => (GOOD.bold(), "Found:"),
            None => (WARNING, "Left:"),
        };
        ui.result(format!("{} {}", Styled(style, label), printable(&mend.found)))?;
        if let Some(action) = &mend.action {
            ui.result(format!("  {action}"))?;
        }
        if let Some(hint) = &mend.hint {
            ui.result(format!("  {} {}", Styled(HINT, "Hint:"), ui.in_our_name(hint)))?;
        }
    }
    if found.is_empty() { Ok(()) } else { ui.result("") }
}
