//! Batches that stop half-way, and go on.

use std::time::Duration;

use migrate_runtime::{
    Error, ErrorKind, Event, FindingKind, MigrationSet, Migrator, Settings, State,
};
use migration_tests::harness::Trial;
use migration_tests::{End, Server, TestDatabase, set, trials, wait_until};

use super::{COUNT, changed, counting, table};
use crate::{migrator, names, states, up, up_fails};

pub(super) fn tests() -> Vec<Trial> {
    trials![
        the_time_for_batches_ends_a_run_between_two,
        an_interruption_ends_a_run_between_two,
        a_batch_that_fails_keeps_those_before_it,
        what_stopped_is_no_drift,
        no_pause_is_longer_than_the_time_that_is_left,
        a_standby_that_takes_over_goes_on_where_the_primary_stopped,
        an_edited_batch_does_not_go_on,
        a_lent_connection_runs_batches
    ]
}

/// A run that does one batch and stops.
pub(super) fn one_batch(set: &MigrationSet, database: &TestDatabase) -> Migrator {
    let mut settings = Settings::default();
    settings.max_batch_time = Duration::from_nanos(1);
    migrator(set, database).with_settings(settings)
}

#[track_caller]
pub(super) fn stopped(set: &MigrationSet, database: &TestDatabase) -> Error {
    let error = one_batch(set, database).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished, "{error:?}");
    error
}

fn the_time_for_batches_ends_a_run_between_two() {
    let database = TestDatabase::new();
    table(&database, 100);
    database.execute("ANALYZE rows");
    let set = counting("size=30 max-size=30");
    let error = stopped(&set, &database);
    assert_eq!(
        error.to_string(),
        "migrations/20260101000001_count.up.sql:2: migration 20260101000001_count stopped between two batches, as the limit for their time says"
    );
    assert_eq!(
        error.state(),
        Some(
            "20260101000001_count is unfinished: statement 1 has done 30 % of its rows, 30 of about 100"
        )
    );
    assert_eq!(
        error.hints(),
        [
            "migration-cli up   # goes on at statement 1",
            "migration-cli down   # takes back what it has done"
        ]
    );
    assert_eq!(changed(&database), "0: 70, 1: 30");
    let log = "SELECT outcome, detail #>> '{batches,0,rows}' FROM _migrations_log WHERE version IS NOT NULL ORDER BY id";
    assert_eq!(database.text(log), "interrupted|30");
    let status = migrator(&set, &database).status().unwrap();
    assert_eq!(states(&status), [("count", State::Unfinished)]);
    assert_eq!(
        status.unfinished[0].progress(),
        "stopped in statement 1, after 30 % of its rows, 30 of about 100"
    );
    assert_eq!(status.unfinished[0].batched.unwrap().percent(), 30);
    for rows in [60, 90] {
        stopped(&set, &database);
        assert_eq!(changed(&database), format!("0: {}, 1: {rows}", 100 - rows));
    }
    // The last batch is followed by none.
    assert_eq!(names(&one_batch(&set, &database).up().unwrap().done), ["count"]);
    assert_eq!(changed(&database), "1: 100");
}

fn an_interruption_ends_a_run_between_two() {
    let database = TestDatabase::new();
    table(&database, 100);
    let set = counting("size=30 max-size=30 pause=1h");
    let run = migrator(&set, &database);
    let interrupt = run.interrupt();
    let mut run = run.on_event(move |event| {
        if let Event::Batch { .. } = event {
            interrupt.interrupt();
        }
    });
    let error = run.up().unwrap_err();
    assert!(error.is_interrupted());
    let state = error.state().unwrap();
    assert!(
        state.starts_with("20260101000001_count is unfinished: statement 1 has done "),
        "{state}"
    );
    assert_eq!(changed(&database), "0: 70, 1: 30");
}

fn a_batch_that_fails_keeps_those_before_it() {
    let database = TestDatabase::new();
    table(&database, 100);
    database.execute("ALTER TABLE rows ADD CHECK (id <> 75 OR changed = 0)");
    let set = counting("size=30 max-size=30");
    let error = up_fails(&set, &database);
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Unfinished, Some("23514")));
    assert_eq!(error.location().map(|it| (it.line, it.statement)), Some((2, 1)));
    let state = error.state().unwrap();
    assert!(
        state.starts_with("20260101000001_count is unfinished: statement 1 has done "),
        "{state}"
    );
    assert_eq!(changed(&database), "0: 40, 1: 60");
    database.execute("ALTER TABLE rows DROP CONSTRAINT rows_check");
    up(&set, &database);
    assert_eq!(changed(&database), "1: 100");
}

fn what_stopped_is_no_drift() {
    let database = TestDatabase::new();
    table(&database, 40);
    let script = format!(
        "ALTER TABLE rows ADD other int;\n-- migrate:batch table=rows key=id size=10 max-size=10\n{COUNT}"
    );
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_count", &script, "ALTER TABLE rows DROP other"),
    ]);
    let findings = || {
        let verified = migrator(&set, &database).verify().unwrap();
        verified.findings.iter().map(|it| it.kind).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        stopped(&set, &database);
        assert_eq!(findings(), [FindingKind::Unfinished]);
    }
    database.execute("ALTER TABLE one ADD by_hand int");
    assert_eq!(findings(), [FindingKind::Unfinished, FindingKind::Drift]);
    up(&set, &database);
    assert_eq!(findings(), [FindingKind::Drift]);
}

fn no_pause_is_longer_than_the_time_that_is_left() {
    let database = TestDatabase::new();
    table(&database, 40);
    stopped(&counting("size=10 max-size=10 pause=1h"), &database);
    assert_eq!(changed(&database), "0: 30, 1: 10");
}

fn a_standby_that_takes_over_goes_on_where_the_primary_stopped() {
    let (primary, standby) = Server::own_with_standby();
    let primary: &'static Server = Box::leak(Box::new(primary));
    let database = TestDatabase::on(primary);
    table(&database, 40);
    let set = counting("size=10 max-size=10");
    stopped(&set, &database);
    let written = database.text("SELECT pg_current_wal_lsn()");
    let mut replica = standby.config("postgres").connect(postgres::NoTls).unwrap();
    let caught_up = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
    wait_until("the standby has all of it", || replica.query_one(&caught_up, &[]).unwrap().get(0));
    primary.stop(End::Immediate);
    replica.query_one("SELECT pg_promote()", &[]).unwrap();
    let run = Migrator::new(&set, standby.config(database.name())).up().unwrap();
    assert_eq!(names(&run.done), ["count"]);
    let mut replica = standby.config(database.name()).connect(postgres::NoTls).unwrap();
    let changed = replica.query_one("SELECT min(changed) || ' ' || max(changed) FROM rows", &[]);
    assert_eq!(changed.unwrap().get::<_, String>(0), "1 1");
    // The database of a test is dropped at its end.
    primary.start();
}

fn an_edited_batch_does_not_go_on() {
    let database = TestDatabase::new();
    table(&database, 40);
    stopped(&counting("size=10 max-size=10"), &database);
    let error = up_fails(&counting("size=20 max-size=20"), &database);
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert!(
        error.to_string().contains("what comes before it, or how it runs, was changed"),
        "{error}"
    );
    assert_eq!(changed(&database), "0: 30, 1: 10");
}

fn a_lent_connection_runs_batches() {
    let database = TestDatabase::new();
    table(&database, 40);
    let set = counting("size=10 max-size=10");
    let run = migrator(&set, &database).up_with(&mut database.client()).unwrap();
    assert_eq!(names(&run.done), ["count"]);
    assert_eq!(changed(&database), "1: 40");
}
