//! Batches beside others: their locks, their waiting, other runners, a connection that is lost.

use std::sync::mpsc::channel;
use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{Server, TestDatabase, trials, wait_until};

use super::{changed, counting, table};
use crate::{migrator, names, up};

pub(super) fn tests() -> Vec<Trial> {
    trials![
        a_locked_row_is_tried_again_with_smaller_batches,
        the_deadline_for_locks_ends_a_run_between_two_batches,
        whoever_waits_for_the_table_goes_first,
        who_waits_for_ever_ends_the_run,
        a_standby_that_lags_is_waited_for,
        a_batch_that_takes_too_long_is_made_smaller,
        a_lost_connection_repeats_no_batch,
        runners_at_once_run_each_batch_once
    ]
}

fn patient(deadline: Duration) -> Settings {
    let mut settings = Settings::default();
    settings.lock_timeout = Duration::from_millis(20);
    settings.lock_deadline = deadline;
    settings
}

fn a_locked_row_is_tried_again_with_smaller_batches() {
    let database = TestDatabase::new();
    table(&database, 200);
    let mut other = database.client();
    other.batch_execute("BEGIN; UPDATE rows SET changed = 10 WHERE id = 150").unwrap();
    let (sender, events) = channel();
    let mut other = Some(other);
    let set = counting("size=100 min-size=5 max-size=100 target=1h");
    let mut run = migrator(&set, &database)
        .with_settings(patient(Duration::from_mins(1)))
        .on_event(move |event| match event {
            Event::Batch { rows, .. } => sender.send(*rows).unwrap(),
            Event::Retrying { attempt: 2, .. } => {
                drop(other.take().map(|mut it| it.batch_execute("ROLLBACK")));
            }
            _ => {}
        });
    run.up().unwrap();
    drop(run);
    assert_eq!(changed(&database), "1: 200");
    let rows: Vec<u64> = events.iter().collect();
    assert_eq!(rows.iter().sum::<u64>(), 200);
    assert_eq!(rows[..2], [100, 25], "{rows:?}");
    let retries = "SELECT detail ->> 'retries' FROM _migrations_log WHERE version IS NOT NULL";
    assert_eq!(database.text(retries), "2");
}

fn the_deadline_for_locks_ends_a_run_between_two_batches() {
    let database = TestDatabase::new();
    table(&database, 200);
    let mut other = database.client();
    other.batch_execute("BEGIN; UPDATE rows SET changed = 10 WHERE id = 150").unwrap();
    let set = counting("size=100 max-size=100");
    let settings = patient(Duration::from_millis(300));
    let error = migrator(&set, &database).with_settings(settings).up().unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Unfinished, Some("55P03")));
    let state = error.state().unwrap();
    assert!(state.contains("statement 1 has done "), "{state}");
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(changed(&database), "0: 100, 1: 100");
    up(&set, &database);
    assert_eq!(changed(&database), "1: 200");
}

/// Whether somebody waits for a lock on the table.
fn waits(database: &TestDatabase) -> bool {
    database.text("SELECT count(*) FROM pg_locks WHERE relation = 'rows'::regclass AND NOT granted")
        != "0"
}

fn whoever_waits_for_the_table_goes_first() {
    let database = TestDatabase::new();
    table(&database, 100);
    let (reader, writer) = (database.client(), database.client());
    let (sender, paused) = channel();
    let set = counting("size=40 max-size=40");
    let mut others = Some((reader, writer));
    let (held, other) = (std::sync::Arc::new(std::sync::Mutex::new(None)), database.config());
    let holder = std::sync::Arc::clone(&held);
    let watching = TestWatch(other);
    let mut run = migrator(&set, &database).on_event(move |event| match event {
        Event::Batch { .. } => {
            let Some((mut reader, mut writer)) = others.take() else { return };
            reader.batch_execute("BEGIN; SELECT FROM rows LIMIT 1").unwrap();
            let waiting = std::thread::spawn(move || {
                writer.batch_execute("ALTER TABLE rows ALTER changed SET DEFAULT 0").unwrap();
            });
            wait_until("it waits for long", || watching.waits_long());
            *holder.lock().unwrap() = Some((reader, waiting));
        }
        Event::BatchPaused { reason, .. } => {
            sender.send(reason.clone()).unwrap();
            if let Some((mut reader, waiting)) = holder.lock().unwrap().take() {
                reader.batch_execute("COMMIT").unwrap();
                waiting.join().unwrap();
            }
        }
        _ => {}
    });
    run.up().unwrap();
    drop(run);
    drop(held);
    assert_eq!(changed(&database), "1: 100");
    let reasons: Vec<String> = paused.iter().collect();
    assert!(
        reasons[0].starts_with("session ") && reasons[0].ends_with(" s for a lock on the table"),
        "{reasons:?}"
    );
}

/// Looks whether somebody has waited for the table for more than a second, by the server's clock.
struct TestWatch(postgres::Config);

impl TestWatch {
    fn waits_long(&self) -> bool {
        let mut client = self.0.connect(postgres::NoTls).unwrap();
        let question = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted
            AND relation = 'rows'::regclass AND a.query_start < clock_timestamp() - interval '1.1 s')";
        client.query_one(question, &[]).unwrap().get(0)
    }
}

fn who_waits_for_ever_ends_the_run() {
    let database = TestDatabase::new();
    table(&database, 100);
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SELECT FROM rows LIMIT 1").unwrap();
    let mut writer = database.client();
    let waiting = std::thread::spawn(move || {
        writer.batch_execute("ALTER TABLE rows ALTER changed SET DEFAULT 0").unwrap();
    });
    let watching = TestWatch(database.config());
    wait_until("it waits for long", || watching.waits_long());
    let set = counting("size=40 max-size=40");
    let settings = patient(Duration::from_millis(10));
    let error = migrator(&set, &database).with_settings(settings).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.to_string().contains(" before a batch: session "), "{error}");
    assert_eq!(error.state(), Some("nothing of 20260101000001_count was changed"));
    assert!(waits(&database));
    reader.batch_execute("COMMIT").unwrap();
    waiting.join().unwrap();
    assert_eq!(changed(&database), "0: 100");
}

fn a_standby_that_lags_is_waited_for() {
    let (primary, standby) = Server::own_with_standby();
    let database = TestDatabase::on(Box::leak(Box::new(primary)));
    table(&database, 200);
    let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
    wait_until("the standby follows", || database.text(streams) == "1");
    let mut replica = standby.config("postgres").connect(postgres::NoTls).unwrap();
    replica.batch_execute("SELECT pg_wal_replay_pause()").unwrap();
    let (sender, paused) = channel();
    let set = counting("size=10 max-size=10 pause=50ms");
    let mut settings = Settings::default();
    settings.max_replication_lag = Duration::from_millis(300);
    let mut run =
        migrator(&set, &database).with_settings(settings.clone()).on_event(move |event| {
            if let Event::BatchPaused { reason, .. } = event {
                sender.send(reason.clone()).unwrap();
                replica.batch_execute("SELECT pg_wal_replay_resume()").unwrap();
            }
        });
    run.up().unwrap();
    drop(run);
    let reasons: Vec<String> = paused.iter().collect();
    assert!(!reasons.is_empty());
    assert!(
        reasons.iter().all(|it| it.starts_with("the standby ") && it.ends_with(" behind")),
        "{reasons:?}"
    );
    assert_eq!(changed(&database), "1: 200");

    // One that does not come back ends the run, unless it is told not to wait.
    let mut replica = standby.config("postgres").connect(postgres::NoTls).unwrap();
    replica.batch_execute("SELECT pg_wal_replay_pause()").unwrap();
    settings.lock_deadline = Duration::from_millis(100);
    let one = std::num::NonZeroUsize::MIN;
    let error = migrator(&set, &database).with_settings(settings.clone()).down(one).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    let hint = "migration-cli down --max-replication-lag 0   # waits for no standby";
    assert!(error.hints().iter().any(|it| it == hint), "{error:?}");
    // A role that may not look at standbys is told so, and does not wait.
    let app = database.role("app", "");
    database.execute(&format!("GRANT ALL ON SCHEMA public TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {0}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {0}", app.name));
    let (sender, warned) = channel();
    let mut one_batch = settings.clone();
    one_batch.max_batch_time = Duration::from_nanos(1);
    one_batch.record_schema = false;
    let mut run =
        Migrator::new(&set, app.config.clone()).with_settings(one_batch).on_event(move |event| {
            if let Event::Warning { message } = event {
                sender.send(message.clone()).unwrap();
            }
        });
    assert!(run.down(one).unwrap_err().to_string().contains("stopped between two batches"));
    drop(run);
    let role = &app.name;
    let warning = format!(
        "batches wait for no standby: the role {role} may not see how far behind they are (GRANT pg_monitor TO {role})"
    );
    assert_eq!(warned.iter().collect::<Vec<_>>(), [warning]);
    settings.max_replication_lag = Duration::ZERO;
    migrator(&set, &database).with_settings(settings).down(one).unwrap();
    assert_eq!(changed(&database), "0: 200");
}

fn a_batch_that_takes_too_long_is_made_smaller() {
    let database = TestDatabase::new();
    table(&database, 60);
    let script = "-- migrate:statement-timeout 500ms\n-- migrate:batch table=rows key=id size=60 min-size=1\n\
         UPDATE rows SET changed = changed + 1 WHERE id >= :batch_start AND id < :batch_end AND pg_sleep(0.02) IS NOT NULL";
    let set = migration_tests::set(&[("20260101000001_slow", script, "SELECT 1")]);
    let (sender, events) = channel();
    let mut run = migrator(&set, &database).on_event(move |event| {
        if let Event::Batch { rows, .. } = event {
            sender.send(*rows).unwrap();
        }
    });
    run.up().unwrap();
    drop(run);
    assert_eq!(changed(&database), "1: 60");
    let rows: Vec<u64> = events.iter().collect();
    assert!(rows[0] < 60, "{rows:?}");
}

fn a_lost_connection_repeats_no_batch() {
    let set = counting("size=10 max-size=10");
    let losses = |fault: Fault| {
        let database = TestDatabase::new();
        table(&database, 30);
        let proxy = Proxy::socket(&database);
        let (sender, lost) = channel();
        let mut run = Migrator::new(&set, proxy.config()).on_event(move |event| {
            if let Event::Reconnecting { .. } = event {
                sender.send(()).unwrap();
            }
        });
        proxy.set(fault);
        let done = run.up().unwrap_or_else(|error| panic!("{fault:?}: {error:?}")).done;
        assert_eq!(names(&done), ["count"], "{fault:?}");
        assert_eq!(changed(&database), "1: 30", "{fault:?}");
        lost.try_iter().count()
    };
    // After the one that reads, up to the last one of the run.
    let mut queries = 2..;
    let last = queries.find(|it| losses(Fault::CutBeforeQuery(*it)) == 0).unwrap();
    assert!(last > 15, "{last}");
    for query in 2..last {
        losses(Fault::CutAfterQuery(query));
    }
}

fn runners_at_once_run_each_batch_once() {
    let database = TestDatabase::new();
    table(&database, 1_000);
    let set = counting("size=10 max-size=10");
    let done: usize = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..4).map(|_| scope.spawn(|| names(&up(&set, &database).done).len())).collect();
        runs.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(done, 1);
    assert_eq!(changed(&database), "1: 1000");
}
