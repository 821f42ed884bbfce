//! While nothing is written to the catalogs, no object is read; whatever is written makes the objects tell.

use std::num::NonZeroUsize;

use migrate_runtime::{MigrationSet, Migrator};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, set, trials};

use super::{drift, told, verified};
use crate::{first, migrator, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        objects_are_read_only_where_something_was_written,
        without_a_stamp_of_this_server_objects_are_read,
        a_run_that_makes_what_has_drifted_records_a_stamp,
        names_from_elsewhere_have_a_part_in_the_stamp,
        a_role_that_may_not_ask_for_the_stamp_reads_the_objects
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
fn are_read(all: &MigrationSet, database: &TestDatabase) -> bool {
    let proxy = Proxy::socket(database);
    let (_, found) = Migrator::new(all, proxy.config()).status_with_drift().unwrap();
    assert_eq!((found.unknown, found.differences.len()), (None, 0));
    // What is asked together with the history; the objects.
    let read = proxy.counts().waits - 1;
    assert!(read <= 1, "{read}");
    read == 1
}

fn objects_are_read_only_where_something_was_written() {
    let (database, all) = (TestDatabase::new(), all());
    up(&first(&all, 1), &database);
    assert!(!are_read(&all, &database));
    let role = format!("{}_nobody_here", database.name());
    for work in [
        "INSERT INTO one SELECT i, i::text FROM generate_series(1, 1000) i; SELECT nextval('numbers')",
        "DELETE FROM one WHERE id > 10",
        "ANALYZE one",
        "VACUUM one",
        "VACUUM (FREEZE) pg_catalog.pg_class",
        "CREATE TEMPORARY TABLE t (id int); DROP TABLE t",
        "BEGIN; ALTER TABLE one ADD COLUMN other int; ROLLBACK",
        &format!("CREATE ROLE {role}"),
        &format!("DROP ROLE {role}"),
    ] {
        database.execute(work);
        assert!(!are_read(&all, &database), "{work}");
    }
    // It is recorded anew by the next run that changes something.
    for (ran, work) in [(1, "TRUNCATE one"), (2, "VACUUM FULL pg_catalog.pg_class")] {
        database.execute(work);
        assert!(are_read(&all, &database), "{work}");
        up(&first(&all, ran + 1), &database);
        assert!(!are_read(&all, &database), "{work}");
    }
}

/// As a program noted it that knew of no stamp, or that found something else than what the migrations had made; and
/// as another minor version would have it.
fn without_a_stamp_of_this_server_objects_are_read() {
    let all = all();
    for noted in [
        "value - 'stamp'",
        "value || '{\"stamp\": null}'",
        "value || jsonb_build_object('server', (value ->> 'server')::int + 1)",
    ] {
        let database = TestDatabase::new();
        up(&first(&all, 1), &database);
        database
            .execute(&format!("UPDATE _migrations_meta SET value = {noted} WHERE key = 'schema'"));
        assert!(are_read(&all, &database), "{noted}");
        database.execute("DROP INDEX by_name");
        assert_eq!(drift(&all, &database), "index by_name is missing", "{noted}");
    }
}

/// Drift that was there when a run recorded around it leaves no stamp; once a run has made what is there, there is one.
fn a_run_that_makes_what_has_drifted_records_a_stamp() {
    let database = TestDatabase::new();
    let all = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_name", "ALTER TABLE one ALTER name SET NOT NULL", "SELECT 1"),
    ]);
    up(&first(&all, 1), &database);
    database.execute("ALTER TABLE one ADD COLUMN name text");
    let stamp = "SELECT value ->> 'stamp' IS NOT NULL FROM _migrations_meta WHERE key = 'schema'";
    up(&first(&all, 2), &database);
    assert_eq!(
        (drift(&all, &database).as_str(), database.text(stamp).as_str()),
        ("column one.name is new", "f")
    );
    up(&all, &database);
    assert_eq!((drift(&all, &database).as_str(), database.text(stamp).as_str()), ("", "t"));
    assert!(!are_read(&all, &database));
}

/// What an object is called, and what it says, is not only in rows of its own.
fn names_from_elsewhere_have_a_part_in_the_stamp() {
    /// `{role}` is the name of a role.
    #[track_caller]
    fn check(change: &str, undo: &str, expected: &str) {
        let database = TestDatabase::new();
        let role = database.role("clerk", "").name;
        let of_role = |text: &str| text.replace("{role}", &role);
        let script = "CREATE TABLE one (name text); GRANT SELECT ON one TO {role};
             CREATE VIEW v AS SELECT lower(name) AS name FROM one;
             CREATE VIEW sessions AS SELECT datid FROM pg_stat_activity";
        let all = set(&[("20260101000001_all", &of_role(script), "SELECT 1")]);
        up(&all, &database);
        assert!(!are_read(&all, &database));
        database.execute(&of_role(change));
        assert_eq!(drift(&all, &database), of_role(expected));
        database.execute(&of_role(undo));
        assert_eq!(drift(&all, &database), "");
    }

    check(
        "ALTER ROLE {role} RENAME TO {role}_2",
        "ALTER ROLE {role}_2 RENAME TO {role}",
        "table one: grants are SELECT TO {role}_2, were SELECT TO {role}",
    );
    check(
        "ALTER FUNCTION pg_catalog.lower(text) RENAME TO small",
        "ALTER FUNCTION pg_catalog.small(text) RENAME TO lower",
        "view v: definition differs",
    );
    check(
        "ALTER VIEW pg_catalog.pg_stat_activity RENAME COLUMN datid TO number",
        "ALTER VIEW pg_catalog.pg_stat_activity RENAME COLUMN number TO datid",
        "view sessions: definition differs",
    );
    check(
        "COMMENT ON SCHEMA public IS 'ours'",
        "COMMENT ON SCHEMA public IS 'standard public schema'",
        "schema public: comment is ours, was standard public schema",
    );
    check(
        "ALTER EXTENSION plpgsql ADD SCHEMA public",
        "ALTER EXTENSION plpgsql DROP SCHEMA public",
        "schema public is missing",
    );
}

/// The objects can be read by whoever may not read what the stamp is made of.
fn a_role_that_may_not_ask_for_the_stamp_reads_the_objects() {
    let (database, all) = (TestDatabase::new(), all());
    let role = database.role("deployer", "");
    let deployer = || Migrator::new(&all, role.config.clone());
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {}; REVOKE SELECT ON pg_catalog.pg_shdepend FROM PUBLIC",
        role.name
    ));
    deployer().up().unwrap();
    let stamp = "SELECT value ->> 'stamp' FROM _migrations_meta WHERE key = 'schema'";
    assert_eq!(database.text(stamp), "");
    assert_eq!(told(&verified(deployer())), "");
    migrator(&all, &database).down(NonZeroUsize::MIN).unwrap();
    assert_ne!(database.text(stamp), "");
    assert_eq!(told(&verified(deployer())), "");
    database.execute("DROP INDEX by_name");
    assert_eq!(told(&verified(deployer())), "index by_name is missing");
}
