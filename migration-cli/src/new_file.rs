//! New files: nothing is written over anything, and no half of a file stays.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a new file as a whole or not at all; one that is there already is `AlreadyExists`.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    // It is ours, and nobody has seen it yet.
    file.write_all(bytes).inspect_err(|_| drop(fs::remove_file(path)))
}
