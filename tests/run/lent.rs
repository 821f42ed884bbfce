//! A connection that belongs to the caller: the same guarantees, and it comes back as it was.

use migrate_runtime::{ErrorKind, Event, MigrationSet, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{first, names, tables, three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_lent_connection_runs_and_comes_back_as_it_was,
        a_failure_gives_the_lent_connection_back_in_working_order,
        a_connection_inside_a_transaction_is_refused,
        a_lent_connection_waits_for_the_lock_like_any_other,
        a_lock_that_a_lent_connection_got_is_given_back_also_when_reading_fails,
        a_listener_that_panics_at_the_lock_leaves_none_on_a_lent_connection,
        a_lock_that_the_caller_held_already_stays_held
    ]
}

const HELD: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

fn over(
    client: &mut postgres::Client,
    set: &MigrationSet,
) -> Result<migrate_runtime::Run, migrate_runtime::Error> {
    Migrator::new(set, postgres::Config::new()).up_with(client)
}

fn a_lent_connection_runs_and_comes_back_as_it_was() {
    let database = TestDatabase::new();
    let role = database.role("owner", "");
    let mut client = database.client();
    client
        .batch_execute(&format!(
            "SET work_mem = '3MB'; SET app.tenant = 'a,''b'; SET ROLE {};
             CREATE TEMP TABLE mine (id int); PREPARE mine AS SELECT 1",
            role.name
        ))
        .unwrap();
    let meddling = "SET work_mem = '9MB'; SET search_path = pg_catalog;
        CREATE TABLE public.one AS SELECT current_user AS role";
    let set = set(&[
        ("20260101000001_one", meddling, "DROP TABLE one"),
        (
            "20260101000002_two",
            "-- migrate:no-transaction\nSET work_mem = '8MB'; CREATE TABLE two ()",
            "DROP TABLE two",
        ),
    ]);
    assert_eq!(names(&over(&mut client, &set).unwrap().done), ["one", "two"]);
    assert_eq!(names(&over(&mut client, &set).unwrap().done), [""; 0]);

    let settings =
        "SELECT current_setting('work_mem'), current_setting('app.tenant'), current_user::text,
        current_setting('search_path'), current_setting('lock_timeout')";
    let row = client.query_one(settings, &[]).unwrap();
    let values: Vec<String> = (0..5).map(|at| row.get(at)).collect();
    assert_eq!(values, ["3MB", "a,'b", &role.name, "\"$user\", public", "0"]);
    client.batch_execute("SELECT FROM mine; EXECUTE mine").unwrap();
    assert_eq!(database.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), "0");
    assert_eq!(database.text("SELECT role = session_user FROM one"), "t");
}

fn a_failure_gives_the_lent_connection_back_in_working_order() {
    let database = TestDatabase::new();
    let mut client = database.client();
    let failing =
        set(&[("20260101000001_one", "CREATE TABLE one ();\n\nSELECT nope", "DROP TABLE one")]);
    let error = over(&mut client, &failing).unwrap_err();
    let location = error.location().unwrap();
    assert_eq!((location.line, location.column), (3, Some(8)));
    assert_eq!(tables(&database), "");
    client.batch_execute("SELECT 1").unwrap();
    let unplaced = set(&[("20260101000001_one", "SELECT 1 / 0", "SELECT 1")]);
    assert_eq!(over(&mut client, &unplaced).unwrap_err().location(), None);
    up(&three(), &database);
}

fn a_connection_inside_a_transaction_is_refused() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch_execute("BEGIN; CREATE TABLE mine ()").unwrap();
    let error = over(&mut client, &three()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Impossible);
    client.batch_execute("COMMIT").unwrap();
    assert_eq!(tables(&database), "mine");
}

fn a_lent_connection_waits_for_the_lock_like_any_other() {
    let database = TestDatabase::new();
    let mut holder = database.client();
    holder.batch_execute(crate::run::locking::TAKE).unwrap();
    let mut settings = Settings::default();
    settings.wait = std::time::Duration::ZERO;
    let mut migrator = Migrator::new(&three(), postgres::Config::new()).with_settings(settings);
    let error = migrator.up_with(&mut database.client()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockHeld);
}

fn a_lock_that_a_lent_connection_got_is_given_back_also_when_reading_fails() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 1), &database);
    let mut holder = database.client();
    holder.batch_execute(crate::run::locking::TAKE).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut waiting = Migrator::new(&set, postgres::Config::new()).on_event(move |event| {
        if let Event::WaitingForLock { .. } = event {
            let _ = sender.send(());
        }
    });
    let mut client = database.client();
    let running = std::thread::spawn(move || (waiting.up_with(&mut client), client));
    receiver.recv().unwrap();
    holder.batch_execute("UPDATE _migrations_meta SET value = '2'").unwrap();
    drop(holder);
    let (result, _client) = running.join().unwrap();
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ForeignHistory);
    assert_eq!(database.text(HELD), "0");
}

fn a_listener_that_panics_at_the_lock_leaves_none_on_a_lent_connection() {
    let (database, set) = (TestDatabase::new(), three());
    let mut panicking = Migrator::new(&set, postgres::Config::new())
        .on_event(|event| assert!(!matches!(event, Event::Locked), "a bug in the listener"));
    let mut client = database.client();
    let running = std::thread::spawn(move || {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            panicking.up_with(&mut client)
        }));
        (caught.is_err(), client)
    });
    let (panicked, _client) = running.join().unwrap();
    assert!(panicked);
    assert_eq!(database.text(HELD), "0");
}

fn a_lock_that_the_caller_held_already_stays_held() {
    let database = TestDatabase::new();
    let (sender, notices) = std::sync::mpsc::channel();
    let mut config = database.config();
    config.notice_callback(move |notice| sender.send(notice.message().to_owned()).unwrap());
    let mut client = config.connect(postgres::NoTls).unwrap();
    client.batch_execute(crate::run::locking::TAKE).unwrap();
    over(&mut client, &three()).unwrap();
    assert_eq!(database.text(HELD), "1");
    assert_eq!(notices.try_iter().collect::<Vec<_>>(), [""; 0]);
}
