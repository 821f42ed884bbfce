//! The resolver without the file system: files in, a checked set or every problem out.

use std::path::PathBuf;

use crate::file_name::FileNameError;
use crate::pairing::{Half, pair};
use crate::script::inspect;
use crate::{FileName, Problem, ProblemKind, SourceSet, VersionError};

/// A file of the folder, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name, without the folder.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Checks the files of a folder and puts them together; `folder` stands before each name in
/// messages. What is not a script of a migration is a problem.
///
/// Every problem of every file is found, in the order of files and places.
pub fn resolve(files: Vec<SourceFile>, folder: &str) -> Result<SourceSet, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut halves = Vec::new();
    for file in files {
        match file.name.parse::<FileName>() {
            Err(error) => problems.push(bad_name(&file.name, folder, &error)),
            Ok(name) => {
                let (script, found) = inspect(file, name.direction, folder);
                problems.extend(found);
                halves.push(Half { name, script });
            }
        }
    }
    let (migrations, found) = pair(halves, folder);
    problems.extend(found);
    if problems.is_empty() {
        return Ok(SourceSet { migrations });
    }
    sort(&mut problems);
    Err(problems)
}

/// By file and place; what concerns a file as a whole comes before its places.
pub(crate) fn sort(problems: &mut [Problem]) {
    problems.sort_by(|one, other| (&one.file, one.place).cmp(&(&other.file, other.place)));
}

/// How messages name a file.
pub(crate) fn display(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

fn bad_name(name: &str, folder: &str, error: &FileNameError) -> Problem {
    let stem = name.split('.').next().unwrap_or_default();
    let is_sql = name.to_ascii_lowercase().ends_with(".sql");
    let (message, help) = match error {
        FileNameError::Ending if is_sql => (
            "neither an up nor a down script".to_owned(),
            format!("a migration is a pair: `{stem}.up.sql` and `{stem}.down.sql`"),
        ),
        FileNameError::Ending => (
            "not a script of a migration".to_owned(),
            "only scripts, `schema.rs` and dot files may lie here: move it elsewhere".to_owned(),
        ),
        FileNameError::Version(VersionError::NoSuchTime) => {
            (error.to_string(), "YYYYMMDDHHMMSS, as in 20240320000000".to_owned())
        }
        FileNameError::Name => (error.to_string(), rename(name)),
        _ => (
            error.to_string(),
            "`migration-cli create \"NAME\"` makes files with good names".to_owned(),
        ),
    };
    Problem::of_file(ProblemKind::BadName, display(folder, name), message, help)
}

/// Proposes a name from the characters that may stay.
fn rename(name: &str) -> String {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let (version, rest) = stem.split_once('_').unwrap_or((stem, ""));
    let allowed = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '_' };
    let rest: String = rest.chars().map(allowed).collect();
    let words: Vec<&str> = rest.split('_').filter(|it| !it.is_empty()).collect();
    match words.as_slice() {
        [] => "`migration-cli create \"NAME\"` makes files with good names".to_owned(),
        words => format!("rename it to `{version}_{}.{ending}`", words.join("_")),
    }
}

#[cfg(test)]
mod tests;
