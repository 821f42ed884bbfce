//! How long each statement of a script waits for a lock, and how often it is sent again.

use std::time::Duration;

use migrate_runtime::{ErrorKind, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{migrator, tables, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_statement_that_works_on_rows_waits_longer_than_one_that_blocks_others,
        the_first_tries_give_up_at_once_where_nothing_is_done_again,
        a_limit_of_the_script_holds_for_all_of_it,
        a_script_that_sets_the_limit_itself_is_left_alone,
        a_failure_is_found_between_changes_of_the_limit,
        a_failure_that_passes_is_tried_again_whatever_the_limit,
        without_a_deadline_there_is_one_attempt,
        a_limit_of_one_run_is_not_that_of_the_next
    ]
}

/// What the limit was at each statement of a script: `r` works on rows, `t` may lock a table.
#[track_caller]
fn check_limits(header: &str, statements: &str, expected: &str) {
    let insert = "INSERT INTO seen (value) SELECT current_setting('lock_' || 'timeout')";
    let statement = |it: char| match it {
        'r' => format!(";\n{insert}"),
        _ => format!(";\nDO $$ BEGIN {insert}; END $$"),
    };
    let script: String = statements.chars().map(statement).collect();
    let script = format!("{header}\nSELECT 1{script}");
    let database = TestDatabase::new();
    database.execute("CREATE TABLE seen (n serial, value text)");
    up(&set(&[("20260101000001_seen", &script, "DELETE FROM seen")]), &database);
    let seen = database.text("SELECT string_agg(value, ' ' ORDER BY n) FROM seen");
    assert_eq!(seen, expected, "{header} {statements}");
}

fn a_statement_that_works_on_rows_waits_longer_than_one_that_blocks_others() {
    // Once a table may be locked, others queue behind it whatever is waited for.
    check_limits("", "rrtrt", "2s 2s 100ms 100ms 100ms");
    // Outside a transaction, nothing stays locked, and the first try of each gives up almost at once.
    check_limits("-- migrate:no-transaction", "rrtrt", "2s 2s 1ms 2s 1ms");
}

fn the_first_tries_give_up_at_once_where_nothing_is_done_again() {
    let seen = "INSERT INTO seen (value) SELECT current_setting('lock_' || 'timeout')";
    let alone = format!("DO $$ BEGIN {seen}; END $$;\nDO $$ BEGIN {seen}; END $$;\n{seen}");
    let database = TestDatabase::new();
    database.execute("CREATE TABLE seen (n serial, value text)");
    up(&set(&[("20260101000001_seen", &alone, "DELETE FROM seen")]), &database);
    let seen = database.text("SELECT string_agg(value, ' ' ORDER BY n) FROM seen");
    assert_eq!(seen, "1ms 1ms 100ms");
}

fn a_limit_of_the_script_holds_for_all_of_it() {
    check_limits("-- migrate:lock-timeout 700ms", "rtr", "700ms 700ms 700ms");
    check_limits("-- migrate:lock-timeout 1h", "rtr", "5min 5min 5min");
}

fn a_script_that_sets_the_limit_itself_is_left_alone() {
    check_limits("SET LOCAL lock_timeout = '5s';", "rtr", "5s 5s 5s");
    check_limits("-- migrate:no-transaction\nSET lock_timeout = '5s';", "rtr", "5s 5s 5s");
    check_limits("SET LOCAL Lock_Timeout = 0;", "rtr", "0 0 0");
    // What the session was opened with is no wait for ever.
    check_limits("SELECT 1; DO $$ BEGIN END $$; RESET ALL;", "tr", "2s 2s");
}

fn a_failure_is_found_between_changes_of_the_limit() {
    let script = "CREATE TABLE a (n int);\nINSERT INTO a VALUES (0);\nCREATE TABLE b (n int);\nINSERT INTO b SELECT 1 / n FROM a;\nDROP TABLE b;";
    let database = TestDatabase::new();
    let error = up_fails(&set(&[("20260101000001_a", script, "DROP TABLE a")]), &database);
    let place = error.location().unwrap();
    assert_eq!((place.line, place.column, place.statement), (4, None, 4));
    let script = script.replace("1 / n", "1 / é");
    let error = up_fails(&set(&[("20260101000001_a", &script, "DROP TABLE a")]), &database);
    let place = error.location().unwrap();
    assert_eq!((place.line, place.column, place.statement), (4, Some(26), 4));
    assert_eq!(place.source_line, "INSERT INTO b SELECT 1 / é FROM a;");
    assert_eq!(tables(&database), "");
}

/// Fails twice, then not: a sequence outlives what is rolled back.
const PASSES: &str = "DO $$ BEGIN
    IF nextval('tries') < 3 THEN RAISE EXCEPTION 'not yet' USING ERRCODE = '40001'; END IF; END $$";

fn a_failure_that_passes_is_tried_again_whatever_the_limit() {
    for limit in [Duration::ZERO, Duration::from_millis(100), Duration::from_hours(1)] {
        let database = TestDatabase::new();
        database.execute("CREATE SEQUENCE tries");
        let mut settings = Settings::default();
        settings.lock_timeout = limit;
        let set = set(&[("20260101000001_tries", PASSES, "SELECT 1")]);
        migrator(&set, &database).with_settings(settings).up().unwrap();
        assert_eq!(database.text("SELECT nextval('tries')"), "4", "{limit:?}");
    }
}

fn without_a_deadline_there_is_one_attempt() {
    let database = TestDatabase::new();
    database.execute("CREATE SEQUENCE tries");
    let mut settings = Settings::default();
    settings.lock_deadline = Duration::ZERO;
    let set = set(&[("20260101000001_tries", PASSES, "SELECT 1")]);
    let error = migrator(&set, &database).with_settings(settings).up().unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::LockTimeout, Some("40001")));
    assert!(error.to_string().contains("1 attempt"), "{error}");
    assert_eq!(database.text("SELECT nextval('tries')"), "2");
}

fn a_limit_of_one_run_is_not_that_of_the_next() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE rows (id int); INSERT INTO rows VALUES (1)");
    let script = "-- migrate:no-transaction
SET work_mem = '7MB';
INSERT INTO rows VALUES (2);
CREATE UNIQUE INDEX CONCURRENTLY rows_id ON rows (id);
CREATE TABLE seen AS SELECT current_setting('statement_timeout') AS limited, current_setting('work_mem') AS own";
    let set = set(&[("20260101000001_seen", script, "SELECT 1")]);
    database.execute("INSERT INTO rows VALUES (1)");
    let mut settings = Settings::default();
    settings.statement_timeout = Duration::from_mins(7);
    migrator(&set, &database).with_settings(settings).up().unwrap_err();
    database.execute("DELETE FROM rows WHERE ctid = (SELECT max(ctid) FROM rows WHERE id = 1)");
    up(&set, &database);
    assert_eq!(database.text("TABLE seen"), "0|7MB");
}
