//! Backups by PostgreSQL's own programs: taken, listed, verified, removed.
//!
//! A backup is a folder with an archive of `pg_dump`, a manifest, and the checksums of both. It is complete
//! or it is none: see `folder`. What is not here: restoring, and when one is to be taken.

mod archive;
mod dump;
mod facts;
mod folder;
mod id;
mod manifest;
mod passfile;
pub(crate) mod programs;
pub(crate) mod readiness;
pub(crate) mod run;

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

pub(crate) use self::dump::{Ready, prepare, take};
pub use self::id::BackupId;
pub use self::manifest::{Archive, Format, Manifest, Ran};
pub use crate::installed::Search;

use self::archive::Files;
use self::folder::Folder;
use self::manifest::{Sum, read_sums};
use self::programs::{Program, find};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::progress::{BackupSummary, Event};

/// What a backup says about itself.
const MANIFEST: &str = "manifest.json";
/// The checksums of all that a backup consists of.
const SUMS: &str = "SHA256SUMS";

/// A folder of backups, and how new ones are taken.
#[derive(Clone, Debug)]
pub struct Backups {
    folder: PathBuf,
    search: Search,
    jobs: Option<NonZeroUsize>,
    interrupt: Interrupt,
}

/// A backup, kept from being removed for as long as this lives.
#[derive(Debug)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// What it says about itself.
    pub manifest: Manifest,
    folder: PathBuf,
    sums: Vec<Sum>,
    _lock: File,
}

/// A backup as a list has it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listed {
    /// Its id.
    pub id: BackupId,
    /// What it says about itself, or why nobody knows.
    pub manifest: Result<Manifest, Error>,
}

/// What was removed, and what was not.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Pruned {
    /// The backups that are gone.
    pub removed: Vec<BackupId>,
    /// The backups that are still there.
    pub kept: Vec<BackupId>,
    /// The newest one that is good, of each database that has more than were to be kept.
    pub newest_good: Vec<BackupId>,
    /// Those that cannot be read, and are still there: nobody knows of which database they are.
    pub unreadable: Vec<BackupId>,
    /// How many were swept away that had been left half-made.
    pub swept: usize,
}

/// The backups of each database, and those that cannot be read.
type Groups = (BTreeMap<String, Vec<BackupId>>, Vec<(BackupId, Error)>);

impl Backups {
    /// The backups in a folder. Nothing is read or made yet.
    pub fn new(folder: impl Into<PathBuf>) -> Backups {
        let (search, jobs) = (Search::default(), None);
        Backups { folder: folder.into(), search, jobs, interrupt: Interrupt::default() }
    }

    /// Where `pg_dump` and `pg_restore` are looked for.
    #[must_use]
    pub fn with_search(self, search: Search) -> Backups {
        Backups { search, ..self }
    }

    /// Lets so many sessions dump at once, into a folder with a file for each table.
    #[must_use]
    pub fn with_jobs(self, jobs: NonZeroUsize) -> Backups {
        Backups { jobs: Some(jobs), ..self }
    }

    /// A handle that stops verifying and removing, from any thread; a
    /// [`Migrator`](crate::Migrator) that takes a backup has its own.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    pub(crate) fn search(&self) -> &Search {
        &self.search
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn format(&self) -> Format {
        if self.jobs.is_some() { Format::Directory } else { Format::Custom }
    }

    /// Every backup, oldest first. Manifests are read, archives are not.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let Some(folder) = Folder::open(&self.folder)? else { return Ok(Vec::new()) };
        let ids = folder.ids()?.into_iter();
        let listed = ids.filter_map(|id| match self.open(&id) {
            // Somebody removes it just now.
            Err(error) if error.kind() == ErrorKind::NoSuchBackup => None,
            opened => Some(Listed { id, manifest: opened.map(|it| it.manifest) }),
        });
        let mut listed: Vec<Listed> = listed.collect();
        // Ids know seconds, and manifests more.
        listed.sort_by_key(|it| match &it.manifest {
            Ok(manifest) => manifest.created_at.clone(),
            Err(_) => it.id.time(),
        });
        Ok(listed)
    }

    /// Opens a backup: its manifest is what it was, and its archive is there in its full size.
    pub fn open(&self, id: &BackupId) -> Result<Backup, Error> {
        let no_such = || {
            let message = format!("there is no backup {id} in {}", self.folder.display());
            Error::new(ErrorKind::NoSuchBackup, message)
                .with_state("nothing was changed")
                .with_hint("migration-cli backup list")
        };
        let folder = Folder::open(&self.folder)?.ok_or_else(no_such)?;
        let path = folder.backup(id)?.ok_or_else(no_such)?;
        Backup::open(id, path)
    }

    /// Opens a backup and proves it: everything is as it was written, and can be read to its end.
    pub fn verify(&self, id: &BackupId, tell: &mut dyn FnMut(&Event)) -> Result<Backup, Error> {
        let backup = self.open(id)?;
        backup.verify(&self.search, &self.interrupt, tell)?;
        Ok(backup)
    }

    /// Removes all but the `keep` newest backups of each database of an environment, and never the newest
    /// good one of a database: so many are verified as it takes to find that. Those of which nobody knows
    /// the database stay. What was left half-made goes too.
    pub fn prune(
        &self,
        keep: NonZeroUsize,
        environment: &str,
        tell: &mut dyn FnMut(&Event),
    ) -> Result<Pruned, Error> {
        let mut pruned = Pruned::default();
        let Some(folder) = Folder::open(&self.folder)? else { return Ok(pruned) };
        pruned.swept = folder.sweep()?;
        let (groups, unreadable) = self.groups(environment)?;
        for (id, error) in unreadable {
            tell(&Event::Warning { message: format!("{id} stays: {error}") });
            pruned.unreadable.push(id);
        }
        // Whatever is wrong with one of them is found out before anything is removed.
        for (database, newest_first) in &groups {
            if newest_first.len() > keep.get() {
                pruned.newest_good.push(self.newest_good(database, newest_first, tell)?);
            }
        }
        for newest_first in groups.into_values() {
            for (at, id) in newest_first.into_iter().enumerate() {
                let stays = at < keep.get() || pruned.newest_good.contains(&id);
                self.interrupt.check()?;
                if !stays && folder.remove(&id)? {
                    pruned.removed.push(id);
                    continue;
                }
                if at >= keep.get() && stays {
                    let message = format!("{id} stays: the newer ones are damaged");
                    tell(&Event::Warning { message });
                }
                pruned.kept.push(id);
            }
        }
        Ok(pruned)
    }

    /// All but the `keep` newest backups of each database of an environment: [`prune`](Backups::prune) removes
    /// no others. Nothing is proved.
    pub fn older_than(
        &self,
        keep: NonZeroUsize,
        environment: &str,
    ) -> Result<Vec<BackupId>, Error> {
        let groups = self.groups(environment)?.0.into_values();
        Ok(groups.flat_map(|it| it.into_iter().skip(keep.get())).collect())
    }

    /// The backups of an environment, newest first for each database, and those whose manifest says nothing.
    fn groups(&self, environment: &str) -> Result<Groups, Error> {
        let word = BackupId::word(environment);
        let (mut groups, mut unreadable) = Groups::default();
        for Listed { id, manifest } in self.list()?.into_iter().rev() {
            match manifest {
                Ok(it) if it.environment.as_deref().unwrap_or_default() == environment => {
                    groups.entry(it.database).or_default().push(id);
                }
                Err(error) if id.environment() == word => unreadable.push((id, error)),
                Ok(_) | Err(_) => {}
            }
        }
        Ok((groups, unreadable))
    }

    fn newest_good(
        &self,
        database: &str,
        newest_first: &[BackupId],
        tell: &mut dyn FnMut(&Event),
    ) -> Result<BackupId, Error> {
        for id in newest_first {
            match self.verify(id, tell) {
                Ok(_) => return Ok(id.clone()),
                Err(error) if error.kind() == ErrorKind::DamagedBackup => {
                    let cause = std::error::Error::source(&error);
                    let cause = cause.map(|it| format!(": {it}")).unwrap_or_default();
                    tell(&Event::Warning { message: format!("{error}{cause}") });
                }
                Err(error) => return Err(error),
            }
        }
        let message = format!("none of the backups of {database} is good");
        Err(Error::new(ErrorKind::DamagedBackup, message)
            .with_state("nothing was removed")
            .with_hint("migration-cli backup   # takes a new one"))
    }
}

impl Backup {
    fn open(id: &BackupId, folder: PathBuf) -> Result<Backup, Error> {
        let damaged = |what: &str| damaged(id, what);
        let path = folder.join(MANIFEST);
        let lock =
            folder::open(&path).map_err(|it| damaged("it has no manifest").with_source(it))?;
        match lock.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("the backup {id} is being removed");
                return Err(Error::new(ErrorKind::NoSuchBackup, message)
                    .with_state("nothing was changed")
                    .with_hint("migration-cli backup list"));
            }
            Err(TryLockError::Error(error)) => return Err(folder::cannot("lock", &path, error)),
        }
        let text =
            folder::read(&path).map_err(|it| damaged("no manifest can be read").with_source(it))?;
        let sums = folder::read(&folder.join(SUMS));
        let sums = sums.map_err(|it| damaged("its checksums cannot be read").with_source(it))?;
        let mut sums = read_sums(&sums).ok_or_else(|| damaged("its checksums cannot be read"))?;
        let expected = sums.iter().position(|it| it.name == MANIFEST).map(|it| sums.remove(it));
        if expected.is_none_or(|it| it.checksum != archive::checksum(text.as_bytes())) {
            return Err(damaged("its manifest is not the one that was written"));
        }
        let manifest = Manifest::read(&text, id).map_err(|why| {
            damaged("its manifest cannot be used").with_source(std::io::Error::other(why))
        })?;
        let backup = Backup { id: id.clone(), manifest, folder, sums, _lock: lock };
        let (found, expected) =
            (archive::size(&backup.archive()), backup.manifest.archive.size_bytes);
        if found != expected {
            return Err(damaged(&format!("its archive has {found} bytes instead of {expected}")));
        }
        Ok(backup)
    }

    /// The archive of `pg_dump`: a file, or a folder.
    pub fn archive(&self) -> PathBuf {
        self.folder.join(self.manifest.archive.format.file())
    }

    /// In a line.
    pub fn summary(&self) -> BackupSummary {
        dump::summary(&self.manifest)
    }

    /// The major version of the programs that can read it, or newer ones.
    pub(crate) fn major(&self) -> Result<u32, Error> {
        let version = &self.manifest.pg_dump_version;
        let major = crate::installed::major_of(version).and_then(|it| it.parse().ok());
        major.ok_or_else(|| damaged(&self.id, &format!("its pg_dump is of no version: {version}")))
    }

    /// Proves it: everything is as it was written, and can be read to its end.
    pub(crate) fn verify(
        &self,
        search: &Search,
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(&Event),
    ) -> Result<(), Error> {
        let restore = find(search, Program::PgRestore, self.major()?)?;
        let format = self.manifest.archive.format;
        let mut told = |step, done, total| tell(&Event::BackupProgress { step, done, total });
        let unchanged = |error: Error| error.with_state("nothing was changed");
        let files = Files::of(&self.archive(), format, interrupt, &mut told).map_err(unchanged)?;
        if let Some(name) = self.differs(&files.sums) {
            return Err(damaged(&self.id, &format!("{name} is not what was written")));
        }
        let archive = &self.manifest.archive;
        if (files.size, files.checksum().to_string())
            != (archive.size_bytes, archive.checksum.clone())
        {
            return Err(damaged(&self.id, "its manifest is of another archive"));
        }
        archive::read_back(&self.archive(), &restore, interrupt, None, &mut told).map_err(unchanged)
    }

    /// The first file that is not as it was, is missing, or was not there.
    fn differs(&self, found: &[Sum]) -> Option<String> {
        let differs = self.sums.iter().find(|it| !found.contains(it));
        let differs = differs.or_else(|| found.iter().find(|it| !self.sums.contains(it)));
        differs.map(|it| it.name.clone())
    }
}

fn damaged(id: &BackupId, what: &str) -> Error {
    Error::new(ErrorKind::DamagedBackup, format!("the backup {id} is damaged: {what}"))
        .with_state("nothing was changed")
        .with_hint("migration-cli backup list   # is there another one?")
}
