//! The library against a real server: order, failure, isolation, history, connections.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod run {
    pub(crate) mod backup;
    pub(crate) mod batches;
    pub(crate) mod begun;
    pub(crate) mod check;
    pub(crate) mod check_server;
    pub(crate) mod clock;
    pub(crate) mod connections;
    pub(crate) mod crash;
    pub(crate) mod deep;
    pub(crate) mod deep_refused;
    pub(crate) mod disk_full;
    pub(crate) mod doctor;
    pub(crate) mod doctor_tables;
    pub(crate) mod drift;
    pub(crate) mod environment;
    pub(crate) mod failures;
    pub(crate) mod force;
    pub(crate) mod force_faults;
    pub(crate) mod forecast;
    pub(crate) mod history;
    pub(crate) mod info;
    pub(crate) mod isolation;
    pub(crate) mod lent;
    pub(crate) mod limits;
    pub(crate) mod locking;
    pub(crate) mod locks;
    pub(crate) mod logged;
    pub(crate) mod logged_detail;
    pub(crate) mod logs;
    pub(crate) mod lost;
    pub(crate) mod lost_for_good;
    pub(crate) mod model;
    pub(crate) mod order;
    pub(crate) mod overlapped;
    pub(crate) mod patience;
    pub(crate) mod phrases;
    pub(crate) mod pooler;
    pub(crate) mod records;
    pub(crate) mod repair;
    pub(crate) mod reread;
    pub(crate) mod restore;
    pub(crate) mod resume;
    pub(crate) mod resume_refused;
    pub(crate) mod round_trips;
    pub(crate) mod schema;
    pub(crate) mod split;
    pub(crate) mod standalone;
    pub(crate) mod tls;
    pub(crate) mod traffic;
    pub(crate) mod traffic_alone;
    pub(crate) mod verify;
}

use std::process::ExitCode;

use migrate_runtime::{Done, Error, MigrationSet, Migrator, Run, Settings, State, Status};
use migration_tests::TestDatabase;
use migration_tests::harness;

fn main() -> ExitCode {
    let tests = [
        run::backup::tests(),
        run::batches::tests(),
        run::begun::tests(),
        run::check::tests(),
        run::check_server::tests(),
        run::clock::tests(),
        run::connections::tests(),
        run::crash::tests(),
        run::deep::tests(),
        run::deep_refused::tests(),
        run::disk_full::tests(),
        run::doctor::tests(),
        run::doctor_tables::tests(),
        run::drift::tests(),
        run::environment::tests(),
        run::failures::tests(),
        run::force::tests(),
        run::force_faults::tests(),
        run::forecast::tests(),
        run::history::tests(),
        run::info::tests(),
        run::isolation::tests(),
        run::lent::tests(),
        run::limits::tests(),
        run::locking::tests(),
        run::locks::tests(),
        run::logged::tests(),
        run::logged_detail::tests(),
        run::logs::tests(),
        run::lost::tests(),
        run::lost_for_good::tests(),
        run::model::tests(),
        run::order::tests(),
        run::overlapped::tests(),
        run::patience::tests(),
        run::phrases::tests(),
        run::pooler::tests(),
        run::records::tests(),
        run::repair::tests(),
        run::reread::tests(),
        run::restore::tests(),
        run::resume::tests(),
        run::resume_refused::tests(),
        run::round_trips::tests(),
        run::schema::tests(),
        run::split::tests(),
        run::standalone::tests(),
        run::tls::tests(),
        run::traffic::tests(),
        run::traffic_alone::tests(),
        run::verify::tests(),
    ];
    harness::run(tests.into_iter().flatten().collect(), Vec::new())
}

/// Three small tables, each with its way back.
fn three() -> MigrationSet {
    migration_tests::set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ])
}

/// The first `count` migrations of a set, as an older binary has them.
fn first(set: &MigrationSet, count: usize) -> MigrationSet {
    let scripts = set
        .iter()
        .take(count)
        .map(|it| (format!("{}_{}", it.version, it.name), it.up.sql, it.down.sql));
    let scripts: Vec<_> = scripts.collect();
    let borrowed: Vec<_> =
        scripts.iter().map(|(name, up, down)| (name.as_str(), *up, *down)).collect();
    migration_tests::set(&borrowed)
}

/// Settings of a program that knows nothing of schemas, as those of older versions.
fn unaware() -> Settings {
    let mut settings = Settings::default();
    settings.record_schema = false;
    settings
}

fn migrator(set: &MigrationSet, database: &TestDatabase) -> Migrator {
    Migrator::new(set, database.config())
}

#[track_caller]
fn up(set: &MigrationSet, database: &TestDatabase) -> Run {
    match migrator(set, database).up() {
        Ok(run) => run,
        Err(error) => panic!("{error:?}"),
    }
}

#[track_caller]
fn up_fails(set: &MigrationSet, database: &TestDatabase) -> Error {
    migrator(set, database).up().expect_err("up should have failed")
}

fn names(done: &[Done]) -> Vec<&str> {
    done.iter().map(|it| it.name.as_str()).collect()
}

fn states(status: &Status) -> Vec<(&str, State)> {
    status.entries.iter().map(|it| (it.name.as_str(), it.state)).collect()
}

/// The tables that the scripts made.
fn tables(database: &TestDatabase) -> String {
    database.text(
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE '\\_migrations%'",
    )
}
