//! The file that holds the schema, for people and for programs.

use std::time::Duration;

use serde::Serialize;
use similar::TextDiff;

use super::ui::Ui;
use crate::error::CommandError;
use crate::schema_file::{Found, SchemaFile, plain};

/// What `schema` did, and what `up` and `down` did about the file.
#[derive(Debug, Serialize)]
pub(crate) struct SchemaRecord {
    /// Null where it was printed.
    file: Option<String>,
    format: &'static str,
    /// Whether the file was changed; with `--check`, whether it is to be.
    changed: bool,
    /// Of `--check`: what is to be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
    /// What was printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

impl SchemaRecord {
    pub(crate) fn of(file: &SchemaFile, changed: bool) -> SchemaRecord {
        let (path, format) = (Some(file.shown()), file.format.as_str());
        SchemaRecord { file: path, format, changed, diff: None, content: None }
    }

    pub(crate) fn printed(format: &'static str, content: String) -> SchemaRecord {
        SchemaRecord { file: None, format, changed: false, diff: None, content: Some(content) }
    }
}

/// How long a diff may be thought about; then it is a longer one than it might be.
const AT_MOST: Duration = Duration::from_secs(2);

/// What would make a file fresh, as `patch` takes it.
pub(crate) fn diff(file: &SchemaFile, found: &Found, text: &str) -> Option<String> {
    let (before, old) = match found {
        Found::Fresh => return None,
        Found::Stale(there) => (format!("a/{}", file.shown()), there.as_str()),
        Found::Missing => ("/dev/null".to_owned(), ""),
    };
    let new = plain(text);
    let diff = TextDiff::configure().timeout(AT_MOST).diff_lines(old, &new);
    let after = format!("b/{}", file.shown());
    Some(diff.unified_diff().context_radius(3).header(&before, &after).to_string())
}

/// The diff on stdout, what it means on stderr.
pub(crate) fn print_checked(
    ui: &Ui,
    file: &SchemaFile,
    found: &Found,
    diff: Option<&str>,
) -> Result<(), CommandError> {
    let name = file.shown();
    let what = match found {
        Found::Fresh => return ui.result(format!("{name} is up to date.")),
        Found::Stale(_) => "is stale",
        Found::Missing => "is missing",
    };
    ui.verbatim(diff.unwrap_or_default())?;
    ui.say(format!("{name} {what}."));
    Ok(())
}

/// Whether the file was written.
pub(crate) fn print_written(ui: &Ui, file: &SchemaFile, found: &Found) -> Result<(), CommandError> {
    let name = file.shown();
    match found {
        Found::Fresh => ui.result(format!("{name} is up to date.")),
        _ => ui.result(format!("Wrote {name}.")),
    }
}
