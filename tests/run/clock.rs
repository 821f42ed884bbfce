//! The clock of the client, which may be wrong by days: nothing of it reaches the database. Every time
//! there is the server's.

use std::num::NonZeroUsize;

use migrate_runtime::{Force, MigrationSet, Migrator, Run, Up};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, set, trials, wait_until};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        what_is_sent_is_the_same_at_another_time,
        the_times_of_a_run_are_those_of_the_server,
        a_database_that_prints_few_digits_has_the_right_times,
        times_are_read_to_the_microsecond_whatever_their_type
    ]
}

/// Work of every sort, which fails in the end.
fn work() -> MigrationSet {
    let indexed = "-- migrate:no-transaction
CREATE TABLE two (id int);
CREATE INDEX CONCURRENTLY two_id ON two (id);
INSERT INTO two VALUES (1)";
    set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", indexed, "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
        ("20260101000004_four", "SELECT 1 / 0", "SELECT 1"),
    ])
}

/// Everything that is sent over a connection from the first run on a database: without the tokens of the
/// runs, and the numbers that the server gave the session and the database.
fn sent() -> String {
    let database = TestDatabase::new();
    let proxy = Proxy::socket(&database);
    let set = work();
    let mut migrator = Migrator::new(&set, proxy.config());
    migrator.up().unwrap_err();
    migrator.down(NonZeroUsize::new(2).unwrap()).unwrap();
    let mut force = Force::to("20260101000004".parse().unwrap());
    force.reason = Some("a test".to_owned());
    migrator.run_force(&force).unwrap();
    migrator.status().unwrap();
    migrator.verify().unwrap();
    let mut text = proxy.sql().join("\n");
    let variable =
        "SELECT DISTINCT run::text FROM _migrations_log UNION ALL SELECT current_database()";
    for value in database.text(variable).lines() {
        text = text.replace(value, "(variable)");
    }
    without_recorded(&without_ages(&without_pid(&text)))
}

/// What is recorded of the schema belongs to a history, and the checksum of that has the server's times in it; the stamp
/// of the catalogs has its transactions.
fn without_recorded(sql: &str) -> String {
    let is_checksum = |it: &str| it.len() == 64;
    let sql = without_values(sql, "'history', '", is_checksum);
    without_values(&sql, "'stamp', '", |it| it.parse::<i128>().is_ok())
}

/// Without what stands in quotes behind a text.
fn without_values(sql: &str, before: &str, is_expected: fn(&str) -> bool) -> String {
    let mut parts = sql.split(before);
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        let (value, rest) = part.split_once('\'').unwrap();
        assert!(is_expected(value), "that is something else: {value}");
        kept.push_str(before);
        kept.push('\'');
        kept.push_str(rest);
    }
    kept
}

/// How long ago something began is a distance, which every clock measures alike.
fn without_ages(sql: &str) -> String {
    let mut parts = sql.split("make_interval(secs => ");
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        let (age, rest) = part.split_once(')').unwrap();
        assert!(age.parse::<f64>().unwrap() < 600.0, "that is a time of day: {age}");
        kept.push_str("make_interval()");
        kept.push_str(rest);
    }
    kept
}

/// The guard compares the number of the session.
fn without_pid(sql: &str) -> String {
    let mut parts = sql.split("pg_backend_pid() <> ");
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        kept.push_str("pg_backend_pid() <> ");
        kept.push_str(part.trim_start_matches(|it: char| it.is_ascii_digit()));
    }
    kept
}

fn what_is_sent_is_the_same_at_another_time() {
    let database = TestDatabase::new();
    let second = "SELECT date_trunc('second', clock_timestamp())";
    let (first, started) = (sent(), database.text(second));
    assert!(first.contains("INSERT INTO") && first.contains("_migrations_log"), "{first}");
    wait_until("it is another second", || database.text(second) != started);
    let again = sent();
    for (one, other) in first.lines().zip(again.lines()) {
        assert_eq!(one, other);
    }
    assert_eq!(first.lines().count(), again.lines().count());
}

fn the_times_of_a_run_are_those_of_the_server() {
    let database = TestDatabase::new();
    let set = set(&[("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one")]);
    database.execute("CREATE TABLE noted AS SELECT clock_timestamp() AS before");
    let run: Run = Migrator::new(&set, database.config()).up().unwrap();
    let between = "SELECT bool_and(applied_at BETWEEN before AND clock_timestamp()),
        bool_and(started_at BETWEEN before AND applied_at),
        bool_and(finished_at BETWEEN applied_at AND clock_timestamp())
        FROM noted, _migrations, _migrations_log";
    assert_eq!(database.text(between), "t|t|t");
    // What the run tells is what the history says, to the microsecond.
    let told = run.done[0].applied_at.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    let history = "SELECT (EXTRACT(epoch FROM applied_at) * 1000000)::bigint FROM _migrations";
    assert_eq!(told.as_micros().to_string(), database.text(history));
}

fn a_database_that_prints_few_digits_has_the_right_times() {
    let database = TestDatabase::new();
    database.execute(&format!(
        "CREATE TABLE noted AS SELECT clock_timestamp() AS before;
         ALTER DATABASE {} SET extra_float_digits = -15",
        database.name()
    ));
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
    ]);
    let mut options = Up::default();
    options.single_transaction = true;
    Migrator::new(&set, database.config()).run_up(&options).unwrap();
    let times = "SELECT bool_and(started_at BETWEEN before AND finished_at), bool_and(execution_time BETWEEN 0 AND 60000)
        FROM noted, _migrations, _migrations_log";
    assert_eq!(database.text(times), "t|t");
}

fn times_are_read_to_the_microsecond_whatever_their_type() {
    let database = TestDatabase::new();
    let set = set(&[("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one")]);
    let mut migrator = Migrator::new(&set, database.config());
    migrator.up().unwrap();
    let since_1970 = |it: std::time::SystemTime| match it.duration_since(std::time::UNIX_EPOCH) {
        Ok(it) => i128::try_from(it.as_micros()).unwrap(),
        Err(it) => -i128::try_from(it.duration().as_micros()).unwrap(),
    };
    let mut check = |time: &str, micros: Option<i128>| {
        database.execute(&format!("UPDATE _migrations SET applied_at = '{time}'"));
        let read = migrator.status().unwrap().entries[0].applied_at;
        assert_eq!(read.map(since_1970), micros, "{time}");
    };
    check("2026-11-26 12:34:56.789123+00", Some(1_795_696_496_789_123));
    check("1969-12-31 23:59:59.999999+00", Some(-1));
    check("infinity", None);
    check("-infinity", None);
    // Without a zone, as an installation of somebody else may have it: it is read as it stands.
    let other = "ALTER TABLE _migrations ALTER COLUMN applied_at TYPE timestamp";
    let zone = format!("ALTER DATABASE {} SET timezone = 'Asia/Tokyo'", database.name());
    database.execute(&format!("{other}; {zone}"));
    check("2026-11-26 12:34:56.789123", Some(1_795_696_496_789_123));
}
