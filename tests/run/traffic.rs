//! Migrations beside the traffic of an application: nobody is made to wait behind them for long, and who
//! is in their way is told.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use migrate_runtime::{
    Blocker, Error, ErrorKind, Event, MigrationSet, Migrator, Run, Settings, Up,
};
use migration_tests::harness::Trial;
use migration_tests::{Server, TestDatabase, set, trials, wait_until};
use postgres::{Client, NoTls};

use crate::{migrator, names, tables, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        an_application_goes_on_while_a_reader_keeps_a_migration_waiting,
        whoever_is_in_the_way_is_named_with_those_behind,
        a_migration_that_gives_up_says_who_was_in_its_way,
        a_limit_of_nothing_ends_at_the_deadline,
        a_run_goes_on_where_nobody_can_be_seen,
        a_prepared_transaction_in_the_way_is_named,
        a_role_with_short_limits_runs_migrations,
        a_transaction_may_take_longer_than_those_of_applications,
        migrations_that_share_a_transaction_wait_together,
        whoever_is_gone_is_not_blamed,
        autovacuum_gives_way_to_a_migration,
        a_session_that_pauses_is_not_ended_for_it
    ]
}

pub(crate) const ALTER: &str = "ALTER TABLE busy ADD COLUMN note text";

fn adding_a_column() -> MigrationSet {
    set(&[("20260101000001_note", ALTER, "ALTER TABLE busy DROP COLUMN note")])
}

pub(crate) fn busy() -> TestDatabase {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int); INSERT INTO busy VALUES (1), (2)");
    database
}

/// A transaction that is in the way of everything that changes the table.
pub(crate) fn reader(database: &TestDatabase, application: &str) -> (Client, i32) {
    let mut client = database.config().application_name(application).connect(NoTls).unwrap();
    client.batch_execute("BEGIN; SELECT FROM busy").unwrap();
    let pid = client.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    (client, pid)
}

/// Runs `up` in a thread; what happens arrives one by one.
pub(crate) fn running(
    migrator: Migrator,
) -> (std::thread::JoinHandle<Result<Run, Error>>, Receiver<Event>) {
    let (sender, events) = channel();
    let mut migrator = migrator.on_event(move |event| drop(sender.send(event.clone())));
    (std::thread::spawn(move || migrator.up()), events)
}

pub(crate) fn attempt(event: &Event) -> u32 {
    match event {
        Event::Retrying { attempt, sqlstate, .. } => {
            assert_eq!(sqlstate, "55P03");
            *attempt
        }
        _ => 0,
    }
}

pub(crate) fn blockers(event: Event) -> Option<Vec<Blocker>> {
    match event {
        Event::Blocked { blockers, .. } => Some(blockers),
        _ => None,
    }
}

fn an_application_goes_on_while_a_reader_keeps_a_migration_waiting() {
    let database = busy();
    let (mut reader, _) = reader(&database, "reader");
    let (migration, events) = running(migrator(&adding_a_column(), &database));
    assert!(events.iter().any(|it| attempt(&it) == 1));
    // Beyond the first, short tries: those that wait long enough for others to queue behind them.
    assert!(events.iter().any(|it| attempt(&it) == 4));
    // A reader has nobody in its way but the migration.
    let behind = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'application'
        AND datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
    let finished: [AtomicU32; 6] = Default::default();
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends = Ends(&enough);
        for finished in &finished {
            let mut config = database.config();
            config.application_name("application");
            let enough = &enough;
            scope.spawn(move || {
                let mut client = config.connect(NoTls).unwrap();
                while !enough.load(Ordering::SeqCst) {
                    client.batch_execute("SELECT count(*) FROM busy").unwrap();
                    finished.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let mut observer = database.client();
        let mut queued = || observer.query_one(behind, &[]).unwrap().get::<_, i64>(0) > 0;
        wait_until("somebody waits behind the migration", &mut queued);
        // Each of them gets through after that, and the reader is still there.
        let before = finished.each_ref().map(|it| it.load(Ordering::SeqCst));
        let through = || {
            let now = finished.iter().map(|it| it.load(Ordering::SeqCst));
            now.zip(before).all(|(now, before)| now > before)
        };
        wait_until("everybody got through", through);
    });
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "0");
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&migration.join().unwrap().unwrap().done), ["note"]);
    let retries =
        "SELECT (detail ->> 'retries')::int >= 4 FROM _migrations_log WHERE outcome = 'ok'";
    assert_eq!(database.text(retries), "t");
}

/// Ends what waits for the flag, also when the test fails.
struct Ends<'f>(&'f AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn whoever_is_in_the_way_is_named_with_those_behind() {
    let database = busy();
    let (mut first, first_pid) = reader(&database, "first");
    let (mut second, second_pid) = reader(&database, "second");
    first.batch_execute("UPDATE busy SET id = 3 WHERE id = 1").unwrap();
    // It waits for the first, and keeps the migration waiting all the same.
    let waiting = std::thread::spawn(move || {
        second.batch_execute("UPDATE busy\n  SET id = 4 WHERE id = 1; COMMIT").unwrap();
    });
    let blocked = format!("SELECT {first_pid} = ANY (pg_blocking_pids({second_pid}))");
    wait_until("the second waits for the first", || database.text(&blocked) == "t");
    let (migration, events) = running(migrator(&adding_a_column(), &database));
    let seen = events.iter().filter_map(blockers).find(|it| it.len() == 2).unwrap();
    assert_eq!(seen[0].pid, Some(first_pid));
    let application = |it: &Blocker| it.application.clone().unwrap();
    assert_eq!(seen.iter().map(application).collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!(seen[0].state.as_deref(), Some("idle in transaction"));
    assert_eq!(seen[0].statement.as_deref(), Some("UPDATE busy SET id = 3 WHERE id = 1"));
    assert_eq!((seen[0].waits, seen[1].waits), (false, true));
    assert_eq!(seen[1].statement.as_deref(), Some("UPDATE busy SET id = 4 WHERE id = 1; COMMIT"));
    let text = seen[1].to_string();
    let expected = format!("pid {second_pid}, application second, role migration, active, waiting");
    assert!(text.starts_with(&expected), "{text}");
    first.batch_execute("COMMIT").unwrap();
    waiting.join().unwrap();
    migration.join().unwrap().unwrap();
}

fn a_migration_that_gives_up_says_who_was_in_its_way() {
    let database = busy();
    let (mut reader, pid) = reader(&database, "forgotten");
    reader.batch_execute("SELECT 'PASSWORD ''secret''', E'it\\'s', 7, 'and', $$more$$").unwrap();
    let mut settings = Settings::default();
    settings.lock_deadline = Duration::from_secs(3);
    let error = migrator(&adding_a_column(), &database).with_settings(settings).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::LockTimeout, 1));
    let [blocker] = error.blockers() else { panic!("{error:?}") };
    assert_eq!((blocker.pid, blocker.application.as_deref()), (Some(pid), Some("forgotten")));
    // Somebody else's secret is none of ours to tell.
    assert_eq!(blocker.statement.as_deref(), Some("SELECT …"));
    let hint = format!("SELECT pg_terminate_backend({pid});");
    assert!(error.hints().iter().any(|it| it.starts_with(&hint)), "{error:?}");
    let state = error.state().unwrap();
    assert_eq!(state, "nothing of 20260101000001_note was changed");
    let logged = database.text(
        "SELECT outcome, sqlstate, (detail ->> 'retries')::int > 3, detail #>> '{blockers,0}' FROM _migrations_log",
    );
    assert!(
        logged.starts_with(&format!("failed|55P03|t|pid {pid}, application forgotten")),
        "{logged}"
    );
    // The log is for more eyes than a terminal.
    assert!(!logged.contains("SELECT"), "{logged}");
    let columns =
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attnum > 0";
    assert_eq!(database.text(columns), "1");
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&up(&adding_a_column(), &database).done), ["note"]);
}

fn a_limit_of_nothing_ends_at_the_deadline() {
    let database = busy();
    let (_reader, pid) = reader(&database, "forgotten");
    let mut settings = Settings::default();
    (settings.lock_timeout, settings.lock_deadline) = (Duration::ZERO, Duration::from_secs(2));
    let error = migrator(&adding_a_column(), &database).with_settings(settings).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    // The one long wait is looked at too.
    assert_eq!(error.blockers()[0].pid, Some(pid));
}

fn a_run_goes_on_where_nobody_can_be_seen() {
    let database = busy();
    let role = database.role("lonely", "CONNECTION LIMIT 1");
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {0}; ALTER TABLE busy OWNER TO {0}",
        role.name
    ));
    let (mut reader, _) = reader(&database, "reader");
    let (migration, events) = running(Migrator::new(&adding_a_column(), role.config));
    let warned = events.iter().any(|it| {
        matches!(it, Event::Warning { message } if message.contains("too many connections for role"))
    });
    assert!(warned);
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&migration.join().unwrap().unwrap().done), ["note"]);
}

fn a_prepared_transaction_in_the_way_is_named() {
    let database = busy();
    database.execute("BEGIN; SELECT FROM busy; PREPARE TRANSACTION 'left'");
    let mut settings = Settings::default();
    settings.lock_deadline = Duration::from_secs(3);
    let migrator = || migrator(&adding_a_column(), &database);
    let error = migrator().with_settings(settings).up().unwrap_err();
    let [blocker] = error.blockers() else { panic!("{error:?}") };
    assert_eq!(blocker.to_string(), "a prepared transaction (pg_prepared_xacts lists them)");
    database.execute("ROLLBACK PREPARED 'left'");
    migrator().up().unwrap();
}

fn a_role_with_short_limits_runs_migrations() {
    let database = busy();
    let role = database.role("hasty", "");
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {0}; ALTER ROLE {0} SET statement_timeout = '1ms';
         ALTER ROLE {0} SET lock_timeout = '1ms'; ALTER ROLE {0} SET idle_in_transaction_session_timeout = '1ms'",
        role.name
    ));
    let script = "CREATE TABLE slow AS SELECT count(*) FROM generate_series(1, 300000);
        INSERT INTO slow SELECT extract(epoch FROM current_setting('idle_in_transaction_session_timeout')::interval)";
    let slow = set(&[("20260101000001_slow", script, "DROP TABLE slow")]);
    Migrator::new(&slow, role.config).up().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(
        database.text("SELECT string_agg(count::text, ' ' ORDER BY count) FROM slow"),
        "60 300000"
    );
}

fn a_transaction_may_take_longer_than_those_of_applications() {
    let database = TestDatabase::new();
    // PostgreSQL 16 and older have no such limit.
    if database.text("SELECT current_setting('transaction_timeout', true) IS NULL") == "t" {
        return;
    }
    let role = database.role("hasty", "");
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {0}; ALTER ROLE {0} SET transaction_timeout = '2s'",
        role.name
    ));
    let script = "CREATE TABLE slow (); SELECT pg_sleep(3)";
    let slow = set(&[("20260101000001_slow", script, "DROP TABLE slow")]);
    Migrator::new(&slow, role.config).up().unwrap_or_else(|error| panic!("{error:?}"));
}

fn autovacuum_gives_way_to_a_migration() {
    let server = Server::own();
    let client = || server.config("postgres").connect(NoTls).unwrap();
    let setup = ["ALTER SYSTEM SET autovacuum = on", "ALTER SYSTEM SET autovacuum_naptime = '1s'",
        "SELECT pg_reload_conf()",
        "CREATE TABLE busy (id int) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
            autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, fillfactor = 10)",
        "INSERT INTO busy SELECT generate_series(1, 20000)", "DELETE FROM busy WHERE id % 2 = 0"];
    for sql in setup {
        client().batch_execute(sql).unwrap();
    }
    let at_it =
        "SELECT EXISTS (SELECT FROM pg_stat_progress_vacuum WHERE relid = 'busy'::regclass)";
    wait_until("autovacuum works", || client().query_one(at_it, &[]).unwrap().get(0));
    // At this pace it needs minutes, and 100 ms are never enough for it to give way.
    let (migration, events) = running(Migrator::new(&adding_a_column(), server.config("postgres")));
    let seen = events.iter().find_map(blockers).unwrap();
    assert_eq!(seen[0].application.as_deref(), Some("autovacuum worker"));
    assert_eq!(names(&migration.join().unwrap().unwrap().done), ["note"]);
    let ended = "SELECT autovacuum_count FROM pg_stat_user_tables WHERE relname = 'busy'";
    assert_eq!(client().query_one(ended, &[]).unwrap().get::<_, i64>(0), 0);
}

fn migrations_that_share_a_transaction_wait_together() {
    let database = busy();
    let (mut reader, pid) = reader(&database, "reader");
    let two = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_note", ALTER, "ALTER TABLE busy DROP COLUMN note"),
    ]);
    let mut single = Up::default();
    single.single_transaction = true;
    let (sender, events) = channel();
    let mut migrator =
        migrator(&two, &database).on_event(move |event| drop(sender.send(event.clone())));
    let running = std::thread::spawn(move || migrator.run_up(&single));
    let seen = events.iter().find_map(blockers).unwrap();
    assert_eq!(seen[0].pid, Some(pid));
    assert_eq!(tables(&database), "busy");
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&running.join().unwrap().unwrap().done), ["one", "note"]);
}

fn whoever_is_gone_is_not_blamed() {
    let database = busy();
    let (reader, _) = reader(&database, "reader");
    let script = format!("{ALTER}; SELECT pg_advisory_xact_lock(42)");
    let script = set(&[("20260101000001_note", &script, "SELECT 1")]);
    let migrator = migrator(&script, &database);
    let interrupt = migrator.interrupt();
    let mut settings = Settings::default();
    settings.lock_timeout = Duration::from_mins(1);
    let (migration, events) = running(migrator.with_settings(settings));
    assert!(events.iter().any(|it| blockers(it).is_some()));
    let mut other = database.client();
    other.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let pid: i32 = other.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    drop(reader);
    let next = events.iter().find_map(blockers).unwrap();
    assert_eq!(next[0].pid, Some(pid));
    interrupt.interrupt();
    let error = migration.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(error.blockers().iter().map(|it| it.pid).collect::<Vec<_>>(), [Some(pid)]);
}

fn a_session_that_pauses_is_not_ended_for_it() {
    let database = busy();
    // PostgreSQL 13 has no such limit.
    if database.text("SELECT current_setting('idle_session_timeout', true) IS NULL") == "t" {
        return;
    }
    let role = database.role("restless", "");
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {0}; ALTER TABLE busy OWNER TO {0};
         ALTER ROLE {0} SET idle_session_timeout = '400ms'",
        role.name
    ));
    let (mut reader, _) = reader(&database, "reader");
    let (migration, events) = running(Migrator::new(&adding_a_column(), role.config));
    // Half a second and more lies between attempts of 100 ms.
    let lost = |it: &Event| matches!(it, Event::Reconnecting { .. });
    let mut told = events.iter().inspect(|it| assert!(!lost(it), "{it:?}"));
    assert!(told.any(|it| attempt(&it) == 6));
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(names(&migration.join().unwrap().unwrap().done), ["note"]);
}
