//! One migration in full: what binary, history, kept scripts and log say about it.

use std::num::NonZeroUsize;

use migrate_runtime::{ErrorKind, Migrator, State};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{first, migrator, three, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        what_was_done_with_a_migration_is_in_its_log,
        what_has_not_run_is_shown_before_there_is_any_table,
        what_only_the_database_knows_is_shown_with_the_script_it_kept,
        a_role_that_may_only_read_the_history_sees_all_but_the_log,
        a_version_that_nobody_knows_is_refused_with_one_that_was_meant
    ]
}

fn what_was_done_with_a_migration_is_in_its_log() {
    let (database, set) = (TestDatabase::new(), three());
    database.execute("CREATE TABLE two (id int)");
    up_fails(&set, &database);
    database.execute("DROP TABLE two");
    let run = up(&set, &database);
    migrator(&set, &database).down(NonZeroUsize::new(2).unwrap()).unwrap();

    let info = migrator(&set, &database).info("20260101000002").unwrap();
    assert_eq!((info.entry.name.as_str(), info.entry.state), ("two", State::Pending));
    assert_eq!(info.database, database.name());
    assert_eq!(info.migration.unwrap().up.sql, "CREATE TABLE two (id int)");
    assert_eq!(info.kept_down, None, "gone with the row of the history");
    let log = info.log.unwrap();
    let told: Vec<_> = log
        .iter()
        .map(|it| (it.command.as_str(), it.direction.as_deref(), it.outcome.as_str()))
        .collect();
    let expected =
        [("up", Some("up"), "failed"), ("up", Some("up"), "ok"), ("down", Some("down"), "ok")];
    assert_eq!(told, expected);
    assert_eq!(log[0].sqlstate.as_deref(), Some("42P07"));
    assert!(log[0].message.as_ref().unwrap().contains("already exists"), "{:?}", log[0]);
    assert_eq!(log[1].run, run.token);
    assert_eq!(log[1].db_role, "migration");
    assert!(log[1].started_at.unwrap() <= log[1].finished_at.unwrap());
}

fn what_has_not_run_is_shown_before_there_is_any_table() {
    let database = TestDatabase::new();
    let info = migrator(&three(), &database).info("20260101000001").unwrap();
    assert_eq!(info.entry.state, State::Pending);
    assert_eq!(info.log, Some(Vec::new()));
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t");
}

fn what_only_the_database_knows_is_shown_with_the_script_it_kept() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let info = migrator(&first(&set, 1), &database).info("20260101000003").unwrap();
    assert_eq!(info.entry.state, State::Unknown);
    assert!(info.migration.is_none());
    assert_eq!(info.kept_down.as_deref(), Some("DROP TABLE three"));

    let known = migrator(&set, &database).info("20260101000003").unwrap();
    assert_eq!(known.kept_down, None, "it is the one of the binary");
    let other = ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three CASCADE");
    let differs = migrator(&self::set(&[other]), &database).info("20260101000003").unwrap();
    assert_eq!(differs.kept_down.as_deref(), Some("DROP TABLE three"));
}

fn a_role_that_may_only_read_the_history_sees_all_but_the_log() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let reader = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let mut reading = Migrator::new(&set, reader.config.clone());
    assert_eq!(reading.info("20260101000001").unwrap().log, None);
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", reader.name));
    assert_eq!(reading.info("20260101000001").unwrap().log.unwrap().len(), 1);
}

fn a_version_that_nobody_knows_is_refused_with_one_that_was_meant() {
    #[track_caller]
    fn check(database: &TestDatabase, version: &str, hint: &str) {
        let error = migrator(&three(), database).info(version).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoSuchVersion);
        assert!(error.hints()[0].starts_with(hint), "{error:?}");
    }

    let database = TestDatabase::new();
    check(&database, "20260101000009", "migration-cli info 20260101000003");
    check(&database, "two", "migration-cli info 20260101000002");
    check(&database, "2026", "migration-cli info 20260101000001");
    check(&database, "'; DROP", "migration-cli status");
    check(&database, "", "migration-cli status");
}
