//! Scripts outside a transaction: statement by statement, with their progress in the database.

use std::num::NonZeroUsize;

use migrate_runtime::{ErrorKind, Event, FindingKind, Migrator, Settings, State};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, set, trials, wait_until};

use crate::{first, migrator, names, tables, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        concurrent_statements_run_one_by_one,
        a_script_keeps_its_settings_from_statement_to_statement_and_no_longer,
        a_failure_half_way_is_recorded_and_stops_everything,
        a_statement_that_may_run_in_a_transaction_leaves_nothing_in_doubt,
        a_statement_that_never_began_is_not_in_doubt,
        a_later_statement_that_never_began_keeps_what_is_done,
        an_older_binary_sees_what_a_newer_one_left_unfinished,
        a_failure_after_a_concurrent_statement_names_the_right_statement,
        a_lost_answer_of_a_standalone_script_claims_nothing,
        standalone_scripts_write_where_the_default_is_read_only,
        a_standalone_failure_under_another_role_is_logged,
        a_standalone_script_may_change_the_session_user,
        the_hint_for_a_procedure_that_commits_works,
        a_lock_timeout_of_the_script_comes_back_after_a_statement_that_ran_alone,
        a_lost_answer_between_two_statements_claims_nothing
    ]
}

/// A connection that is lost stays so.
fn for_good() -> Settings {
    let mut settings = Settings::default();
    settings.reconnect = std::time::Duration::ZERO;
    settings
}

const TABLE: (&str, &str, &str) = (
    "20260101000001_table",
    "CREATE TABLE rows (id int, other int); INSERT INTO rows SELECT 1, n FROM generate_series(1, 9) n",
    "DROP TABLE rows",
);

fn concurrent_statements_run_one_by_one() {
    let database = TestDatabase::new();
    let script = "CREATE INDEX CONCURRENTLY rows_id ON rows (id);\nCREATE INDEX CONCURRENTLY rows_other ON rows (other);\n";
    let set = set(&[
        TABLE,
        (
            "20260101000002_index",
            script,
            "DROP INDEX CONCURRENTLY rows_id;\nDROP INDEX CONCURRENTLY rows_other;",
        ),
    ]);
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut migrator = migrator(&set, &database).on_event(move |event| {
        if let Event::Statement { index, total, line } = event {
            sender.send((*index, *total, *line)).unwrap();
        }
    });
    assert_eq!(names(&migrator.up().unwrap().done), ["table", "index"]);
    assert_eq!(
        database
            .text("SELECT count(*) FROM pg_index WHERE indrelid = 'rows'::regclass AND indisvalid"),
        "2"
    );
    assert_eq!(names(&migrator.down(NonZeroUsize::MIN).unwrap().done), ["index"]);
    assert_eq!(
        database.text("SELECT count(*) FROM pg_index WHERE indrelid = 'rows'::regclass"),
        "0"
    );
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
    drop(migrator);
    let statements: Vec<_> = receiver.iter().collect();
    assert_eq!(statements, [(1, 2, 1), (2, 2, 2), (1, 2, 1), (2, 2, 2)]);
}

fn a_script_keeps_its_settings_from_statement_to_statement_and_no_longer() {
    let database = TestDatabase::new();
    let role = database.role("builder", "");
    database.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name));
    let script = format!(
        "-- migrate:no-transaction
SET work_mem = '7MB';
SET ROLE {};
CREATE TABLE seen AS SELECT current_setting('work_mem') AS work_mem, current_user AS role;
CREATE INDEX CONCURRENTLY seen_role ON seen (role)",
        role.name
    );
    let after = "CREATE TABLE after AS SELECT current_setting('work_mem') AS work_mem, current_user AS role";
    let set = set(&[
        ("20260101000001_seen", &script, "DROP TABLE seen"),
        ("20260101000002_after", after, "DROP TABLE after"),
    ]);
    up(&set, &database);
    assert_eq!(database.text("SELECT work_mem, role FROM seen"), format!("7MB|{}", role.name));
    assert_eq!(database.text("SELECT work_mem <> '7MB', role = session_user FROM after"), "t|t");
    assert_eq!(database.text("SELECT rolname FROM pg_roles, pg_class WHERE relname = 'seen_role' AND relowner = pg_roles.oid"), role.name);
    assert_eq!(database.text("SELECT count(*) FROM _migrations WHERE execution_time >= 0"), "2");
}

fn a_failure_half_way_is_recorded_and_stops_everything() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nCREATE TABLE extra ();\n\nCREATE UNIQUE INDEX CONCURRENTLY rows_id ON rows (id);\nCREATE TABLE never ()";
    let set = set(&[TABLE, ("20260101000002_index", script, "DROP TABLE extra")]);
    let error = up_fails(&set, &database);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Unfinished, 8));
    let location = error.location().unwrap();
    assert_eq!((location.line, location.statement), (4, 2));
    assert_eq!(error.sqlstate(), Some("23505"));
    let state = "1 migration ran before it; 20260101000002_index is unfinished: statement 1 is done, statement 2 is in doubt";
    assert_eq!(error.state(), Some(state));
    assert_eq!(tables(&database), "extra rows");
    let progress = "SELECT version, direction, statement, length(statement_checksum) FROM _migrations_progress";
    assert_eq!(database.text(progress), "20260101000002|up|2|64");

    let error = up_fails(&set, &database);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Unfinished, 8));
    let verification = migrator(&set, &database).verify().unwrap();
    assert_eq!(verification.status.count(State::Unfinished), 1);
    assert_eq!(verification.findings[0].kind, FindingKind::Unfinished);
    assert_eq!(verification.exit_code(), 8);
}

fn a_statement_that_may_run_in_a_transaction_leaves_nothing_in_doubt() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nCREATE TABLE one (id int CHECK (id / 0 > 1));\nINSERT INTO one VALUES (1);";
    let set_of = |up| set(&[("20260101000001_one", up, "DROP TABLE one")]);
    // The first statement fails: nothing has happened, so nothing is unfinished.
    let error = up_fails(&set_of("-- migrate:no-transaction\nSELECT 1 / 0;\nSELECT 2"), &database);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Sql, 1));
    assert_eq!(error.state(), Some("nothing of 20260101000001_one was changed"));
    // The second one fails: the first is done and marked so.
    let error = up_fails(&set_of(script), &database);
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert_eq!(database.text("SELECT statement FROM _migrations_progress"), "2");
}

fn a_statement_that_never_began_is_not_in_doubt() {
    let database = TestDatabase::new();
    let lone = "CREATE INDEX CONCURRENTLY i ON nowhere (id) WHERE nope nope";
    let no_parse = format!("-- migrate:no-parse because the server shall refuse it\n{lone}");
    let error = up_fails(&set(&[("20260101000001_one", &no_parse, "SELECT 1")]), &database);
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Sql, Some("42601")));
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
}

fn a_later_statement_that_never_began_keeps_what_is_done() {
    let database = TestDatabase::new();
    let script =
        "-- migrate:no-transaction\nCREATE TABLE one (id int);\nVACUUM one;\nSELECT nope FROM one";
    let error = up_fails(&set(&[("20260101000001_one", script, "DROP TABLE one")]), &database);
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert_eq!((error.location().unwrap().line, error.location().unwrap().column), (4, Some(8)));
    assert_eq!(database.text("SELECT statement FROM _migrations_progress"), "3");
}

fn an_older_binary_sees_what_a_newer_one_left_unfinished() {
    let database = TestDatabase::new();
    let failing = "CREATE UNIQUE INDEX CONCURRENTLY rows_id ON rows (id)";
    let newer = set(&[TABLE, ("20260101000002_index", failing, "SELECT 1")]);
    assert_eq!(up_fails(&newer, &database).kind(), ErrorKind::Unfinished);
    let older = set(&[TABLE]);
    let verification = migrator(&older, &database).verify().unwrap();
    assert_eq!(verification.status.count(State::Unfinished), 1);
    assert_eq!(verification.exit_code(), 8);
    assert_eq!(up_fails(&older, &database).kind(), ErrorKind::Unfinished);
}

fn a_failure_after_a_concurrent_statement_names_the_right_statement() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nCREATE TABLE one (id int);\nCREATE INDEX CONCURRENTLY i ON one (id);\nSELECT 1 / 0";
    let error = up_fails(&set(&[("20260101000001_one", script, "DROP TABLE one")]), &database);
    assert_eq!(error.location().unwrap().statement, 3);
    assert!(error.to_string().ends_with("failed at statement 3"), "{error}");
    assert!(error.state().unwrap().contains("statements 1 to 2 are done"), "{error:?}");
    assert_eq!(database.text("SELECT statement FROM _migrations_progress"), "3");
}

fn a_lost_answer_of_a_standalone_script_claims_nothing() {
    let database = TestDatabase::new();
    let alone = "-- migrate:no-transaction\nCREATE TABLE two ()";
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one ()", "DROP TABLE one"),
        ("20260101000002_two", alone, "DROP TABLE two"),
    ]);
    up(&first(&set, 1), &database);
    let proxy = Proxy::socket(&database);
    // Reading; lock and reading; the schema; settings; the statement with its rows.
    proxy.set(Fault::CutAfterQuery(5));
    let error = Migrator::new(&set, proxy.config()).with_settings(for_good()).up().unwrap_err();
    wait_until("the server is done", || tables(&database) == "one two");
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    assert!(!error.state().unwrap().contains("nothing of"), "{error:?}");
}

fn standalone_scripts_write_where_the_default_is_read_only() {
    let database = TestDatabase::new();
    database.execute(&format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.name()
    ));
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        (
            "20260101000002_index",
            "CREATE INDEX CONCURRENTLY i ON one (id)",
            "DROP INDEX CONCURRENTLY i",
        ),
    ]);
    assert_eq!(names(&up(&set, &database).done), ["one", "index"]);
}

fn a_standalone_failure_under_another_role_is_logged() {
    let database = TestDatabase::new();
    let role = database.role("builder", "");
    let script = format!("-- migrate:no-transaction\nSET ROLE {};\nSELECT 1 / 0", role.name);
    up_fails(&set(&[("20260101000001_one", &script, "SELECT 1")]), &database);
    assert_eq!(database.text("SELECT outcome, sqlstate FROM _migrations_log"), "failed|22012");
}

fn a_standalone_script_may_change_the_session_user() {
    let database = TestDatabase::new();
    let role = database.role("builder", "");
    let script =
        format!("-- migrate:no-transaction\nSET SESSION AUTHORIZATION {};\nSELECT 1", role.name);
    up(&set(&[("20260101000001_one", &script, "SELECT 1")]), &database);
}

fn the_hint_for_a_procedure_that_commits_works() {
    let database = TestDatabase::new();
    database.execute("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$");
    let error = up_fails(&set(&[("20260101000001_one", "CALL p()", "SELECT 1")]), &database);
    assert!(error.hints()[0].contains("-- migrate:no-transaction"), "{error:?}");
    let followed = "-- migrate:no-transaction\nCALL p()";
    up(&set(&[("20260101000001_one", followed, "SELECT 1")]), &database);
}

fn a_lock_timeout_of_the_script_comes_back_after_a_statement_that_ran_alone() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nSET lock_timeout = '7s';
        CREATE INDEX CONCURRENTLY rows_id ON rows (id);
        CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS limit_of_script";
    up(&set(&[TABLE, ("20260101000002_seen", script, "DROP TABLE seen")]), &database);
    assert_eq!(database.text("SELECT limit_of_script FROM seen"), "7s");
}

fn a_lost_answer_between_two_statements_claims_nothing() {
    let script =
        "-- migrate:no-transaction\nCREATE TABLE a ();\nCREATE TABLE b ();\nCREATE TABLE c ()";
    for query in 5..=7 {
        let database = TestDatabase::new();
        up(&set(&[TABLE]), &database);
        let set = set(&[TABLE, ("20260101000002_abc", script, "DROP TABLE a, b, c")]);
        let proxy = Proxy::socket(&database);
        proxy.set(Fault::CutAfterQuery(query));
        let error = Migrator::new(&set, proxy.config()).with_settings(for_good()).up().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{query}: {error:?}");
        let state = error.state().unwrap();
        assert!(state.starts_with("how far 20260101000002_abc came"), "{query}: {state}");
        assert_eq!(error.hints(), ["migration-cli status"]);
    }
}
