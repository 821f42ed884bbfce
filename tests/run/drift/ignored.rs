//! What is no drift because somebody said so.

use migrate_runtime::{Ignore, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use super::{drift, told, verified};
use crate::{migrator, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![what_is_ignored_is_no_drift_and_can_be_counted_again]
}

fn what_is_ignored_is_no_drift_and_can_be_counted_again() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE measurements (at date NOT NULL, place int) PARTITION BY RANGE (at);
        CREATE INDEX by_place ON measurements (place);
        CREATE TABLE measurements_1 PARTITION OF measurements FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')";
    let all = set(&[("20260101000001_all", script, "DROP TABLE users, measurements")]);
    up(&all, &database);
    assert_eq!(drift(&all, &database), "");
    database.execute(
        "CREATE SCHEMA audit; CREATE TABLE audit.log (id serial PRIMARY KEY); CREATE FUNCTION audit.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE TABLE tmp_1 (id serial, a int UNIQUE); CREATE INDEX tmp_by_id ON users (id);
         GRANT SELECT ON users TO PUBLIC; COMMENT ON COLUMN users.id IS 'key';
         ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
         CREATE TABLE measurements_2 PARTITION OF measurements FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY HASH (place);
         CREATE TABLE measurements_2_0 PARTITION OF measurements_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
         CREATE TABLE measurements_3 (at date NOT NULL, place serial);
         ALTER TABLE measurements ATTACH PARTITION measurements_3 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
         ALTER TABLE measurements DETACH PARTITION measurements_1; ALTER TABLE users ADD COLUMN name text",
    );
    let told_ignoring = |change: fn(&mut Ignore)| {
        let mut settings = Settings::default();
        change(&mut settings.ignore);
        told(&verified(migrator(&all, &database).with_settings(settings)))
    };
    let everything = told_ignoring(|it| {
        it.objects = vec!["audit.*".to_owned(), "tmp_*".to_owned()];
        it.grants = vec!["*".to_owned()];
        it.comments = vec!["users.*".to_owned()];
        it.partitions_of = vec!["measurements".to_owned()];
    });
    assert_eq!(everything, "column users.name is new");
    let lines = |told: &str| told.lines().map(str::to_owned).collect::<Vec<_>>();
    let all_of_it = lines(&drift(&all, &database));
    let check = |change: fn(&mut Ignore), expected: &[&str]| {
        let left = lines(&told_ignoring(change));
        let gone: Vec<_> = all_of_it.iter().filter(|it| !left.contains(it)).collect();
        assert_eq!(gone, expected, "{all_of_it:#?}");
    };
    check(|it| it.objects = vec!["audit.*".to_owned()], &["schema audit is new"]);
    check(
        |it| it.objects = vec!["tmp_*".to_owned()],
        &["table tmp_1 is new", "index tmp_by_id is new"],
    );
    check(
        |it| it.grants = vec!["users".to_owned()],
        &["table users: grants SELECT TO PUBLIC are new"],
    );
    check(|it| it.comments = vec!["*".to_owned()], &["column users.id: comment key is new"]);
    assert!(all_of_it.iter().any(|it| it.contains("table measurements_2")), "{all_of_it:#?}");
}
