//! While nothing is written to the catalogs, no object is read; whatever is written makes the objects tell.

use migrate_runtime::{MigrationSet, Migrator};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, set, trials};

use super::drift;
use crate::{first, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        objects_are_read_only_where_something_was_written,
        without_a_stamp_of_this_server_objects_are_read,
        names_from_elsewhere_have_a_part_in_the_stamp
    ]
}

/// The second and the third change data alone.
fn all() -> MigrationSet {
    let script = "CREATE TABLE one (id int PRIMARY KEY, name text); CREATE INDEX by_name ON one (lower(name));
        CREATE VIEW v AS SELECT lower(name) AS name FROM one; CREATE SEQUENCE numbers";
    set(&[
        ("20260101000001_all", script, "SELECT 1"),
        ("20260101000002_empty", "DELETE FROM one", "SELECT 1"),
        ("20260101000003_fill", "INSERT INTO one VALUES (1)", "SELECT 1"),
    ])
}

/// Whether the objects are read to tell that nothing has drifted.
#[track_caller]
fn are_read(database: &TestDatabase) -> bool {
    let proxy = Proxy::socket(database);
    let (_, found) = Migrator::new(&all(), proxy.config()).status_with_drift().unwrap();
    assert_eq!((found.unknown, found.differences.len()), (None, 0));
    // What is asked together with the history; the objects.
    let read = proxy.counts().waits - 1;
    assert!(read <= 1, "{read}");
    read == 1
}

fn objects_are_read_only_where_something_was_written() {
    let database = TestDatabase::new();
    up(&first(&all(), 1), &database);
    assert!(!are_read(&database));
    for work in [
        "INSERT INTO one SELECT i, i::text FROM generate_series(1, 1000) i; SELECT nextval('numbers')",
        "DELETE FROM one WHERE id > 10",
        "ANALYZE one",
        "VACUUM one",
        "VACUUM (FREEZE) pg_catalog.pg_class",
        "CREATE TEMPORARY TABLE t (id int); DROP TABLE t",
        "BEGIN; ALTER TABLE one ADD COLUMN other int; ROLLBACK",
        "CREATE ROLE nobody_here",
        "DROP ROLE nobody_here",
    ] {
        database.execute(work);
        assert!(!are_read(&database), "{work}");
    }
    // It is recorded anew by the next run that changes something.
    for (ran, work) in [(1, "TRUNCATE one"), (2, "VACUUM FULL pg_catalog.pg_class")] {
        database.execute(work);
        assert!(are_read(&database), "{work}");
        up(&first(&all(), ran + 1), &database);
        assert!(!are_read(&database), "{work}");
    }
}

/// As a program noted it that knew of no stamp, or that found something else than what the migrations had made; and
/// as another minor version would have it.
fn without_a_stamp_of_this_server_objects_are_read() {
    for noted in
        ["value - 'stamp'", "value || '{\"stamp\": null}'", "value || '{\"server\": 150000}'"]
    {
        let database = TestDatabase::new();
        up(&first(&all(), 1), &database);
        let version =
            database.text("SELECT current_setting('server_version_num')::int / 10000 * 10000");
        let noted = noted.replace("150000", &version);
        database
            .execute(&format!("UPDATE _migrations_meta SET value = {noted} WHERE key = 'schema'"));
        assert!(are_read(&database), "{noted}");
        database.execute("DROP INDEX by_name");
        assert_eq!(drift(&all(), &database), "index by_name is missing", "{noted}");
    }
}

/// What an object is called, and what it says, is not only in rows of its own.
fn names_from_elsewhere_have_a_part_in_the_stamp() {
    let database = TestDatabase::new();
    let role = database.role("clerk", "").name;
    let script = format!(
        "CREATE TABLE one (name text); CREATE VIEW v AS SELECT lower(name) AS name FROM one; GRANT SELECT ON one TO {role}"
    );
    let all = set(&[("20260101000001_all", &script, "SELECT 1")]);
    up(&all, &database);
    let cases = [
        (
            format!("ALTER ROLE {role} RENAME TO {role}_2"),
            format!("ALTER ROLE {role}_2 RENAME TO {role}"),
            format!("table one: grants are SELECT TO {role}_2, were SELECT TO {role}"),
        ),
        (
            "ALTER FUNCTION pg_catalog.lower(text) RENAME TO small".to_owned(),
            "ALTER FUNCTION pg_catalog.small(text) RENAME TO lower".to_owned(),
            "view v: definition differs".to_owned(),
        ),
        (
            "COMMENT ON SCHEMA public IS 'ours'".to_owned(),
            "COMMENT ON SCHEMA public IS 'standard public schema'".to_owned(),
            "schema public: comment is ours, was standard public schema".to_owned(),
        ),
    ];
    for (change, undo, expected) in cases {
        assert_eq!(drift(&all, &database), "", "before {change}");
        database.execute(&change);
        assert_eq!(drift(&all, &database), expected);
        database.execute(&undo);
    }
    assert_eq!(drift(&all, &database), "");
}
