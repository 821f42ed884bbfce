//! Backups of the data set: verified, and with every row of it.

use std::num::NonZeroUsize;
use std::process::Command;

use migrate_runtime::Migrator;
use migrate_runtime::backup::Backups;
use migrate_runtime::testing::search;
use migration_tests::harness::Trial;
use migration_tests::production_data::ProductionData;
use migration_tests::{TestDatabase, schema_dump, trials};

use crate::MIGRATIONS;

pub(crate) fn tests() -> Vec<Trial> {
    trials![a_backup_of_the_data_set_holds_all_of_it]
}

fn a_backup_of_the_data_set_holds_all_of_it() {
    let (data, database) = (ProductionData::read(), TestDatabase::new());
    data.prepare(&MIGRATIONS, &database.config());
    let mut migrator = Migrator::new(&MIGRATIONS, database.config());
    migrator.up().unwrap();
    let expected = data.fingerprints(&mut database.client(), &[]);
    let folder = tempfile::tempdir().unwrap();
    let plain = Backups::new(folder.path().join("backups")).with_search(search());
    let parallel = plain.clone().with_jobs(NonZeroUsize::new(2).unwrap());
    for backups in [&plain, &parallel] {
        let id = migrator.backup(backups).unwrap().id.clone();
        let backup = backups.verify(&id, &mut |_| {}).unwrap();
        assert_eq!(backup.manifest.history.as_ref().map(Vec::len), Some(MIGRATIONS.len()));
        let restored = TestDatabase::new();
        let mut command = Command::new(search().find().unwrap().program("pg_restore"));
        command.args(["--exit-on-error", "--dbname", &restored.url()]).arg(backup.archive());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(data.fingerprints(&mut restored.client(), &[]), expected);
        assert_eq!(schema_dump(&restored.url()), schema_dump(&database.url()));
    }
}
