//! One runner at a time: waiting, giving up with a name, letting go.

use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{migrator, names, tables, three, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_stale_holder_is_named,
        whoever_waits_proceeds_when_the_holder_is_gone,
        after_a_failure_the_next_runner_proceeds_at_once,
        a_listener_that_panics_leaves_no_lock_behind,
        a_lock_on_a_table_is_got_in_the_end,
        a_lock_that_is_never_got_changes_nothing,
        a_plan_that_changed_while_waiting_is_not_run,
        whoever_waits_is_told_of_a_holder_once,
        what_a_script_prepared_is_gone_when_it_is_sent_again,
        one_run_after_the_other_never_waits_for_its_predecessor
    ]
}

/// Takes the lock for the schema `public`: `printf 'migrate:public._migrations' | sha256sum`.
pub(crate) const TAKE: &str = "SELECT pg_advisory_lock(x'0fc4a656'::int, 1)";

fn a_stale_holder_is_named() {
    let (database, set) = (TestDatabase::new(), three());
    let mut config = database.config();
    let mut holder = config.application_name("forgotten").connect(postgres::NoTls).unwrap();
    holder.batch_execute(TAKE).unwrap();
    let pid: i32 = holder.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let mut settings = Settings::default();
    settings.wait = Duration::ZERO;
    let error = migrator(&set, &database).with_settings(settings).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::LockHeld, 6));
    let holder = format!("pid {pid}, application forgotten, role ");
    assert!(error.to_string().contains(&holder), "{error}");
    assert!(
        error.hints()[1].starts_with(&format!("SELECT pg_terminate_backend({pid})")),
        "{error:?}"
    );
    assert_eq!(tables(&database), "");
}

fn whoever_waits_proceeds_when_the_holder_is_gone() {
    let (database, set) = (TestDatabase::new(), three());
    let mut holder = Some(database.client());
    holder.as_mut().unwrap().batch_execute(TAKE).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut migrator = migrator(&set, &database).on_event(move |event| {
        if let Event::WaitingForLock { .. } = event {
            sender.send(()).unwrap();
        }
    });
    let waiting = std::thread::spawn(move || migrator.up());
    receiver.recv().unwrap();
    assert_eq!(tables(&database), "");
    drop(holder.take());
    assert_eq!(names(&waiting.join().unwrap().unwrap().done), ["one", "two", "three"]);
}

fn after_a_failure_the_next_runner_proceeds_at_once() {
    let database = TestDatabase::new();
    let failing = set(&[("20260101000001_one", "SELECT 1 / 0", "SELECT 1")]);
    up_fails(&failing, &database);
    let mut settings = Settings::default();
    settings.wait = Duration::from_secs(30);
    let run = migrator(&three(), &database).with_settings(settings).up().unwrap();
    assert_eq!(names(&run.done), ["one", "two", "three"]);
}

fn a_listener_that_panics_leaves_no_lock_behind() {
    let (database, set) = (TestDatabase::new(), three());
    let mut panicking = migrator(&set, &database).on_event(|event| {
        assert!(!matches!(event, Event::Finished { index: 2, .. }), "a bug in the listener");
    });
    std::thread::spawn(move || panicking.up()).join().unwrap_err();
    // The third was on its way, and the server may have come to its end.
    let rest = up(&set, &database).done;
    assert!(names(&rest).is_empty() || names(&rest) == ["three"], "{rest:?}");
    assert_eq!(tables(&database), "one three two");
}

fn a_lock_on_a_table_is_got_in_the_end() {
    let database = TestDatabase::new();
    up(&set(&[("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one")]), &database);
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SELECT FROM one").unwrap();
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        (
            "20260101000002_two",
            "ALTER TABLE one ADD COLUMN note text",
            "ALTER TABLE one DROP COLUMN note",
        ),
    ]);
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut migrator = migrator(&set, &database).on_event(move |event| {
        if let Event::Retrying { sqlstate, .. } = event {
            sender.send(sqlstate.clone()).unwrap();
        }
    });
    let running = std::thread::spawn(move || migrator.up());
    assert_eq!(receiver.recv().unwrap(), "55P03");
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&running.join().unwrap().unwrap().done), ["two"]);
}

fn a_lock_that_is_never_got_changes_nothing() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int)");
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SELECT FROM busy").unwrap();
    let set = set(&[(
        "20260101000001_one",
        "CREATE TABLE one ();\nALTER TABLE busy ADD COLUMN note text",
        "DROP TABLE one",
    )]);
    let mut settings = Settings::default();
    settings.lock_timeout = Duration::from_millis(20);
    settings.lock_deadline = Duration::from_millis(100);
    let error = migrator(&set, &database).with_settings(settings).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::LockTimeout, 1));
    assert_eq!(error.location().unwrap().line, 2);
    assert_eq!(tables(&database), "busy");
}

fn a_plan_that_changed_while_waiting_is_not_run() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let mut holder = database.client();
    holder.batch_execute(TAKE).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut reverting = migrator(&set, &database).on_event(move |event| {
        if let Event::WaitingForLock { .. } = event {
            sender.send(()).unwrap();
        }
    });
    let waiting = std::thread::spawn(move || reverting.down(std::num::NonZeroUsize::MIN));
    receiver.recv().unwrap();
    // Meanwhile the holder reverts the very migration that the waiting one was asked to revert.
    holder
        .batch_execute("DROP TABLE three; DELETE FROM _migrations WHERE version = '20260101000003'")
        .unwrap();
    drop(holder);
    let error = waiting.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::PlanChanged, 5));
    assert_eq!(tables(&database), "one two");
}

fn whoever_waits_is_told_of_a_holder_once() {
    let (database, set) = (TestDatabase::new(), three());
    let mut holder = database.client();
    holder.batch_execute(TAKE).unwrap();
    let mut settings = Settings::default();
    settings.wait = Duration::from_millis(2500);
    let (sender, receiver) = std::sync::mpsc::channel();
    let migrator = migrator(&set, &database).with_settings(settings).on_event(move |event| {
        if let Event::WaitingForLock { .. } = event {
            sender.send(()).unwrap();
        }
    });
    assert_eq!({ migrator }.up().unwrap_err().kind(), ErrorKind::LockHeld);
    assert_eq!(receiver.iter().count(), 1);
}

fn what_a_script_prepared_is_gone_when_it_is_sent_again() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int)");
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SELECT FROM busy").unwrap();
    let script = "PREPARE p AS SELECT 1; EXECUTE p; ALTER TABLE busy ADD COLUMN note text";
    let set = set(&[("20260101000001_one", script, "ALTER TABLE busy DROP COLUMN note")]);
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut migrator = migrator(&set, &database).on_event(move |event| {
        if let Event::Retrying { .. } = event {
            let _ = sender.send(());
        }
    });
    let running = std::thread::spawn(move || migrator.up());
    receiver.recv().unwrap();
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&running.join().unwrap().unwrap().done), ["one"]);
}

fn one_run_after_the_other_never_waits_for_its_predecessor() {
    let (database, set) = (TestDatabase::new(), three());
    let mut settings = Settings::default();
    settings.wait = Duration::ZERO;
    let mut migrator = migrator(&set, &database).with_settings(settings);
    for _ in 0..50 {
        migrator.up().unwrap_or_else(|error| panic!("{error:?}"));
        migrator.down(std::num::NonZeroUsize::MIN).unwrap_or_else(|error| panic!("{error:?}"));
    }
}
