//! What a person is told about the tables of a plan before agreeing to it.

use migrate_runtime::{Migrator, Settings, Up};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        tables_that_are_there_are_told_with_their_size,
        what_is_new_or_of_another_sort_is_not_told,
        a_role_that_may_read_nothing_is_told_too
    ]
}

fn affected(migrator: &mut Migrator) -> Vec<Vec<(String, Option<u64>, bool)>> {
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let steps = migrator.affected_by(&plan).unwrap();
    assert_eq!(steps.len(), plan.steps.len());
    let step = |it: Vec<migrate_runtime::AffectedTable>| {
        it.into_iter().map(|it| (it.table, it.rows, it.is_locked)).collect()
    };
    steps.into_iter().map(step).collect()
}

fn tables_that_are_there_are_told_with_their_size() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE large (id int PRIMARY KEY);
         INSERT INTO large SELECT generate_series(1, 5000);
         CREATE TABLE \"Small one\" (id int);
         CREATE TABLE parts (id int) PARTITION BY RANGE (id);
         CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (1000);
         INSERT INTO parts SELECT generate_series(0, 899);
         CREATE SCHEMA app;
         CREATE TABLE app.mine (id int)",
    );
    database.execute("ANALYZE large, parts, part");
    let migrations = set(&[
        (
            "20260101000001_one",
            "ALTER TABLE large ADD x int; UPDATE \"Small one\" SET id = 1; UPDATE large SET x = 1",
            "SELECT 1",
        ),
        ("20260101000002_two", "CREATE INDEX ON parts (id); DELETE FROM mine", "SELECT 1"),
    ]);
    let mut settings = Settings::default();
    "app".clone_into(&mut settings.schema);
    let mut migrator = Migrator::new(&migrations, database.config()).with_settings(settings);
    let named = |it: &str, rows, is_locked| (it.to_owned(), rows, is_locked);
    let never = (database.server().major() < 14).then_some(0);
    let expected = [
        vec![named("large", Some(5000), true), named("\"Small one\"", never, false)],
        vec![named("parts", Some(900), true), named("mine", never, false)],
    ];
    assert_eq!(affected(&mut migrator), expected);
    let plan = migrator.plan_up(&Up::default()).unwrap();
    let size = database.text("SELECT pg_total_relation_size('large')");
    assert_eq!(migrator.affected_by(&plan).unwrap()[0][0].size_bytes.to_string(), size);
    assert_eq!(database.text("SELECT to_regclass('app._migrations') IS NULL"), "t");
}

fn what_is_new_or_of_another_sort_is_not_told() {
    let database = TestDatabase::new();
    database.execute("CREATE VIEW seen AS SELECT 1 AS one");
    let migrations = set(&[
        (
            "20260101000001_one",
            "CREATE TABLE made (id int); INSERT INTO made VALUES (1)",
            "SELECT 1",
        ),
        ("20260101000002_two", "DROP VIEW seen; DROP TABLE IF EXISTS gone", "SELECT 1"),
    ]);
    let mut migrator = Migrator::new(&migrations, database.config());
    assert_eq!(affected(&mut migrator), [vec![], vec![]]);
}

fn a_role_that_may_read_nothing_is_told_too() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE large (id int)");
    let reader = database.role("reader", "");
    let migrations = set(&[("20260101000001_one", "DROP TABLE large", "SELECT 1")]);
    let mut migrator = Migrator::new(&migrations, reader.config.clone());
    assert_eq!(affected(&mut migrator)[0][0].0, "large");
}
