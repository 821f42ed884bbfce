//! New files and folders: nothing is written over anything, and no half of a file stays.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::CommandError;
use crate::paste::quote;

/// Makes a folder, with those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(folder).map_err(|error| {
        let folder = folder.display().to_string();
        CommandError::io(format!("cannot make the folder {folder}"), &error)
            .with_state("nothing was written")
            .with_hint(format!("ls -ld {}   # a file of that name?", quote(&folder)))
    })
}

/// Writes a new file as a whole or not at all; one that is there already is `AlreadyExists`.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    // It is ours, and nobody has seen it yet.
    file.write_all(bytes).inspect_err(|_| drop(fs::remove_file(path)))
}
