//! Queries that have to give true.

use std::num::NonZeroUsize;

use migrate_runtime::{ErrorKind, Up};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use super::{changed, table};
use crate::{migrator, names, tables, up, up_fails};

pub(super) fn tests() -> Vec<Trial> {
    trials![
        what_is_not_true_undoes_the_script,
        what_is_true_lets_it_pass,
        a_query_is_asked_after_the_last_batch,
        a_script_whose_outcome_is_wrong_may_be_reverted,
        a_query_that_gives_no_truth_fails_as_any_statement,
        a_down_script_verifies_too,
        the_place_of_an_error_in_a_query_is_known
    ]
}

fn what_is_not_true_undoes_the_script() {
    let database = TestDatabase::new();
    for (query, gave) in [
        ("SELECT count(*) = 1 FROM one", "false"),
        ("SELECT NULL::boolean", "null, or no row"),
        ("SELECT true FROM one", "null, or no row"),
    ] {
        let script = format!("CREATE TABLE one (id int);\n-- migrate:verify\n{query};");
        let set = set(&[("20260101000001_one", &script, "DROP TABLE one")]);
        let error = up_fails(&set, &database);
        assert_eq!(error.kind(), ErrorKind::Sql);
        assert_eq!(
            error.to_string(),
            "migrations/20260101000001_one.up.sql:3: running migration 20260101000001_one: what its script verifies is not true"
        );
        assert_eq!(
            error.server_message().unwrap(),
            format!("the query that is to give true gave {gave}")
        );
        assert_eq!(error.location().map(|it| it.line), Some(3));
        assert_eq!(error.state(), Some("nothing of 20260101000001_one was changed"));
        assert_eq!(tables(&database), "");
        let mut together = Up::default();
        together.single_transaction = true;
        assert_eq!(migrator(&set, &database).run_up(&together).unwrap_err().kind(), ErrorKind::Sql);
        assert_eq!(tables(&database), "");
    }
}

fn what_is_true_lets_it_pass() {
    let database = TestDatabase::new();
    let script = "SET lock_timeout = '1s'; CREATE TABLE one (found boolean, outcome int);\n\
                  INSERT INTO one VALUES (true, 2);\n-- migrate:verify\nSELECT found -- found is also a variable of PL/pgSQL\n FROM one WHERE outcome = 2;\n\
                  -- migrate:verify\nWITH a AS (SELECT CASE WHEN true THEN '$migrate$;' END AS b) TABLE one LIMIT 0;\n";
    let passes = script.replace("TABLE one LIMIT 0", "SELECT b = '$migrate$;' FROM a");
    let set = set(&[("20260101000001_one", &passes, "DROP TABLE one")]);
    assert_eq!(names(&up(&set, &database).done), ["one"]);
    assert_eq!(tables(&database), "one");
}

const BACKFILL: &str = "ALTER TABLE rows ADD other int;\n-- migrate:batch table=rows key=id size=10\n\
                        UPDATE rows SET other = id, changed = changed + 1 WHERE id >= :batch_start AND id < :batch_end AND id <> 42;\n\
                        -- migrate:verify\nSELECT NOT EXISTS (SELECT FROM rows WHERE other IS NULL);";

fn a_query_is_asked_after_the_last_batch() {
    let database = TestDatabase::new();
    table(&database, 50);
    let set = set(&[("20260101000001_backfill", BACKFILL, "ALTER TABLE rows DROP other")]);
    let error = up_fails(&set, &database);
    assert_eq!(error.kind(), ErrorKind::Unfinished);
    assert_eq!(error.location().map(|it| it.line), Some(5));
    assert_eq!(
        error.state(),
        Some(
            "20260101000001_backfill is unfinished: statements 1 to 2 are done, statement 3 is not"
        )
    );
    // Nothing runs twice once the row is mended.
    database.execute("UPDATE rows SET other = id, changed = 1 WHERE id = 42");
    assert_eq!(names(&up(&set, &database).done), ["backfill"]);
    assert_eq!(changed(&database), "1: 50");
}

fn a_script_whose_outcome_is_wrong_may_be_reverted() {
    let database = TestDatabase::new();
    table(&database, 50);
    let set = set(&[("20260101000001_backfill", BACKFILL, "ALTER TABLE rows DROP other")]);
    up_fails(&set, &database);
    assert_eq!(
        names(&migrator(&set, &database).down(NonZeroUsize::MIN).unwrap().done),
        ["backfill"]
    );
    let columns =
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'rows'::regclass AND attname = 'other'";
    assert_eq!(database.text(columns), "0");
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
}

fn a_query_that_gives_no_truth_fails_as_any_statement() {
    let database = TestDatabase::new();
    for (query, code) in [
        ("SELECT 1", "42883"),
        ("SELECT true, true", "42601"),
        ("SELECT true UNION ALL SELECT true", "21000"),
        ("SELECT a", "42703"),
    ] {
        let script = format!("CREATE TABLE one (id int);\n-- migrate:verify\n{query};");
        let error = up_fails(&set(&[("20260101000001_one", &script, "DROP TABLE one")]), &database);
        assert_eq!(error.sqlstate(), Some(code), "{query}: {error:?}");
        assert_eq!(error.location().map(|it| it.line), Some(3), "{query}: {error:?}");
    }
}

fn the_place_of_an_error_in_a_query_is_known() {
    let database = TestDatabase::new();
    for header in ["", "-- migrate:no-transaction\n"] {
        let script = format!(
            "{header}-- migrate:no-parse because it is wrong\nSELECT 1;\n-- migrate:verify\nSELECT true\n  FROM WHERE 'a long text, so that the statement is longer than what stands around it'"
        );
        let set = set(&[("20260101000001_one", &script, "SELECT 1")]);
        let error = up_fails(&set, &database);
        let place = error.location().unwrap();
        assert_eq!(error.sqlstate(), Some("42601"));
        let line = if header.is_empty() { 5 } else { 6 };
        assert_eq!((place.line, place.column, place.statement), (line, Some(8), 2), "{error:?}");
        database.execute("DROP TABLE IF EXISTS _migrations, _migrations_progress");
    }
}

fn a_down_script_verifies_too() {
    let database = TestDatabase::new();
    let down = "-- migrate:verify\nSELECT NOT EXISTS (SELECT FROM one);";
    let first = set(&[(
        "20260101000001_one",
        "CREATE TABLE one (id int); INSERT INTO one VALUES (1)",
        down,
    )]);
    up(&first, &database);
    // Also with the script that the database kept.
    let empty = set(&[]);
    for set in [&first, &empty] {
        let error = migrator(set, &database).down(NonZeroUsize::MIN).unwrap_err();
        assert_eq!(error.sqlstate(), Some("MG005"));
    }
    database.execute("DELETE FROM one");
    assert_eq!(names(&migrator(&empty, &database).down(NonZeroUsize::MIN).unwrap().done), ["one"]);
}
