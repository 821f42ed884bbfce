//! A connection that is lost in the middle of a run: what was committed is found, the rest goes on.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use migrate_runtime::{Direction, ErrorKind, Event, Migrator, Run, Up};
use migration_tests::doubling::{BALANCE, assert_each_ran_once, doubling};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{BLOCKED, TestDatabase, set, trials, wait_until};

use super::failures::assert_second_failed;
use crate::{migrator, tables, unaware, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        whatever_message_is_lost_every_migration_runs_once,
        whatever_message_is_lost_every_migration_is_reverted_once,
        a_connection_that_is_cut_after_the_commit_counts_it,
        an_answer_that_breaks_off_anywhere_loses_nothing,
        all_in_one_transaction_is_found_committed_or_run_again,
        a_session_that_the_server_keeps_is_ended_where_it_waits_for_nobody,
        a_statement_that_still_runs_is_waited_for,
        a_backend_that_is_terminated_costs_one_attempt,
        a_script_that_ends_its_session_ends_the_run_at_the_third_time,
        what_a_script_did_before_it_ended_its_session_is_told
    ]
}

/// A migrator, what it was told to wait for, and how often it came back.
fn watched(proxy: &Proxy, set: &migrate_runtime::MigrationSet) -> (Migrator, Receiver<String>) {
    let (sender, reasons) = channel();
    let migrator = Migrator::new(set, proxy.config()).on_event(move |event| {
        if let Event::Reconnecting { reason } = event {
            sender.send(reason.clone()).unwrap();
        }
    });
    (migrator, reasons)
}

/// Calls `fault` at the first event that it wants.
pub(crate) fn at_event(
    migrator: Migrator,
    wanted: impl Fn(&Event) -> bool + Send + 'static,
    fault: impl FnOnce() + Send + 'static,
) -> Migrator {
    let mut fault = Some(fault);
    migrator.on_event(move |event| {
        if wanted(event)
            && let Some(fault) = fault.take()
        {
            fault();
        }
    })
}

pub(crate) fn is_start_of(wanted: usize) -> impl Fn(&Event) -> bool + Send + 'static {
    move |event| matches!(event, Event::Started { index, .. } if *index == wanted)
}

/// The run lists everything once, in order, with what the history says of it.
#[track_caller]
fn assert_listed(database: &TestDatabase, run: &Run, count: usize) {
    let numbers = |it: &migrate_runtime::Done| it.version[8..].parse::<usize>().unwrap();
    let mut found: Vec<_> = run.done.iter().map(numbers).collect();
    if run.direction == Direction::Down {
        found.reverse();
    } else {
        assert!(run.done.iter().all(|it| it.applied_at.is_some()), "{run:?}");
    }
    let history: usize = database.text("SELECT count(*) FROM _migrations").parse().unwrap();
    let first = if run.direction == Direction::Down { history } else { history - count };
    assert_eq!(found, (first + 1..=first + count).collect::<Vec<_>>());
    let log = format!("SELECT count(*) FROM _migrations_log WHERE run = '{}'", run.token);
    assert_eq!(database.text(&format!("{log} AND outcome = 'ok'")), count.to_string());
}

pub(crate) fn prepared(ran: usize) -> TestDatabase {
    let database = TestDatabase::new();
    database.execute(BALANCE);
    up(&doubling(ran), &database);
    database
}

fn whatever_message_is_lost_every_migration_runs_once() {
    // After the message that reads: lock and reading, the schema, three migrations. Where there are five, what is
    // around them gets its names first.
    for (count, last) in [(4, 6), (6, 9)] {
        for query in 2..=last {
            for fault in [Fault::CutBeforeQuery(query), Fault::CutAfterQuery(query)] {
                let database = prepared(1);
                let proxy = Proxy::socket(&database);
                let (mut migrator, reasons) = watched(&proxy, &doubling(count));
                proxy.set(fault);
                let run = migrator.up().unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
                assert_eq!(reasons.try_iter().count(), 1, "{fault:?}");
                assert_listed(&database, &run, count - 1);
                assert_each_ran_once(&database, count);
            }
        }
    }
}

fn whatever_message_is_lost_every_migration_is_reverted_once() {
    // After the two messages that read: lock and reading, kept scripts, the schema, three reverts; or names, and five.
    for (count, last) in [(4, 8), (6, 11)] {
        for query in 3..=last {
            for fault in [Fault::CutBeforeQuery(query), Fault::CutAfterQuery(query)] {
                let database = prepared(count);
                let proxy = Proxy::tcp(&database);
                let (mut migrator, reasons) = watched(&proxy, &doubling(count));
                proxy.set(fault);
                let run = migrator.down(NonZeroUsize::new(count - 1).unwrap());
                let run = run.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
                assert_eq!(reasons.try_iter().count(), 1, "{fault:?}");
                assert_listed(&database, &run, count - 1);
                assert_each_ran_once(&database, 1);
            }
        }
    }
}

fn a_connection_that_is_cut_after_the_commit_counts_it() {
    for number in [1, 2, 3] {
        let database = prepared(1);
        let proxy = Arc::new(Proxy::socket(&database));
        let mut migrator = Migrator::new(&doubling(4), proxy.config());
        // Each of the three has two guards; behind them, the last message gives the lock back, where nothing follows.
        if number == 3 {
            migrator = migrator.with_settings(unaware());
        }
        let cutting = proxy.clone();
        let fault = match number {
            3 => Fault::CutOnReply("SELECT 1", 7),
            _ => Fault::CutOnReply("COMMIT", number),
        };
        // All three are sent at once, just after that.
        let run = at_event(migrator, is_start_of(1), move || cutting.set(fault)).up().unwrap();
        assert_eq!(proxy.fault(), Fault::None);
        assert_listed(&database, &run, 3);
        assert_each_ran_once(&database, 4);
    }
}

fn an_answer_that_breaks_off_anywhere_loses_nothing() {
    for bytes in [0, 1, 60, 400, 800, 1200, 1600] {
        let database = prepared(1);
        let proxy = Arc::new(Proxy::tcp(&database));
        let (migrator, cutting) = (Migrator::new(&doubling(4), proxy.config()), proxy.clone());
        let cut = move || cutting.set(Fault::CutAfterBytes(bytes));
        let run = at_event(migrator, is_start_of(1), cut).up().unwrap();
        assert_eq!(proxy.fault(), Fault::None, "{bytes} bytes never came");
        assert_listed(&database, &run, 3);
        assert_each_ran_once(&database, 4);
    }
}

fn all_in_one_transaction_is_found_committed_or_run_again() {
    // The migrations; or whether constraints wait, names, and the migrations.
    for (count, query) in [(4, 4), (6, 4), (6, 5), (6, 6)] {
        for fault in [Fault::CutBeforeQuery(query), Fault::CutAfterQuery(query)] {
            let database = prepared(1);
            let proxy = Proxy::socket(&database);
            let (mut migrator, reasons) = watched(&proxy, &doubling(count));
            proxy.set(fault);
            let mut single = Up::default();
            single.single_transaction = true;
            let run = migrator.run_up(&single).unwrap();
            assert_eq!(reasons.try_iter().count(), 1);
            assert_listed(&database, &run, count - 1);
            assert_each_ran_once(&database, count);
            let together = "SELECT count(DISTINCT xmin::text) FROM _migrations WHERE id > 1";
            assert_eq!(database.text(together), "1");
        }
    }
}

fn a_session_that_the_server_keeps_is_ended_where_it_waits_for_nobody() {
    // As behind a network that swallows everything: the server does not learn that its client is gone.
    let database = prepared(1);
    let proxy = Arc::new(Proxy::socket(&database));
    let (migrator, forgetting) = (Migrator::new(&doubling(4), proxy.config()), proxy.clone());
    // Before anything of it is sent: the session waits for its client, and holds the lock of the migrations.
    let run = at_event(migrator, is_start_of(1), move || forgetting.forget_clients()).up().unwrap();
    assert!(proxy.counts().sessions > 1);
    assert_listed(&database, &run, 3);
    assert_each_ran_once(&database, 4);
}

/// Doubles, and then waits until the test lets it.
fn barred() -> migrate_runtime::MigrationSet {
    let waiting = "-- migrate:lock-timeout 1min
        UPDATE balance SET amount = amount * 2; SELECT pg_advisory_xact_lock_shared(42)";
    let double = "UPDATE balance SET amount = amount * 2";
    let halve = "UPDATE balance SET amount = amount / 2";
    set(&[("20260101000001_double", waiting, halve), ("20260101000002_double", double, halve)])
}

fn a_statement_that_still_runs_is_waited_for() {
    let database = TestDatabase::new();
    database.execute(BALANCE);
    let mut barrier = database.client();
    barrier.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let proxy = Proxy::socket(&database);
    let barrier = Mutex::new(Some(barrier));
    let mut migrator = Migrator::new(&barred(), proxy.config()).on_event(move |event| {
        if let Event::WaitingForLock { .. } = event {
            // The lost session holds the lock of the migrations: let it go on, and commit.
            drop(barrier.lock().unwrap().take());
        }
    });
    let running = std::thread::spawn(move || migrator.up());
    wait_until("the script waits", || database.text(BLOCKED) == "1");
    proxy.forget_clients();
    let run = running.join().unwrap().unwrap();
    assert_listed(&database, &run, 2);
    assert_each_ran_once(&database, 2);
}

fn a_backend_that_is_terminated_costs_one_attempt() {
    let database = TestDatabase::new();
    database.execute(BALANCE);
    let mut barrier = database.client();
    barrier.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let (sender, reasons) = channel();
    let mut migrator = migrator(&barred(), &database).on_event(move |event| {
        if let Event::Reconnecting { reason } = event {
            sender.send(reason.clone()).unwrap();
        }
    });
    let running = std::thread::spawn(move || migrator.up());
    wait_until("the script waits", || database.text(BLOCKED) == "1");
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND objid = 42
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    let reason = reasons.recv().unwrap();
    drop(barrier);
    let run = running.join().unwrap().unwrap();
    assert!(reason.ends_with("terminating connection due to administrator command"), "{reason}");
    assert_listed(&database, &run, 2);
    assert_each_ran_once(&database, 2);
}

fn a_script_that_ends_its_session_ends_the_run_at_the_third_time() {
    let database = TestDatabase::new();
    let ending = "CREATE TABLE two (); SELECT pg_terminate_backend(pg_backend_pid())";
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one ()", "DROP TABLE one"),
        ("20260101000002_two", ending, "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three ()", "DROP TABLE three"),
    ]);
    let proxy = Proxy::socket(&database);
    let (mut migrator, reasons) = watched(&proxy, &set);
    let error = migrator.up().unwrap_err();
    assert_eq!(reasons.try_iter().count(), 3);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ConnectionLost, 1));
    let state = "1 migration ran before it; nothing of 20260101000002_two was changed, and the connection was lost 3 times over it";
    assert_eq!(error.state(), Some(state));
    assert_second_failed(&error, &database);
    let log = "SELECT outcome, version, sqlstate FROM _migrations_log ORDER BY id";
    assert_eq!(database.text(log), "ok|20260101000001|\nfailed|20260101000002|57P01");
}

fn what_a_script_did_before_it_ended_its_session_is_told() {
    let database = TestDatabase::new();
    let ending = "-- migrate:no-transaction\nCREATE TABLE one ();\nSELECT pg_terminate_backend(pg_backend_pid())";
    let set = set(&[("20260101000001_one", ending, "DROP TABLE one")]);
    let error = migrator(&set, &database).up().unwrap_err();
    let state = "20260101000001_one is unfinished: statement 1 is done, statement 2 is not, and the connection was lost 3 times over it";
    assert_eq!(error.state(), Some(state), "{error:?}");
    assert_eq!(tables(&database), "one");
}
