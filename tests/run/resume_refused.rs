//! Scripts that stopped and may not go on by themselves: somebody else's objects, changed scripts, what is
//! gone with its session, what nobody knows.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_runtime::{Decision, Error, ErrorKind, MigrationSet, Migrator, Repair, Settings};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, trials};

use super::resume::{STATEMENT, assert_finished, for_good, set_of_first, with};
use crate::{migrator, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        work_that_an_older_version_began_is_for_a_person,
        what_was_there_before_the_statement_is_none_of_its_doing,
        names_are_folded_and_cut_as_the_server_does,
        an_invalid_index_that_was_there_before_is_not_passed_over,
        what_was_made_for_the_session_alone_cannot_be_made_again,
        a_script_that_was_changed_elsewhere_is_refused_too,
        what_is_not_in_doubt_is_not_marked_done,
        a_changed_statement_is_refused_with_what_changed,
        work_that_somebody_is_still_at_is_waited_for
    ]
}

#[track_caller]
fn decide(set: &MigrationSet, database: &TestDatabase, decision: Decision) -> Result<(), Error> {
    let mut repair = Repair::default();
    repair.decision = Some(decision);
    migrator(set, database).run_repair(&repair).map(drop)
}

/// Loses the connection between the mark and the statement, for good: nothing was run.
fn lose_before_statement(set: &MigrationSet, database: &TestDatabase, earlier: u32) {
    let proxy = Proxy::socket(database);
    proxy.set(Fault::CutBeforeQuery(STATEMENT + earlier));
    let error = Migrator::new(set, proxy.config()).with_settings(for_good()).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
}

fn work_that_an_older_version_began_is_for_a_person() {
    let database = TestDatabase::new();
    let set = with(
        "CREATE UNIQUE INDEX CONCURRENTLY rows_id ON rows (id)",
        "DROP INDEX CONCURRENTLY rows_id",
    );
    up(&set_of_first(&set), &database);
    database.execute("INSERT INTO rows VALUES (1, 1)");
    up_fails(&set, &database);
    // It did not note what was there before.
    database.execute("UPDATE _migrations_progress SET cursor = NULL");
    database.execute("DELETE FROM rows WHERE ctid = (SELECT max(ctid) FROM rows)");
    assert_eq!(up_fails(&set, &database).exit_code(), 8);
    database.execute("DROP INDEX rows_id");
    decide(&set, &database, Decision::Retry).unwrap();
    assert_finished(&database, 2);
}

fn what_was_there_before_the_statement_is_none_of_its_doing() {
    let made = with("CREATE UNIQUE INDEX CONCURRENTLY rows_id ON rows (id)", "SELECT 1");
    let database = TestDatabase::new();
    up(&set_of_first(&made), &database);
    database.execute("CREATE INDEX rows_id ON rows (other)");
    lose_before_statement(&made, &database, 0);
    assert_eq!(up_fails(&made, &database).sqlstate(), Some("42P07"), "it is another index");

    // Nothing of that name under the default path, and nothing is taken for done because of it.
    let gone = "-- migrate:no-transaction
SELECT set_config('search_path', 'elsewhere', false);
DROP INDEX CONCURRENTLY rows_id;
CREATE TABLE after ()";
    let gone = with(gone, "SELECT 1");
    let database = TestDatabase::new();
    up(&set_of_first(&gone), &database);
    database.execute(
        "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (n int); CREATE INDEX rows_id ON elsewhere.t (n)",
    );
    lose_before_statement(&gone, &database, 1);
    up(&gone, &database);
    let there = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'elsewhere'::regnamespace";
    assert_eq!(database.text(there), "after t");
    assert_finished(&database, 2);
}

fn names_are_folded_and_cut_as_the_server_does() {
    let long = format!("Rows_{}", "x".repeat(80));
    for name in ["ÄRows", "\"Quoted \"\" Name\"", &long] {
        let database = TestDatabase::new();
        let script = format!("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON rows (id)");
        let set = with(&script, "SELECT 1");
        up(&set_of_first(&set), &database);
        database.execute("INSERT INTO rows VALUES (1, 1)");
        up_fails(&set, &database);
        database.execute("DELETE FROM rows WHERE ctid = (SELECT max(ctid) FROM rows)");
        up(&set, &database);
        assert_finished(&database, 2);
        let made =
            "SELECT count(*) FROM pg_index WHERE indrelid = 'rows'::regclass AND indisunique";
        assert_eq!(database.text(made), "1", "{name}");
    }
}

fn an_invalid_index_that_was_there_before_is_not_passed_over() {
    let database = TestDatabase::new();
    let set = with("CREATE INDEX CONCURRENTLY IF NOT EXISTS rows_id ON rows (id)", "SELECT 1");
    up(&set_of_first(&set), &database);
    database.execute(
        "CREATE INDEX rows_id ON rows (id);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'rows_id'::regclass",
    );
    let error = up_fails(&set, &database);
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert!(error.hints()[0].starts_with("DROP INDEX CONCURRENTLY public.rows_id;"), "{error:?}");
    database.execute("DROP INDEX rows_id");
    up(&set, &database);
    assert_finished(&database, 2);
}

fn what_was_made_for_the_session_alone_cannot_be_made_again() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction
CREATE TEMP TABLE rows AS SELECT 1 AS id;
SELECT 1 / (SELECT count(*) FROM ready);
DELETE FROM rows";
    let set = with(script, "SELECT 1");
    up(&set_of_first(&set), &database);
    database.execute("CREATE TABLE ready (n int)");
    assert_eq!(up_fails(&set, &database).sqlstate(), Some("22012"));
    database.execute("INSERT INTO ready VALUES (1)");
    for error in [up_fails(&set, &database), decide(&set, &database, Decision::Retry).unwrap_err()]
    {
        assert_eq!(error.exit_code(), 8);
        assert!(error.hints()[0].starts_with("migration-cli force "), "{error:?}");
    }
    assert_eq!(database.text("SELECT count(*) FROM rows"), "99", "the real one was not touched");
}

fn a_script_that_was_changed_elsewhere_is_refused_too() {
    let database = TestDatabase::new();
    let script =
        |first: &str, last: &str| format!("{first}INSERT INTO rows VALUES (0, 0);\n{last}");
    let marker = "-- migrate:no-transaction\n";
    let failing = "INSERT INTO missing VALUES (1)";
    let of = |up: &str| with(up, "SELECT 1");
    up(&set_of_first(&of(&script(marker, failing))), &database);
    assert_eq!(up_fails(&of(&script(marker, failing)), &database).sqlstate(), Some("42P01"));
    database.execute("CREATE TABLE missing (n int)");
    for changed in [
        // Now in one transaction; another statement before; no statement at that place.
        script("", failing),
        script("-- migrate:no-transaction\nSELECT 1;\n", failing),
        format!("{marker}INSERT INTO rows VALUES (0, 1);\n{failing}"),
        script(marker, ""),
    ] {
        let changed = of(&changed);
        assert_eq!(up_fails(&changed, &database).exit_code(), 8);
        for decision in [Decision::Retry, Decision::MarkDone] {
            assert_eq!(decide(&changed, &database, decision).unwrap_err().exit_code(), 8);
        }
    }
    up(&of(&script(marker, failing)), &database);
    assert_eq!(database.text("SELECT count(*) FROM rows WHERE id = 0"), "1");
    assert_finished(&database, 2);
}

fn what_is_not_in_doubt_is_not_marked_done() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nCREATE TABLE one ();\nINSERT INTO missing VALUES (1)";
    let set = with(script, "SELECT 1");
    up_fails(&set, &database);
    let error = decide(&set, &database, Decision::MarkDone).unwrap_err();
    assert_eq!(error.exit_code(), 8);
    assert!(error.to_string().contains("not in doubt"), "{error:?}");
    database.execute("CREATE TABLE missing (n int)");
    up(&set, &database);
    assert_eq!(database.text("SELECT count(*) FROM missing"), "1");
}

fn a_changed_statement_is_refused_with_what_changed() {
    let database = TestDatabase::new();
    let script = "CREATE UNIQUE INDEX CONCURRENTLY rows_id\n    ON rows (id)";
    let set = with(script, "DROP INDEX CONCURRENTLY rows_id");
    up(&set_of_first(&set), &database);
    database.execute("INSERT INTO rows VALUES (1, 1)");
    up_fails(&set, &database);
    let changed = with(
        "CREATE INDEX CONCURRENTLY rows_id\n    ON rows (id)",
        "DROP INDEX CONCURRENTLY rows_id",
    );
    let error = up_fails(&changed, &database);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Unfinished, 8));
    let difference =
        "\n  - CREATE UNIQUE INDEX CONCURRENTLY rows_id\n  + CREATE INDEX CONCURRENTLY rows_id";
    assert!(error.to_string().ends_with(difference), "{error}");
    assert_eq!(error.state(), Some("nothing was changed"));

    let mut repair = Repair::default();
    repair.decision = Some(Decision::Retry);
    migrator(&changed, &database).run_repair(&repair).unwrap();
    assert_finished(&database, 2);
    assert_eq!(
        database.text("SELECT indisunique FROM pg_index WHERE indexrelid = 'rows_id'::regclass"),
        "f"
    );
}

fn work_that_somebody_is_still_at_is_waited_for() {
    let database = TestDatabase::new();
    let newer = with("CREATE UNIQUE INDEX CONCURRENTLY rows_id ON rows (id)", "SELECT 1");
    let older = set_of_first(&newer);
    up(&older, &database);
    database.execute("INSERT INTO rows VALUES (1, 1)");
    up_fails(&newer, &database);
    // As long as somebody holds the lock, its progress is nobody else's business.
    let mut other = database.client();
    let lock = "SELECT pg_advisory_lock(
        ('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 1)";
    other.batch_execute(lock).unwrap();
    let impatient = |set: &MigrationSet| {
        let mut settings = Settings::default();
        settings.wait = Duration::ZERO;
        migrator(set, &database).with_settings(settings)
    };
    assert_eq!(impatient(&older).up().unwrap_err().kind(), ErrorKind::LockHeld);
    let down = impatient(&newer).down(NonZeroUsize::MIN).unwrap_err();
    assert_eq!(down.kind(), ErrorKind::LockHeld);
    drop(other);
    assert_eq!(up_fails(&older, &database).kind(), ErrorKind::Unfinished);
}
