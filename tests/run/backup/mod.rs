//! Backups, taken from a real server by its own programs.

mod damage;
mod first;
mod killed;
mod place;
mod programs;
mod taking;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use migrate_runtime::backup::{Backup, BackupId, Backups, Listed};
use migrate_runtime::testing::search;
use migrate_runtime::{Error, MigrationSet, Migrator, Settings};
use migration_tests::TestDatabase;
use migration_tests::harness::Trial;
use tempfile::TempDir;

use crate::{migrator, three, up};

pub(crate) fn tests() -> Vec<Trial> {
    let tests = [
        damage::tests(),
        first::tests(),
        killed::tests(),
        place::tests(),
        programs::tests(),
        taking::tests(),
    ];
    tests.into_iter().flatten().collect()
}

/// A database with three tables, one of them with rows, and a folder for its backups.
struct Bench {
    database: TestDatabase,
    folder: TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench::on(TestDatabase::new())
    }

    fn on(database: TestDatabase) -> Bench {
        up(&three(), &database);
        database.execute("INSERT INTO one SELECT generate_series(1, 1000)");
        let folder = tempfile::tempdir().unwrap();
        Bench { database, folder }
    }

    /// Where the backups are; it is made when the first one is taken.
    fn path(&self) -> PathBuf {
        self.folder.path().join("backups")
    }

    fn backups(&self) -> Backups {
        Backups::new(self.path()).with_search(search())
    }

    fn migrator(&self, set: &MigrationSet) -> Migrator {
        migrator(set, &self.database).with_settings(of_environment("staging"))
    }

    #[track_caller]
    fn take(&self) -> Backup {
        self.try_to_take().unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn try_to_take(&self) -> Result<Backup, Error> {
        self.migrator(&three()).backup(&self.backups())
    }

    /// In two sessions, into a folder.
    #[track_caller]
    fn take_folder(&self) -> Backup {
        let backups = self.backups().with_jobs(NonZeroUsize::new(2).unwrap());
        let taken = self.migrator(&three()).backup(&backups);
        taken.unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn verify(&self, id: &BackupId) -> Result<Backup, Error> {
        self.backups().verify(id, &mut |_| {})
    }

    /// Every backup that counts as one, by its id.
    #[track_caller]
    fn listed(&self) -> Vec<BackupId> {
        let listed: Vec<Listed> = self.backups().list().unwrap();
        listed.into_iter().map(|it| it.id).collect()
    }

    fn folder_of(&self, id: &BackupId) -> PathBuf {
        self.path().join(id.as_str())
    }

    /// The names in the folder of backups, without those that are always there.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|it| !it.starts_with('.')).collect();
        names.sort();
        names
    }
}

fn of_environment(name: &str) -> Settings {
    let mut settings = Settings::default();
    settings.identity.environment = Some(name.to_owned());
    settings.identity.application = Some("the tests 1.0".to_owned());
    settings
}

/// A program of PostgreSQL, run to its end.
#[track_caller]
fn program(name: &str, args: &[&str]) -> Output {
    let path = search().find().unwrap().program(name);
    let output = Command::new(path).args(args).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {message}");
    output
}

/// Restores an archive into a database.
#[track_caller]
fn restore(backup: &Backup, database: &TestDatabase) {
    let archive = backup.archive();
    let url = database.url();
    program("pg_restore", &["--exit-on-error", "--dbname", &url, archive.to_str().unwrap()]);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
