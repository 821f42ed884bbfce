//! What a row of the log says beyond how something ended, and rows of other programs.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_runtime::{Event, Identity, LogFilter, Migrator, Outcome, Record, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use super::logged::{EDITED, UP, place, rows, to};
use crate::{migrator, three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_failure_says_when_it_began_where_and_why,
        retries_of_all_statements_are_counted,
        what_goes_on_names_the_run_that_began_it,
        the_revision_is_that_of_the_set_unless_told,
        what_a_program_does_beside_is_recorded,
        where_there_is_no_log_nothing_is_recorded
    ]
}

fn a_failure_says_when_it_began_where_and_why() {
    let broken = set(&[
        // With nothing on its way ahead: the second one begins when it is sent.
        ("20260101000001_one", "-- migrate:no-transaction\nSELECT 1", "SELECT 1"),
        ("20260101000002_two", "SELECT pg_sleep(0.2);\n  SELECT nope", "SELECT 1"),
    ]);
    let database = TestDatabase::new();
    database.execute("CREATE TABLE noted AS SELECT clock_timestamp() AS before");
    migrator(&broken, &database).up().unwrap_err();
    let log = "SELECT detail, finished_at - started_at >= interval '0.2 s', started_at >= before
        FROM _migrations_log, noted WHERE id = 2";
    let detail = r#"{"kind": "sql", "place": "migrations/20260101000002_two.up.sql:2:10"}|t|t"#;
    assert_eq!(database.text(log), detail);
    // One that was refused began with the command.
    let database = place(EDITED);
    UP(&mut migrator(&three(), &database)).unwrap_err();
    let log = "SELECT detail, finished_at - started_at < interval '10 min' FROM _migrations_log WHERE id = 3";
    assert_eq!(database.text(log), r#"{"kind": "edited"}|t"#);
}

fn retries_of_all_statements_are_counted() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE busy (id int)");
    let script = "-- migrate:no-transaction
ALTER TABLE busy ADD COLUMN one int;
ALTER TABLE busy ADD COLUMN two int";
    let set = set(&[("20260101000001_one", script, "SELECT 1")]);
    let reader = || {
        let mut reader = database.client();
        reader.batch_execute("BEGIN; SELECT FROM busy").unwrap();
        reader
    };
    // In the way of the first statement, and then of the second.
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut first = Some(reader());
    let mut second = None;
    let config = database.config();
    let mut migrator = migrator(&set, &database).on_event(move |event| match event {
        Event::Retrying { attempt: 2.., .. } => {
            sender.send(()).unwrap();
            drop((first.take(), second.take()));
        }
        Event::Statement { index: 2, .. } => {
            let mut client = config.connect(postgres::NoTls).unwrap();
            client.batch_execute("BEGIN; SELECT FROM busy").unwrap();
            second = Some(client);
        }
        _ => {}
    });
    migrator.up().unwrap_or_else(|error| panic!("{error:?}"));
    drop(migrator);
    let entries = crate::migrator(&set, &database).logs(&LogFilter::default());
    let retries = entries.unwrap().entries.unwrap()[0].retries;
    assert!(retries >= 4, "two of each statement: {retries}");
    assert!(receiver.iter().count() >= 2);
}

fn what_goes_on_names_the_run_that_began_it() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nCREATE TABLE IF NOT EXISTS one ();\nSELECT FROM later";
    let set = set(&[("20260101000001_one", script, "DROP TABLE one")]);
    migrator(&set, &database).up().unwrap_err();
    database.execute("CREATE TABLE later ()");
    up(&set, &database);
    let log = "SELECT ended.detail #>> '{resumed,run}' = begun.run::text, ended.detail #>> '{resumed,statement}'
        FROM _migrations_log ended, _migrations_log begun WHERE ended.outcome = 'ok' AND begun.outcome = 'failed'";
    assert_eq!(database.text(log), "t|2");
}

fn what_a_program_does_beside_is_recorded() {
    let database = place("");
    let mut record = Record::new("backup", Outcome::Failed);
    record.message = Some("it's\n\\ full".to_owned());
    record.sqlstate = Some("53100".to_owned());
    record.took = Duration::from_mins(2);
    record.detail = vec![("id", "a \"b\"\u{1}".to_owned())];
    assert!(migrator(&three(), &database).record(&record).unwrap());
    let log = "SELECT command, outcome, sqlstate, message, detail ->> 'id' = E'a \"b\"\\x01',
        finished_at - started_at BETWEEN interval '120 s' AND interval '121 s'
        FROM _migrations_log WHERE id = 3";
    assert_eq!(database.text(log), "backup|failed|53100|it's\n\\ full|t|t");
}

fn where_there_is_no_log_nothing_is_recorded() {
    let database = TestDatabase::new();
    let record = Record::new("up", Outcome::Refused);
    assert!(!migrator(&three(), &database).record(&record).unwrap());
    let ended = migrator(&three(), &database).down(NonZeroUsize::MIN).map(drop);
    assert!(ended.is_ok());
    let error = migrator(&three(), &database).run_force(&to("9")).unwrap_err();
    assert!(!error.is_logged());
    assert_eq!(database.text("SELECT to_regclass('_migrations_log') IS NULL"), "t");
    // A role that may not write it is refused all the same.
    let database = place(EDITED);
    let role = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", role.name));
    let error = Migrator::new(&three(), role.config.clone()).up().unwrap_err();
    assert!(!error.is_logged());
    assert!(!Migrator::new(&three(), role.config).record(&record).unwrap());
    assert_eq!(rows(&database), "");
}

fn the_revision_is_that_of_the_set_unless_told() {
    let database = TestDatabase::new();
    let three = three();
    up(&crate::first(&three, 1), &database);
    up(&crate::first(&three, 2).with_revision(Some("3a35bc1")), &database);
    let mut settings = Settings::default();
    settings.identity = Identity::default();
    settings.identity.revision = Some("told".to_owned());
    let set = three.with_revision(Some("3a35bc1"));
    migrator(&set, &database).with_settings(settings).up().unwrap();
    let log = "SELECT string_agg(COALESCE(revision, '-'), ' ' ORDER BY id) FROM _migrations_log";
    assert_eq!(database.text(log), "- 3a35bc1 told");
}
