//! New files and folders: nothing is written over anything unless that is asked for, and no half of a file stays.

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

/// Puts a file in the place of the one that is there, as a whole or not at all. What is there and no file, such
/// as a pipe, is written to.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Where a link leads, so that it stays a link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|it| !it.is_file()) {
        return fs::write(&target, bytes);
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    write_new(&beside, bytes)?;
    fs::rename(&beside, &target).inspect_err(|_| drop(fs::remove_file(&beside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        replace(&file, b"one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(replace(&folder.path().join("none/file"), b"").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
        replace(Path::new("/dev/null"), b"three").unwrap();
    }
}
