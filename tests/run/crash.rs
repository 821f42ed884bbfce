//! A server that is restarted, crashes or becomes a standby in the middle of a run.
//!
//! Each test has a server of its own: nobody else may notice.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use migrate_runtime::{Direction, ErrorKind, Event, MigrationSet, Migrator, Run, Settings};
use migration_tests::doubling::{BALANCE, DOUBLE, HALVE};
use migration_tests::harness::Trial;
use migration_tests::{End, Server, child, set, trials, wait_until};
use postgres::{Client, NoTls};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_restart_while_a_statement_runs_loses_and_doubles_nothing,
        an_immediate_end_while_a_statement_runs_loses_and_doubles_nothing,
        a_backend_that_is_killed_takes_all_sessions_along_and_nothing_is_lost,
        a_restart_between_two_migrations_goes_unnoticed,
        a_server_that_became_a_standby_is_refused_by_name,
        a_primary_that_takes_over_in_time_is_found
    ]
}

/// Four migrations, of which the third waits for a lock that the test holds, in both directions. When the first is
/// done, nothing else is on its way.
fn barred() -> MigrationSet {
    let wait = |sql| {
        format!("-- migrate:lock-timeout 1min\n{sql}; SELECT pg_advisory_xact_lock_shared(42)")
    };
    let (up, down) = (wait(DOUBLE), wait(HALVE));
    let alone = format!("-- migrate:no-transaction\n{DOUBLE}");
    set(&[
        ("20260101000001_double", &alone, HALVE),
        ("20260101000002_double", DOUBLE, HALVE),
        ("20260101000003_double", &up, &down),
        ("20260101000004_double", DOUBLE, HALVE),
    ])
}

fn client(server: &Server) -> Client {
    server.config("postgres").connect(NoTls).unwrap()
}

fn text(server: &Server, sql: &str) -> String {
    client(server).query_one(&format!("SELECT ({sql})::text"), &[]).unwrap().get(0)
}

/// A migrator that tells when its connection is lost.
fn watched(server: &Server) -> (Migrator, Receiver<()>) {
    let (sender, losses) = channel();
    let migrator = Migrator::new(&barred(), server.config("postgres")).on_event(move |event| {
        if let Event::Reconnecting { .. } = event {
            sender.send(()).unwrap();
        }
    });
    (migrator, losses)
}

/// Runs or reverts everything, and lets `fault` happen while the third migration waits for the lock.
/// What the fault ends gives the lock back, so that the next attempt passes.
fn interrupted_by(server: &Server, direction: Direction, fault: impl FnOnce(&Server)) -> Run {
    let mut barrier = client(server);
    barrier.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let (mut migrator, losses) = watched(server);
    let running = std::thread::spawn(move || match direction {
        Direction::Up => migrator.up(),
        Direction::Down => migrator.down(NonZeroUsize::new(4).unwrap()),
    });
    let blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND objid = 42";
    wait_until("the script waits", || text(server, blocked) == "1");
    fault(server);
    let run = running.join().unwrap().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(losses.try_iter().count(), 1);
    run
}

#[track_caller]
fn assert_each_ran_once(server: &Server, run: &Run, left: usize) {
    let versions: Vec<_> = run.done.iter().map(|it| it.version.as_str()).collect();
    let mut expected: Vec<_> = (1..=4).map(|it| format!("2026010100000{it}")).collect();
    if run.direction == Direction::Down {
        expected.reverse();
    }
    assert_eq!(versions, expected);
    assert_eq!(text(server, "SELECT count(*) FROM _migrations"), left.to_string());
    let balance = "SELECT amount = 100 * 2 ^ (SELECT count(*) FROM _migrations) FROM balance";
    assert_eq!(text(server, balance), "true");
    let log = format!(
        "SELECT count(*) FROM _migrations_log WHERE outcome = 'ok' AND run = '{}'",
        run.token
    );
    assert_eq!(text(server, &log), "4");
}

#[track_caller]
fn check(fault: impl Fn(&Server)) {
    let server = Server::own();
    client(&server).batch_execute(BALANCE).unwrap();
    let run = interrupted_by(&server, Direction::Up, &fault);
    assert_each_ran_once(&server, &run, 4);
    let run = interrupted_by(&server, Direction::Down, &fault);
    assert_each_ran_once(&server, &run, 0);
}

fn a_restart_while_a_statement_runs_loses_and_doubles_nothing() {
    check(|server| {
        server.stop(End::Fast);
        server.start();
    });
}

fn an_immediate_end_while_a_statement_runs_loses_and_doubles_nothing() {
    check(|server| {
        server.stop(End::Immediate);
        server.start();
    });
}

fn a_backend_that_is_killed_takes_all_sessions_along_and_nothing_is_lost() {
    // The server does not know what the killed process did to its memory, and starts anew by itself.
    check(|server| {
        let process = "SELECT pid FROM pg_locks WHERE NOT granted AND objid = 42";
        assert!(child::signal("KILL", text(server, process)));
    });
}

fn a_restart_between_two_migrations_goes_unnoticed() {
    let server = Arc::new(Server::own());
    client(&server).batch_execute(BALANCE).unwrap();
    let restarted = server.clone();
    let mut ends = vec![End::Immediate, End::Fast];
    let migrator = Migrator::new(&barred(), server.config("postgres"));
    let mut migrator = migrator.on_event(move |event| {
        if let Event::Finished { .. } = event
            && let Some(end) = ends.pop()
        {
            restarted.stop(end);
            restarted.start();
        }
    });
    let run = migrator.up().unwrap();
    assert_each_ran_once(&server, &run, 4);
}

/// A run that loses its server after the first migration, and finds a standby in its place.
fn met_by_a_standby(
    settings: Settings,
    mut wait: impl FnMut(&Server) + Send + 'static,
) -> (Arc<Server>, Result<Run, migrate_runtime::Error>) {
    let server = Arc::new(Server::own());
    client(&server).batch_execute(BALANCE).unwrap();
    let seen = server.clone();
    let migrator = Migrator::new(&barred(), server.config("postgres")).with_settings(settings);
    let mut migrator = migrator.on_event(move |event| match event {
        Event::Finished { index: 1, .. } => {
            seen.stop(End::Fast);
            seen.become_standby();
            seen.start();
        }
        Event::WaitingForDatabase { .. } => wait(&seen),
        _ => {}
    });
    let result = migrator.up();
    (server, result)
}

fn a_server_that_became_a_standby_is_refused_by_name() {
    let mut settings = Settings::default();
    settings.reconnect = std::time::Duration::from_millis(1);
    let (server, result) = met_by_a_standby(settings, |_| {});
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Standby, 3));
    assert_eq!(error.to_string(), "the server is a standby: database postgres is read-only here");
    let state =
        "1 migration ran before it; whether 20260101000002_double was committed, the history tells";
    assert_eq!(error.state(), Some(state));
    assert_eq!(error.partial().unwrap().done.len(), 1);
    assert_eq!(text(&server, "SELECT count(*) FROM _migrations"), "1");
}

fn a_primary_that_takes_over_in_time_is_found() {
    let promote = |server: &Server| {
        // Once it is one, there is nothing left to promote.
        drop(client(server).batch_execute("SELECT pg_promote()"));
    };
    let (server, result) = met_by_a_standby(Settings::default(), promote);
    assert_each_ran_once(&server, &result.unwrap(), 4);
}
