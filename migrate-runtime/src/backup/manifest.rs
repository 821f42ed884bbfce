//! What a backup says about itself: two files beside the archive, which a person can read and check
//! without this program.

use std::fmt::Write as _;

use migrate_core::Checksum;
use serde::{Deserialize, Serialize};

use super::id::BackupId;

/// The number of the form below. A newer one is refused.
pub(super) const FORM: u32 = 1;

/// What a backup holds, and what it was taken of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The number of the form of this file.
    pub form: u32,
    /// The id.
    pub id: String,
    /// When it was taken, by the server's clock, as in `2026-11-25T22:15:30.123456Z`.
    pub created_at: String,
    /// The name of the environment.
    pub environment: Option<String>,
    /// The name of the database.
    pub database: String,
    /// The version of the server, as in `15.18`.
    pub server_version: String,
    /// The size of the database on the server.
    pub database_bytes: u64,
    /// The version of `pg_dump`.
    pub pg_dump_version: String,
    /// The program that took it, with its version.
    pub application: Option<String>,
    /// The archive.
    pub archive: Archive,
    /// The schema of the history.
    pub schema: String,
    /// The history in the same snapshot as the archive; nothing where there was none.
    pub history: Option<Vec<Ran>>,
}

/// What `pg_dump` made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Archive {
    /// One file, or a folder with one for each table.
    pub format: Format,
    /// The bytes of all of its files.
    pub size_bytes: u64,
    /// SHA-256: of the file; of a folder, of what `sha256sum *` prints inside of it.
    pub checksum: String,
}

/// How an archive is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One compressed file.
    Custom,
    /// A folder with a compressed file for each table, which several sessions may write at once.
    Directory,
}

/// A row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ran {
    /// The version.
    pub version: String,
    /// The name.
    pub name: String,
    /// The checksum of its up script.
    pub checksum: String,
}

impl Format {
    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Custom => "custom",
            Format::Directory => "directory",
        }
    }

    /// The name of the archive beside the manifest.
    pub(super) fn file(self) -> &'static str {
        match self {
            Format::Custom => "archive.dump",
            Format::Directory => "archive",
        }
    }
}

/// One line of a list of checksums, as `sha256sum` writes and checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) checksum: Checksum,
    pub(super) name: String,
}

/// A list of checksums.
pub(super) fn write_sums(sums: &[Sum]) -> String {
    sums.iter().fold(String::new(), |mut text, it| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}  {}", it.checksum, it.name);
        text
    })
}

/// Reads a list of checksums; nothing where a line is no line of one.
pub(super) fn read_sums(text: &str) -> Option<Vec<Sum>> {
    let line = |line: &str| {
        let (checksum, name) = line.split_once("  ")?;
        Some(Sum { checksum: checksum.parse().ok()?, name: name.to_owned() })
    };
    text.lines().map(line).collect()
}

impl Manifest {
    /// Reads a manifest; the reason is for a person.
    pub(super) fn read(text: &str, id: &BackupId) -> Result<Manifest, String> {
        #[derive(Deserialize)]
        struct Head {
            form: u32,
        }
        let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if head.form != FORM {
            return Err(format!(
                "it is of form {}, and this program knows form {FORM}: a newer one may read it",
                head.form
            ));
        }
        let manifest: Manifest = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if manifest.id != id.as_str() {
            return Err(format!("it is that of {}", manifest.id));
        }
        Ok(manifest)
    }

    pub(super) fn write(&self) -> String {
        // Only maps with keys that are no texts fail, and there is none.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
