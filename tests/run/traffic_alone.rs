//! Beside live traffic, what runs outside of a transaction: builds that wait as long as it takes, and all
//! others, which give way.

use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Settings};
use migration_tests::harness::Trial;
use migration_tests::{set, trials};

use super::traffic::{ALTER, attempt, blockers, busy, reader, running};
use crate::{migrator, names, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_building_of_an_index_shows_what_it_is_at_and_whom_it_waits_for,
        a_script_outside_a_transaction_retries_the_statement_that_found_a_lock,
        a_script_outside_a_transaction_that_gives_up_says_who_was_in_its_way,
        a_rebuild_outside_a_transaction_gives_way_too,
        a_concurrent_build_waits_longer_than_any_limit
    ]
}

fn the_building_of_an_index_shows_what_it_is_at_and_whom_it_waits_for() {
    let database = busy();
    let (mut writer, pid) = reader(&database, "writer");
    writer.batch_execute("UPDATE busy SET id = 5").unwrap();
    let script = "CREATE INDEX CONCURRENTLY busy_id ON busy (id)";
    let index = set(&[("20260101000001_index", script, "DROP INDEX busy_id")]);
    let (migration, events) = running(migrator(&index, &database));
    let (mut phase, mut blocker) = (None, None);
    while phase.is_none() || blocker.is_none() {
        match events.recv().unwrap() {
            Event::IndexBuild { version, phase: at, done, total } => {
                assert_eq!((version.as_str(), done, total), ("20260101000001", 0, 1));
                phase = Some(at);
            }
            Event::Blocked { blockers, .. } => blocker = blockers[0].pid,
            _ => {}
        }
    }
    assert_eq!(phase.as_deref(), Some("waiting for writers before build"));
    assert_eq!(blocker, Some(pid));
    writer.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&migration.join().unwrap().unwrap().done), ["index"]);
    assert_eq!(
        database.text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_id'::regclass"),
        "t"
    );
}

fn a_script_outside_a_transaction_retries_the_statement_that_found_a_lock() {
    let database = busy();
    let (mut reader, _) = reader(&database, "reader");
    let script = format!(
        "-- migrate:no-transaction\nINSERT INTO busy VALUES (3);\n{ALTER};\nCREATE INDEX CONCURRENTLY busy_id ON busy (id)"
    );
    let script = set(&[("20260101000001_note", &script, "SELECT 1")]);
    let (migration, events) = running(migrator(&script, &database));
    assert!(events.iter().any(|it| attempt(&it) == 4));
    // What ran before it is there, once, and stays.
    assert_eq!(database.text("SELECT count(*) FROM busy WHERE id = 3"), "1");
    reader.batch_execute("COMMIT").unwrap();
    migration.join().unwrap().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(database.text("SELECT count(*) FROM busy WHERE id = 3"), "1");
    super::resume::assert_finished(&database, 1);
}

fn a_script_outside_a_transaction_that_gives_up_says_who_was_in_its_way() {
    let database = busy();
    let (mut reader, pid) = reader(&database, "reader");
    let script = format!("-- migrate:no-transaction\nINSERT INTO busy VALUES (3);\n{ALTER}");
    let script = set(&[("20260101000001_note", &script, "SELECT 1")]);
    let mut settings = Settings::default();
    settings.lock_deadline = Duration::from_secs(3);
    let error = migrator(&script, &database).with_settings(settings).up().unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Unfinished, Some("55P03")));
    let pids: Vec<_> = error.blockers().iter().map(|it| it.pid).collect();
    assert_eq!(pids, [Some(pid)], "{error:?}");
    reader.batch_execute("COMMIT").unwrap();
    up(&script, &database);
    assert_eq!(database.text("SELECT count(*) FROM busy WHERE id = 3"), "1");
}

fn a_rebuild_outside_a_transaction_gives_way_too() {
    let database = busy();
    database.execute("CREATE INDEX busy_id ON busy (id)");
    let (mut reader, _) = reader(&database, "reader");
    let script = set(&[("20260101000001_rebuild", "VACUUM FULL busy", "SELECT 1")]);
    let (migration, events) = running(migrator(&script, &database));
    assert!(events.iter().any(|it| attempt(&it) == 2));
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&migration.join().unwrap().unwrap().done), ["rebuild"]);
}

fn a_concurrent_build_waits_longer_than_any_limit() {
    let database = busy();
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE busy IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    let script = "-- migrate:lock-timeout 1ms\nCREATE INDEX CONCURRENTLY busy_id ON busy (id)";
    let index = set(&[("20260101000001_index", script, "DROP INDEX busy_id")]);
    let (migration, events) = running(migrator(&index, &database));
    // Whoever is told has been there for a second.
    assert!(events.iter().any(|it| blockers(it).is_some()));
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&migration.join().unwrap().unwrap().done), ["index"]);
    assert_eq!(events.iter().map(|it| attempt(&it)).max(), Some(0));
}
