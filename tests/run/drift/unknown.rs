//! Where nobody knows what the migrations made, that is said; and nothing that is not drift is called so.

use migrate_runtime::{ErrorKind, Force, Migrator, Repair, Settings};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, set, trials, wait_until};

use super::{drift, told, verified, warned};
use crate::{first, migrator, names, three, unaware, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_run_that_did_not_record_makes_unknown_and_no_drift,
        a_database_from_before_is_not_known_until_it_is_accepted,
        another_server_or_reader_is_not_compared,
        what_a_run_that_was_killed_made_is_not_known,
        what_was_changed_by_hand_is_not_believed,
        a_role_that_may_only_read_is_told_the_same,
        a_role_that_may_not_write_runs_all_the_same,
        a_lock_on_a_view_is_not_waited_for,
        a_migration_that_ends_while_the_schema_is_read_is_no_drift,
        the_settings_of_a_session_are_no_drift,
        nothing_is_recorded_where_that_is_switched_off,
        an_adopted_database_is_recorded_as_it_is,
        a_connection_that_is_lost_while_recording_loses_nothing
    ]
}

const OTHER: &str = "? the schema was not compared with what the migrations made: it was recorded for another history: a run ended before it could record what it made, or another program changed the history";

fn accept() -> Repair {
    let mut repair = Repair::default();
    repair.accept_schema = true;
    repair
}

fn a_run_that_did_not_record_makes_unknown_and_no_drift() {
    let (database, all) = (TestDatabase::new(), three());
    up(&first(&all, 1), &database);
    database.execute("ALTER TABLE one ADD COLUMN b int");
    migrator(&first(&all, 2), &database).with_settings(unaware()).up().unwrap();
    let found = verified(migrator(&first(&all, 2), &database));
    assert_eq!((told(&found).as_str(), found.exit_code()), (OTHER, 0));
    // Nothing to do is one round trip, and records nothing.
    up(&first(&all, 2), &database);
    assert_eq!(drift(&first(&all, 2), &database), OTHER);
    // The next run says that it does not know, and from then on it is known.
    let (mut migrator_of_all, warnings) = warned(migrator(&all, &database));
    assert_eq!(names(&migrator_of_all.up().unwrap().done), ["three"]);
    let warnings: Vec<_> = warnings.try_iter().collect();
    assert!(
        warnings.len() == 1
            && warnings[0].starts_with("whether the schema had drifted is not known"),
        "{warnings:?}"
    );
    assert_eq!(drift(&all, &database), "");

    // The same migrations by the same names, and yet another history.
    let mut older = migrator(&all, &database).with_settings(unaware());
    older.down(std::num::NonZeroUsize::MIN).unwrap();
    older.up().unwrap();
    assert_eq!(drift(&all, &database), OTHER);
    let run = migrator(&all, &database).run_repair(&accept()).unwrap();
    assert_eq!(run.found.len(), 1);
    assert_eq!(drift(&all, &database), "");
}

const NEVER: &str =
    "? the schema was not compared with what the migrations made: no run has recorded it yet";

fn a_database_from_before_is_not_known_until_it_is_accepted() {
    let (database, all) = (TestDatabase::new(), three());
    assert_eq!(drift(&all, &database), "");
    migrator(&all, &database).with_settings(unaware()).up().unwrap();
    assert_eq!(drift(&all, &database), NEVER);
    let (_, found) = migrator(&all, &database).status_with_drift().unwrap();
    assert_eq!(found.unknown.as_deref(), Some("no run has recorded it yet"));
    // Nor has one where there is no table for it, which is made then.
    database.execute("DROP TABLE _migrations_meta");
    assert_eq!(drift(&all, &database), NEVER);
    migrator(&all, &database).run_repair(&accept()).unwrap();
    assert_eq!(drift(&all, &database), "");
}

fn another_server_or_reader_is_not_compared() {
    let (database, all) = (TestDatabase::new(), three());
    up(&all, &database);
    let set = |key: &str, value: &str| {
        database.execute(&format!(
            "UPDATE _migrations_meta SET value = jsonb_set(value, '{{{key}}}', '{value}') WHERE key = 'schema'"
        ));
    };
    let server =
        database.text("SELECT value ->> 'server' FROM _migrations_meta WHERE key = 'schema'");
    let version: u32 = server.parse().unwrap();
    // Of another minor version, it is compared.
    set("server", &(version + 1).to_string());
    assert_eq!(drift(&all, &database), "");
    set("server", "120022");
    let told = drift(&all, &database);
    assert!(told.contains("it was recorded on PostgreSQL 12, and PostgreSQL"), "{told}");
    set("server", &server);
    set("reader", "999");
    let told = drift(&all, &database);
    assert!(told.contains("another version of this program"), "{told}");
}

fn what_a_run_that_was_killed_made_is_not_known() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE one (id int); INSERT INTO one VALUES (1), (1)");
    let unique = "-- migrate:no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY one_id ON one (id)";
    let all = set(&[("20260101000001_unique", unique, "DROP INDEX one_id")]);
    assert_eq!(up_fails(&all, &database).kind(), ErrorKind::Unfinished);
    assert_eq!(drift(&all, &database), "");
    // As it is after another run that went on with the same statement, and could not mark that it is done.
    database.execute(
        "TRUNCATE one; DROP INDEX one_id; CREATE UNIQUE INDEX one_id ON one (id); UPDATE _migrations_progress SET run = '00000000-0000-4000-8000-000000000000'",
    );
    assert_eq!(drift(&all, &database), OTHER);
}

fn what_was_changed_by_hand_is_not_believed() {
    let (database, all) = (TestDatabase::new(), three());
    up(&first(&all, 2), &database);
    database.execute(
        "UPDATE _migrations_meta SET value = value - 0 WHERE key = 'schema_objects'; COMMENT ON TABLE one IS 'x'",
    );
    let expected = "? the schema was not compared with what the migrations made: what the last run recorded has been changed by hand";
    assert_eq!(drift(&all, &database), expected);
    for junk in ["'7'", "'null'", "'[]'", "'{}'", "'{\"fingerprint\": 7}'"] {
        for key in ["schema_objects", "schema"] {
            database.execute(&format!(
                "UPDATE _migrations_meta SET value = {junk} WHERE key = '{key}'"
            ));
            let told = drift(&all, &database);
            assert!(told.starts_with("? "), "{told}");
        }
        database.execute("UPDATE _migrations_meta SET value = '{}' WHERE key = 'schema'");
    }
    up(&all, &database);
    assert_eq!(drift(&all, &database), "");
}

fn a_role_that_may_only_read_is_told_the_same() {
    let database = TestDatabase::new();
    let all = set(&[(
        "20260101000001_one",
        "CREATE SCHEMA app; CREATE TABLE app.one (id int); CREATE VIEW app.v AS SELECT id FROM app.one;
         CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP SCHEMA app CASCADE",
    )]);
    up(&all, &database);
    let role = database.role("reader", "");
    let told_to_reader = || told(&verified(Migrator::new(&all, role.config.clone())));
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", role.name));
    let told = told_to_reader();
    assert!(told.starts_with("? ") && told.contains("this role may not read"), "{told}");
    let unread = verified(Migrator::new(&all, role.config.clone())).findings;
    let hint = format!("GRANT SELECT ON \"public\"._migrations_meta TO {};", role.name);
    assert!(unread.iter().any(|it| it.hint.as_deref() == Some(&hint)), "{unread:#?}");
    let more = "_migrations_log, _migrations_script, _migrations_progress, _migrations_meta";
    database.execute(&format!("GRANT SELECT ON {more} TO {}", role.name));
    // It has no right on the schema, and no object there is hidden from it.
    assert_eq!(told_to_reader(), "");
    database.execute(
        "ALTER TABLE app.one ALTER id SET DEFAULT 1; DROP VIEW app.v; CREATE SCHEMA hidden; CREATE TABLE hidden.x (id int);
         CREATE OR REPLACE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    );
    let mine = drift(&all, &database);
    assert_eq!(told_to_reader(), mine);
    assert_eq!(mine.lines().count(), 4, "{mine}");
    // What it may not even ask for is said.
    database.execute("REVOKE SELECT ON pg_catalog.pg_trigger FROM PUBLIC");
    let told = told_to_reader();
    assert!(
        told.contains("the catalogs cannot be read: permission denied for table pg_trigger"),
        "{told}"
    );
}

fn a_role_that_may_not_write_runs_all_the_same() {
    let (database, all) = (TestDatabase::new(), three());
    up(&first(&all, 1), &database);
    let role = database.role("deployer", "");
    database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {0}; GRANT ALL ON _migrations, _migrations_log, _migrations_script, _migrations_progress TO {0};
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {0}; GRANT SELECT ON _migrations_meta TO {0}",
        role.name
    ));
    let (mut deployer, warnings) = warned(Migrator::new(&all, role.config.clone()));
    assert_eq!(deployer.up().unwrap().done.len(), 2);
    let warnings: Vec<_> = warnings.try_iter().collect();
    let expected = "the schema was not recorded, and what is changed by hand is not known: permission denied for table _migrations_meta; `migration-cli repair --accept-schema` records it";
    assert_eq!(
        warnings,
        [
            "the schema has drifted since the last run: schema public: grants differ; `migration-cli verify` names all of it",
            expected
        ]
    );
    assert_eq!(drift(&all, &database), OTHER);
}

fn a_lock_on_a_view_is_not_waited_for() {
    let database = TestDatabase::new();
    let all = set(&[
        ("20260101000001_v", "CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v"),
        ("20260101000002_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
    ]);
    up(&first(&all, 1), &database);
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE v IN ACCESS EXCLUSIVE MODE").unwrap();
    assert_eq!(
        drift(&first(&all, 1), &database),
        "",
        "nothing was written since, and no object is read"
    );
    // As it is already: the objects have to tell.
    database.execute("COMMENT ON SCHEMA public IS 'standard public schema'");
    let told = drift(&first(&all, 1), &database);
    assert!(told.contains("canceling statement due to lock timeout"), "{told}");
    let error = migrator(&first(&all, 1), &database).plan_repair(&accept()).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::LockTimeout, "the catalogs cannot be read: an object is locked")
    );
    let (mut migrator, warnings) = warned(migrator(&all, &database));
    assert_eq!(names(&migrator.up().unwrap().done), ["one"]);
    assert_eq!(warnings.try_iter().count(), 1);
    other.batch_execute("COMMIT").unwrap();
    // Nobody knows what had drifted before the run.
    assert_eq!(drift(&all, &database), OTHER);
}

fn a_migration_that_ends_while_the_schema_is_read_is_no_drift() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE one (id int); CREATE VIEW v AS SELECT id FROM one";
    let all = set(&[("20260101000001_one", script, "DROP VIEW v; DROP TABLE one")]);
    up(&all, &database);
    // Nothing has drifted, but that the objects have to tell.
    database.execute("TRUNCATE one");
    let mut other = database.client();
    let migration = "BEGIN; ALTER TABLE one RENAME id TO number;
        INSERT INTO _migrations (version, name, checksum, execution_time) VALUES ('20260101000002', 'rename', '', 0)";
    other.batch_execute(migration).unwrap();
    let mut reader = migrator(&all, &database);
    let running = std::thread::spawn(move || reader.verify());
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    wait_until("the reader waits", || database.text(waits) == "1");
    other.batch_execute("COMMIT").unwrap();
    let found = running.join().unwrap().unwrap();
    assert_eq!(told(&found), OTHER);
}

fn the_settings_of_a_session_are_no_drift() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE one (
            at timestamptz DEFAULT '2026-01-01 12:00+00', d date DEFAULT '2026-02-03', every interval DEFAULT '1 day 02:00',
            b bytea DEFAULT '\\x00ff', f float8 DEFAULT 0.1, m money DEFAULT 1, t text DEFAULT E'a\\\\b')
        PARTITION BY RANGE (at);
        CREATE TABLE one_1 PARTITION OF one FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00')";
    let all = set(&[("20260101000001_one", script, "DROP TABLE one")]);
    up(&all, &database);
    let role = database.role("far_away", "SUPERUSER");
    database.execute(&format!(
        "ALTER ROLE {0} SET TimeZone = 'Asia/Tokyo'; ALTER ROLE {0} SET DateStyle = 'German'; ALTER ROLE {0} SET IntervalStyle = 'iso_8601';
         ALTER ROLE {0} SET bytea_output = 'escape'; ALTER ROLE {0} SET extra_float_digits = 0; ALTER ROLE {0} SET standard_conforming_strings = off;
         ALTER ROLE {0} SET quote_all_identifiers = on; ALTER ROLE {0} SET search_path = public; ALTER ROLE {0} SET statement_timeout = '1ms'",
        role.name
    ));
    let (_, found) = Migrator::new(&all, role.config).status_with_drift().unwrap();
    assert_eq!((found.unknown, found.differences.len()), (None, 0));
}

fn nothing_is_recorded_where_that_is_switched_off() {
    let (database, all) = (TestDatabase::new(), three());
    migrator(&all, &database).with_settings(unaware()).up().unwrap();
    let keys = "SELECT count(*) FROM _migrations_meta WHERE key LIKE 'schema%'";
    assert_eq!(database.text(keys), "0");
    let off = || migrator(&all, &database).with_settings(unaware());
    assert_eq!(told(&verified(off())), "");
    // Nor is it said that nothing has drifted where something was recorded before.
    migrator(&all, &database).run_repair(&accept()).unwrap();
    database.execute("DROP TABLE one");
    let (_, found) = off().status_with_drift().unwrap();
    assert_eq!((found.recorded, found.unknown, found.differences.len()), (None, None, 0));
}

fn an_adopted_database_is_recorded_as_it_is() {
    let (database, all) = (TestDatabase::new(), three());
    database
        .execute("CREATE TABLE one (id int); CREATE TABLE two (id int); CREATE TABLE old (id int)");
    let version = "20260101000002".parse().unwrap();
    migrator(&all, &database).run_force(&Force::to(version)).unwrap();
    assert_eq!(drift(&all, &database), "");
    database.execute("DROP TABLE old");
    assert_eq!(drift(&all, &database), "table old is missing");
    let mut settings = Settings::default();
    "elsewhere".clone_into(&mut settings.schema);
    migrator(&all, &database)
        .with_settings(settings.clone())
        .run_force(&Force::to(version))
        .unwrap();
    let elsewhere = migrator(&all, &database).with_settings(settings);
    assert_eq!(told(&verified(elsewhere)), "");
}

fn a_connection_that_is_lost_while_recording_loses_nothing() {
    // After the messages that read and lock: three that look at what has drifted, a migration, the schema, its record.
    for query in 3..=8 {
        for fault in [Fault::CutBeforeQuery(query), Fault::CutAfterQuery(query)] {
            let (database, all) = (TestDatabase::new(), three());
            up(&first(&all, 2), &database);
            database.execute("ALTER TABLE one ADD COLUMN b int");
            let proxy = Proxy::socket(&database);
            proxy.set(fault);
            let run = Migrator::new(&all, proxy.config()).up().unwrap();
            assert_eq!(names(&run.done), ["three"], "{fault:?}");
            assert_eq!(proxy.fault(), Fault::None);
            let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            wait_until("the session is gone", || database.text(busy) == "0");
            let told = drift(&all, &database);
            let is_recorded = query <= 6 || fault == Fault::CutAfterQuery(8);
            assert_eq!(told, if is_recorded { "column one.b is new" } else { OTHER }, "{fault:?}");
        }
    }
}
