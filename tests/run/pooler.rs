//! Migrations through a real pgbouncer: refused where it hands out sessions by the transaction, and as
//! good as without it where it keeps them.

use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Event, Force, Migrator, Repair, Settings};
use migration_tests::harness::Trial;
use migration_tests::{Pooler, TestDatabase, has_pooler, set, trials};
use postgres::NoTls;

use crate::{names, tables, three};

pub(crate) fn tests() -> Vec<Trial> {
    let all = trials![
        transaction_pooling_is_refused_before_anything_is_written,
        a_busy_transaction_pool_is_refused_too,
        a_pooler_that_swallows_our_options_is_known_all_the_same,
        statement_pooling_is_refused,
        through_a_pooler_everything_can_be_read,
        with_a_session_each_everything_runs,
        with_a_session_each_a_failure_leaves_no_lock,
        a_pool_of_one_session_is_refused
    ];
    // Where there is no pgbouncer, they are listed as ignored.
    all.into_iter().map(|it| it.with_ignored_flag(!has_pooler())).collect()
}

#[track_caller]
fn assert_refused(error: &Error, cause: &str) {
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Pooler, 3), "{error:?}");
    assert!(error.to_string().contains(cause), "{error:?}");
    assert_eq!(error.state(), Some("nothing was changed"));
    assert!(error.hints()[0].starts_with("export MIGRATION_DATABASE_URL="), "{error:?}");
}

/// Of this database alone: the server is that of other tests too.
const LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// No table, and no lock on any session of the pool.
#[track_caller]
fn assert_untouched(database: &TestDatabase) {
    assert_eq!(tables(database), "");
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t");
    assert_eq!(database.text(LOCKS), "0");
}

const SHARED: &str = "a pooler hands our statements to more than one session";

#[track_caller]
fn check_refused(mode: &str, settings: &str) {
    let database = TestDatabase::new();
    let pooler = Pooler::start(&database, mode, settings);
    let mut migrator = Migrator::new(&three(), pooler.config(&database));
    assert_refused(&migrator.up().unwrap_err(), SHARED);
    let force = Force::to(three().iter().last().unwrap().version);
    assert_refused(&migrator.run_force(&force).unwrap_err(), SHARED);
    assert_untouched(&database);
    // Without the pooler, the same migrations run, and there is nothing to repair through it either.
    crate::up(&three(), &database);
    let mut migrator = Migrator::new(&three(), pooler.config(&database));
    assert_eq!(names(&migrator.up().unwrap().done), [""; 0]);
    let down = migrator.down(std::num::NonZeroUsize::MIN).unwrap_err();
    assert_refused(&down, SHARED);
    let edited = set(&[("20260101000001_one", "CREATE TABLE one (id bigint)", "DROP TABLE one")]);
    let mut repair = Repair::default();
    repair.update_checksums = true;
    let mut migrator = Migrator::new(&edited, pooler.config(&database));
    assert_refused(&migrator.run_repair(&repair).unwrap_err(), SHARED);
    assert_eq!(tables(&database), "one three two");
    // A row is one message, which a pool of transactions passes on.
    if mode == "transaction" {
        let log = "SELECT string_agg(command, ' ' ORDER BY id) FROM _migrations_log WHERE outcome = 'refused'";
        assert_eq!(database.text(log), "down repair");
    }
}

fn transaction_pooling_is_refused_before_anything_is_written() {
    check_refused("transaction", "");
}

fn statement_pooling_is_refused() {
    check_refused("statement", "");
}

fn a_pooler_that_swallows_our_options_is_known_all_the_same() {
    check_refused("transaction", "ignore_startup_parameters = options");
}

fn a_busy_transaction_pool_is_refused_too() {
    let database = TestDatabase::new();
    let pooler = Pooler::start(&database, "transaction", "server_round_robin = 1");
    // Several sessions of the server, of which each question gets another one.
    let mut busy: Vec<_> =
        (0..4).map(|_| pooler.config(&database).connect(NoTls).unwrap()).collect();
    for sql in ["BEGIN", "COMMIT"] {
        for client in &mut busy {
            client.batch_execute(sql).unwrap();
        }
    }
    let mut migrator = Migrator::new(&three(), pooler.config(&database));
    assert_refused(&migrator.up().unwrap_err(), SHARED);
    assert_untouched(&database);
}

fn through_a_pooler_everything_can_be_read() {
    let database = TestDatabase::new();
    crate::up(&three(), &database);
    let pooler = Pooler::start(&database, "transaction", "");
    let mut migrator = Migrator::new(&three(), pooler.config(&database));
    assert_eq!(migrator.status().unwrap().entries.len(), 3);
    assert!(migrator.verify().unwrap().findings.is_empty());
    assert!(migrator.verify_deep().unwrap().findings.is_empty());
    assert_eq!(names(&migrator.up().unwrap().done), [""; 0]);
}

fn with_a_session_each_everything_runs() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int)");
    let pooler = Pooler::start(&database, "session", "");
    let index = "CREATE INDEX CONCURRENTLY busy_id ON busy (id)";
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_index", index, "DROP INDEX busy_id"),
        ("20260101000003_note", "ALTER TABLE busy ADD note text", "ALTER TABLE busy DROP note"),
    ]);
    let mut reader = database.client();
    reader.batch_execute("BEGIN; LOCK TABLE busy IN SHARE MODE").unwrap();
    let mut reader = Some(reader);
    let (sender, events) = std::sync::mpsc::channel();
    let mut migrator = Migrator::new(&set, pooler.config(&database))
        .on_event(move |event| drop(sender.send(event.clone())));
    let running = std::thread::spawn(move || {
        let up = migrator.up();
        let all = std::num::NonZeroUsize::new(3).unwrap();
        (up, migrator.down(all))
    });
    // Who is in the way is seen through the pooler as well.
    assert!(events.iter().any(|it| matches!(it, Event::Blocked { .. })));
    drop(reader.take());
    let (up, down) = running.join().unwrap();
    assert_eq!(names(&up.unwrap().done), ["one", "index", "note"]);
    assert_eq!(names(&down.unwrap().done), ["note", "index", "one"]);
    assert_eq!(database.text(LOCKS), "0");
}

fn with_a_session_each_a_failure_leaves_no_lock() {
    let database = TestDatabase::new();
    let pooler = Pooler::start(&database, "session", "");
    let failing = set(&[("20260101000001_one", "SELECT 1 / 0", "SELECT 1")]);
    let error = Migrator::new(&failing, pooler.config(&database)).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sql);
    let mut settings = Settings::default();
    settings.wait = Duration::from_secs(30);
    let migrator = Migrator::new(&three(), database.config()).with_settings(settings);
    assert_eq!(names(&{ migrator }.up().unwrap().done), ["one", "two", "three"]);
}

fn a_pool_of_one_session_is_refused() {
    let database = TestDatabase::new();
    let pooler = Pooler::start(&database, "session", "default_pool_size = 1");
    let error = Migrator::new(&three(), pooler.config(&database)).up().unwrap_err();
    assert_refused(&error, "cannot be told without a second connection");
    assert_untouched(&database);
}
