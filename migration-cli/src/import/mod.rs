//! The folders of other tools: files in, migrations of ours and what could not be decided out.
//!
//! [`layout`] says whose folder it is, `refinery`, `sqlx` and `diesel` know how each tool reads its own,
//! [`version`] makes seconds of their versions, and [`convert`] writes the scripts. All of it is pure;
//! [`disk`] alone reads and writes.

mod diesel;
pub(crate) mod disk;
pub(crate) mod history;
mod layout;
mod note;
mod refinery;
mod sqlx;
mod version;

use migrate_core::{Direction, FileName, Version, split};

use crate::new_script::normalize;

pub(crate) use layout::{Layout, detect};
pub(crate) use note::Note;
pub(crate) use version::Disorder;

/// A file of the other tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its path below the folder, with `/` between the names.
    pub(crate) path: String,
    /// What it holds; nothing where it is neither a script nor about one.
    pub(crate) bytes: Vec<u8>,
}

/// A script of the other tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    /// Whether the tool runs it without a transaction.
    pub(crate) no_transaction: bool,
}

/// A migration as the other tool has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Original {
    /// The file, or the folder with a `/` behind it.
    pub(crate) from: String,
    /// Its version, digits only.
    pub(crate) version: String,
    pub(crate) name: String,
    /// Nothing where it is a program.
    pub(crate) up: Option<Text>,
    pub(crate) down: Option<Text>,
    pub(crate) notes: Vec<Note>,
}

/// A file that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strange {
    pub(crate) path: String,
    pub(crate) why: String,
}

/// What a folder holds: the migrations in the order of the tool, and the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) originals: Vec<Original>,
    pub(crate) strange: Vec<Strange>,
}

/// A migration as it is written here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Converted {
    pub(crate) from: String,
    pub(crate) version: Version,
    pub(crate) name: String,
    pub(crate) notes: Vec<Note>,
    pub(crate) up: Vec<u8>,
    pub(crate) down: Vec<u8>,
}

impl Converted {
    /// The name of one of its files.
    pub(crate) fn file(&self, direction: Direction) -> String {
        let name = self.name.clone();
        FileName { version: self.version, name, direction }.to_string()
    }

    /// Its files with their texts, up before down.
    pub(crate) fn files(&self) -> [(String, &[u8]); 2] {
        [(self.file(Direction::Up), &self.up), (self.file(Direction::Down), &self.down)]
    }
}

/// Reads the files as the tool does.
pub(crate) fn read(layout: Layout, files: &[Found]) -> Reading {
    match layout {
        Layout::Refinery => refinery::read(files),
        Layout::Sqlx => sqlx::read(files),
        Layout::Diesel => diesel::read(files),
    }
}

/// Gives every migration its second, its name and its two scripts.
pub(crate) fn convert(
    layout: Layout,
    originals: Vec<Original>,
) -> Result<Vec<Converted>, Disorder> {
    let versions: Vec<&str> = originals.iter().map(|it| it.version.as_str()).collect();
    let seconds = version::seconds(&versions)?;
    let convert = |(original, second): (Original, version::Second)| {
        let mut notes = original.notes.clone();
        let (name, whole) = name_of(&original.name);
        if !whole {
            notes.push(Note::Renamed);
        }
        if second.moved {
            notes.push(Note::Moved);
        }
        let up = up_script(layout, &original, &mut notes);
        let down = down_script(layout, &original, &mut notes);
        Converted { from: original.from, version: second.version, name, notes, up, down }
    };
    Ok(originals.into_iter().zip(seconds).map(convert).collect())
}

/// What a name becomes when nothing of it can stay.
const NAMELESS: &str = "migration";
/// A name that is too long is cut to so many characters: each may get an underscore before it.
const CUT: usize = 100;

/// The name, and whether every letter of the old one is in it.
fn name_of(old: &str) -> (String, bool) {
    let plain = |it: char| if it.is_alphanumeric() && !it.is_ascii() { '_' } else { it };
    let text: String = old.chars().map(plain).collect();
    if let Ok(name) = normalize(&text) {
        return (name, text == old);
    }
    let cut: String = text.chars().take(CUT).collect();
    let name = normalize(&cut).unwrap_or_else(|_| NAMELESS.to_owned());
    (name, old.is_empty())
}

fn up_script(layout: Layout, original: &Original, notes: &mut Vec<Note>) -> Vec<u8> {
    let Some(text) = &original.up else {
        notes.push(Note::Program);
        // No statement: it does not build before somebody has written one.
        let from = &original.from;
        return format!("-- {from} was a program of {layout}: write the SQL that it makes here\n")
            .into_bytes();
    };
    if !text.no_transaction {
        return text.bytes.clone();
    }
    notes.push(Note::NoTransaction);
    with_header("-- migrate:no-transaction", &text.bytes)
}

fn down_script(layout: Layout, original: &Original, notes: &mut Vec<Note>) -> Vec<u8> {
    let irreversible = "-- migrate:irreversible because imported from";
    let Some(text) = &original.down else {
        notes.push(Note::NoDown);
        return format!("{irreversible} {layout}, which had no down script\n").into_bytes();
    };
    if is_empty(&text.bytes) {
        notes.push(Note::EmptyDown);
        let line = format!("{irreversible} {layout}, where the down script was empty");
        return with_header(&line, &text.bytes);
    }
    if text.no_transaction {
        return with_header("-- migrate:no-transaction", &text.bytes);
    }
    text.bytes.clone()
}

/// Blanks and comments only.
fn is_empty(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(without_mark(bytes)).map(split);
    text.is_ok_and(|it| it.is_ok_and(|it| it.is_empty()))
}

/// Puts a line before a text, with the text's own line ends.
fn with_header(line: &str, bytes: &[u8]) -> Vec<u8> {
    let crlf = bytes.windows(2).any(|it| it == b"\r\n");
    let end = if crlf { "\r\n" } else { "\n" };
    [line.as_bytes(), end.as_bytes(), without_mark(bytes)].concat()
}

/// A byte order mark may stand at the beginning only.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// What lies in such folders and is none of a migration's business: notes for people, and the Rust
/// module that the folder is for some tools.
fn is_leftover(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let markdown = lower.rsplit_once('.').is_some_and(|(_, ending)| ending == "md");
    markdown || lower.starts_with("readme") || ["mod.rs", "lib.rs", "schema.rs"].contains(&name)
}

#[cfg(test)]
mod tests;
