//! Where the backups of an environment are, and how new ones are taken.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use migrate_runtime::backup::Backups;

use crate::context::Context;
use crate::error::CommandError;
use crate::text::parse_count;

/// Beside `migration.toml`, or in the working directory of a host that has no such file.
const DEFAULT: &str = ".migration/backups";

/// Where backups are.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct BackupPlace {
    /// The folder of the backups [default: .migration/backups, beside migration.toml]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) backup_dir: Option<PathBuf>,
}

/// The backup before a run.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct BackupFirst {
    /// Take a backup first, unless there is nothing to do
    #[arg(long)]
    pub(crate) with_backup: bool,

    /// The folder of the backup [default: .migration/backups, beside migration.toml]
    #[arg(long, value_name = "DIR", requires = "with_backup")]
    backup_dir: Option<PathBuf>,

    /// Let so many sessions read the tables of the backup at once
    #[arg(long, value_name = "N", value_parser = parse_count, requires = "with_backup")]
    backup_jobs: Option<NonZeroUsize>,
}

impl Context<'_> {
    /// The folder of the backups.
    pub(crate) fn backup_dir(&self, flag: Option<&PathBuf>) -> PathBuf {
        flag.or(self.environment.section.backup_dir.as_ref()).cloned().unwrap_or_else(|| {
            let folder = self.project.join(DEFAULT);
            folder.strip_prefix(&self.here).map_or(folder.clone(), PathBuf::from)
        })
    }

    /// The backups in that folder.
    pub(crate) fn backups(
        &self,
        folder: Option<&PathBuf>,
        jobs: Option<NonZeroUsize>,
    ) -> Result<Backups, CommandError> {
        let backups = Backups::new(self.backup_dir(folder)).with_search(self.search()?);
        Ok(match jobs {
            Some(jobs) => backups.with_jobs(jobs),
            None => backups,
        })
    }
}

impl BackupFirst {
    /// Hints of a failure look for the backup where it is.
    pub(crate) fn locate(&self, error: CommandError) -> CommandError {
        error.for_backups_in(self.backup_dir.as_deref())
    }

    /// The backups that one is added to before the run, if that was asked for.
    pub(crate) fn wanted(&self, ctx: &Context<'_>) -> Result<Option<Backups>, CommandError> {
        let wanted =
            self.with_backup.then(|| ctx.backups(self.backup_dir.as_ref(), self.backup_jobs));
        wanted.transpose()
    }
}
