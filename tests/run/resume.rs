//! Scripts outside a transaction that stopped half-way: the catalogs decide where they go on.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_runtime::{Decision, ErrorKind, Event, MigrationSet, Migrator, Repair, Settings};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, set, trials, wait_until};

use crate::{migrator, names, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        an_index_that_failed_is_built_again_and_never_taken_for_good,
        an_index_whose_answer_was_lost_is_not_built_twice,
        a_run_that_loses_its_connection_goes_on_with_its_script,
        an_index_that_was_there_before_is_not_taken_for_ours,
        an_index_that_a_killed_runner_left_invalid_is_built_again,
        an_index_that_goes_is_gone_once,
        what_a_rebuild_left_is_dropped_and_the_rebuild_runs_again,
        a_partition_that_was_half_detached_is_detached,
        a_statement_of_which_nobody_knows_waits_for_a_person,
        a_person_decides_about_a_statement_of_which_nobody_knows,
        settings_of_the_statements_before_are_made_again,
        a_revert_that_stopped_goes_on_with_down_or_repair,
        work_that_ends_while_another_runner_reads_is_not_unfinished
    ]
}

const TABLE: (&str, &str, &str) = (
    "20260101000001_table",
    "CREATE TABLE rows (id int, other int); INSERT INTO rows SELECT n, n FROM generate_series(1, 99) n",
    "DROP TABLE rows",
);

/// The table, and a second migration over it that goes first on its own.
pub(crate) fn with(script: &str, down: &str) -> MigrationSet {
    set(&[TABLE, ("20260101000002_second", script, down)])
}

#[track_caller]
pub(crate) fn assert_finished(database: &TestDatabase, migrations: u32) {
    let history = database.text("SELECT count(*), count(DISTINCT version) FROM _migrations");
    assert_eq!(history, format!("{migrations}|{migrations}"));
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
    assert_eq!(database.text("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

/// Runs `up`, and says what was told about the statement that stopped.
#[track_caller]
fn resumed(set: &MigrationSet, database: &TestDatabase) -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    let migrator = migrator(set, database).on_event(move |event| {
        if let Event::Resumed { what, .. } = event {
            sender.send(what.clone()).unwrap();
        }
    });
    { migrator }.up().unwrap_or_else(|error| panic!("{error:?}"));
    receiver.iter().collect::<Vec<_>>().join("; ")
}

/// Runs the second migration, and loses the connection once the server has so many messages.
fn lose_after(messages: u32, set: &MigrationSet, database: &TestDatabase) {
    up(&set_of_first(set), database);
    let proxy = Proxy::socket(database);
    proxy.set(Fault::CutAfterQuery(messages));
    let error = Migrator::new(set, proxy.config()).with_settings(for_good()).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
    let busy = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
        database.name()
    );
    wait_until("the old session is gone", || database.text(&busy) == "0");
}

/// A connection that is lost stays so: the next run has to find out.
pub(crate) fn for_good() -> Settings {
    let mut settings = Settings::default();
    settings.reconnect = Duration::ZERO;
    settings
}

pub(crate) fn set_of_first(set: &MigrationSet) -> MigrationSet {
    crate::first(set, set.len() - 1)
}

/// Reading; lock and reading; the schema; settings; the mark; the statement.
pub(crate) const STATEMENT: u32 = 6;

fn an_index_that_failed_is_built_again_and_never_taken_for_good() {
    for clause in ["", "IF NOT EXISTS "] {
        let database = TestDatabase::new();
        let script = format!("CREATE UNIQUE INDEX CONCURRENTLY {clause}rows_id ON rows (id)");
        let set = with(&script, "DROP INDEX CONCURRENTLY rows_id");
        up(&set_of_first(&set), &database);
        database.execute("INSERT INTO rows VALUES (1, 1)");
        let error = up_fails(&set, &database);
        assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Unfinished, Some("23505")));
        assert!(error.hints()[0].starts_with("migration-cli up   # goes on at statement 1"));
        assert_eq!(
            database.text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'rows_id'::regclass"),
            "f"
        );
        // Still there: the same, and no second index.
        assert_eq!(up_fails(&set, &database).kind(), ErrorKind::Unfinished);

        database.execute("DELETE FROM rows WHERE ctid = (SELECT max(ctid) FROM rows)");
        let what = "statement 1 left something invalid, which was dropped; it runs again";
        assert_eq!(resumed(&set, &database), what);
        assert_finished(&database, 2);
        assert_eq!(
            database.text("SELECT count(*) FROM pg_index WHERE indrelid = 'rows'::regclass"),
            "1"
        );
    }
}

fn an_index_whose_answer_was_lost_is_not_built_twice() {
    let database = TestDatabase::new();
    let set = with(
        "CREATE INDEX CONCURRENTLY rows_id ON rows (id);\nCREATE INDEX CONCURRENTLY rows_other ON rows (other)",
        "DROP INDEX CONCURRENTLY rows_id;\nDROP INDEX CONCURRENTLY rows_other",
    );
    lose_after(STATEMENT, &set, &database);
    let made = database.text("SELECT 'rows_id'::regclass::oid");
    assert_eq!(resumed(&set, &database), "statement 1 is done");
    assert_eq!(database.text("SELECT 'rows_id'::regclass::oid"), made);
    assert_finished(&database, 2);
}

fn a_run_that_loses_its_connection_goes_on_with_its_script() {
    let script = "-- migrate:no-transaction
CREATE TABLE once (n int);
INSERT INTO once VALUES (1);
CREATE INDEX CONCURRENTLY once_n ON once (n);
INSERT INTO once VALUES (2)";
    // Every message of the run from the schema on, delivered and then lost, or lost on its way.
    for message in 3..=10 {
        for fault in [Fault::CutAfterQuery(message), Fault::CutBeforeQuery(message)] {
            let database = TestDatabase::new();
            let set = with(script, "DROP TABLE once");
            up(&set_of_first(&set), &database);
            let proxy = Proxy::socket(&database);
            proxy.set(fault);
            let run = Migrator::new(&set, proxy.config()).up();
            let run = run.unwrap_or_else(|error| panic!("{message}: {error:?}"));
            assert_eq!(names(&run.done), ["second"], "{message}");
            assert_finished(&database, 2);
            let rows = database.text("SELECT string_agg(n::text, ' ' ORDER BY n) FROM once");
            assert_eq!(rows, "1 2", "{message}");
            assert_eq!(proxy.fault(), Fault::None, "{fault:?} never happened");
        }
    }
}

fn an_index_that_was_there_before_is_not_taken_for_ours() {
    let database = TestDatabase::new();
    let set =
        with("CREATE INDEX CONCURRENTLY rows_id ON rows (id)", "DROP INDEX CONCURRENTLY rows_id");
    up(&set_of_first(&set), &database);
    database.execute("CREATE INDEX rows_id ON rows (other)");
    let error = up_fails(&set, &database);
    assert_eq!(error.sqlstate(), Some("42P07"));
    assert_eq!(up_fails(&set, &database).sqlstate(), Some("42P07"), "it is another index");
    database.execute("DROP INDEX rows_id");
    up(&set, &database);
    assert_finished(&database, 2);
}

fn an_index_that_a_killed_runner_left_invalid_is_built_again() {
    let database = TestDatabase::new();
    let set =
        with("CREATE INDEX CONCURRENTLY rows_id ON rows (id)", "DROP INDEX CONCURRENTLY rows_id");
    up(&set_of_first(&set), &database);
    // An old snapshot keeps the build waiting until its session is ended.
    let mut reader = database.client();
    let mut snapshot = reader.build_transaction().start().unwrap();
    snapshot
        .batch_execute("SELECT count(*) FROM rows; LOCK TABLE rows IN ROW EXCLUSIVE MODE")
        .unwrap();
    terminate_while_it_waits(&database, &set);
    snapshot.rollback().unwrap();

    resumed(&set, &database);
    assert_finished(&database, 2);
}

/// Runs `up` in a thread, and ends its session while the second migration waits for somebody.
fn terminate_while_it_waits(database: &TestDatabase, set: &MigrationSet) {
    let config = database.config();
    let set = *set;
    let running =
        std::thread::spawn(move || Migrator::new(&set, config).with_settings(for_good()).up());
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%CONCURRENTLY%'
          AND pid <> pg_backend_pid()";
    wait_until("the statement waits", || database.text(waiting) != "0");
    let terminate = waiting.replace("count(*)", "pg_terminate_backend(pid)");
    assert_eq!(database.text(&terminate), "t");
    assert!(running.join().unwrap().is_err());
}

fn an_index_that_goes_is_gone_once() {
    let database = TestDatabase::new();
    let up_script = "CREATE INDEX CONCURRENTLY rows_id ON rows (id)";
    let set = with("DROP INDEX CONCURRENTLY rows_id", up_script);
    up(&set_of_first(&set), &database);
    database.execute("CREATE INDEX rows_id ON rows (id)");
    // The index has drifted, which takes two more messages: the schema, and the one that was recorded.
    lose_after(STATEMENT + 2, &set, &database);
    assert_eq!(database.text("SELECT to_regclass('rows_id') IS NULL"), "t");
    assert_eq!(resumed(&set, &database), "statement 1 is done");
    assert_finished(&database, 2);
}

fn what_a_rebuild_left_is_dropped_and_the_rebuild_runs_again() {
    for what in ["INDEX CONCURRENTLY rows_id", "TABLE CONCURRENTLY rows"] {
        let database = TestDatabase::new();
        let set = with(&format!("REINDEX {what}"), "SELECT 1");
        up(&set_of_first(&set), &database);
        database.execute("CREATE INDEX rows_id ON rows (id)");
        let mut writer = database.client();
        let mut open = writer.transaction().unwrap();
        open.batch_execute("INSERT INTO rows VALUES (100, 100)").unwrap();
        terminate_while_it_waits(&database, &set);
        open.rollback().unwrap();
        let left = "SELECT count(*) FROM pg_class WHERE relname ~ '_cc(new|old)'";
        assert_eq!(database.text(left), "1", "{what}");
        resumed(&set, &database);
        assert_eq!(database.text(left), "0", "{what}");
        assert_finished(&database, 2);
    }
}

fn a_partition_that_was_half_detached_is_detached() {
    let database = TestDatabase::new();
    if database.server().major() < 14 {
        return;
    }
    let table = "CREATE TABLE rows (id int) PARTITION BY RANGE (id);
                 CREATE TABLE rows_1 PARTITION OF rows FOR VALUES FROM (1) TO (9)";
    let set = set(&[
        ("20260101000001_table", table, "DROP TABLE rows"),
        (
            "20260101000002_second",
            "ALTER TABLE rows DETACH PARTITION rows_1 CONCURRENTLY",
            "SELECT 1",
        ),
    ]);
    up(&set_of_first(&set), &database);
    let mut reader = database.client();
    let mut open = reader.transaction().unwrap();
    open.batch_execute("SELECT * FROM rows").unwrap();
    terminate_while_it_waits(&database, &set);
    open.rollback().unwrap();
    assert_eq!(database.text("SELECT inhdetachpending FROM pg_inherits"), "t");
    assert_eq!(resumed(&set, &database), "statement 1 was half done, and is finished");
    assert_eq!(database.text("SELECT count(*) FROM pg_inherits"), "0");
    assert_finished(&database, 2);
}

/// A procedure that commits on its way: whoever is cut off from it knows nothing.
fn calling() -> (TestDatabase, MigrationSet) {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE calls (n int);
         CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO calls VALUES (1); COMMIT; END $$",
    );
    let script = "-- migrate:no-transaction\nCALL p();\nCREATE TABLE after ()";
    let set = with(script, "DROP TABLE after");
    // One more: the attempt in a transaction, which the server refuses.
    lose_after(STATEMENT + 2, &set, &database);
    assert_eq!(database.text("SELECT count(*) FROM calls"), "1");
    (database, set)
}

fn a_statement_of_which_nobody_knows_waits_for_a_person() {
    let (database, set) = calling();
    for _ in 0..2 {
        let error = up_fails(&set, &database);
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Unfinished, 8), "{error:?}");
        let location = error.location().unwrap();
        assert_eq!((location.line, location.source_line.as_str()), (2, "CALL p();"));
        assert!(error.hints()[0].starts_with("migration-cli repair --retry "), "{error:?}");
        assert!(error.hints()[1].starts_with("migration-cli repair --mark-done "), "{error:?}");
    }
    let error = migrator(&set, &database).run_repair(&Repair::default()).unwrap_err();
    assert_eq!(error.exit_code(), 8);
    assert_eq!(database.text("SELECT count(*) FROM calls"), "1", "never run again blindly");
}

fn a_person_decides_about_a_statement_of_which_nobody_knows() {
    for (decision, calls) in [(Decision::Retry, "2"), (Decision::MarkDone, "1")] {
        let (database, set) = calling();
        let mut repair = Repair::default();
        repair.decision = Some(decision);
        let planned = migrator(&set, &database).plan_repair(&repair).unwrap();
        assert_eq!(planned.found.len(), 1, "{planned:?}");
        assert_eq!(database.text("SELECT count(*) FROM calls"), "1");
        let repaired = migrator(&set, &database).run_repair(&repair).unwrap();
        assert_eq!(names(&repaired.done), ["second"]);
        assert_eq!(database.text("SELECT count(*) FROM calls"), calls);
        assert_finished(&database, 2);
    }
}

fn settings_of_the_statements_before_are_made_again() {
    let database = TestDatabase::new();
    database.execute("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.rows (id int)");
    let script = "-- migrate:no-transaction
SET search_path = elsewhere;
CREATE TABLE before ();
CREATE INDEX CONCURRENTLY rows_id ON rows (id);
CREATE TABLE after ()";
    let set = with(script, "DROP TABLE elsewhere.before, elsewhere.after");
    // Two statements in transactions of their own come before the mark.
    lose_after(STATEMENT + 2, &set, &database);
    assert_eq!(resumed(&set, &database), "statement 3 is done");
    let there = "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c
        WHERE relnamespace = 'elsewhere'::regnamespace";
    assert_eq!(database.text(there), "after before rows rows_id");
    assert_finished(&database, 2);
}

fn a_revert_that_stopped_goes_on_with_down_or_repair() {
    for by_repair in [false, true] {
        let database = TestDatabase::new();
        let set = with(
            "CREATE INDEX CONCURRENTLY rows_id ON rows (id)",
            "DROP INDEX CONCURRENTLY rows_id;\nDROP INDEX CONCURRENTLY rows_other",
        );
        up(&set, &database);
        let error = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap_err();
        assert_eq!((error.kind(), error.location().unwrap().statement), (ErrorKind::Unfinished, 2));
        let refused = up_fails(&set, &database);
        assert_eq!(refused.hints(), ["migration-cli repair   # goes on with it"]);

        database.execute("CREATE INDEX rows_other ON rows (other)");
        if by_repair {
            let repaired = migrator(&set, &database).run_repair(&Repair::default()).unwrap();
            assert_eq!(names(&repaired.done), ["second"]);
        } else {
            let run = migrator(&set, &database).down(NonZeroUsize::MIN).unwrap();
            assert_eq!(names(&run.done), ["second"]);
        }
        assert_finished(&database, 1);
        assert_eq!(database.text("SELECT to_regclass('rows_other') IS NULL"), "t");
    }
}

fn work_that_ends_while_another_runner_reads_is_not_unfinished() {
    let database = TestDatabase::new();
    let set =
        with("CREATE INDEX CONCURRENTLY rows_id ON rows (id)", "DROP INDEX CONCURRENTLY rows_id");
    lose_after(STATEMENT, &set, &database);
    // Who reads has seen the mark, and waits for the history, when the work ends.
    let mut other = database.client();
    let mut end = other.transaction().unwrap();
    end.batch_execute("LOCK TABLE _migrations").unwrap();
    let config = database.config();
    let running = std::thread::spawn(move || Migrator::new(&set, config).up());
    let waiting =
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '_migrations'::regclass";
    wait_until("the other runner reads", || database.text(waiting) != "0");
    let checksum = set.iter().last().unwrap().up.checksum.to_string();
    end.batch_execute(&format!(
        "INSERT INTO _migrations (version, name, checksum, execution_time)
         VALUES ('20260101000002', 'second', '{checksum}', 1);
         DELETE FROM _migrations_progress"
    ))
    .unwrap();
    end.commit().unwrap();
    let run = running.join().unwrap().unwrap_or_else(|error| panic!("{error:?}"));
    assert!(run.done.is_empty(), "{run:?}");
    assert_finished(&database, 2);
}
