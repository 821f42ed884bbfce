//! The two folders: the other tool's is read, ours is written, as a whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Found, Strange};
use crate::error::CommandError;
use crate::new_file::write_new;

/// Reads all files of a folder and of the folders in it, sorted by path, but not those of `without`.
/// What begins with a dot is none of anybody's migrations.
pub(crate) fn read(
    folder: &Path,
    without: &Path,
) -> Result<(Vec<Found>, Vec<Strange>), CommandError> {
    let mut walk = Walk { without: without.canonicalize().ok(), ..Walk::default() };
    walk.folder(folder, "").map_err(|(path, error)| {
        let message = format!("cannot read {}", path.display());
        CommandError::io(message, &error)
    })?;
    walk.found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok((walk.found, walk.strange))
}

#[derive(Default)]
struct Walk {
    without: Option<PathBuf>,
    found: Vec<Found>,
    strange: Vec<Strange>,
}

type Unreadable = (PathBuf, io::Error);

impl Walk {
    fn folder(&mut self, folder: &Path, below: &str) -> Result<(), Unreadable> {
        let of = |path: &Path| {
            let path = path.to_owned();
            move |error| (path, error)
        };
        for entry in fs::read_dir(folder).map_err(of(folder))? {
            let entry = entry.map_err(of(folder))?;
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                let path = format!("{below}{}", entry.file_name().display());
                self.pass_over(path, "its name is not UTF-8");
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let is_link = entry.file_type().map_err(of(&path))?.is_symlink();
            let display = format!("{below}{name}");
            // A link counts as what it leads to.
            let Ok(kind) = fs::metadata(&path) else {
                self.pass_over(display, "it leads nowhere");
                continue;
            };
            let is_folder = kind.is_dir();
            if is_folder && is_link {
                // It may lead into a circle.
                self.pass_over(display, "a link to a folder: import that folder");
            } else if !is_folder && !kind.is_file() {
                self.pass_over(display, "it is no regular file");
            } else if is_folder {
                if self.without.is_none() || path.canonicalize().ok() != self.without {
                    self.folder(&path, &format!("{display}/"))?;
                }
            } else {
                let wanted =
                    matches!(name.rsplit_once('.'), Some((_, "sql"))) || name == "metadata.toml";
                let bytes = if wanted { fs::read(&path).map_err(of(&path))? } else { Vec::new() };
                self.found.push(Found { path: display, bytes });
            }
        }
        Ok(())
    }

    fn pass_over(&mut self, path: String, why: &str) {
        self.strange.push(Strange { path, why: why.to_owned() });
    }
}

/// Writes new files into a folder. If one of them cannot be written, none of them stays.
pub(crate) fn write(folder: &Path, files: &[(String, &[u8])]) -> Result<(), CommandError> {
    let refused = |path: &Path, error| {
        CommandError::io(format!("cannot write {}", path.display()), &error)
            .with_state("nothing was imported")
    };
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(|error| refused(folder, error))?;
    for (index, (name, bytes)) in files.iter().enumerate() {
        let path = folder.join(name);
        let Err(error) = write_new(&path, bytes) else { continue };
        // All of them are ours, and nobody has seen them yet.
        for (name, _) in &files[..index] {
            let _ = fs::remove_file(folder.join(name));
        }
        if is_new {
            let _ = fs::remove_dir(folder);
        }
        return Err(refused(&path, error));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_with_what_is_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir_all(path.join("a/b")).unwrap();
        fs::create_dir_all(path.join(".git")).unwrap();
        fs::create_dir_all(path.join("ours")).unwrap();
        for name in ["z.sql", "a/b/up.sql", "a/photo.png", ".git/x.sql", "ours/x.sql", ".keep"] {
            fs::write(path.join(name), name).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(path, path.join("circle")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("nowhere", path.join("V1__gone.sql")).unwrap();
        #[cfg(unix)]
        let _socket = std::os::unix::net::UnixListener::bind(path.join("V2__socket.sql")).unwrap();
        let (found, strange) = read(path, &path.join("ours")).unwrap();
        let paths: Vec<(&str, usize)> =
            found.iter().map(|it| (it.path.as_str(), it.bytes.len())).collect();
        assert_eq!(paths, [("a/b/up.sql", 10), ("a/photo.png", 0), ("z.sql", 5)]);
        let mut passed_over: Vec<&str> = strange.iter().map(|it| it.path.as_str()).collect();
        passed_over.sort_unstable();
        if cfg!(unix) {
            assert_eq!(passed_over, ["V1__gone.sql", "V2__socket.sql", "circle"]);
        }
        assert!(read(&path.join("none"), path).is_err());
    }

    #[test]
    fn what_was_written_is_taken_away_when_the_rest_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("c.sql"), "mine").unwrap();
        let file = |name: &str| (name.to_owned(), &b"ours"[..]);
        assert!(write(path, &[file("a.sql"), file("b.sql"), file("c.sql")]).is_err());
        assert_eq!(fs::read_to_string(path.join("c.sql")).unwrap(), "mine");
        assert_eq!(fs::read_dir(path).unwrap().count(), 1);

        let new = path.join("new");
        assert!(write(&new, &[file("a.sql"), file("no/such/folder.sql")]).is_err());
        assert!(!new.exists());
        write(&new, &[file("a.sql")]).unwrap();
        assert_eq!(fs::read(new.join("a.sql")).unwrap(), b"ours");
    }
}
