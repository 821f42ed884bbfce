//! What is said of scripts outside a transaction that began and could not go on: what was in the way, and
//! what to type next.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_runtime::{
    Decision, Error, ErrorKind, Event, MigrationSet, Migrator, Repair, Settings,
};
use migration_tests::harness::Trial;
use migration_tests::{BLOCKED, TestDatabase, set, trials, wait_until};

use crate::run::resume;
use crate::{migrator, names, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_failure_tells_how_to_go_on_with_and_without_an_edit,
        a_down_script_that_was_edited_goes_on_as_its_hints_say,
        an_interruption_tells_where_it_goes_on,
        what_may_run_in_a_transaction_runs_once_whatever_it_is,
        an_interruption_is_logged_whatever_the_script_became,
        a_row_that_cannot_be_entered_is_no_failure_of_a_statement,
        what_a_guard_refuses_is_no_failure_of_the_script,
        a_table_of_ours_that_is_missing_is_made_by_repair,
        a_progress_that_cannot_be_asked_about_says_how_far_the_script_came,
        a_script_that_lacks_nothing_but_its_row_is_not_told_to_have_stopped,
        whatever_stops_a_script_leaves_a_row_in_the_log,
        a_refused_repair_leaves_a_row_in_the_log
    ]
}

const MARKER: &str = "-- migrate:no-transaction";

fn of(up: &str) -> MigrationSet {
    set(&[("20260101000001_one", &format!("{MARKER}\n{up}"), "SELECT 1")])
}

#[track_caller]
fn check(error: &Error, kind: ErrorKind, hints: &[&str]) {
    assert_eq!((error.kind(), error.hints()), (kind, &*owned(hints)), "{error:?}");
    let state = error.state().unwrap();
    assert!(state.contains("20260101000001_one is unfinished: statement 1 is done"), "{state}");
}

fn owned(hints: &[&str]) -> Vec<String> {
    hints.iter().map(|it| (*it).to_owned()).collect()
}

fn a_failure_tells_how_to_go_on_with_and_without_an_edit() {
    let database = TestDatabase::new();
    let failing = of("CREATE TABLE one ();\nINSERT INTO missing VALUES (1)");
    let hints = [
        "migration-cli up   # goes on at statement 2, once what was in its way is mended",
        "migration-cli repair --retry   # after mending migrations/20260101000001_one.up.sql and building again",
    ];
    check(&up_fails(&failing, &database), ErrorKind::Unfinished, &hints);
    // As it says: an edited statement goes on with that command, and with no other.
    let mended = of("CREATE TABLE one ();\nCREATE TABLE two ()");
    assert_eq!(up_fails(&mended, &database).kind(), ErrorKind::Unfinished);
    let mut retry = Repair::default();
    retry.decision = Some(Decision::Retry);
    let repaired = migrator(&mended, &database).run_repair(&retry).unwrap();
    assert_eq!(names(&repaired.done), ["one"]);
}

fn a_down_script_that_was_edited_goes_on_as_its_hints_say() {
    let with = |down: &str| {
        let down = format!("{MARKER}\nDROP TABLE one;\n{down}");
        set(&[("20260101000001_one", "CREATE TABLE one ()", &down)])
    };
    let failing = with("DROP TABLE missing");
    let database = TestDatabase::new();
    up(&failing, &database);
    let error = migrator(&failing, &database).down(NonZeroUsize::MIN).unwrap_err();
    let hints = [
        "migration-cli down   # goes on at statement 2, once what was in its way is mended",
        "migration-cli repair --update-checksums --retry   # after mending migrations/20260101000001_one.down.sql and building again",
    ];
    check(&error, ErrorKind::Unfinished, &hints);
    let mended = with("DROP TABLE IF EXISTS missing");
    // The database kept the script that began: that one goes on unless somebody says otherwise.
    let error = migrator(&mended, &database).run_repair(&Repair::default()).unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Unfinished, Some("42P01")));
    let mut retry = Repair::default();
    retry.decision = Some(Decision::Retry);
    retry.update_checksums = true;
    let repaired = migrator(&mended, &database).run_repair(&retry).unwrap();
    assert_eq!(names(&repaired.done), ["one"]);
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
}

/// Interrupts between two statements: as soon as it is known where the script goes on.
fn interrupted_when_resumed(set: &MigrationSet, database: &TestDatabase) -> Error {
    let running = migrator(set, database);
    let interrupt = running.interrupt();
    let mut running = running.on_event(move |event| {
        if matches!(event, Event::Resumed { .. }) {
            interrupt.interrupt();
        }
    });
    running.up().unwrap_err()
}

fn an_interruption_tells_where_it_goes_on() {
    let database = TestDatabase::new();
    let barrier = "SELECT pg_advisory_xact_lock(42)";
    let set = of(&format!("-- migrate:lock-timeout 1min\nCREATE TABLE one ();\n{barrier}"));
    let mut other = database.client();
    other.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let mut running = migrator(&set, &database);
    let interrupt = running.interrupt();
    let thread = std::thread::spawn(move || running.up().unwrap_err());
    wait_until("the second statement waits", || database.text(BLOCKED) == "1");
    interrupt.interrupt();
    let error = thread.join().unwrap();
    check(&error, ErrorKind::Interrupted, &["migration-cli up   # goes on at statement 2"]);

    // Between two statements.
    let error = interrupted_when_resumed(&set, &database);
    check(&error, ErrorKind::Interrupted, &["migration-cli up   # goes on at statement 2"]);
}

fn an_interruption_is_logged_whatever_the_script_became() {
    let database = TestDatabase::new();
    let role = database.role("other", "").name;
    let set = of(&format!("CREATE TABLE one ();\nSET ROLE {role};\nSELECT 1 / 0"));
    up_fails(&set, &database);
    let error = interrupted_when_resumed(&set, &database);
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    check_logged(&database, &error, "up|20260101000001|up|interrupted");
}

fn a_row_that_cannot_be_entered_is_no_failure_of_a_statement() {
    let database = TestDatabase::new();
    up(&set(&[("20260101000000_zero", "CREATE TABLE one ()", "DROP TABLE one")]), &database);
    database.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON _migrations FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let vacuum = of("SELECT 1;\nVACUUM one");
    let error = up_fails(&vacuum, &database);
    let told =
        "running migration 20260101000001_one failed when it was to be entered into the history";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unfinished, told));
    assert!(
        error
            .state()
            .unwrap()
            .ends_with("statements 1 to 2 are done, its row in the history is missing")
    );
    database.execute("DROP FUNCTION refuse CASCADE");
    up(&vacuum, &database);
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
}

fn what_a_guard_refuses_is_no_failure_of_the_script() {
    let unlocked = of("SELECT pg_advisory_unlock_all();\nCREATE TABLE two ()");
    let error = up_fails(&unlocked, &TestDatabase::new());
    assert_eq!(
        (error.sqlstate(), error.exit_code()),
        (Some("MG001"), ErrorKind::Pooler.exit_code())
    );
    let hint = "export MIGRATION_DATABASE_URL='postgres://…'   # to the server itself, or to a pooler in session mode";
    check(&error, ErrorKind::Pooler, &[hint]);

    let row = "INSERT INTO _migrations (version, name, checksum, execution_time) VALUES ('20260101000001', 'one', '', 0)";
    let entered = of(&format!("{row};\nCREATE TABLE two ()"));
    let error = up_fails(&entered, &TestDatabase::new());
    assert_eq!(error.sqlstate(), Some("MG003"));
    check(&error, ErrorKind::PlanChanged, &["migration-cli status"]);

    let database = TestDatabase::new();
    let failing = of("CREATE TABLE one ();\nINSERT INTO missing VALUES (1)");
    up_fails(&failing, &database);
    let mut other = database.client();
    let inside = "SELECT pg_advisory_lock(
        ('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 2)";
    other.batch_execute(inside).unwrap();
    let error = up_fails(&failing, &database);
    assert_eq!(error.sqlstate(), Some("MG002"));
    check(&error, ErrorKind::LockHeld, &["migration-cli status"]);
}

fn a_table_of_ours_that_is_missing_is_made_by_repair() {
    let hint = "migration-cli repair   # makes the table again that is missing";
    let alone = format!("{MARKER}\nCREATE TABLE one ();\nVACUUM");
    for script in ["CREATE TABLE one ()", &alone] {
        let database = TestDatabase::new();
        let whole = [
            ("20260101000001_zero", "SELECT 1", "SELECT 1"),
            ("20260101000002_one", script, "DROP TABLE one"),
        ];
        up(&set(&whole[..1]), &database);
        database.execute("DROP TABLE _migrations_script");
        let error = up_fails(&set(&whole), &database);
        assert_eq!((error.sqlstate(), error.hints()), (Some("42P01"), &*owned(&[hint])));
        migrator(&set(&whole), &database).run_repair(&Repair::default()).unwrap();
        up(&set(&whole), &database);
        assert_eq!(database.text("SELECT count(*) FROM _migrations"), "2");
    }
}

fn a_progress_that_cannot_be_asked_about_says_how_far_the_script_came() {
    let database = TestDatabase::new();
    let role = database.role("runner", "");
    database.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name));
    let failing = of("CREATE TABLE one ();\nINSERT INTO missing VALUES (1)");
    Migrator::new(&failing, role.config.clone()).up().unwrap_err();
    let (config, name) = (database.config(), role.name.clone());
    let mut running = Migrator::new(&failing, role.config.clone()).on_event(move |event| {
        if matches!(event, Event::Started { .. }) {
            let mut client = config.connect(postgres::NoTls).unwrap();
            let revoke = format!("REVOKE SELECT ON _migrations_progress FROM {name}");
            client.batch_execute(&revoke).unwrap();
        }
    });
    let error = running.up().unwrap_err();
    assert_eq!(error.sqlstate(), Some("42501"));
    let grant = format!(
        "GRANT … TO {};   -- the right that the server names, or connect with another role",
        role.name
    );
    let again = "migration-cli up   # goes on at statement 2";
    check(&error, ErrorKind::Unfinished, &[&grant, again]);
}

fn a_script_that_lacks_nothing_but_its_row_is_not_told_to_have_stopped() {
    let database = TestDatabase::new();
    let set = of("CREATE TABLE one ();\nINSERT INTO missing VALUES (1)");
    up_fails(&set, &database);
    database.execute(
        "UPDATE _migrations_progress SET statement = 3, statement_checksum = encode(sha256(''), 'hex'),
            cursor = cursor - 'done'",
    );
    let told = "up script of 20260101000001_one is done, its row in the history is missing";
    let findings = migrator(&set, &database).verify().unwrap().findings;
    assert_eq!(
        findings[0].message,
        told.replace("up script of 20260101000001_one", "20260101000001_one: its up script")
    );
    let repaired = migrator(&set, &database).run_repair(&Repair::default()).unwrap();
    assert_eq!(repaired.found[0].found, format!("the {told}"));
    assert_eq!(migrator(&set, &database).verify().unwrap().findings, []);
}

/// The last row of the log: the message is the one that was told.
#[track_caller]
fn check_logged(database: &TestDatabase, error: &Error, row: &str) {
    let last = "SELECT command, version, direction, outcome, message FROM _migrations_log ORDER BY id DESC LIMIT 1";
    assert_eq!(database.text(last), format!("{row}|{error}"), "{error:?}");
}

fn whatever_stops_a_script_leaves_a_row_in_the_log() {
    let row = "up|20260101000001|up|refused";
    let indexed = of("CREATE TABLE one (id int);
INSERT INTO one VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY one_id ON one (id)");
    let database = TestDatabase::new();
    up_fails(&indexed, &database);
    let mut other = database.client();
    let mut open = other.transaction().unwrap();
    open.batch_execute("LOCK TABLE one IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    let busy = up_fails(&indexed, &database);
    assert!(busy.to_string().contains("works on the same table"), "{busy:?}");
    check_logged(&database, &busy, row);
    open.rollback().unwrap();

    // An older version did not note what there was before.
    database.execute("UPDATE _migrations_progress SET cursor = NULL");
    let undecided = up_fails(&indexed, &database);
    assert!(undecided.to_string().contains("the catalogs cannot tell"), "{undecided:?}");
    check_logged(&database, &undecided, row);

    let database = TestDatabase::new();
    let role = database.role("builder", "");
    database.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name));
    let lost = of(&format!(
        "SET ROLE {};\nCREATE TEMP TABLE one ();\nINSERT INTO missing VALUES (1)",
        role.name
    ));
    up_fails(&lost, &database);
    let gone = up_fails(&lost, &database);
    assert!(gone.to_string().contains("is gone"), "{gone:?}");
    check_logged(&database, &gone, row);
    let mut mark = Repair::default();
    mark.decision = Some(Decision::MarkDone);
    database.execute("UPDATE _migrations_progress SET cursor = cursor - 'lost'");
    let known = migrator(&lost, &database).run_repair(&mark).unwrap_err();
    assert!(known.to_string().contains("not in doubt"), "{known:?}");
    check_logged(&database, &known, "repair|20260101000001|up|refused");

    let database = TestDatabase::new();
    let passed_over = of("SELECT 1;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS one_id ON one (id)");
    database.execute(
        "CREATE TABLE one (id int); CREATE INDEX one_id ON one (id);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'one_id'::regclass",
    );
    let invalid = up_fails(&passed_over, &database);
    assert!(invalid.to_string().contains("passes over it"), "{invalid:?}");
    assert_eq!(invalid.state(), Some("statement 1 is done, statement 2 made nothing"));
    check_logged(&database, &invalid, "up|20260101000001|up|failed");
}

fn a_refused_repair_leaves_a_row_in_the_log() {
    let database = TestDatabase::new();
    let zero = ("20260101000000_zero", "SELECT 1", "SELECT 1");
    let failing = "-- migrate:no-transaction\nCREATE TABLE one ();\nINSERT INTO missing VALUES (1)";
    let newer = set(&[zero, ("20260101000001_one", failing, "SELECT 1")]);
    up_fails(&newer, &database);
    let older = set(&[zero]);
    let refused = migrator(&older, &database).run_repair(&Repair::default()).unwrap_err();
    assert_eq!(refused.exit_code(), 8);
    check_logged(&database, &refused, "repair|||refused");

    // Whoever began it may be at it still.
    let mut other = database.client();
    let lock = "SELECT pg_advisory_lock(
        ('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 1)";
    other.batch_execute(lock).unwrap();
    let mut settings = Settings::default();
    settings.wait = Duration::ZERO;
    let mut waiting = migrator(&older, &database).with_settings(settings);
    let error = waiting.run_repair(&Repair::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockHeld, "{error:?}");
}

fn what_may_run_in_a_transaction_runs_once_whatever_it_is() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE gate (n int); INSERT INTO gate VALUES (0);
         CREATE TABLE people (age int); ALTER TABLE people ADD CONSTRAINT old CHECK (age > 0) NOT VALID",
    );
    // The second time, the first statement would fail.
    let script = "-- migrate:no-transaction
ALTER TYPE mood ADD VALUE 'bad';
ALTER TABLE people VALIDATE CONSTRAINT old;
INSERT INTO gate SELECT 1 / n FROM gate";
    let set = resume::with(script, "SELECT 1");
    for _ in 0..2 {
        let error = up_fails(&set, &database);
        assert_eq!(error.kind(), ErrorKind::Unfinished);
        assert_eq!(error.location().unwrap().line, 4);
        assert!(error.state().unwrap().ends_with("statements 1 to 2 are done, statement 3 is not"));
    }
    let made = "SELECT (SELECT count(*) FROM pg_enum), (SELECT convalidated FROM pg_constraint WHERE conname = 'old')";
    assert_eq!(database.text(made), "2|t");
    database.execute("UPDATE gate SET n = 1");
    up(&set, &database);
    resume::assert_finished(&database, 2);
}
