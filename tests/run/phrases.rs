//! The statements of ours around each script, which the server knows by names where there are many of them.

use std::num::NonZeroUsize;
use std::sync::mpsc::channel;

use migrate_runtime::{ErrorKind, Event, MigrationSet, Up};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{migrator, names, tables, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        they_have_names_where_many_scripts_follow,
        scripts_may_prepare_statements,
        scripts_may_drop_all_that_is_prepared,
        what_a_script_prepares_in_secret_ends_with_it,
        scripts_may_change_the_tables_of_ours,
        what_is_not_prepared_fails_in_its_place,
        what_runs_alone_after_them_is_resumed,
        whoever_is_in_their_way_is_waited_for_as_ever,
        what_looks_like_a_refusal_of_ours_is_none,
        what_fails_in_a_prepared_text_has_no_place_in_another
    ]
}

const NAMES: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// Drops one of the statements that are prepared, if there are some, without having the words in it.
const TAKES_ONE: &str = "DO $$ DECLARE it text; BEGIN
    FOR it IN EXECUTE 'SELECT name FROM pg_pre' || 'pared_statements LIMIT 1' LOOP EXECUTE 'DEALLO' || 'CATE ' || it; END LOOP;
END $$";

/// As many migrations as there are bodies, each of which makes a table of its name after its body, both ways.
fn with(bodies: &[&str]) -> MigrationSet {
    let scripts: Vec<_> = (1..)
        .zip(NAMES)
        .zip(bodies)
        .map(|((number, name), body)| {
            let up = format!("{body};\nCREATE TABLE {name} (id int)");
            (format!("20260101{number:06}_{name}"), up, format!("{body};\nDROP TABLE {name}"))
        })
        .collect();
    let borrowed: Vec<_> =
        scripts.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str())).collect();
    set(&borrowed)
}

/// Text of SQL that is not in the script as such.
fn hidden(sql: &str) -> String {
    let halves =
        sql.replace("PRE", "PRE' || '").replace("ALLO", "ALLO' || '").replace("pre", "pre' || '");
    format!("DO $$ BEGIN EXECUTE '{halves}'; END $$")
}

/// Six migrations, of which the second and the fourth have these bodies, run up and down; each has a row in the
/// history and in the log. Each on its own and all in a single transaction, a run says that it was sent again or not,
/// where that is certain.
#[track_caller]
fn check(body: &str, repeats: [Option<bool>; 2]) {
    let set = with(&["SELECT 1", body, "SELECT 1", body, "SELECT 1", "SELECT 1"]);
    for (single_transaction, repeats) in [false, true].into_iter().zip(repeats) {
        let database = TestDatabase::new();
        let (sender, warnings) = channel();
        let mut migrator = migrator(&set, &database).on_event(move |event| {
            if let Event::Warning { message } = event {
                sender.send(message.clone()).unwrap();
            }
        });
        let mut options = Up::default();
        options.single_transaction = single_transaction;
        assert_eq!(names(&migrator.run_up(&options).unwrap().done), NAMES, "{body}");
        let said = warnings.try_iter().collect::<Vec<_>>();
        let is_repetition = |it: &String| {
            it.starts_with("20260101000002_two has changed")
                || it.starts_with("20260101000004_four has changed")
        };
        assert!(said.iter().all(is_repetition), "{said:?}");
        assert!(repeats.is_none_or(|it| it != said.is_empty()), "{body}: {said:?}");
        let history = "SELECT string_agg(name, ' ' ORDER BY id), bool_and(execution_time BETWEEN 0 AND 60000) FROM _migrations";
        assert_eq!(database.text(history), format!("{}|t", NAMES.join(" ")), "{body}");
        let all = NonZeroUsize::new(6).unwrap();
        let done = migrator.down(all).unwrap().done;
        assert_eq!(names(&done).into_iter().rev().collect::<Vec<_>>(), NAMES, "{body}");
        assert_eq!(tables(&database), "", "{body}");
        let log = "SELECT string_agg(direction || ' ' || rows, ', ' ORDER BY direction) FROM (
            SELECT direction, count(*) AS rows FROM _migrations_log
            WHERE outcome = 'ok' AND finished_at >= started_at AND version IS NOT NULL GROUP BY direction) AS it";
        assert_eq!(database.text(log), "down 6, up 6", "{body}");
        assert_eq!(database.text("SELECT count(*) FROM _migrations_script"), "0", "{body}");
    }
}

fn they_have_names_where_many_scripts_follow() {
    let seen = hidden("CREATE TABLE seen AS SELECT name FROM pg_prepared_statements");
    let known = "SELECT string_agg(name, ' ' ORDER BY name) FROM seen";
    let database = TestDatabase::new();
    up(&with(&["SELECT 1", "SELECT 1", "SELECT 1", &seen]), &database);
    let all = "migrate_enter migrate_keep migrate_left migrate_log migrate_ran";
    assert_eq!(database.text(known), all);
    // Few are not worth it.
    let database = TestDatabase::new();
    up(&with(&["SELECT 1", &seen]), &database);
    assert_eq!(database.text("SELECT count(*) FROM seen"), "0");
}

fn scripts_may_prepare_statements() {
    check("PREPARE mine AS SELECT 1;\nEXECUTE mine", [Some(false); 2]);
}

fn scripts_may_drop_all_that_is_prepared() {
    check("DEALLOCATE ALL", [Some(false); 2]);
    check(&hidden("DEALLOCATE ALL"), [Some(true); 2]);
    check(TAKES_ONE, [None, Some(true)]);
}

fn what_a_script_prepares_in_secret_ends_with_it() {
    // The guard of the next script notices, before that has run: only what shares its transaction runs again.
    check(&hidden("PREPARE mine AS SELECT 1"), [Some(false), Some(true)]);
    // As many as before, and not the same.
    let swapped = format!("{TAKES_ONE};\n{}", hidden("PREPARE mine AS SELECT 1"));
    check(&swapped, [None, Some(true)]);
}

fn scripts_may_change_the_tables_of_ours() {
    // The plans that the session has are for other columns.
    let wider = "ALTER TABLE _migrations ALTER COLUMN execution_time TYPE bigint";
    check(wider, [Some(true); 2]);
}

fn what_is_not_prepared_fails_in_its_place() {
    let database = TestDatabase::new();
    let set = with(&["SELECT 1", "SELECT 1", "SELECT 1", "SELECT 2;\nEXECUTE mine", "SELECT 1"]);
    let error = up_fails(&set, &database);
    assert_eq!((error.sqlstate(), error.location().unwrap().line), (Some("26000"), 2));
    assert_eq!(names(&error.partial().unwrap().done), ["one", "two", "three"]);
    assert_eq!(tables(&database), "one three two");
}

fn what_runs_alone_after_them_is_resumed() {
    let database = TestDatabase::new();
    let alone =
        "-- migrate:no-transaction\nCREATE INDEX CONCURRENTLY found ON one (id);\nSELECT missing()";
    let scripts =
        NAMES.map(|name| (format!("CREATE TABLE {name} (id int)"), format!("DROP TABLE {name}")));
    let names: Vec<_> =
        (1..7).zip(NAMES).map(|(it, name)| format!("20260101{it:06}_{name}")).collect();
    let mut all: Vec<_> = names
        .iter()
        .zip(&scripts)
        .map(|(name, it)| (name.as_str(), it.0.as_str(), it.1.as_str()))
        .collect();
    all[5] = ("20260101000006_six", alone, "DROP INDEX found");
    let error = up_fails(&set(&all), &database);
    assert_eq!(
        error.state(),
        Some(
            "5 migrations ran before it; 20260101000006_six is unfinished: statement 1 is done, statement 2 is not"
        )
    );
    database.execute("CREATE FUNCTION missing() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    assert_eq!(self::names(&up(&set(&all), &database).done), ["six"]);
}

fn whoever_is_in_their_way_is_waited_for_as_ever() {
    let database = TestDatabase::new();
    up(&with(&["SELECT 1"]), &database);
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE _migrations_log IN SHARE MODE").unwrap();
    let mut retried = false;
    let mut migrator = migrator(&with(&["SELECT 1"; 6]), &database).on_event(move |event| {
        if let Event::Retrying { version, .. } = event {
            assert!(!retried && version == "20260101000002");
            retried = true;
            other.batch_execute("ROLLBACK").unwrap();
        }
    });
    assert_eq!(names(&migrator.up().unwrap().done), NAMES[1..]);
    drop(migrator);
    assert_eq!(database.text("SELECT count(*) FROM _migrations_log WHERE detail ? 'retries'"), "1");
}

fn what_looks_like_a_refusal_of_ours_is_none() {
    let error = up_fails(&with(&["SELECT 'MG001'::int"]), &TestDatabase::new());
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Sql, Some("22P02")));
    let said = error.server_message().unwrap();
    assert_eq!(said, "invalid input syntax for type integer: \"MG001\"");
}

fn what_fails_in_a_prepared_text_has_no_place_in_another() {
    // The server tells places in the text that prepared it, whatever stands there in the message that failed.
    // Ours are in one that is shorter than this script.
    let long = format!("SELECT '{}'", "-".repeat(9000));
    let ours = format!("{long};\nALTER TABLE _migrations RENAME execution_time TO took");
    let error = up_fails(&with(&["SELECT 1", &ours, "SELECT 1", "SELECT 1"]), &TestDatabase::new());
    assert_eq!((error.sqlstate(), error.location()), (Some("42703"), None), "{error:?}");
    let mine = "CREATE TABLE one (n int);
        PREPARE mine AS SELECT n FROM (SELECT * FROM one) AS it;
        ALTER TABLE one RENAME n TO m;
        EXECUTE mine";
    let set = set(&[("20260101000001_one", mine, "DROP TABLE one")]);
    let error = up_fails(&set, &TestDatabase::new());
    let place = error.location().unwrap();
    assert_eq!((error.sqlstate(), place.line, place.statement), (Some("42703"), 4, 4), "{error:?}");
}
