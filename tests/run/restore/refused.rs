//! Bad input, and programs that fail: said, and the database that was there before still is.

use std::fs;
use std::path::PathBuf;

use migrate_core::Checksum;
use migrate_runtime::{ErrorKind, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, standby, trials};

use super::Stage;
use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_backup_that_is_not_there_is_told,
        a_damaged_backup_is_not_restored,
        a_backup_of_a_newer_server_is_not_restored,
        a_backup_of_another_database_is_not_restored_by_mistake,
        what_a_database_notes_of_itself_is_heeded_and_kept,
        a_backup_from_before_the_first_run_takes_no_protection_away,
        an_archive_that_fails_in_the_middle_changes_nothing,
        a_history_that_is_not_the_manifest_s_changes_nothing,
        a_standby_is_told,
        a_restore_that_is_interrupted_changes_nothing
    ]
}

/// A restore fails in this way, and nothing is any different.
#[track_caller]
fn check(stage: &Stage, (kind, code): (ErrorKind, u8), words: &str) {
    let error = stage.run(&stage.wanted()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (kind, code), "{error:?}");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(format!("{error}: {cause}").contains(words), "{error:?}");
    assert!(error.state().is_some() && !error.hints().is_empty(), "{error:?}");
    stage.is_untouched();
}

impl Stage {
    /// As [`new`](Stage::new), and changed since the backup.
    fn changed() -> Stage {
        let stage = Stage::new();
        stage.database.execute("INSERT INTO one VALUES (99)");
        stage
    }

    fn file(&self, name: &str) -> PathBuf {
        self.backups.folder().join(self.backup.as_str()).join(name)
    }

    /// Changes the manifest, with its checksum.
    fn tamper(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.file("manifest.json")).unwrap();
        let changed = text.replace(from, to);
        assert_ne!(text, changed, "{from}");
        fs::write(self.file("manifest.json"), &changed).unwrap();
        let sums = fs::read_to_string(self.file("SHA256SUMS")).unwrap();
        let old = sums.lines().find(|it| it.ends_with("  manifest.json")).unwrap();
        let sums = sums.replace(old, &format!("{}  manifest.json", Checksum::of(&changed)));
        fs::write(self.file("SHA256SUMS"), sums).unwrap();
    }
}

fn a_backup_that_is_not_there_is_told() {
    let stage = Stage::changed();
    fs::rename(stage.file(""), stage.backups.folder().join("elsewhere")).unwrap();
    check(&stage, (ErrorKind::NoSuchBackup, 2), "there is no backup ");
}

fn a_damaged_backup_is_not_restored() {
    let stage = Stage::changed();
    let archive = stage.file("archive.dump");
    let bytes = fs::read(&archive).unwrap();
    let damaged = (ErrorKind::DamagedBackup, 1);

    fs::write(&archive, &bytes[..bytes.len() - 100]).unwrap();
    check(&stage, damaged, "its archive has ");

    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        fs::write(&archive, &flipped).unwrap();
        check(&stage, damaged, "archive.dump is not what was written");
    }
    fs::write(&archive, &bytes).unwrap();

    let manifest = fs::read_to_string(stage.file("manifest.json")).unwrap();
    fs::write(stage.file("manifest.json"), manifest.replace("three", "four")).unwrap();
    check(&stage, damaged, "its manifest is not the one that was written");
    fs::write(stage.file("manifest.json"), manifest).unwrap();
    stage.restore();
}

fn a_backup_of_a_newer_server_is_not_restored() {
    let stage = Stage::changed();
    let major = stage.database.server().major();
    stage.tamper(&format!("\"server_version\": \"{major}."), "\"server_version\": \"99.");
    check(
        &stage,
        (ErrorKind::Impossible, 2),
        "is of PostgreSQL 99, and this server is of version ",
    );
}

fn a_backup_of_another_database_is_not_restored_by_mistake() {
    let stage = Stage::changed();
    let name = stage.database.name();
    stage.tamper(&format!("\"database\": \"{name}\""), "\"database\": \"other\"");
    let words = format!("is of database other, and not of {name}");
    check(&stage, (ErrorKind::Impossible, 2), &words);
    // Which environment a database is of, it knows itself: no backup of another one tells it.
    let note = "INSERT INTO _migrations_meta VALUES ('environment', '\"NAME\"') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value";
    stage.database.execute(&note.replace("NAME", "here"));
    let mut wanted = stage.wanted();
    wanted.other_database = true;
    for in_place in [false, true] {
        wanted.in_place = in_place;
        stage.run(&wanted).unwrap();
        assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
        let noted = "SELECT value #>> '{}' FROM _migrations_meta WHERE key = 'environment'";
        assert_eq!(stage.database.text(noted), "here");
    }
}

/// What a first run in this environment notes, which is a protected one.
const PRODUCTION: &str =
    "INSERT INTO _migrations_meta VALUES ('environment', '\"production\"'), ('protected', 'true')";
const NOTES: &str = "SELECT string_agg(value::text, ' ' ORDER BY key) FROM _migrations_meta WHERE key IN ('environment', 'protected')";

/// As somebody does it who has read what would happen, and calls the environment by another name.
fn confirmed(stage: &Stage) -> Migrator {
    let mut settings = Settings::default();
    settings.confirmed = true;
    settings.identity.environment = Some("development".to_owned());
    stage.migrator().with_settings(settings)
}

fn what_a_database_notes_of_itself_is_heeded_and_kept() {
    let stage = Stage::changed();
    let name = stage.database.name();
    stage.database.execute(PRODUCTION);
    // The backup has no notes of its own, and says of no environment that it is of it.
    for in_place in [false, true] {
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        confirmed(&stage).run_restore(&stage.backups, &wanted).unwrap();
        assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
        assert_eq!(stage.database.text(NOTES), "\"production\" true", "in place: {in_place}");
    }
    stage.tamper("\"environment\": null", "\"environment\": \"development\"");
    stage.database.execute("INSERT INTO one VALUES (99)");
    let error = confirmed(&stage).run_restore(&stage.backups, &stage.wanted()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Impossible, 2), "{error:?}");
    let words = format!(
        "is of database {name} (environment development), and not of {name} (environment production)"
    );
    assert!(error.to_string().ends_with(&words), "{error:?}");
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "2");
    let mut wanted = stage.wanted();
    wanted.other_database = true;
    confirmed(&stage).run_restore(&stage.backups, &wanted).unwrap();
    assert_eq!(stage.database.text(NOTES), "\"production\" true");
}

fn a_backup_from_before_the_first_run_takes_no_protection_away() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE old AS SELECT 1 AS id");
    let stage = Stage::of(database, &three());
    for other_database in [false, true] {
        let mut settings = Settings::default();
        "Kept here".clone_into(&mut settings.schema);
        (settings.protected, settings.confirmed) = (true, true);
        settings.identity.environment = Some("production".to_owned());
        let migrator = || stage.migrator().with_settings(settings.clone());
        migrator().up().unwrap();
        let mut wanted = stage.wanted();
        wanted.other_database = other_database;
        migrator().run_restore(&stage.backups, &wanted).unwrap();
        let notes = NOTES.replace("_migrations_meta", "\"Kept here\"._migrations_meta");
        assert_eq!(stage.database.text(&notes), "\"production\" true");
        let mut unconfirmed = settings.clone();
        unconfirmed.confirmed = false;
        let refused = stage.migrator().with_settings(unconfirmed).up().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Consent, "{refused:?}");
        assert_eq!(migrator().up().unwrap().done.len(), 3);
    }
}

fn an_archive_that_fails_in_the_middle_changes_nothing() {
    let stage = Stage::new();
    let gone = stage.database.role("gone", "").name;
    stage.database.execute(&format!(
        "CREATE TABLE zone (id int); INSERT INTO zone VALUES (1); ALTER TABLE zone OWNER TO {gone}"
    ));
    let stage = Stage::of(stage.database, &three());
    stage
        .database
        .execute(&format!("DROP TABLE zone; DROP ROLE {gone}; INSERT INTO one VALUES (99)"));
    let words = format!("role \"{gone}\" does not exist");
    check(&stage, (ErrorKind::RestoreFailed, 1), &words);
    let mut wanted = stage.wanted();
    wanted.in_place = true;
    let error = stage.run(&wanted).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::RestoreFailed, 1), "{error:?}");
    stage.is_untouched();
    let log = "SELECT outcome, detail ->> 'backup' FROM _migrations_log WHERE command = 'restore'";
    assert_eq!(stage.database.text(log), format!("failed|{0}\nfailed|{0}", stage.backup));
    stage.database.execute(&format!("CREATE ROLE {gone}"));
    stage.restore();
    stage.database.execute(&format!("DROP TABLE zone; DROP ROLE IF EXISTS {gone}_"));
}

fn a_history_that_is_not_the_manifest_s_changes_nothing() {
    let stage = Stage::changed();
    stage.tamper("\"name\": \"three\"", "\"name\": \"four\"");
    let words = "missing: 20260101000003 four";
    check(&stage, (ErrorKind::RestoreFailed, 1), words);
    let mut wanted = stage.wanted();
    wanted.in_place = true;
    let error = stage.run(&wanted).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RestoreFailed);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains(words), "{error:?}");
    stage.is_untouched();
}

fn a_standby_is_told() {
    let stage = Stage::changed();
    let mut migrator = Migrator::new(&three(), standby().config("postgres"));
    let mut wanted = stage.wanted();
    wanted.other_database = true;
    let error = migrator.run_restore(&stage.backups, &wanted).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Standby, 3), "{error:?}");
}

fn a_restore_that_is_interrupted_changes_nothing() {
    // At the beginning of each step, as a signal is that comes then.
    let mut steps = 0;
    loop {
        let stage = Stage::changed();
        let migrator = stage.migrator();
        let interrupt = migrator.interrupt();
        let mut seen = 0;
        let mut migrator = migrator.on_event(move |event| {
            if matches!(event, migrate_runtime::Event::Restoring { .. }) {
                seen += 1;
                if seen > steps {
                    interrupt.interrupt();
                }
            }
        });
        match migrator.run_restore(&stage.backups, &stage.wanted()) {
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.exit_code()),
                    (ErrorKind::Interrupted, 130),
                    "{error:?}"
                );
                assert!(error.state().unwrap().ends_with("nothing is left of the new database"));
                stage.is_untouched();
                let log = "SELECT outcome FROM _migrations_log WHERE command = 'restore'";
                assert_eq!(stage.database.text(log), "interrupted");
            }
            Ok(_) => break,
        }
        steps += 1;
    }
    assert_eq!(steps, 4, "there are so many steps");
}
