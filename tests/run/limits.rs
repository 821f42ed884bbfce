//! Limits that a script or a role runs into: time, locks, isolation, connections, rights. What is claimed,
//! what is left, and that the next run comes to the end once the limit is gone.

use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Event, MigrationSet, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{Role, TestDatabase, set, trials};
use postgres::{Client, NoTls};

use super::lost::{at_event, is_start_of};
use super::resume::assert_finished;
use crate::{migrator, names, tables, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_statement_that_takes_too_long_changes_nothing_of_its_script,
        a_statement_that_takes_too_long_is_where_a_script_goes_on,
        a_lock_that_others_hold_is_where_a_script_goes_on,
        whoever_lost_against_another_transaction_is_tried_again,
        a_database_that_is_serializable_by_default_runs_everything,
        a_role_without_a_free_connection_is_told_so,
        a_database_without_a_free_connection_is_waited_for,
        a_role_with_one_connection_comes_back_over_it,
        a_right_that_is_missing_half_way_changes_nothing_of_its_script,
        a_right_that_is_missing_half_way_is_where_a_script_goes_on,
        whom_a_script_became_it_is_again_when_it_goes_on
    ]
}

/// Three migrations: one table, then this script, then another table.
fn around(script: &str) -> MigrationSet {
    set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", script, "SELECT 1"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ])
}

/// The same work in a transaction, and outside of one with something before it that stays.
fn both(statement: &str) -> (MigrationSet, MigrationSet) {
    let together = format!("CREATE TABLE two (id int);\n{statement}");
    (around(&together), around(&format!("-- migrate:no-transaction\n{together}")))
}

/// In one transaction: the second migration failed, for this reason, and changed nothing.
#[track_caller]
fn assert_rolled_back(error: &Error, database: &TestDatabase, kind: ErrorKind, sqlstate: &str) {
    assert_eq!((error.kind(), error.sqlstate()), (kind, Some(sqlstate)), "{error:?}");
    let state = "1 migration ran before it; nothing of 20260101000002_two was changed";
    assert_eq!(error.state(), Some(state));
    assert_eq!(error.location().map(|it| (it.line, it.statement)), Some((2, 2)), "{error:?}");
    let partial = error.partial().unwrap();
    assert_eq!(
        (names(&partial.done), partial.not_run.as_slice()),
        (vec!["one"], &["20260101000003".to_owned()][..])
    );
    assert_eq!(
        database.text("SELECT to_regclass('two') IS NULL, to_regclass('three') IS NULL"),
        "t|t"
    );
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");
    let log = "SELECT outcome, version, sqlstate FROM _migrations_log ORDER BY id DESC LIMIT 1";
    assert_eq!(database.text(log), format!("failed|20260101000002|{sqlstate}"));
}

/// Outside of one: its first statement stays, and the database knows.
#[track_caller]
fn assert_unfinished(error: &Error, database: &TestDatabase, sqlstate: &str) {
    let found = (error.kind(), error.exit_code(), error.sqlstate());
    assert_eq!(found, (ErrorKind::Unfinished, 8, Some(sqlstate)), "{error:?}");
    let state = "1 migration ran before it; 20260101000002_two is unfinished: statement 1 is done, statement 2 is not";
    assert_eq!(error.state(), Some(state));
    let goes_on = |it: &String| {
        it.starts_with("migration-cli up") && it.contains("   # goes on at statement 2")
    };
    assert!(error.hints().iter().any(goes_on), "{error:?}");
    assert_eq!(
        database.text("SELECT to_regclass('two') IS NULL, to_regclass('three') IS NULL"),
        "f|t"
    );
    let left = "SELECT version, statement FROM _migrations_progress";
    assert_eq!(database.text(left), "20260101000002|2");
}

/// What was in the way is gone: the next run does the rest.
#[track_caller]
fn assert_converges(mut migrator: Migrator, database: &TestDatabase) {
    let run = migrator.up().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(names(&run.done), ["two", "three"]);
    assert_finished(database, 3);
    let log =
        "SELECT string_agg(version, ' ' ORDER BY id) FROM _migrations_log WHERE outcome = 'ok'";
    assert_eq!(database.text(log), "20260101000001 20260101000002 20260101000003");
}

fn within(statement_timeout: Duration) -> Settings {
    let mut settings = Settings::default();
    settings.statement_timeout = statement_timeout;
    settings
}

/// Takes for ever until the table `fast` has a row.
const SLOW: &str = "SELECT pg_sleep(60) WHERE NOT EXISTS (SELECT FROM fast)";

fn a_statement_that_takes_too_long_changes_nothing_of_its_script() {
    let (database, set) = (TestDatabase::new(), both(SLOW).0);
    database.execute("CREATE TABLE fast AS SELECT WHERE false");
    let limited = || migrator(&set, &database).with_settings(within(Duration::from_millis(500)));
    let error = limited().up().unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert_rolled_back(&error, &database, ErrorKind::Sql, "57014");
    assert!(error.hints()[0].starts_with("put `-- migrate:statement-timeout"), "{error:?}");
    database.execute("INSERT INTO fast DEFAULT VALUES");
    assert_converges(migrator(&set, &database), &database);
}

fn a_statement_that_takes_too_long_is_where_a_script_goes_on() {
    let (database, set) = (TestDatabase::new(), both(SLOW).1);
    database.execute("CREATE TABLE fast AS SELECT WHERE false");
    let limited = || migrator(&set, &database).with_settings(within(Duration::from_millis(500)));
    assert_unfinished(&limited().up().unwrap_err(), &database, "57014");
    database.execute("INSERT INTO fast DEFAULT VALUES");
    assert_converges(limited().with_settings(Settings::default()), &database);
}

fn a_lock_that_others_hold_is_where_a_script_goes_on() {
    // Within a transaction: `a_lock_that_is_never_got_changes_nothing` of `locking`.
    let (together, alone) = both("ALTER TABLE busy ADD COLUMN note text");
    for set in [together, alone] {
        let database = TestDatabase::new();
        database.execute("CREATE TABLE busy (id int)");
        let mut reader = database.client();
        reader.batch_execute("BEGIN; SELECT FROM busy").unwrap();
        let mut settings = Settings::default();
        settings.lock_timeout = Duration::from_millis(20);
        settings.lock_deadline = Duration::from_millis(100);
        let error = migrator(&set, &database).with_settings(settings).up().unwrap_err();
        if tables(&database).contains("two") {
            assert_unfinished(&error, &database, "55P03");
        } else {
            assert_rolled_back(&error, &database, ErrorKind::LockTimeout, "55P03");
        }
        reader.batch_execute("COMMIT").unwrap();
        assert_converges(migrator(&set, &database), &database);
    }
}

fn whoever_lost_against_another_transaction_is_tried_again() {
    for code in ["40001", "40P01"] {
        // A sequence remembers what is rolled back.
        let lose = format!(
            "DO $$ BEGIN IF nextval('attempts') < 3 THEN RAISE 'lost' USING ERRCODE = '{code}'; END IF; END $$"
        );
        let (together, alone) = both(&lose);
        for set in [together, alone] {
            let database = TestDatabase::new();
            database.execute("CREATE SEQUENCE attempts");
            let (sender, receiver) = std::sync::mpsc::channel();
            let migrator = migrator(&set, &database).on_event(move |event| {
                if let Event::Retrying { sqlstate, .. } = event {
                    sender.send(sqlstate.clone()).unwrap();
                }
            });
            let run = { migrator }.up().unwrap_or_else(|error| panic!("{error:?}"));
            assert_eq!(names(&run.done), ["one", "two", "three"]);
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [code, code]);
            assert_finished(&database, 3);
        }
        // For ever: until the deadline, and then nothing has changed.
        let database = TestDatabase::new();
        database.execute("CREATE SEQUENCE attempts MINVALUE -1000000 START -1000000");
        let mut settings = Settings::default();
        settings.lock_deadline = Duration::from_millis(100);
        let error = migrator(&together, &database).with_settings(settings).up().unwrap_err();
        assert_rolled_back(&error, &database, ErrorKind::LockTimeout, code);
        assert!(error.is_transient());
        database.execute("SELECT setval('attempts', 3)");
        assert_converges(migrator(&together, &database), &database);
    }
}

fn a_database_that_is_serializable_by_default_runs_everything() {
    let count = "INSERT INTO shared SELECT count(*) FROM shared";
    let indexed = format!("CREATE INDEX CONCURRENTLY two_id ON two (id);\n{count}");
    let alone = format!("-- migrate:no-transaction\nCREATE TABLE two (id int);\n{indexed}");
    for (set, indexes) in [(both(count).0, "0"), (around(&alone), "1")] {
        let database = TestDatabase::new();
        database.execute("CREATE TABLE shared AS SELECT 1 AS n");
        let level = "SET default_transaction_isolation = 'serializable'";
        database.execute(&format!("ALTER DATABASE {} {level}", database.name()));
        // Others write what they have read, all the time: a serializable script would lose against them.
        let mut other = database.client();
        let (sender, receiver) = std::sync::mpsc::channel();
        let migrator = migrator(&set, &database).on_event(move |event| match event {
            Event::Statement { .. } | Event::Started { .. } => {
                other.batch_execute("INSERT INTO shared SELECT count(*) FROM shared").unwrap();
            }
            Event::Retrying { sqlstate, .. } => sender.send(sqlstate.clone()).unwrap(),
            _ => {}
        });
        let run = { migrator }.up().unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(names(&run.done), ["one", "two", "three"]);
        assert_eq!(receiver.iter().count(), 0, "it was tried again");
        assert_finished(&database, 3);
        let made = "SELECT count(*) FROM pg_index WHERE indrelid = 'two'::regclass";
        assert_eq!(database.text(made), indexes);
    }
}

/// A role that may make tables, with an attribute, and its only session.
fn crowded(database: &TestDatabase, attribute: &str) -> (Role, Client) {
    let role = database.role("crowded", attribute);
    database.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name));
    let client = role.config.connect(NoTls).unwrap();
    (role, client)
}

fn a_role_without_a_free_connection_is_told_so() {
    let database = TestDatabase::new();
    let (role, client) = crowded(&database, "CONNECTION LIMIT 1");
    let set = around("CREATE TABLE two (id int)");
    let error = Migrator::new(&set, role.config.clone()).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Connect, 3));
    assert_eq!((error.sqlstate(), error.state()), (Some("53300"), Some("nothing was changed")));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("too many connections for role"), "{cause}");
    assert_eq!(
        error.hints(),
        [
            "migration-cli up --wait-for-db 30s   # waits until another session ends",
            "SELECT usename, datname, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3;   -- whose are they?"
        ]
    );
    assert_eq!(tables(&database), "");
    drop(client);
    let mut settings = Settings::default();
    settings.wait_for_db = Duration::from_secs(30);
    let run = Migrator::new(&set, role.config).with_settings(settings).up().unwrap();
    assert_eq!(names(&run.done), ["one", "two", "three"]);
}

fn a_database_without_a_free_connection_is_waited_for() {
    let database = TestDatabase::new();
    let (role, client) = crowded(&database, "");
    // The superuser is not counted.
    database.execute(&format!("ALTER DATABASE {} CONNECTION LIMIT 1", database.name()));
    let set = around("CREATE TABLE two (id int)");
    let error = Migrator::new(&set, role.config.clone()).up().unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Connect, Some("53300")));
    let mut settings = Settings::default();
    settings.wait_for_db = Duration::from_secs(30);
    let (mut client, sender) = (Some(client), std::sync::mpsc::channel());
    let (sender, receiver) = sender;
    let migrator =
        Migrator::new(&set, role.config).with_settings(settings).on_event(move |event| {
            if let Event::WaitingForDatabase { reason } = event {
                sender.send(reason.clone()).unwrap();
                drop(client.take());
            }
        });
    assert_eq!(names(&{ migrator }.up().unwrap().done), ["one", "two", "three"]);
    assert!(receiver.recv().unwrap().contains("too many connections for database"));
    assert_finished(&database, 3);
}

fn a_role_with_one_connection_comes_back_over_it() {
    let database = TestDatabase::new();
    let (role, client) = crowded(&database, "CONNECTION LIMIT 1");
    drop(client);
    let proxy = std::sync::Arc::new(Proxy::socket(&database));
    let mut settings = Settings::default();
    settings.wait_for_db = Duration::from_secs(30);
    let set = around("CREATE TABLE two (id int)");
    let migrator = Migrator::new(&set, proxy.config_for(&role)).with_settings(settings);
    let cutting = proxy.clone();
    // All three are sent at once, just after that.
    let cut = move || cutting.set(Fault::CutOnReply("COMMIT", 2));
    let run = at_event(migrator, is_start_of(1), cut).up();
    let run = run.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(names(&run.done), ["one", "two", "three"]);
    assert_eq!(proxy.fault(), Fault::None);
    assert!(proxy.counts().sessions > 1);
    assert_finished(&database, 3);
}

/// A role that may make tables and not write `secret`.
fn limited(database: &TestDatabase) -> Role {
    let role = database.role("limited", "");
    database.execute(&format!(
        "CREATE TABLE secret (n int); GRANT CREATE ON SCHEMA public TO {}",
        role.name
    ));
    role
}

const FORBIDDEN: &str = "INSERT INTO secret VALUES (1)";

fn a_right_that_is_missing_half_way_changes_nothing_of_its_script() {
    let (database, set) = (TestDatabase::new(), both(FORBIDDEN).0);
    let role = limited(&database);
    let error = Migrator::new(&set, role.config.clone()).up().unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert_rolled_back(&error, &database, ErrorKind::Privilege, "42501");
    assert_eq!(error.server_message(), Some("permission denied for table secret"));
    let hint = format!(
        "GRANT … TO {};   -- the right that the server names, or connect with another role",
        role.name
    );
    assert_eq!(error.hints(), [hint]);
    database.execute(&format!("GRANT INSERT ON secret TO {}", role.name));
    assert_converges(Migrator::new(&set, role.config), &database);
    assert_eq!(database.text("SELECT n FROM secret"), "1");
}

fn a_right_that_is_missing_half_way_is_where_a_script_goes_on() {
    let (database, set) = (TestDatabase::new(), both(FORBIDDEN).1);
    let role = limited(&database);
    let error = Migrator::new(&set, role.config.clone()).up().unwrap_err();
    assert_unfinished(&error, &database, "42501");
    let again = Migrator::new(&set, role.config).up().unwrap_err();
    assert_eq!((again.kind(), again.sqlstate()), (ErrorKind::Unfinished, Some("42501")));
    // Whoever goes on does so with rights of its own, and needs none to become the first one.
    let other = database.role("other", &format!("IN ROLE {}", role.name));
    database.execute(&format!(
        "GRANT INSERT ON secret TO {}; REVOKE INSERT ON secret FROM {}",
        other.name, role.name
    ));
    assert_converges(Migrator::new(&set, other.config), &database);
    assert_eq!(database.text("SELECT n FROM secret"), "1");
    let owners =
        "SELECT count(DISTINCT tableowner) FROM pg_tables WHERE tablename IN ('two', 'three')";
    assert_eq!(database.text(owners), "2");
    up(&set, &database);
}

fn whom_a_script_became_it_is_again_when_it_goes_on() {
    let database = TestDatabase::new();
    let role = database.role("owner", "");
    database.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name));
    let script = format!(
        "-- migrate:no-transaction\nSET SESSION AUTHORIZATION {};\nINSERT INTO missing VALUES (1);\nCREATE TABLE two ()",
        role.name
    );
    let set = around(&script);
    assert_eq!(migrator(&set, &database).up().unwrap_err().sqlstate(), Some("42P01"));
    database.execute(&format!(
        "CREATE TABLE missing (n int); GRANT INSERT ON missing TO {}",
        role.name
    ));
    assert_converges(migrator(&set, &database), &database);
    let owners = "SELECT tablename FROM pg_tables WHERE tableowner = '{}'";
    assert_eq!(database.text(&owners.replace("{}", &role.name)), "two");
}
