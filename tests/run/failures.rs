//! What a failure says: where, why, in which state the database is.

use std::num::NonZeroUsize;

use migrate_runtime::{Error, ErrorKind, Event, Migrator};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, set, trials, wait_until};

use crate::{migrator, names, tables, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        an_error_knows_its_line_among_two_hundred,
        an_error_knows_its_column_after_multi_byte_text,
        a_script_wrapped_in_begin_and_commit_runs_and_fails_like_any_other,
        what_ran_before_stays_and_is_told,
        a_revert_that_fails_changes_nothing,
        a_failure_inside_a_function_shows_its_context,
        a_deferred_constraint_fails_before_the_history_is_written,
        what_only_the_server_knows_to_refuse_a_transaction_gets_a_hint,
        a_statement_timeout_of_the_script_counts,
        an_interruption_cancels_on_the_server_and_changes_nothing,
        a_script_that_copies_to_the_client_runs_or_changes_nothing,
        an_interruption_that_the_server_does_not_answer_claims_nothing,
        an_interruption_between_two_attempts_is_logged
    ]
}

/// 150 lines before the statement that fails, with characters of two, three and four bytes.
fn long_script(failing: &str) -> String {
    let line = |number| format!("INSERT INTO notes VALUES ({number}, 'é — 𝄞'); -- ü\n");
    let lines: String = (2..=150).map(line).collect();
    format!("CREATE TABLE notes (id int, text text);\n{lines}{failing}\n{lines}")
}

fn an_error_knows_its_line_among_two_hundred() {
    let database = TestDatabase::new();
    let script = long_script("    SELECT 'é', 1 / 0;");
    let error = up_fails(&set(&[("20260101000001_long", &script, "DROP TABLE notes")]), &database);
    let location = error.location().unwrap();
    assert_eq!((location.line, location.column, location.statement), (151, None, 151));
    assert_eq!(location.source_line, "    SELECT 'é', 1 / 0;");
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Sql, Some("22012")));
    assert_eq!(error.server_message(), Some("division by zero"));
    assert_eq!(error.state(), Some("nothing of 20260101000001_long was changed"));
    assert_eq!(tables(&database), "");
}

fn an_error_knows_its_column_after_multi_byte_text() {
    let database = TestDatabase::new();
    let script = long_script("SELECT 'é', '𝄞', nope FROM notes;");
    let error = up_fails(&set(&[("20260101000001_long", &script, "DROP TABLE notes")]), &database);
    let location = error.location().unwrap();
    assert_eq!((location.line, location.column), (151, Some(18)));
    let place = "migrations/20260101000001_long.up.sql:151:18: ";
    assert!(error.to_string().starts_with(place), "{error}");
    assert_eq!(error.sqlstate(), Some("42703"));
}

fn a_script_wrapped_in_begin_and_commit_runs_and_fails_like_any_other() {
    let database = TestDatabase::new();
    let wrapped = |statement: &str| {
        let script = format!("-- ü\nBEGIN;\nCREATE TABLE one (id int);\n{statement};\nCOMMIT;\n");
        set(&[("20260101000001_wrapped", &script, "DROP TABLE one")])
    };
    let error = up_fails(&wrapped("  SELECT nope"), &database);
    let location = error.location().unwrap();
    assert_eq!((location.line, location.column), (4, Some(10)));
    assert_eq!(tables(&database), "");
    up(&wrapped("SELECT 1"), &database);
    assert_eq!(tables(&database), "one");
}

/// Of three migrations, each of which makes a table, the second failed and changed nothing.
pub(crate) fn assert_second_failed(error: &Error, database: &TestDatabase) {
    let partial = error.partial().unwrap();
    assert_eq!(names(&partial.done), ["one"]);
    assert_eq!(partial.failed, Some(("20260101000002".to_owned(), "two".to_owned())));
    assert_eq!(partial.not_run, ["20260101000003"]);
    assert_eq!(tables(database), "one");
}

fn what_ran_before_stays_and_is_told() {
    let database = TestDatabase::new();
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int); SELECT 1/0", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    let error = up_fails(&set, &database);
    let state = "1 migration ran before it; nothing of 20260101000002_two was changed";
    assert_eq!(error.state(), Some(state));
    assert_second_failed(&error, &database);
    let log = "SELECT outcome, version, sqlstate, message FROM _migrations_log ORDER BY id";
    assert_eq!(
        database.text(log),
        "ok|20260101000001||\nfailed|20260101000002|22012|division by zero"
    );
}

fn a_revert_that_fails_changes_nothing() {
    let database = TestDatabase::new();
    let set = set(&[(
        "20260101000001_one",
        "CREATE TABLE one (id int)",
        "DROP TABLE one;\nDROP TABLE nope",
    )]);
    up(&set, &database);
    let error = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap_err();
    let location = error.location().unwrap();
    assert_eq!(location.file, "migrations/20260101000001_one.down.sql");
    assert_eq!((location.line, location.statement), (2, 2));
    assert_eq!(tables(&database), "one");
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");
}

fn a_failure_inside_a_function_shows_its_context() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE one (id int);\nDO $$ BEGIN\n  PERFORM 1 / 0;\nEND $$";
    let error = up_fails(&set(&[("20260101000001_one", script, "DROP TABLE one")]), &database);
    assert_eq!(error.location().unwrap().line, 2);
    assert!(error.server_context().unwrap().contains("PL/pgSQL function"), "{error:?}");
}

fn a_deferred_constraint_fails_before_the_history_is_written() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE one (id int PRIMARY KEY);
        CREATE TABLE two (id int REFERENCES one DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO two VALUES (1)";
    let error = up_fails(&set(&[("20260101000001_one", script, "DROP TABLE two, one")]), &database);
    assert_eq!(error.sqlstate(), Some("23503"));
    assert!(error.server_detail().unwrap().contains("is not present in table"), "{error:?}");
    assert_eq!(tables(&database), "");
}

fn what_only_the_server_knows_to_refuse_a_transaction_gets_a_hint() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE parted (id int) PARTITION BY RANGE (id);
        CREATE INDEX parted_id ON parted (id);
        REINDEX TABLE parted";
    let error = up_fails(&set(&[("20260101000001_one", script, "DROP TABLE parted")]), &database);
    assert_eq!(error.sqlstate(), Some("25001"));
    assert!(error.hints()[0].contains("-- migrate:no-transaction"), "{error:?}");
}

fn a_statement_timeout_of_the_script_counts() {
    let database = TestDatabase::new();
    let script = "-- migrate:statement-timeout 50ms\nSELECT pg_sleep(60)";
    let error = up_fails(&set(&[("20260101000001_one", script, "SELECT 1")]), &database);
    assert_eq!(error.sqlstate(), Some("57014"));
    assert!(error.hints()[0].contains("-- migrate:statement-timeout"), "{error:?}");
}

fn an_interruption_cancels_on_the_server_and_changes_nothing() {
    let database = TestDatabase::new();
    let set = set(&[(
        "20260101000001_one",
        "CREATE TABLE one (); SELECT pg_sleep(600)",
        "DROP TABLE one",
    )]);
    let mut migrator = migrator(&set, &database);
    let interrupt = migrator.interrupt();
    let running = std::thread::spawn(move || migrator.up());
    let mut client = database.client();
    let sleeping = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    while client.query(sleeping, &[]).unwrap().is_empty() {
        std::thread::yield_now();
    }
    interrupt.interrupt();
    let error = running.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130));
    assert_eq!(tables(&database), "");
    assert_eq!(database.text("SELECT outcome FROM _migrations_log"), "interrupted");
    let others = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while database.text(others) != "0" {
        std::thread::yield_now();
    }
}

fn a_script_that_copies_to_the_client_runs_or_changes_nothing() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE one AS SELECT 1 AS id;\nCOPY one TO STDOUT";
    let result =
        migrator(&set(&[("20260101000001_one", script, "DROP TABLE one")]), &database).up();
    let history = database.text("SELECT count(*) FROM _migrations");
    assert_eq!((result.is_ok(), history.as_str()), (true, "1"));
}

fn an_interruption_that_the_server_does_not_answer_claims_nothing() {
    let database = TestDatabase::new();
    let script = "SELECT pg_sleep(1); CREATE TABLE one ()";
    let set = set(&[("20260101000001_one", script, "DROP TABLE one")]);
    let proxy = Proxy::socket(&database);
    let mut migrator = Migrator::new(&set, proxy.config());
    let interrupt = migrator.interrupt();
    let running = std::thread::spawn(move || migrator.up());
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    wait_until("it sleeps", || database.text(sleeping) == "1");
    proxy.set(Fault::BlackHole);
    interrupt.interrupt();
    let error = running.join().unwrap().unwrap_err();
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");
    assert!(!error.state().unwrap().contains("nothing of"), "{error:?}");
}

fn an_interruption_between_two_attempts_is_logged() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int)");
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SELECT FROM busy").unwrap();
    let script = "ALTER TABLE busy ADD COLUMN note text";
    let migrator = migrator(&set(&[("20260101000001_one", script, "SELECT 1")]), &database);
    let interrupt = migrator.interrupt();
    let migrator = migrator.on_event(move |event| {
        if let Event::Retrying { .. } = event {
            interrupt.interrupt();
        }
    });
    assert_eq!({ migrator }.up().unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(database.text("SELECT outcome FROM _migrations_log"), "interrupted");
}
