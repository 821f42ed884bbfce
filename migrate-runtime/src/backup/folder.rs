//! The folder of backups, which nobody else may read, and what lies in it.
//!
//! A backup is a folder that is called by its id. While it is made, or removed, it is called
//! `ID.partial`, and holds a lock that lives as long as whoever is at it: `pg_dump` has it too. What is
//! partial and has no lock any more was left behind by somebody who was killed, and is swept away.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind as IoKind, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::id::BackupId;
use crate::error::{Error, ErrorKind};

const PARTIAL: &str = ".partial";
/// In the folder of backups: held while something in it gets another name, or begins.
const GATE: &str = ".lock";
/// In a backup that is being made or removed.
const LOCK: &str = "lock";
/// A manifest is a list of migrations, and no film.
const LONGEST_TEXT: u64 = 64 << 20;

/// The bytes that a user may still write on the disk of a folder.
pub(super) fn free_space(path: &Path) -> Result<u64, Error> {
    let found = rustix::fs::statvfs(path)
        .map_err(|error| cannot("ask for the free space of", path, error.into()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// A folder of backups that was looked at: it is ours alone.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A backup that is being made. Dropped before it is finished, it is removed.
#[derive(Debug)]
pub(super) struct Partial<'f> {
    folder: &'f Folder,
    id: BackupId,
    path: PathBuf,
    lock: Option<File>,
}

/// Keeps what it was made for as it is.
#[derive(Debug)]
struct Gate(#[expect(dead_code, reason = "closing it opens the gate")] File);

impl Folder {
    /// The folder, if it is there.
    pub(super) fn open(path: &Path) -> Result<Option<Folder>, Error> {
        let folder = Folder { path: path.to_owned() };
        Ok(folder.is_private(path, "the folder of backups")?.then_some(folder))
    }

    /// The folder; made, if it is missing.
    pub(super) fn open_or_make(path: &Path) -> Result<Folder, Error> {
        if let Some(folder) = Folder::open(path)? {
            return Ok(folder);
        }
        let failed = |error| cannot("make the folder of backups", path, error);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        // Somebody else may be doing the same.
        let make = or_there(DirBuilder::new().mode(0o700).create(path));
        make.map_err(failed)?;
        // No version control shall pick up what is in it.
        let ignore = path.join(".gitignore");
        let written = or_there(write_new(&ignore, b"*\n"));
        written.map_err(|error| cannot("write", &ignore, error))?;
        sync(path)?;
        // Nor shall the folder itself be lost with the power. A parent that we may not read is not ours.
        let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
        let _ = sync(parent.unwrap_or(Path::new(".")));
        let gone = || failed(IoKind::NotFound.into());
        Folder::open(path)?.ok_or_else(gone)
    }

    /// A folder of ours must be one, and nobody else's to read or to change. Says whether it is there.
    fn is_private(&self, path: &Path, what: &str) -> Result<bool, Error> {
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == IoKind::NotFound => return Ok(false),
            found => found.map_err(|error| cannot("look at", path, error))?,
        };
        let shown = path.display();
        let refuse = |why: String, hint: String| {
            Err(Error::new(ErrorKind::Config, format!("{what} {shown} {why}"))
                .with_state("nothing was changed")
                .with_hint(hint))
        };
        if found.is_symlink() {
            let hint =
                format!("readlink -f {shown}   # a link could lead anywhere: name its target");
            return refuse("is a symbolic link".to_owned(), hint);
        }
        if !found.is_dir() {
            return refuse("is no folder".to_owned(), format!("ls -ld {shown}"));
        }
        let caller = rustix::process::geteuid().as_raw();
        if found.uid() != caller && found.uid() != 0 {
            let why = format!("belongs to another user ({})", found.uid());
            return refuse(why, format!("ls -ld {}   # whose is it?", self.path.display()));
        }
        let mode = found.mode() & 0o777;
        if mode & 0o077 != 0 {
            let hint = match mode & 0o022 {
                0 => format!("chmod 700 {shown}"),
                // Others share it on purpose.
                _ => format!(
                    "migration-cli backup --backup-dir {shown}/backups   # a folder in it, made for this user alone"
                ),
            };
            return refuse(format!("is open to others (mode {mode:o})"), hint);
        }
        Ok(true)
    }

    /// The bytes that a user may still write there.
    pub(super) fn free_space(&self) -> Result<u64, Error> {
        free_space(&self.path)
    }

    /// Every backup, oldest first, whatever its state.
    pub(super) fn ids(&self) -> Result<Vec<BackupId>, Error> {
        let names = self.names()?.into_iter();
        let mut ids: Vec<BackupId> = names.filter_map(|it| it.parse().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        let failed = |error| cannot("read", &self.path, error);
        let entries = fs::read_dir(&self.path).map_err(failed)?;
        let names = entries.map(|it| it.map(|it| it.file_name().into_string().ok()));
        let names: io::Result<Vec<_>> = names.collect();
        Ok(names.map_err(failed)?.into_iter().flatten().collect())
    }

    /// The folder of a backup, if it is there.
    pub(super) fn backup(&self, id: &BackupId) -> Result<Option<PathBuf>, Error> {
        let path = self.path.join(id.as_str());
        Ok(self.is_private(&path, "the backup")?.then_some(path))
    }

    /// Begins a backup.
    pub(super) fn begin(&self, id: BackupId) -> Result<Partial<'_>, Error> {
        let gate = self.gate()?;
        self.sweep_behind(&gate)?;
        let path = self.partial(&id);
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| cannot("make", &path, error))?;
        let mut partial = Partial { folder: self, id, path, lock: None };
        let lock = take(&partial.path.join(LOCK));
        partial.lock = lock.map_err(|error| cannot("lock", &partial.path, error))?;
        Ok(partial)
    }

    /// Removes what was left behind half-made or half-removed; gives how many there were.
    pub(super) fn sweep(&self) -> Result<usize, Error> {
        self.sweep_behind(&self.gate()?)
    }

    fn sweep_behind(&self, _: &Gate) -> Result<usize, Error> {
        let mut swept = 0;
        for name in self.names()? {
            let is_partial =
                name.strip_suffix(PARTIAL).is_some_and(|it| it.parse::<BackupId>().is_ok());
            let path = self.path.join(name);
            // Not one that a link leads to.
            if !is_partial || !fs::symlink_metadata(&path).is_ok_and(|it| it.is_dir()) {
                continue;
            }
            let lock = match take(&path.join(LOCK)) {
                Ok(None) => continue,
                lock => lock.map_err(|error| cannot("lock", &path, error))?,
            };
            remove(&path)?;
            drop(lock);
            swept += 1;
        }
        Ok(swept)
    }

    /// Removes a backup that nobody reads; says whether it did.
    pub(super) fn remove(&self, id: &BackupId) -> Result<bool, Error> {
        let gate = self.gate()?;
        let Some(path) = self.backup(id)? else { return Ok(false) };
        let reader = open(&path.join(super::MANIFEST));
        let is_read = reader.is_ok_and(|it| matches!(it.try_lock(), Err(TryLockError::WouldBlock)));
        if is_read {
            return Ok(false);
        }
        let partial = self.partial(id);
        // From here on it is no backup any more, however far the removing comes.
        fs::rename(&path, &partial).map_err(|error| cannot("rename", &path, error))?;
        sync(&self.path)?;
        drop(gate);
        remove(&partial)?;
        Ok(true)
    }

    fn partial(&self, id: &BackupId) -> PathBuf {
        self.path.join(format!("{id}{PARTIAL}"))
    }

    /// One at a time: nobody sweeps what somebody else is about to lock.
    fn gate(&self) -> Result<Gate, Error> {
        let path = self.path.join(GATE);
        let locked = writable(&path).and_then(|it| it.lock().map(|()| Gate(it)));
        locked.map_err(|error| cannot("lock", &path, error))
    }
}

impl Partial<'_> {
    /// Where its files are while it is made.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What it will be called.
    pub(super) fn id(&self) -> &BackupId {
        &self.id
    }

    /// What a program holds that works on it.
    pub(super) fn lock(&self) -> Option<&File> {
        self.lock.as_ref()
    }

    /// Makes a backup of it, which it is once this has returned: everything is on disk.
    pub(super) fn finish(mut self) -> Result<PathBuf, Error> {
        let path = self.folder.path.join(self.id.as_str());
        let gate = self.folder.gate()?;
        let lock = self.path.join(LOCK);
        fs::remove_file(&lock).map_err(|error| cannot("remove", &lock, error))?;
        sync(&self.path)?;
        crate::fault::at(crate::fault::Point::BackupWritten);
        fs::rename(&self.path, &path).map_err(|error| cannot("rename", &self.path, error))?;
        // It has another name now: nothing is left to remove.
        self.lock = None;
        drop(gate);
        crate::fault::at(crate::fault::Point::BackupRenamed);
        sync(&self.folder.path)?;
        Ok(path)
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        // What cannot be removed now, the next one sweeps.
        if self.lock.is_some() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// What is there already need not be made.
fn or_there(made: io::Result<()>) -> io::Result<()> {
    match made {
        Err(error) if error.kind() == IoKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Locks a file, made if it is missing; nothing where somebody else has it.
fn take(path: &Path) -> io::Result<Option<File>> {
    let file = writable(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn no_links() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    options
}

fn writable(path: &Path) -> io::Result<File> {
    no_links().append(true).create(true).mode(0o600).open(path)
}

/// Opens a file to read it, and nothing but a file: no link, no pipe.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = no_links().read(true).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no file")) }
}

/// Reads a whole text file.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.take(LONGEST_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a file that is not there yet, down to the disk.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = no_links().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes an empty file for somebody else to fill, which is nobody else's to read.
pub(super) fn make_empty(path: &Path) -> io::Result<()> {
    no_links().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// Closes a file to others, and waits until it is on disk.
pub(super) fn settle(path: &Path) -> io::Result<()> {
    let file = open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.sync_all()
}

/// Waits until the names in a folder are on disk.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    let synced = File::open(path).and_then(|it| it.sync_all());
    synced.map_err(|error| cannot("write to disk:", path, error))
}

fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_dir_all(path).map_err(|error| cannot("remove", path, error))
}

/// The system refused something.
pub(super) fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    let message = format!("cannot {what} {}", path.display());
    let made = Error::new(ErrorKind::Io, message).with_state("nothing was changed in the database");
    let made = match error.kind() {
        IoKind::StorageFull | IoKind::QuotaExceeded => {
            made.with_hint(format!("df -h {}   # there is no room left", path.display()))
        }
        IoKind::PermissionDenied | IoKind::ReadOnlyFilesystem => made.with_hint(
            "migration-cli backup --backup-dir DIR   # a folder that this user may write",
        ),
        _ => made,
    };
    made.with_source(error)
}
