//! The folder on disk: the only place in this crate that touches the file system.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::{fmt, fs, io};

use crate::resolve::{display, resolve, sort};
use crate::script::normalize;
use crate::{Checksum, Direction, FileName, MigrationSet, Problem, ProblemKind};
use crate::{SourceFile, SourceSet};

/// What may lie beside the scripts: the schema as Rust, written by `migration-cli schema`.
const SCHEMA_FILE: &str = "schema.rs";

/// Reads and checks a folder; `display_name` stands before each name in messages.
///
/// Every problem of every file is found, in the order of files and places.
pub fn read_folder(path: &Path, display_name: &str) -> Result<SourceSet, Vec<Problem>> {
    let entries = list(path).map_err(|error| vec![no_folder(display_name, &error)])?;
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for name in entries {
        let path = path.join(&name);
        let name = name.to_string_lossy().into_owned();
        // A link counts as what it leads to: build systems and containers link files into place.
        match fs::metadata(&path) {
            Ok(it) if it.is_dir() => problems.push(directory(&display(display_name, &name))),
            Ok(_) => match read(&path, &name) {
                Ok(bytes) => files.push(SourceFile { name, path, bytes }),
                Err(error) => problems.push(unreadable(&display(display_name, &name), &error)),
            },
            Err(error) => problems.push(unreadable(&display(display_name, &name), &error)),
        }
    }
    let resolved = resolve(files, display_name);
    if problems.is_empty() {
        return resolved;
    }
    problems.extend(resolved.err().unwrap_or_default());
    sort(&mut problems);
    Err(problems)
}

/// A file of which the folder says something else than an embedded set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Stale {
    /// The name of the file, without the folder.
    pub file_name: String,
    /// What happened to it since the set was embedded.
    pub change: Change,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The folder has it, the set does not.
    Added,
    /// The set has it, the folder does not.
    Removed,
    /// Both have it, with another text.
    Changed,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        })
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file_name, self.change)
    }
}

/// Compares an embedded set with the folder that it was made from, by the names of the `.sql` files
/// and their checksums. Nothing is parsed; a folder that is not there, or cannot be read, has nothing
/// to say.
pub fn compare_folder(set: &MigrationSet, path: &Path) -> Vec<Stale> {
    let Ok(entries) = list(path) else {
        return Vec::new();
    };
    let mut embedded: BTreeMap<String, Checksum> = BTreeMap::new();
    for migration in set {
        for (direction, script) in
            [(Direction::Up, &migration.up), (Direction::Down, &migration.down)]
        {
            let name = migration.name.to_owned();
            let name = FileName { version: migration.version, name, direction };
            embedded.insert(name.to_string(), script.checksum);
        }
    }
    let mut stale = Vec::new();
    for name in entries {
        let path = path.join(&name);
        let file_name = name.to_string_lossy().into_owned();
        if path.extension() != Some(OsStr::new("sql")) {
            continue;
        }
        match embedded.remove(&file_name) {
            None => stale.push(Stale { file_name, change: Change::Added }),
            Some(checksum) if checksum_of(&path) == Some(checksum) => {}
            Some(_) => stale.push(Stale { file_name, change: Change::Changed }),
        }
    }
    let removed = embedded.into_keys();
    stale.extend(removed.map(|file_name| Stale { file_name, change: Change::Removed }));
    stale.sort();
    stale
}

/// The names in a folder, sorted, without those that have no business with migrations.
fn list(path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != SCHEMA_FILE && !name.as_encoded_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Reads a script. What is none by its name is not read, whatever its size: the name is the problem.
fn read(path: &Path, name: &str) -> io::Result<Vec<u8>> {
    if name.parse::<FileName>().is_ok() { fs::read(path) } else { Ok(Vec::new()) }
}

fn checksum_of(path: &Path) -> Option<Checksum> {
    let bytes = fs::read(path).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    Some(Checksum::of(&normalize(text)))
}

fn no_folder(folder: &str, error: &io::Error) -> Problem {
    let help = match error.kind() {
        io::ErrorKind::NotFound => Some("`migration-cli create \"NAME\"` makes it".to_owned()),
        _ => None,
    };
    Problem { help, ..unreadable(folder, error) }
}

fn unreadable(file: &str, error: &io::Error) -> Problem {
    let message = format!("cannot be read: {error}");
    Problem::of_file(ProblemKind::Unreadable, file.to_owned(), message, String::new())
}

fn directory(file: &str) -> Problem {
    let message = "a folder among the migrations".to_owned();
    let help = "scripts lie in one folder, without folders in it: move it elsewhere".to_owned();
    Problem::of_file(ProblemKind::BadName, file.to_owned(), message, help)
}

#[cfg(test)]
mod tests;
