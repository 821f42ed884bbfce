//! Where the development database of a project lies.
//!
//! In `PROJECT/.migration/postgres/`, unless the server's account cannot reach that folder (a
//! project under `/root`) or the file system keeps no modes: then in a folder of `/var/tmp` whose
//! name is made from the user and the project's path. The name can be foreseen by anybody, so such
//! a folder is used only when it belongs to the caller.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use migrate_core::Checksum;

use super::account::{Account, caller_uid};
use super::error::Failure;
use super::server::{Server, remove_folder};

/// The longest path of a socket that every system takes, without the name of the socket itself.
const LONGEST_SOCKET_FOLDER: usize = 103 - "/.s.PGSQL.65535".len();

/// Tells our folders from those that happen to have the name.
const MARKER: &str = "development-database.txt";

/// The two folders of a project that may hold its development database.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `PROJECT/.migration`
    home: PathBuf,
    inside: PathBuf,
    fallback: PathBuf,
}

impl Place {
    /// Names the folders; touches nothing.
    pub(super) fn of(project: &Path) -> Result<Place, Failure> {
        let project = project.canonicalize().map_err(Failure::io("find", project))?;
        let home = project.join(".migration");
        let temporary = ["/var/tmp", "/tmp"].map(Path::new).into_iter().find(|it| it.is_dir());
        let fallback = temporary.unwrap_or(Path::new("/tmp")).join(short_name(&project));
        Ok(Place { inside: home.join("postgres"), home, fallback })
    }

    /// The server of the project, if it has been made.
    pub(super) fn existing(&self) -> Result<Option<Server>, Failure> {
        for folder in [&self.inside, &self.fallback] {
            if folder.join(MARKER).exists() {
                check_owner(folder, caller_uid())?;
                return Ok(Some(server_in(folder, Account::of(&folder.join("data"))?)));
            }
        }
        Ok(None)
    }

    /// Makes the folder of the server. Others may be doing the same.
    pub(super) fn new_server(&self) -> Result<Server, Failure> {
        let account = Account::choose()?;
        if make_ignored(&self.home, account).is_ok() {
            match make(&self.inside, account) {
                Ok(()) if suits(&self.inside, account) => {
                    return mark(&self.inside).map(|()| server_in(&self.inside, account));
                }
                Err(error @ (Failure::Foreign { .. } | Failure::NotOurs(_))) => return Err(error),
                // Empty as it is, it would only mislead.
                _ => drop(fs::remove_dir(&self.inside)),
            }
        }
        make(&self.fallback, account)?;
        mark(&self.fallback)?;
        // For people: it is looked up nowhere. A project that may not be written to has no note.
        let note = format!("{}\n", self.fallback.display());
        drop(fs::write(self.home.join("location"), note));
        Ok(server_in(&self.fallback, account))
    }

    /// Removes what was made, and nothing else. The caller holds the lock of `server`.
    pub(super) fn remove(&self, server: &Server) -> Result<(), Failure> {
        if !server.folder.join(MARKER).exists() {
            return Err(Failure::NotOurs(server.folder.clone()));
        }
        remove_folder(&server.socket)?;
        remove_folder(&server.data())?;
        remove_folder(&server.folder)?;
        drop(fs::remove_file(self.home.join("location")));
        Ok(())
    }
}

/// The server whose folder is `folder`.
pub(super) fn server_in(folder: &Path, account: Account) -> Server {
    let socket = socket_folder(folder);
    let (initdb, settings) = (Vec::new(), Vec::new());
    Server { account, folder: folder.to_owned(), socket, port: 5432, initdb, settings }
}

/// Beside the data if the path is short, and of characters that have no meaning in a setting.
fn socket_folder(folder: &Path) -> PathBuf {
    let inside = folder.join("socket");
    let plain = |text: &str| !text.contains([',', '"', '\'', '\\', '\n']);
    match inside.to_str() {
        Some(text) if text.len() <= LONGEST_SOCKET_FOLDER && plain(text) => inside,
        _ => Path::new("/tmp").join(short_name(folder)),
    }
}

/// A name for a folder that many users share: the user and the path say whose it is.
fn short_name(path: &Path) -> String {
    let checksum = Checksum::of(&path.to_string_lossy()).to_string();
    format!("migration-{}-{}", caller_uid(), &checksum[..12])
}

/// `.migration`, which no version control shall pick up.
fn make_ignored(home: &Path, account: Account) -> Result<(), Failure> {
    match fs::DirBuilder::new().mode(0o755).create(home) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(Failure::io("make", home)(error));
        }
        _ => {}
    }
    let ignore = home.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n").map_err(Failure::io("write", &ignore))?;
    }
    if !account.can_enter(home) {
        // The umask may have closed it. Where it is not ours to open, it stays closed.
        drop(fs::set_permissions(home, fs::Permissions::from_mode(0o755)));
    }
    Ok(())
}

/// A folder that is the caller's alone to change.
fn make(folder: &Path, account: Account) -> Result<(), Failure> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            check_owner(folder, caller_uid())?;
            let mut files = fs::read_dir(folder).map_err(Failure::io("read", folder))?;
            // The mark is the first thing in it; another command may be about to set it up.
            if files.next().is_some() && !folder.join(MARKER).exists() {
                return Err(Failure::NotOurs(folder.to_owned()));
            }
        }
        made => made.map_err(Failure::io("make", folder))?,
    }
    let mode = fs::Permissions::from_mode(account.passage_mode());
    fs::set_permissions(folder, mode).map_err(Failure::io("protect", folder))
}

/// Whether the account gets there, and nobody else does.
fn suits(folder: &Path, account: Account) -> bool {
    let mode = fs::metadata(folder).map_or(0, |it| it.mode() & 0o777);
    mode == account.passage_mode() && account.can_enter(folder)
}

fn mark(folder: &Path) -> Result<(), Failure> {
    let marker = folder.join(MARKER);
    let text = "The database of a project's development environment, made by migration-cli.\n\
                `migration-cli db reset` removes it, and all that is in it.\n";
    fs::write(&marker, text).map_err(Failure::io("write", &marker))
}

/// Refuses links and the folders of other users.
pub(super) fn check_owner(folder: &Path, owner: u32) -> Result<(), Failure> {
    let found = fs::symlink_metadata(folder).map_err(Failure::io("look at", folder))?;
    if !found.is_dir() {
        return Err(Failure::NotOurs(folder.to_owned()));
    }
    if found.uid() != owner {
        return Err(Failure::Foreign { folder: folder.to_owned(), owner: found.uid() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_plain_path_has_its_socket_inside() {
        let folder = Path::new("/work/dcms/.migration/postgres");
        assert_eq!(socket_folder(folder), folder.join("socket"));
    }

    #[test]
    fn a_long_or_peculiar_path_has_its_socket_elsewhere() {
        for path in [format!("/{}", "long/".repeat(20)), "/it's".to_owned(), "/a,b".to_owned()] {
            let socket = socket_folder(Path::new(&path));
            assert!(socket.starts_with("/tmp"), "{path} gives {}", socket.display());
        }
    }

    #[test]
    fn two_paths_have_two_names() {
        assert_ne!(short_name(Path::new("/a")), short_name(Path::new("/b")));
        assert_eq!(short_name(Path::new("/a")), short_name(Path::new("/a")));
    }
}
