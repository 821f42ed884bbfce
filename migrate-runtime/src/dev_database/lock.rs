//! A lock that lives as long as the server does.
//!
//! The lock belongs to the open file, not to the process that asked for it. The server (and
//! `initdb` before it) gets that open file as its standard input, so the lock stays taken until the
//! last process of the server is gone, however it went. That answers, without looking at process
//! ids that may have been given to someone else, whether the data folder is in use, and it makes
//! two commands that start the server at once take turns.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::Stdio;

/// Proof that nobody else uses the server's folder.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock if it is free; makes the file if it is missing.
    pub(super) fn try_take(path: &Path) -> io::Result<Option<Lock>> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        match file.try_lock() {
            // Whoever had the lock may have removed the folder with it: then this is nobody's lock.
            Ok(()) if is_at(&file, path)? => Ok(Some(Lock(file))),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The lock as the standard input of a process that shall keep it.
    pub(super) fn to_stdio(&self) -> io::Result<Stdio> {
        Ok(Stdio::from(self.0.try_clone()?))
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(it) => Ok((it.dev(), it.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::thread;

    use super::*;

    #[test]
    fn a_taken_lock_is_not_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::try_take(&path).unwrap();
        assert!(lock.is_some());
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(lock);
        wait_until_free(&path);
    }

    #[test]
    fn a_child_keeps_the_lock_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = Lock::try_take(&path).unwrap().unwrap();
        let stdin = lock.to_stdio().unwrap();
        let mut child = Command::new("sleep").arg("600").stdin(stdin).spawn().unwrap();
        drop(lock);
        assert!(Lock::try_take(&path).unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        wait_until_free(&path);
    }

    /// A child that another thread is about to start has it for the moment before its exec.
    fn wait_until_free(path: &Path) {
        while Lock::try_take(path).unwrap().is_none() {
            thread::yield_now();
        }
    }
}
