//! What has drifted stays drift, whatever runs after it.

use std::num::NonZeroUsize;

use migrate_runtime::{ErrorKind, FindingKind, Force, MigrationSet, Migrator, Repair, Up};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use super::{drift, told, verified, warned};
use crate::{first, migrator, names, three, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        what_is_recorded_is_written_when_it_changes,
        drift_outlives_whatever_runs_after_it,
        what_a_migration_changes_itself_is_no_drift,
        what_was_missing_of_a_table_that_is_dropped_is_no_drift,
        a_run_that_failed_records_what_it_did,
        a_run_that_did_nothing_says_nothing_of_the_schema,
        a_script_that_stopped_half_way_is_no_drift,
        a_schema_is_accepted_as_it_was_shown,
        a_schema_is_accepted_before_anything_has_ended,
        a_finding_has_words_and_sql,
        columns_in_another_order_are_told_and_do_not_fail,
        names_and_texts_of_any_kind_are_kept
    ]
}

const RECORDED: &str = "SELECT value ->> 'fingerprint' FROM _migrations_meta WHERE key = 'schema'";

fn what_is_recorded_is_written_when_it_changes() {
    let database = TestDatabase::new();
    let set = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_fill", "INSERT INTO one VALUES (1)", "DELETE FROM one"),
    ]);
    let run = up(&first(&set, 1), &database);
    let schema = migrator(&set, &database).schema().unwrap();
    assert_eq!(database.text(RECORDED), schema.fingerprint().to_string());
    let who = "SELECT value ->> 'run' FROM _migrations_meta WHERE key = 'schema'";
    assert_eq!(database.text(who), run.token);
    let written = "SELECT string_agg(key || xmin::text, ' ' ORDER BY key) FROM _migrations_meta WHERE key LIKE 'schema%'";
    let before = database.text(written);
    up(&first(&set, 1), &database);
    assert_eq!(database.text(written), before);
    // The history is another one, the objects are not.
    up(&set, &database);
    let objects = "SELECT xmin::text FROM _migrations_meta WHERE key = 'schema_objects'";
    assert!(before.ends_with(&database.text(objects)));
    assert_ne!(database.text(written), before);
    assert_eq!(verified(migrator(&set, &database)).findings, []);
    let status = migrator(&set, &database).status().unwrap();
    assert_eq!(status.recorded.unwrap().fingerprint, schema.fingerprint());
}

const DRIFT: &str = "column one.extra is new\nindex by_id is missing";

fn drift_outlives_whatever_runs_after_it() {
    let database = TestDatabase::new();
    let one = "CREATE TABLE one (id int); CREATE INDEX by_id ON one (id)";
    let all = set(&[
        ("20260101000001_one", one, "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
        ("20260101000004_four", "CREATE TABLE four (id int)", "DROP TABLE four"),
        (
            "20260101000005_note",
            "-- migrate:no-transaction\nCOMMENT ON TABLE one IS 'first'; CREATE INDEX CONCURRENTLY four_id ON four (id)",
            "-- migrate:no-transaction\nDROP INDEX CONCURRENTLY four_id; COMMENT ON TABLE one IS NULL",
        ),
    ]);
    up(&first(&all, 1), &database);
    database.execute("DROP INDEX by_id; ALTER TABLE one ADD COLUMN extra int");
    assert_eq!(drift(&first(&all, 1), &database), DRIFT);

    let (mut migrator_of_two, warnings) = warned(migrator(&first(&all, 2), &database));
    assert_eq!(names(&migrator_of_two.up().unwrap().done), ["two"]);
    assert_eq!(
        warnings.try_iter().collect::<Vec<_>>(),
        [
            "the schema has drifted since the last run: column one.extra is new (and 1 more); `migration-cli verify` names all of it"
        ]
    );
    assert_eq!(drift(&all, &database), DRIFT);

    let mut client = database.client();
    let lent = Migrator::new(&first(&all, 3), postgres::Config::new()).up_with(&mut client);
    assert_eq!(names(&lent.unwrap().done), ["three"]);
    assert_eq!(drift(&all, &database), DRIFT);

    let mut single = Up::default();
    single.single_transaction = true;
    migrator(&first(&all, 4), &database).run_up(&single).unwrap();
    assert_eq!(drift(&all, &database), DRIFT);
    up(&all, &database);
    assert_eq!(drift(&all, &database), DRIFT);

    migrator(&all, &database).down(NonZeroUsize::new(2).unwrap()).unwrap();
    assert_eq!(drift(&all, &database), DRIFT);
    // What it says to have run is not there: that is drift too, and nothing of it is lost.
    let version = "20260101000002".parse().unwrap();
    migrator(&all, &database).run_force(&Force::to(version)).unwrap();
    assert_eq!(drift(&all, &database), DRIFT);

    database.execute("CREATE INDEX by_id ON one (id); ALTER TABLE one DROP COLUMN extra");
    assert_eq!(drift(&all, &database), "");
}

fn what_a_migration_changes_itself_is_no_drift() {
    let database = TestDatabase::new();
    let all = set(&[
        (
            "20260101000001_one",
            "CREATE TABLE one (id int DEFAULT 1, b int, c int)",
            "DROP TABLE one",
        ),
        (
            "20260101000002_more",
            "ALTER TABLE one ALTER id SET DEFAULT 3, DROP COLUMN b",
            "ALTER TABLE one ADD COLUMN b int",
        ),
    ]);
    up(&first(&all, 1), &database);
    database.execute(
        "ALTER TABLE one ALTER id SET DEFAULT 2; ALTER TABLE one ALTER id SET NOT NULL; COMMENT ON COLUMN one.c IS 'why'",
    );
    up(&all, &database);
    // The default is the migration's now; the rest is not.
    assert_eq!(
        drift(&all, &database),
        "column one.c: comment why is new\ncolumn one.id: NOT NULL is new"
    );
}

fn what_was_missing_of_a_table_that_is_dropped_is_no_drift() {
    let database = TestDatabase::new();
    let all = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int PRIMARY KEY, a int)", "DROP TABLE one"),
        ("20260101000002_index", "CREATE INDEX by_a ON one (a)", "DROP INDEX by_a"),
        ("20260101000003_drop", "DROP TABLE one", "CREATE TABLE one (id int PRIMARY KEY)"),
    ]);
    up(&first(&all, 2), &database);
    database.execute("ALTER TABLE one DROP COLUMN a");
    let expected = "column one.a is missing\nindex by_a is missing";
    assert_eq!(drift(&first(&all, 2), &database), expected);
    up(&all, &database);
    assert_eq!(drift(&all, &database), "");
}

fn a_run_that_failed_records_what_it_did() {
    let database = TestDatabase::new();
    up(&first(&three(), 1), &database);
    database.execute("COMMENT ON TABLE one IS 'mine'");
    let failing = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE two (id int)", "DROP TABLE three"),
    ]);
    let error = up_fails(&failing, &database);
    assert_eq!(error.partial().unwrap().done.len(), 1);
    assert_eq!(drift(&failing, &database), "table one: comment mine is new");
}

fn a_run_that_did_nothing_says_nothing_of_the_schema() {
    let database = TestDatabase::new();
    let role = database.role("visitor", "");
    let script = "-- migrate:no-transaction\nVACUUM";
    let (mut visitor, warnings) =
        warned(Migrator::new(&set(&[("20260101000001_one", script, "SELECT 1")]), role.config));
    assert_eq!(visitor.up().unwrap_err().kind(), ErrorKind::Privilege);
    assert_eq!(warnings.try_iter().collect::<Vec<_>>(), [""; 0]);
}

fn a_script_that_stopped_half_way_is_no_drift() {
    let database = TestDatabase::new();
    up(&first(&three(), 1), &database);
    database.execute("INSERT INTO one VALUES (1), (1); COMMENT ON TABLE one IS 'mine'");
    let stopping = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        (
            "20260101000002_unique",
            "-- migrate:no-transaction\nALTER TABLE one ADD COLUMN b int; CREATE UNIQUE INDEX CONCURRENTLY one_id ON one (id)",
            "DROP INDEX one_id",
        ),
    ]);
    assert_eq!(up_fails(&stopping, &database).kind(), ErrorKind::Unfinished);
    let found = verified(migrator(&stopping, &database));
    assert_eq!(told(&found), "table one: comment mine is new");
    assert_eq!(found.exit_code(), 8);
    database.execute("TRUNCATE one");
    migrator(&stopping, &database).run_repair(&Repair::default()).unwrap();
    assert_eq!(drift(&stopping, &database), "table one: comment mine is new");
}

fn a_schema_is_accepted_as_it_was_shown() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let mut accept = Repair::default();
    accept.accept_schema = true;
    assert_eq!(migrator(&set, &database).run_repair(&accept).unwrap().found, []);
    database.execute("ALTER TABLE one ADD COLUMN b int");
    assert_eq!(migrator(&set, &database).plan_repair(&Repair::default()).unwrap().found, []);
    let planned = migrator(&set, &database).plan_repair(&accept).unwrap().found;
    let found: Vec<_> = planned.iter().map(|it| it.found.as_str()).collect();
    assert_eq!(found, ["the schema has drifted: column one.b is new"]);
    assert_eq!(drift(&set, &database), "column one.b is new");

    database.execute("ALTER TABLE one ADD COLUMN c int");
    accept.agreed = Some(planned);
    let error = migrator(&set, &database).run_repair(&accept).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PlanChanged);
    database.execute("ALTER TABLE one DROP COLUMN c");
    let run = migrator(&set, &database).run_repair(&accept).unwrap();
    assert_eq!(run.found.len(), 1);
    assert_eq!(drift(&set, &database), "");
    let logged = "SELECT command, outcome, detail ->> 'drift', run FROM _migrations_log ORDER BY id DESC LIMIT 1";
    let expected =
        format!("repair|ok|[\"the schema has drifted: column one.b is new\"]|{}", run.token);
    assert_eq!(database.text(logged), expected);
    // With work that goes on, what that changes is no drift either.
    let more = set_with_more();
    database.execute("INSERT INTO one VALUES (1), (1); ALTER TABLE one ADD COLUMN d int");
    assert_eq!(up_fails(&more, &database).kind(), ErrorKind::Unfinished);
    database.execute("TRUNCATE one");
    accept.agreed = None;
    let (mut migrator_of_more, warnings) = warned(migrator(&more, &database));
    assert_eq!(migrator_of_more.run_repair(&accept).unwrap().found.len(), 2);
    assert_eq!(warnings.try_iter().collect::<Vec<_>>(), [""; 0]);
    assert_eq!(drift(&more, &database), "");
    database.execute("ALTER TABLE one DROP COLUMN d");
    assert_eq!(drift(&more, &database), "column one.d is missing");
    database.execute("ALTER TABLE one ADD COLUMN d int");
    // The lock is free, and what was accepted is what counts from now on.
    database.execute("ALTER TABLE one DROP COLUMN b");
    assert_eq!(drift(&set, &database), "column one.b is missing");
}

fn a_schema_is_accepted_before_anything_has_ended() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE one (id int); INSERT INTO one VALUES (1), (1)");
    let unique = "-- migrate:no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY one_id ON one (id)";
    let set = set(&[("20260101000001_unique", unique, "DROP INDEX one_id")]);
    assert_eq!(up_fails(&set, &database).kind(), ErrorKind::Unfinished);
    database.execute("COMMENT ON TABLE one IS 'mine'");
    assert_eq!(drift(&set, &database), "table one: comment mine is new");
    let mut accept = Repair::default();
    accept.accept_schema = true;
    // It stays accepted, whatever becomes of the rest.
    let error = migrator(&set, &database).run_repair(&accept).unwrap_err();
    let state = error.state().unwrap();
    assert!(state.starts_with("the schema was accepted; "), "{state}");
    assert_eq!(drift(&set, &database), "");
    database.execute("COMMENT ON TABLE one IS 'ours'; TRUNCATE one");
    let run = migrator(&set, &database).run_repair(&accept).unwrap();
    assert_eq!((run.found.len(), names(&run.done)), (2, vec!["unique"]));
    assert_eq!(drift(&set, &database), "");
}

/// A migration more, which stops where numbers are there twice.
fn set_with_more() -> MigrationSet {
    let unique = "-- migrate:no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY one_id ON one (id)";
    let three = three();
    let three =
        three.iter().map(|it| (format!("{}_{}", it.version, it.name), it.up.sql, it.down.sql));
    let mut scripts: Vec<_> = three.collect();
    scripts.push(("20260101000004_unique".to_owned(), unique, "DROP INDEX one_id"));
    let scripts: Vec<_> = scripts.iter().map(|it| (it.0.as_str(), it.1, it.2)).collect();
    set(&scripts)
}

fn a_finding_has_words_and_sql() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute(
        "ALTER TABLE one ALTER id SET DEFAULT 7; CREATE VIEW v AS SELECT 1 AS a; DROP TABLE two",
    );
    let found = verified(migrator(&set, &database));
    assert_eq!(found.exit_code(), 5);
    let lines = |it: &migrate_runtime::Finding| {
        assert_eq!(it.kind, FindingKind::Drift);
        let hint = it.hint.as_deref().unwrap();
        assert!(hint.starts_with("migration-cli repair --accept-schema"), "{hint}");
        let difference = it.difference.as_ref().unwrap();
        format!("{}\n{}", it.message, difference.lines().join("\n"))
    };
    let lines: Vec<_> = found.findings.iter().map(lines).collect();
    let expected = [
        "the schema has drifted: table two is missing\n- CREATE TABLE public.two (\n-     id integer\n- )",
        "the schema has drifted: view v is new\n+ CREATE VIEW public.v AS\n+  SELECT 1 AS a",
        "the schema has drifted: column one.id: default 7 is new\n- id integer\n+ id integer DEFAULT 7",
    ];
    assert_eq!(lines, expected);
    let (status, drift) = migrator(&set, &database).status_with_drift().unwrap();
    assert_eq!((status.entries.len(), drift.differences.len(), drift.unknown), (3, 3, None));
    assert_eq!(drift.recorded, status.recorded);
}

fn columns_in_another_order_are_told_and_do_not_fail() {
    let database = TestDatabase::new();
    let set = set(&[("20260101000001_one", "CREATE TABLE one (a int, b int)", "DROP TABLE one")]);
    up(&set, &database);
    database.execute("ALTER TABLE one DROP COLUMN a; ALTER TABLE one ADD COLUMN a int");
    let found = verified(migrator(&set, &database));
    assert_eq!(told(&found), "~ table one: its columns are in the order b, a, were a, b");
    assert_eq!(found.exit_code(), 0);
}

fn names_and_texts_of_any_kind_are_kept() {
    let database = TestDatabase::new();
    let script = "CREATE SCHEMA \"Größe\"; CREATE TABLE \"Größe\".\"a \"\"b\"\" \\c, {d} 日本\" (\"x'y\" text DEFAULT E'tab\\tand \\\\ \"q\" \\u001f');
        COMMENT ON SCHEMA \"Größe\" IS E'one\\ntwo \\\\ {\"json\": [null]} 💡'; CREATE TABLE one (id int)";
    let set = set(&[("20260101000001_one", script, "DROP TABLE one")]);
    up(&set, &database);
    database.execute("ALTER TABLE one ADD COLUMN b int");
    assert_eq!(drift(&set, &database), "column one.b is new");
}
