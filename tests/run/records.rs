//! What the library tells the program's own log: every row of the database's, and at no level above debug
//! anything of a script, which may hold secrets.

use std::num::NonZeroUsize;
use std::sync::{Mutex, Once, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use migrate_runtime::backup::Backups;
use migrate_runtime::testing::search;
use migrate_runtime::{Decision, Force, LogEntry, LogFilter, MigrationSet, Repair, Restore};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{first, migrator, three};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        rows_of_the_log_are_told_without_anything_of_a_script,
        restores_are_told_as_the_log_has_them,
    ]
}

/// Keeps what is told; other tests of this process tell too.
struct Collector(Mutex<Vec<String>>);

static COLLECTOR: Collector = Collector(Mutex::new(Vec::new()));

impl Log for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let text = format!("{} {}: {}", record.level(), record.target(), record.args());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn flush(&self) {}
}

fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&COLLECTOR).unwrap();
        log::set_max_level(LevelFilter::Info);
    });
}

const CANARY: &str = "c4n4ry-of-a-script";

/// Scripts of every sort, with a secret in each, which the server repeats in notices and errors.
fn scripts() -> MigrationSet {
    let plain = format!(
        "CREATE TABLE one AS SELECT '{CANARY}' AS secret;
         DO $$ BEGIN RAISE NOTICE '{CANARY}'; END $$"
    );
    let alone = format!("-- migrate:no-transaction\nSELECT '{CANARY}';\nCREATE TABLE two ()");
    let broken = format!("SELECT '{CANARY}'::int");
    let begun = format!(
        "-- migrate:no-transaction\nCREATE TABLE IF NOT EXISTS four ();\nSELECT '{CANARY}'::int"
    );
    set(&[
        ("20260101000001_one", &plain, "DROP TABLE one"),
        ("20260101000002_two", &alone, &broken),
        ("20260101000003_three", &broken, "SELECT 1"),
        ("20260101000004_four", &begun, "DROP TABLE four"),
    ])
}

fn rows_of_the_log_are_told_without_anything_of_a_script() {
    collect();
    let (database, all) = (TestDatabase::new(), scripts());
    let two = first(&all, 2);
    let to = |version: &str| Force::to(version.parse().unwrap());
    migrator(&two, &database).up().unwrap();
    migrator(&all, &database).up().unwrap_err();
    migrator(&two, &database).down(NonZeroUsize::MIN).unwrap_err();
    migrator(&two, &database).down(NonZeroUsize::new(9).unwrap()).unwrap_err();
    migrator(&all, &database).run_force(&to("20260101000009")).unwrap_err();
    migrator(&all, &database).run_force(&to("20260101000003")).unwrap();
    migrator(&all, &database).up().unwrap_err();
    let mut repair = Repair::default();
    repair.decision = Some(Decision::Retry);
    migrator(&all, &database).run_repair(&repair).unwrap_err();
    database.execute("DELETE FROM _migrations_progress; DROP TABLE _migrations_script");
    migrator(&all, &database).run_repair(&Repair::default()).unwrap();
    migrator(&all, &database).status().unwrap();
    migrator(&all, &database).verify().unwrap();
    migrator(&all, &database).info("20260101000002").unwrap();
    let log = migrator(&all, &database).logs(&LogFilter::default()).unwrap().entries.unwrap();
    assert!(log.iter().any(|it| it.message.as_ref().is_some_and(|it| it.contains(CANARY))));

    assert!(!are_told(&log).iter().any(|it| it.contains(CANARY)));
}

fn restores_are_told_as_the_log_has_them() {
    collect();
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let backups = Backups::new(folder.path().join("backups")).with_search(search());
    migrator(&three(), &database).up().unwrap();
    let backup = migrator(&three(), &database).backup(&backups).unwrap();
    let mut wanted = Restore::of(backup.id.clone());
    wanted.in_place = true;
    database.execute("CREATE VIEW later AS SELECT id FROM one");
    migrator(&three(), &database).run_restore(&backups, &wanted).unwrap_err();
    database.execute("DROP VIEW later");
    migrator(&three(), &database).run_restore(&backups, &wanted).unwrap();
    let log = migrator(&three(), &database).logs(&LogFilter::default()).unwrap().entries.unwrap();
    let restores = log.iter().filter(|it| it.command == "restore");
    let outcomes: Vec<String> = restores.map(|it| it.outcome.clone()).collect();
    assert_eq!(outcomes, ["failed", "ok"]);
    are_told(&log);
}

/// Every row is told once, and nothing else of its run; gives all that was told.
#[track_caller]
fn are_told(log: &[LogEntry]) -> Vec<String> {
    let told = COLLECTOR.0.lock().unwrap().clone();
    for entry in log {
        let (version, code) = (entry.version.as_deref().unwrap_or_default(), &entry.sqlstate);
        let is_it = |it: &&String| {
            it.starts_with(&format!("INFO migrate_runtime::audit: {}", entry.command))
                && it.ends_with(&format!("run {}", entry.run))
                && it.contains(version)
                && it.contains(&format!(": {}", entry.outcome))
                && code.as_ref().is_none_or(|code| it.contains(code.as_str()))
        };
        assert_eq!(told.iter().filter(is_it).count(), 1, "{entry:?}\n{told:#?}");
    }
    let runs: Vec<&str> = log.iter().map(|it| it.run.as_str()).collect();
    let ours = told.iter().filter(|it| runs.iter().any(|run| it.ends_with(run)));
    assert_eq!(ours.count(), log.len(), "and nothing else: {told:#?}");
    told
}
