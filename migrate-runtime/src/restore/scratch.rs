//! A file for what one program of PostgreSQL tells the other. On Linux it is in memory, has no name, and is
//! gone with us.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

/// A file that is nobody else's to read.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) file: File,
    path: PathBuf,
}

impl Scratch {
    #[cfg(target_os = "linux")]
    pub(super) fn new() -> io::Result<Scratch> {
        use std::os::fd::AsRawFd as _;

        let file =
            File::from(rustix::fs::memfd_create("restore", rustix::fs::MemfdFlags::CLOEXEC)?);
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        Ok(Scratch { file, path: path.into() })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn new() -> io::Result<Scratch> {
        use std::os::unix::fs::OpenOptionsExt as _;

        let path = std::env::temp_dir().join(format!("restore-{}", uuid::Uuid::new_v4()));
        let mut options = std::fs::OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Scratch { file, path })
    }

    /// Where a program of this user finds it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What was written into it.
    pub(super) fn text(mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(not(target_os = "linux"))]
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
