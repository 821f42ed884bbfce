//! A file that takes the place of another one, as a whole or not at all: readers see the old text or the new one, and
//! never a half.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::CommandError;
use crate::paste::quote;
use crate::secret::redact;

/// Writes the text beside the file, and puts it into its place. Where the file is a link, what it leads to is
/// replaced, and the link stays; so do permissions.
///
/// It has the time at which it was written: whatever compiles it is built again. Cargo watches `migrations/` as a
/// whole, so that a program which embeds the folder is compiled once more after `schema.rs` has changed in it; an older
/// time would save that, and leave programs that use the file with what they had.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if is_device(path) {
        return fs::write(path, text);
    }
    let path = behind_links(path)?;
    let beside = beside(&path)?;
    let written = write(&beside, &path, text);
    // It is ours, and of no use to anybody.
    written.inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// That it could not be written, why, and the way out.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> CommandError {
    let message = format!("cannot write {}", redact(&path.display().to_string()));
    let refused = CommandError::io(message, error).with_state("nothing was written");
    let is_missing = |it: &&Path| {
        error.kind() == io::ErrorKind::NotFound && !it.as_os_str().is_empty() && !it.is_dir()
    };
    match path.parent().filter(is_missing) {
        Some(folder) => refused.with_hint(format!("mkdir -p {}", quote(&folder.to_string_lossy()))),
        None => refused,
    }
}

fn write(beside: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(beside)?;
    if let Ok(there) = fs::metadata(path) {
        if there.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        file.set_permissions(there.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(beside, path)
}

/// Whether it is something that is written to, and neither compared nor replaced: a pipe, `/dev/null`.
pub(crate) fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir())
}

/// The place of the file itself; a link may lead to where nothing is yet.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// A name that no build takes for a script, and no other process for its own.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    // Of a process that was killed, and had the same number.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(beside),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<_> = names.map(|it| it.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("schema.rs");
        write_whole(&file, "one\n").unwrap();
        write_whole(&file, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two\n");
        assert_eq!(names(folder.path()), ["schema.rs"]);

        let in_the_way = folder.path().join("folder");
        fs::create_dir(&in_the_way).unwrap();
        assert!(write_whole(&in_the_way, "three\n").is_err());
        assert!(write_whole(&folder.path().join("no/file"), "three\n").is_err());
        assert_eq!(names(folder.path()), ["folder", "schema.rs"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_to_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        assert!(is_device(&link));
        write_whole(&link, "one\n").unwrap();
        assert!(is_device(Path::new("/dev/null")) && is_device(&link));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay_and_links_are_followed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [file, link, next] = ["file", "link", "next"].map(|it| folder.path().join(it));
        fs::write(&file, "one\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        symlink(&link, &next).unwrap();
        write_whole(&next, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&next).unwrap().is_symlink());

        fs::remove_file(&file).unwrap();
        write_whole(&link, "three\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "three\n");
        symlink("round", folder.path().join("round")).unwrap();
        assert!(write_whole(&folder.path().join("round"), "four\n").is_err());
    }
}
