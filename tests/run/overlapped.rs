//! Migrations that are on their way while the server works on the ones before them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::channel;

use migrate_runtime::{ErrorKind, Event, LogFilter, MigrationSet, Migrator};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{BLOCKED, TestDatabase, set, trials, wait_until};

use crate::{migrator, names, tables, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_hundred_take_few_round_trips,
        up_to_32_are_on_their_way_at_once,
        events_come_as_from_one_after_the_other,
        after_a_failure_none_of_those_behind_it_runs,
        what_is_too_long_goes_by_itself,
        a_lock_in_the_way_of_one_is_waited_for_and_the_rest_follows,
        an_interruption_stops_the_one_that_runs_and_those_behind_it,
        an_interruption_between_two_is_not_lost
    ]
}

const NAMES: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// Six migrations, each of which makes a table of its name; the fourth does this instead.
fn with_fourth(script: &str) -> MigrationSet {
    let scripts: Vec<_> = (1..)
        .zip(NAMES)
        .map(|(number, name)| {
            let up = if number == 4 {
                script.to_owned()
            } else {
                format!("CREATE TABLE {name} (id int)")
            };
            (format!("20260101{number:06}_{name}"), up, format!("DROP TABLE {name}"))
        })
        .collect();
    made_of(&scripts)
}

/// A set of these names, up scripts and down scripts.
fn made_of(scripts: &[(String, String, String)]) -> MigrationSet {
    let borrowed: Vec<_> =
        scripts.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str())).collect();
    set(&borrowed)
}

fn a_hundred_take_few_round_trips() {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let scripts: Vec<_> = (1..=100)
        .map(|it| {
            (
                format!("2026010100{:02}{:02}_t", it / 60, it % 60),
                format!("CREATE TABLE t{it} (id int)"),
                format!("DROP TABLE t{it}"),
            )
        })
        .collect();
    let set = made_of(&scripts);
    assert_eq!(Migrator::new(&set, proxy.config()).up().unwrap().done.len(), 100);
    // Before and behind them: reading, the lock and its ROLLBACK, the tables, the schema and its record. One is for
    // what stands around the migrations, and four are for these.
    let waits = proxy.counts().waits;
    assert!(waits <= 25, "{waits}");
    let all = NonZeroUsize::new(100).unwrap();
    proxy.reset();
    assert_eq!(Migrator::new(&set, proxy.config()).down(all).unwrap().done.len(), 100);
    let waits = proxy.counts().waits;
    assert!(waits <= 25, "{waits}");
    assert_eq!(tables(&database), "");
}

fn up_to_32_are_on_their_way_at_once() {
    let database = TestDatabase::new();
    let proxy = Arc::new(Proxy::socket(&database));
    let mut holder = database.client();
    holder.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let script = "-- migrate:lock-timeout 1min\nSELECT pg_advisory_xact_lock_shared(42)".to_owned();
    let script = |it| (format!("202601010000{it:02}_t"), script.clone(), "SELECT 1".to_owned());
    let set = made_of(&(1..=40).map(script).collect::<Vec<_>>());
    let seen = proxy.clone();
    let (sender, before) = channel();
    let mut migrator = Migrator::new(&set, proxy.config()).on_event(move |event| {
        if let Event::Started { index: 1, .. } = event {
            sender.send(seen.counts().queries).unwrap();
        }
    });
    let run = std::thread::spawn(move || migrator.up());
    let before = before.recv().unwrap();
    // The first one waits for the test.
    wait_until("the others are on their way", || proxy.counts().queries == before + 32);
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "0");
    drop(holder);
    assert_eq!(run.join().unwrap().unwrap().done.len(), 40);
}

fn events_come_as_from_one_after_the_other() {
    let database = TestDatabase::new();
    let (sender, events) = channel();
    let mut migrator = migrator(&with_fourth("CREATE TABLE four (id int)"), &database);
    migrator = migrator.on_event(move |event| match event {
        Event::Started { index, name, .. } => sender.send(format!("{index} {name}")).unwrap(),
        Event::Finished { index, done, .. } => {
            assert!(done.applied_at.is_some());
            sender.send(format!("{index} {} ran", done.name)).unwrap();
        }
        _ => {}
    });
    migrator.up().unwrap();
    drop(migrator);
    let expected = (1..)
        .zip(NAMES)
        .flat_map(|(index, name)| [format!("{index} {name}"), format!("{index} {name} ran")]);
    assert_eq!(events.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// Whatever the fourth script does, it fails with this code in this line, and leaves these tables.
#[track_caller]
fn check(script: &str, code: &str, line: Option<u32>, left: &str) {
    let (database, set) = (TestDatabase::new(), with_fourth(script));
    let error = up_fails(&set, &database);
    assert_eq!(error.sqlstate(), Some(code), "{script}: {error:?}");
    assert_eq!(error.location().map(|it| it.line), line, "{script}");
    let partial = error.partial().unwrap();
    assert_eq!(names(&partial.done), ["one", "two", "three"], "{script}");
    assert_eq!(partial.failed.as_ref().unwrap().1, "four", "{script}");
    assert_eq!(partial.not_run, ["20260101000005", "20260101000006"], "{script}");
    assert_eq!(tables(&database), left, "{script}");
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "3", "{script}");
    // The session is fit for another one, and so is the lock.
    let mended = with_fourth("CREATE TABLE IF NOT EXISTS four (id int)");
    assert_eq!(names(&up(&mended, &database).done), ["four", "five", "six"], "{script}");
}

fn after_a_failure_none_of_those_behind_it_runs() {
    let before = "one three two";
    check("CREATE TABLE four (id int);\nSELECT 1 / 0", "22012", Some(2), before);
    let unread =
        "-- migrate:no-parse because it is broken\nCREATE TABLE four (id int);\nSELECT FROM FROM";
    check(unread, "42601", Some(3), before);
    check("CREATE TABLE four (id int);\nSELECT missing", "42703", Some(2), before);
    check(
        "CREATE TABLE four (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO four VALUES (1), (1)",
        "23505",
        None,
        before,
    );
    // A COMMIT that fails leaves no transaction open which could refuse those behind it.
    let at_commit = "CREATE TABLE four (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
        CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SET CONSTRAINTS ALL DEFERRED;
            INSERT INTO public.four VALUES (1), (1);
            RETURN NEW;
        END $$;
        CREATE TRIGGER twice BEFORE INSERT ON _migrations FOR EACH ROW EXECUTE FUNCTION twice()";
    check(at_commit, "23505", None, before);
    // Of a script that gives the lock back, the guard behind it says so.
    let unlocked = "CREATE TABLE four (id int);\nSELECT pg_advisory_unlock_all()";
    check(unlocked, "MG004", None, before);
}

fn what_is_too_long_goes_by_itself() {
    let database = TestDatabase::new();
    let proxy = Arc::new(Proxy::socket(&database));
    let mut holder = database.client();
    holder.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let long = format!(
        "-- migrate:lock-timeout 1min\nSELECT pg_advisory_xact_lock_shared(42), '{}'",
        "x".repeat(300 << 10)
    );
    let seen = proxy.clone();
    let (sender, before) = channel();
    let mut migrator = Migrator::new(&with_fourth(&long), proxy.config()).on_event(move |event| {
        if let Event::Started { index: 1, .. } = event {
            sender.send(seen.counts().queries).unwrap();
        }
    });
    let run = std::thread::spawn(move || migrator.up());
    let before = before.recv().unwrap();
    wait_until("the fourth waits for the test", || database.text(BLOCKED) == "1");
    assert_eq!(proxy.counts().queries, before + 4, "nothing is on its way behind it");
    drop(holder);
    assert_eq!(names(&run.join().unwrap().unwrap().done), NAMES);
}

fn a_lock_in_the_way_of_one_is_waited_for_and_the_rest_follows() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int)");
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SELECT FROM busy").unwrap();
    let set = with_fourth("CREATE TABLE four (id int); ALTER TABLE busy ADD note text");
    let (mut held, mut seen) = (Some(reader), 0);
    let mut migrator = migrator(&set, &database).on_event(move |event| {
        if let Event::Retrying { version, attempt, .. } = event {
            assert_eq!(version, "20260101000004");
            seen += 1;
            assert_eq!(*attempt, seen);
            if seen == 2 {
                drop(held.take());
            }
        }
    });
    assert_eq!(names(&migrator.up().unwrap().done), NAMES);
    assert_eq!(tables(&database), "busy five four one six three two");
    let entries = migrator.logs(&LogFilter::default()).unwrap().entries.unwrap();
    let retried = entries.iter().filter(|it| it.retries > 0).map(|it| it.version.as_deref());
    assert_eq!(retried.collect::<Vec<_>>(), [Some("20260101000004")]);
}

fn an_interruption_stops_the_one_that_runs_and_those_behind_it() {
    let database = TestDatabase::new();
    let mut migrator = migrator(&with_fourth("SELECT pg_sleep(600)"), &database);
    let interrupt = migrator.interrupt();
    migrator = migrator.on_event(move |event| {
        if let Event::Started { index: 4, .. } = event {
            interrupt.interrupt();
        }
    });
    let error = migrator.up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130));
    let partial = error.partial().unwrap();
    assert_eq!(names(&partial.done), ["one", "two", "three"]);
    assert_eq!(partial.not_run, ["20260101000005", "20260101000006"]);
    assert_eq!(tables(&database), "one three two");
}

fn an_interruption_between_two_is_not_lost() {
    // Asked for when a migration has begun: the request may come while it runs, or after it and before the next one
    // does anything. That one would take ten minutes.
    for index in 1..6 {
        let database = TestDatabase::new();
        let scripts = (1..).zip(NAMES).map(|(number, name)| {
            let up = match number {
                it if it > index => "SELECT pg_sleep(600)".to_owned(),
                _ => format!("CREATE TABLE {name} (id int)"),
            };
            (format!("20260101{number:06}_{name}"), up, format!("DROP TABLE {name}"))
        });
        let set = made_of(&scripts.collect::<Vec<_>>());
        let migrator = migrator(&set, &database);
        let interrupt = migrator.interrupt();
        let mut migrator = migrator.on_event(move |event| match event {
            Event::Started { index: at, .. } if *at == index => interrupt.interrupt(),
            _ => {}
        });
        let error = migrator.up().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error:?}");
        // All that is claimed to be done is done, and nothing else.
        let done = names(&error.partial().unwrap().done).join(" ");
        assert!([index - 1, index].iter().any(|it| NAMES[..*it].join(" ") == done), "{done}");
        let history = "SELECT COALESCE(string_agg(name, ' ' ORDER BY id), '') FROM _migrations";
        assert_eq!(database.text(history), done, "{index}");
    }
}
