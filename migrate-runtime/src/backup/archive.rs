//! The archive of a backup: its files, their checksums, and whether it can be read from end to end.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use migrate_core::Checksum;
use sha2::{Digest as _, Sha256};

use super::folder;
use super::manifest::{Format, Sum, write_sums};
use super::programs::Found;
use super::run::{Run, run};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::progress::BackupStep;

/// Who is told how far it is: the step, what is done, and how much there is.
pub(super) type Told<'a> = &'a mut dyn FnMut(BackupStep, u64, u64);

/// The files of an archive, as they are on disk.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) size: u64,
    /// Named from the folder of the backup on.
    pub(super) sums: Vec<Sum>,
    format: Format,
}

/// How much is read at once.
const CHUNK: usize = 1 << 20;
/// After how much of it somebody is told.
const TOLD: u64 = 64 << 20;

impl Files {
    /// Reads and hashes them.
    pub(super) fn of(
        archive: &Path,
        format: Format,
        interrupt: &Interrupt,
        tell: Told<'_>,
    ) -> Result<Files, Error> {
        let total = size(archive);
        let mut files = Files { size: 0, sums: Vec::new(), format };
        for path in list(archive).map_err(|it| folder::cannot("read", archive, it))? {
            let inside = path.strip_prefix(archive.parent().unwrap_or(archive)).unwrap_or(&path);
            let name = inside.to_string_lossy().into_owned();
            let mut told = 0;
            let before = files.size;
            let mut each = |done: u64| {
                if done - told >= TOLD {
                    told = done;
                    tell(BackupStep::Hashing, before + done, total);
                }
                interrupt.check()
            };
            let file = folder::open(&path).map_err(|it| folder::cannot("open", &path, it))?;
            let (checksum, size) = hash(file, &path, &mut each)?;
            files.size += size;
            files.sums.push(Sum { checksum, name });
        }
        Ok(files)
    }

    /// The checksum of the archive as a whole.
    pub(super) fn checksum(&self) -> Checksum {
        if let (Format::Custom, [only]) = (self.format, self.sums.as_slice()) {
            return only.checksum;
        }
        // As `sha256sum *` prints them inside of the folder.
        let prefix = format!("{}/", self.format.file());
        let inside = self.sums.iter().map(|it| Sum {
            checksum: it.checksum,
            name: it.name.strip_prefix(&prefix).unwrap_or(&it.name).to_owned(),
        });
        checksum(write_sums(&inside.collect::<Vec<_>>()).as_bytes())
    }
}

/// The SHA-256 of some bytes.
pub(super) fn checksum(bytes: &[u8]) -> Checksum {
    Checksum::embedded(Sha256::digest(bytes).into())
}

fn hash(
    mut file: File,
    path: &Path,
    each: &mut dyn FnMut(u64) -> Result<(), Error>,
) -> Result<(Checksum, u64), Error> {
    let mut hash = Sha256::new();
    let (mut size, mut chunk) = (0, vec![0; CHUNK]);
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok((Checksum::embedded(hash.finalize().into()), size)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(folder::cannot("read", path, error)),
        };
        hash.update(&chunk[..read]);
        size += read as u64;
        each(size)?;
    }
}

/// The bytes of an archive that may be growing.
pub(super) fn size(archive: &Path) -> u64 {
    let sizes = list(archive).unwrap_or_default();
    sizes.iter().filter_map(|it| Some(fs::symlink_metadata(it).ok()?.len())).sum()
}

/// The files of an archive in the order of their names.
fn list(archive: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::symlink_metadata(archive)?.is_dir() {
        return Ok(vec![archive.to_owned()]);
    }
    let files = fs::read_dir(archive)?.map(|it| Ok(it?.path()));
    let mut files = files.collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// Closes the files to others, and waits until all of them are on disk.
pub(super) fn settle(archive: &Path) -> Result<(), Error> {
    for path in list(archive).map_err(|it| folder::cannot("read", archive, it))? {
        folder::settle(&path).map_err(|it| folder::cannot("write to disk:", &path, it))?;
    }
    if archive.is_dir() {
        folder::sync(archive)?;
    }
    Ok(())
}

/// Reads an archive as a whole, as restoring it would: its list of contents is good where the rest of the
/// file is missing.
pub(super) fn read_back(
    archive: &Path,
    restore: &Found,
    interrupt: &Interrupt,
    hold: Option<&File>,
    tell: Told<'_>,
) -> Result<(), Error> {
    let args = vec![OsString::from("--file=/dev/null"), archive.as_os_str().to_owned()];
    let total = size(archive);
    let it = Run { program: restore, args, connect: None, hold };
    let read = run(it, interrupt, &mut || tell(BackupStep::ReadingBack, 0, total));
    read.map_err(|ended| {
        let error = ended.into_error(restore, "pg_restore cannot read the archive to its end");
        if error.kind() == ErrorKind::Program {
            error.of_kind(ErrorKind::DamagedBackup)
        } else {
            error
        }
    })
}
