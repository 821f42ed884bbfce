//! A lost connection that is not simply opened again: servers that stay away, databases that are not the
//! one that was lost, and what is claimed then.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Event, MigrationSet, Migrator, Run, Settings, Up};
use migration_tests::doubling::{assert_each_ran_once, doubling};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, trials};

use super::lost::{at_event, is_start_of, prepared};
use crate::{names, tables};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        without_reconnecting_a_loss_is_told_and_nothing_claimed,
        a_commit_that_was_seen_is_told_without_reconnecting,
        a_server_that_stays_away_leaves_it_to_the_history,
        a_server_that_refuses_for_a_while_is_waited_for,
        an_interruption_ends_the_wait_for_a_lost_server,
        another_database_of_the_same_name_is_refused,
        a_history_that_lost_a_commit_is_refused,
        what_another_runner_did_meanwhile_is_not_ours,
        a_lent_connection_is_not_opened_again
    ]
}

/// A run of three migrations whose connection is cut before the second, under these settings.
fn cut_before_the_second(
    database: &TestDatabase,
    settings: Settings,
    then: impl FnOnce(&Proxy) + Send + 'static,
) -> Result<Run, Error> {
    let proxy = Arc::new(Proxy::socket(database));
    let migrator = Migrator::new(&apart(), proxy.config()).with_settings(settings);
    let seen = proxy.clone();
    let mut then = Some(then);
    let mut migrator = migrator.on_event(move |event| match event {
        Event::Started { index: 2, .. } if then.is_some() => seen.cut_all(),
        Event::Reconnecting { .. } => then.take().into_iter().for_each(|it| it(&seen)),
        Event::WaitingForDatabase { .. } => seen.set(Fault::None),
        _ => {}
    });
    migrator.up()
}

fn reconnecting_for(time: Duration) -> Settings {
    let mut settings = Settings::default();
    settings.reconnect = time;
    settings
}

const IN_DOUBT: &str = "1 migration ran before it; whether 20260101000002_two and the one after it were committed, the history tells";

/// Of these, nothing else is on its way when the first is done.
fn apart() -> MigrationSet {
    let alone = "-- migrate:no-transaction\nCREATE TABLE one (id int)";
    migration_tests::set(&[
        ("20260101000001_one", alone, "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ])
}

fn without_reconnecting_a_loss_is_told_and_nothing_claimed() {
    let database = TestDatabase::new();
    let error = cut_before_the_second(&database, reconnecting_for(Duration::ZERO), |_| {
        panic!("nobody asked for that")
    });
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ConnectionLost, 1));
    assert_eq!(error.state(), Some(IN_DOUBT));
    assert_eq!(error.hints(), ["migration-cli status"]);
    // Nobody knows whether the third has begun.
    let partial = error.partial().unwrap();
    assert_eq!(partial.failed.as_ref().unwrap().1, "two");
    assert_eq!(partial.not_run, [""; 0]);
}

fn a_commit_that_was_seen_is_told_without_reconnecting() {
    let database = prepared(2);
    let proxy = Arc::new(Proxy::socket(&database));
    let mut settings = reconnecting_for(Duration::ZERO);
    settings.record_schema = false;
    let migrator = Migrator::new(&doubling(3), proxy.config());
    let (migrator, cutting) = (migrator.with_settings(settings), proxy.clone());
    // Behind the two guards, its message gives the lock back.
    let cut = move || cutting.set(Fault::CutOnReply("SELECT 1", 3));
    let error = at_event(migrator, is_start_of(1), cut).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    let state = "1 migration ran before it; 20260101000003_double was committed";
    assert_eq!(error.state(), Some(state));
    assert_each_ran_once(&database, 3);
}

fn a_server_that_stays_away_leaves_it_to_the_history() {
    let database = TestDatabase::new();
    let proxy = Arc::new(Proxy::socket(&database));
    let migrator = Migrator::new(&apart(), proxy.config());
    let migrator = migrator.with_settings(reconnecting_for(Duration::from_millis(1)));
    let away = proxy.clone();
    let error = at_event(migrator, is_start_of(2), move || {
        away.set(Fault::Refuse);
        away.cut_all();
    });
    let error = { error }.up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ConnectionLost, 1));
    let state = error.state().unwrap();
    assert!(state.starts_with(&format!("{IN_DOUBT}; cannot connect to database")), "{state}");
    assert_eq!(names(&error.partial().unwrap().done), ["one"]);
}

fn a_server_that_refuses_for_a_while_is_waited_for() {
    let database = TestDatabase::new();
    let run = cut_before_the_second(&database, Settings::default(), |it| it.set(Fault::Refuse));
    assert_eq!(names(&run.unwrap().done), ["one", "two", "three"]);
    assert_eq!(tables(&database), "one three two");
}

fn an_interruption_ends_the_wait_for_a_lost_server() {
    let database = TestDatabase::new();
    let proxy = Arc::new(Proxy::socket(&database));
    let migrator = Migrator::new(&apart(), proxy.config());
    let (away, interrupt) = (proxy.clone(), migrator.interrupt());
    let mut migrator = migrator.on_event(move |event| match event {
        Event::Started { index: 2, .. } => {
            away.set(Fault::Refuse);
            away.cut_all();
        }
        Event::WaitingForDatabase { .. } => interrupt.interrupt(),
        _ => {}
    });
    let error = migrator.up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130));
    assert_eq!(error.state(), Some(IN_DOUBT));
    assert_eq!(names(&error.partial().unwrap().done), ["one"]);
}

fn another_database_of_the_same_name_is_refused() {
    let database = TestDatabase::new();
    let (name, server) = (database.name().to_owned(), database.server());
    let error = cut_before_the_second(&database, Settings::default(), move |_| {
        let mut client = server.config("postgres").connect(postgres::NoTls).unwrap();
        client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    });
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ForeignHistory, 5));
    let named = format!("another database answers now: {} (oid ", database.name());
    assert!(error.to_string().starts_with(&named), "{error}");
    assert_eq!(error.state(), Some(IN_DOUBT));
    assert_eq!(tables(&database), "");
}

fn a_history_that_lost_a_commit_is_refused() {
    // A standby that lagged has taken over.
    let database = TestDatabase::new();
    let url = database.url();
    let error = cut_before_the_second(&database, Settings::default(), move |_| {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client.batch_execute("DELETE FROM _migrations; DROP TABLE one").unwrap();
    });
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::PlanChanged, 5));
    assert!(error.to_string().contains("any more that migration 20260101000001 ran"), "{error}");
    let state = "the history knows 0 of the 1 migrations that this run did";
    assert_eq!(error.state(), Some(state));
    assert_eq!(names(&error.partial().unwrap().done), [""; 0]);
    assert_eq!(tables(&database), "");
}

fn what_another_runner_did_meanwhile_is_not_ours() {
    let database = TestDatabase::new();
    let config = database.config();
    let run = cut_before_the_second(&database, Settings::default(), move |_| {
        let mut up = Up::default();
        up.limit = migrate_runtime::Limit::Steps(NonZeroUsize::MIN);
        // It waits for the lock like everybody else.
        let other = Migrator::new(&apart(), config).run_up(&up).unwrap();
        assert_eq!(names(&other.done), ["two"]);
    });
    assert_eq!(names(&run.unwrap().done), ["one", "three"]);
    assert_eq!(tables(&database), "one three two");
}

fn a_lent_connection_is_not_opened_again() {
    let database = TestDatabase::new();
    let proxy = Arc::new(Proxy::socket(&database));
    let mut client = proxy.config().connect(postgres::NoTls).unwrap();
    let cutting = proxy.clone();
    let migrator = Migrator::new(&apart(), proxy.config()).on_event(move |event| {
        assert!(!matches!(event, Event::Reconnecting { .. }));
        if is_start_of(2)(event) {
            cutting.cut_all();
        }
    });
    let error = { migrator }.up_with(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    // Nothing goes ahead over it.
    let state =
        "1 migration ran before it; whether 20260101000002_two was committed, the history tells";
    assert_eq!(error.state(), Some(state));
}
