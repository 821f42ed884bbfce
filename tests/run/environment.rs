//! The environment that a database notes, and the role that everything is done as.

use std::thread;

use migrate_runtime::{ConnectOptions, Error, ErrorKind, Event, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials, wait_until};

use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_first_run_notes_the_environment,
        protection_is_added_and_never_taken_away,
        a_database_of_production_is_protected_whoever_noted_it,
        another_environment_is_told,
        what_was_noted_while_the_lock_was_held_counts,
        a_note_that_cannot_be_written_is_told,
        everything_is_done_as_the_role,
        a_role_that_may_not_be_taken_on_is_told,
        a_lent_connection_keeps_its_role,
        a_password_that_is_never_told_is_not_waited_for_after_an_interruption
    ]
}

/// In the environment of this name; changes of a protected database are not agreed to.
fn settings(name: &str, protected: bool) -> Settings {
    let mut settings = Settings::default();
    settings.identity.environment = Some(name.to_owned());
    settings.protected = protected;
    settings.confirmed = protected;
    settings
}

fn migrator(database: &TestDatabase, settings: Settings) -> Migrator {
    Migrator::new(&three(), database.config()).with_settings(settings)
}

fn up(
    database: &TestDatabase,
    name: &str,
    protected: bool,
    steps: usize,
) -> Result<Vec<String>, Error> {
    let (sender, warnings) = std::sync::mpsc::channel();
    let mut migrator = migrator(database, settings(name, protected)).on_event(move |it| {
        if let Event::Warning { message } = it {
            sender.send(message.clone()).unwrap();
        }
    });
    let mut up = migrate_runtime::Up::default();
    up.limit = migrate_runtime::Limit::Steps(steps.try_into().unwrap());
    migrator.run_up(&up)?;
    Ok(warnings.try_iter().collect())
}

const TAKE: &str = "SELECT pg_advisory_lock(
    ('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 1)";

const NOTED: &str = "SELECT string_agg(value::text, ' ' ORDER BY key) FROM _migrations_meta WHERE key IN ('environment', 'protected')";

fn the_first_run_notes_the_environment() {
    let database = TestDatabase::new();
    assert_eq!(up(&database, "staging", false, 1).unwrap(), [""; 0]);
    assert_eq!(database.text(NOTED), "\"staging\" false");
    // What runs without a name, as programs that migrate when they start may, notes nothing.
    let other = TestDatabase::new();
    Migrator::new(&three(), other.config()).up().unwrap();
    assert_eq!(other.text(NOTED), "");
}

fn protection_is_added_and_never_taken_away() {
    let database = TestDatabase::new();
    up(&database, "development", false, 1).unwrap();
    let warnings = up(&database, "live", true, 1).unwrap();
    assert!(warnings[0].contains("is one of `live` from now on"), "{warnings:?}");
    assert_eq!(database.text(NOTED), "\"live\" true");
    let refused = up(&database, "development", false, 1).unwrap_err();
    assert_eq!((refused.kind(), refused.exit_code()), (ErrorKind::Consent, 7));
    assert_eq!(database.text(NOTED), "\"live\" true");
}

fn a_database_of_production_is_protected_whoever_noted_it() {
    let database = TestDatabase::new();
    up(&database, "production", false, 1).unwrap();
    assert_eq!(database.text(NOTED), "\"production\" false");
    assert_eq!(up(&database, "development", false, 1).unwrap_err().kind(), ErrorKind::Consent);
}

fn another_environment_is_told() {
    let database = TestDatabase::new();
    up(&database, "staging", false, 1).unwrap();
    let warnings = up(&database, "development", false, 1).unwrap();
    assert!(warnings[0].contains("noted as one of the environment `staging`"), "{warnings:?}");
    assert_eq!(database.text(NOTED), "\"staging\" false");
}

fn what_was_noted_while_the_lock_was_held_counts() {
    let database = TestDatabase::new();
    up(&database, "development", false, 1).unwrap();
    let mut holder = database.client();
    holder.batch_execute(TAKE).unwrap();
    let mut waiting = migrator(&database, settings("development", false));
    let (sender, seen) = std::sync::mpsc::channel();
    waiting = waiting.on_event(move |it| {
        if let Event::WaitingForLock { .. } = it {
            sender.send(()).unwrap();
        }
    });
    let run = thread::spawn(move || waiting.up().unwrap_err());
    seen.recv().unwrap();
    database.execute("UPDATE _migrations_meta SET value = 'true' WHERE key = 'protected'");
    drop(holder);
    assert_eq!(run.join().unwrap().kind(), ErrorKind::Consent);
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");
    let free = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    wait_until("the lock is free", || database.text(free) == "0");
}

fn a_note_that_cannot_be_written_is_told() {
    let database = TestDatabase::new();
    Migrator::new(&three(), database.config())
        .run_up(&{
            let mut up = migrate_runtime::Up::default();
            up.limit = migrate_runtime::Limit::Steps(std::num::NonZeroUsize::MIN);
            up
        })
        .unwrap();
    database.execute(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;
         CREATE TRIGGER no BEFORE INSERT ON _migrations_meta EXECUTE FUNCTION no()",
    );
    let warnings = up(&database, "live", true, 1).unwrap();
    assert!(warnings.iter().any(|it| it.contains("does not protect itself")), "{warnings:?}");
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "2");
}

fn everything_is_done_as_the_role() {
    let database = TestDatabase::new();
    let login = database.role("login", "NOINHERIT");
    let owner = database.role("owner", "");
    database.execute(&format!(
        "GRANT {0} TO {1}; GRANT CREATE, USAGE ON SCHEMA public TO {0}",
        owner.name, login.name
    ));
    let migrations = set(&[
        (
            "20260101000001_one",
            "CREATE TABLE one (id int); RESET ROLE; RESET SESSION AUTHORIZATION",
            "DROP TABLE one",
        ),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        (
            "20260101000003_index",
            "CREATE INDEX CONCURRENTLY two_id ON two (id)",
            "DROP INDEX two_id",
        ),
    ]);
    let mut settings = Settings::default();
    settings.role = Some(owner.name.clone());
    let mut migrator = Migrator::new(&migrations, login.config.clone()).with_settings(settings);
    migrator.up().unwrap();
    let owners =
        "SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.text(owners), owner.name);
    migrator.down(2.try_into().unwrap()).unwrap();
}

fn a_role_that_may_not_be_taken_on_is_told() {
    let database = TestDatabase::new();
    let (login, owner) = (database.role("login", ""), database.role("owner", ""));
    for role in [owner.name.as_str(), "nobody_at_all"] {
        let mut settings = Settings::default();
        settings.role = Some(role.to_owned());
        let mut migrator = Migrator::new(&three(), login.config.clone()).with_settings(settings);
        let error = migrator.status().unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Connect, 3), "{error:?}");
        let hint = format!("GRANT {role} TO {};", login.name);
        assert!(error.hints()[0].starts_with(&hint), "{error:?}");
    }
}

fn a_lent_connection_keeps_its_role() {
    let database = TestDatabase::new();
    let mut settings = Settings::default();
    settings.role = Some("owner".to_owned());
    let error = migrator(&database, settings).up_with(&mut database.client()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Impossible, "{error:?}");
}

fn a_password_that_is_never_told_is_not_waited_for_after_an_interruption() {
    let database = TestDatabase::new();
    let (asked, is_asked) = std::sync::mpsc::channel();
    let options = ConnectOptions::from(database.config()).with_password_from(move || {
        // Whoever listens to the first call may be gone at the next one.
        let _ = asked.send(());
        loop {
            thread::park();
        }
    });
    let mut migrator = Migrator::new(&three(), options);
    let interrupt = migrator.interrupt();
    let run = thread::spawn(move || migrator.up().unwrap_err());
    is_asked.recv().unwrap();
    interrupt.interrupt();
    let error = run.join().unwrap();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130), "{error:?}");
}
