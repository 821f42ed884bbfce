//! Whether a backup could be taken now: the programs, and the room. Nothing is made, and nothing is written.

use std::path::Path;

use super::Backups;
use super::folder::{Folder, cannot};
use super::programs::{Found, Program, find};
use crate::error::Error;

/// What a backup needs on this machine.
pub(crate) struct Readiness {
    /// `pg_dump`, for a server of that version.
    pub(crate) dump: Result<Found, Error>,
    /// `pg_restore`, which reads back what was dumped.
    pub(crate) restore: Result<Found, Error>,
    /// The bytes that may still be written where backups are, or will be.
    pub(crate) free: Result<u64, Error>,
}

impl Backups {
    /// For a server of this major version.
    pub(crate) fn readiness(&self, major: u32) -> Readiness {
        Readiness {
            dump: find(&self.search, Program::PgDump, major),
            restore: find(&self.search, Program::PgRestore, major),
            free: self.free_space(),
        }
    }

    /// The folder may be made by the first backup: then it is on the disk of the nearest one that is there.
    fn free_space(&self) -> Result<u64, Error> {
        if let Some(folder) = Folder::open(&self.folder)? {
            return folder.free_space();
        }
        let absolute = std::path::absolute(&self.folder)
            .map_err(|error| cannot("look at", &self.folder, error))?;
        let nearest = absolute.ancestors().find(|it| it.is_dir()).unwrap_or(Path::new("/"));
        super::folder::free_space(nearest)
    }
}
