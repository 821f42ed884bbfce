//! What one script does to the session never reaches the next one, or our own statements.

use std::num::NonZeroUsize;

use migrate_runtime::{Down, Limit, MigrationSet, ScriptSource, Settings, Up};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use crate::{migrator, names, tables, three, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_dump_that_empties_the_search_path_runs,
        settings_roles_and_temporary_tables_end_with_their_script,
        a_script_may_reset_everything,
        a_script_that_gives_the_lock_back_is_rolled_back,
        a_script_that_ends_the_transaction_is_not_entered,
        types_of_the_same_name_are_not_taken_for_those_of_the_server,
        rules_of_tables_of_ours_are_followed,
        an_unusual_isolation_level_of_the_server_changes_nothing,
        another_schema_holds_its_own_history,
        a_schema_that_is_missing_is_made,
        a_deferred_trigger_finds_the_tables_that_its_script_made,
        prepared_statements_and_cursors_end_with_their_script,
        a_schema_may_be_called_anything,
        deferred_constraints_stay_deferred_where_scripts_share_a_transaction,
        a_violation_is_found_in_its_script_where_scripts_share_a_transaction
    ]
}

fn a_dump_that_empties_the_search_path_runs() {
    let database = TestDatabase::new();
    let dump = "SET statement_timeout = 0;
        SET standard_conforming_strings = off;
        SELECT pg_catalog.set_config('search_path', '', false);
        CREATE TABLE public.one (id int)";
    let run = up(
        &set(&[
            ("20260101000001_dump", dump, "DROP TABLE one"),
            ("20260101000002_two", "CREATE TABLE two (note text DEFAULT 'a\\b')", "DROP TABLE two"),
        ]),
        &database,
    );
    assert_eq!(names(&run.done), ["dump", "two"]);
    assert_eq!(tables(&database), "one two");
    assert_eq!(database.text("SELECT count(*) FROM public._migrations"), "2");
    let default = "SELECT column_default FROM information_schema.columns WHERE table_name = 'two'";
    assert_eq!(database.text(default), "'a\\b'::text");
}

fn settings_roles_and_temporary_tables_end_with_their_script() {
    let database = TestDatabase::new();
    let role = database.role("limited", "");
    let first = format!(
        "CREATE TEMP TABLE leftover (id int);
         SET ROLE {role};
         SET work_mem = '7MB';
         SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;
         SET DateStyle = 'German';
         SET row_security = off",
        role = role.name
    );
    let second = "CREATE TEMP TABLE leftover (other text);
        CREATE TABLE seen AS SELECT current_user AS role, current_setting('work_mem') AS work_mem,
            current_setting('default_transaction_read_only') AS read_only, current_setting('DateStyle') AS style";
    let set = set(&[
        ("20260101000001_first", &first, "SELECT 1"),
        ("20260101000002_second", second, "DROP TABLE seen"),
    ]);
    for single_transaction in [false, true] {
        let mut options = Up::default();
        options.single_transaction = single_transaction;
        migrator(&set, &database).run_up(&options).unwrap_or_else(|error| panic!("{error:?}"));
        let seen = "SELECT role = session_user, work_mem <> '7MB', read_only, style FROM seen";
        assert_eq!(database.text(seen), "t|t|off|ISO, MDY");
        migrator(&set, &database).down(NonZeroUsize::new(2).unwrap()).unwrap();
    }
}

fn a_script_may_reset_everything() {
    let database = TestDatabase::new();
    let script = "RESET ALL; DEALLOCATE ALL; DISCARD TEMP; CREATE TABLE one ()";
    up(&set(&[("20260101000001_one", script, "DROP TABLE one")]), &database);
    let sane = "SELECT execution_time BETWEEN 0 AND 60000 FROM _migrations";
    assert_eq!(database.text(sane), "t");
}

fn a_script_that_gives_the_lock_back_is_rolled_back() {
    // What else fails behind it does not hide that.
    for more in ["", "; ALTER TABLE _migrations RENAME TO others"] {
        let database = TestDatabase::new();
        let script = format!("CREATE TABLE one (); SELECT pg_advisory_unlock_all(){more}");
        let error = up_fails(&set(&[("20260101000001_one", &script, "DROP TABLE one")]), &database);
        assert_eq!(error.sqlstate(), Some("MG004"));
        assert_eq!(tables(&database), "");
    }
}

/// The build refuses such scripts; what a database keeps may have been changed there, checksum and all.
fn a_script_that_ends_the_transaction_is_not_entered() {
    let set = five("");
    for ending in ["COMMIT", "COMMIT;\nBEGIN", "ROLLBACK;\nBEGIN", "RESET ALL;\nCOMMIT;\nBEGIN"] {
        // Alone, and where the statements of ours have names.
        for steps in [1, 4] {
            let database = TestDatabase::new();
            up(&set, &database);
            database.execute(&keeping(&format!("DROP TABLE t5;\n{ending};\nSELECT 1")));
            let mut down = Down::default();
            down.limit = Limit::Steps(NonZeroUsize::new(steps).unwrap());
            down.use_script = Some(ScriptSource::Stored);
            let error = migrator(&set, &database).run_down(&down).unwrap_err();
            assert_eq!(error.sqlstate(), Some("MG008"), "{ending} {steps}: {error:?}");
            let state = "what was done until 20260101000005_it ended the transaction is committed or rolled back as its script says, and the rest was rolled back: the history does not have it";
            assert_eq!(error.state(), Some(state));
            assert_eq!(
                error.hints()[0],
                "migration-cli verify   # tells what of it is in the schema"
            );
            let is_kept = database.text("SELECT to_regclass('t5') IS NOT NULL");
            assert_eq!(is_kept == "t", ending.starts_with("ROLLBACK"), "{ending} {steps}");
            let rows = "SELECT (SELECT count(*) FROM _migrations), (SELECT count(*) FROM _migrations_script),
                (SELECT count(*) FROM _migrations_log WHERE direction = 'down' AND outcome = 'ok')";
            assert_eq!(database.text(rows), "5|5|0", "{ending} {steps}");
        }
    }
}

/// Migrations 1 to 5, of which each makes its table after this.
fn five(more: &str) -> MigrationSet {
    let scripts = ["1", "2", "3", "4", "5"].map(|it| {
        let up = format!("{more}CREATE TABLE t{it} ()");
        (format!("2026010100000{it}_it"), up, format!("DROP TABLE t{it}"))
    });
    set(&scripts.each_ref().map(|(name, up, down)| (&**name, &**up, &**down)))
}

fn types_of_the_same_name_are_not_taken_for_those_of_the_server() {
    let types = ["text", "jsonb", "float8", "numeric", "int8"];
    let tables = types.map(|it| format!("CREATE TEMP TABLE \"{it}\" (a int);\n")).concat();
    for single_transaction in [false, true] {
        let database = TestDatabase::new();
        let mut options = Up::default();
        options.single_transaction = single_transaction;
        let run = migrator(&five(&tables), &database).run_up(&options);
        assert_eq!(run.unwrap().done.len(), 5);
    }
}

/// Whoever has a copy of the history made may have it made by a rule.
fn rules_of_tables_of_ours_are_followed() {
    let first = [("20260101000001_it", "CREATE TABLE t1 ()", "DROP TABLE t1")];
    for single_transaction in [false, true] {
        let database = TestDatabase::new();
        up(&set(&first), &database);
        database.execute(
            "CREATE TABLE copy (version text);
             CREATE RULE copied AS ON INSERT TO _migrations DO ALSO INSERT INTO copy VALUES (NEW.version);
             CREATE RULE copied AS ON INSERT TO _migrations_log DO ALSO INSERT INTO copy VALUES (NEW.version)",
        );
        let mut options = Up::default();
        options.single_transaction = single_transaction;
        migrator(&five(""), &database).run_up(&options).unwrap();
        let copied = "SELECT string_agg(DISTINCT right(version, 1), ''), count(*) FROM copy";
        assert_eq!(database.text(copied), "2345|8");
        let known =
            "SELECT count(*), bool_and(execution_time BETWEEN 0 AND 60000) FROM _migrations";
        assert_eq!(database.text(known), "5|t");
    }
}

/// A statement that makes this the kept script of the last migration.
fn keeping(sql: &str) -> String {
    let statement = |(line, it): (usize, &str)| {
        let start = sql.find(it).unwrap();
        let (line, end) = (line + 1, start + it.len());
        format!(r#"{{"start": {start}, "end": {end}, "line": {line}, "kind": "other"}}"#)
    };
    let statements = sql.split(";\n").enumerate().map(statement).collect::<Vec<_>>().join(", ");
    format!(
        "UPDATE _migrations_script SET down_sql = '{sql}', down_checksum = encode(sha256('{sql}'), 'hex'),
             statements = jsonb_set(statements, '{{statements}}', '[{statements}]')
         WHERE version = '20260101000005'"
    )
}

fn an_unusual_isolation_level_of_the_server_changes_nothing() {
    let database = TestDatabase::new();
    database.execute(&format!(
        "ALTER DATABASE {} SET default_transaction_isolation = 'serializable';
         ALTER DATABASE {0} SET default_transaction_read_only = on;
         ALTER DATABASE {0} SET search_path = 'nowhere'",
        database.name()
    ));
    let script = "CREATE TABLE one AS SELECT current_setting('transaction_isolation') AS level";
    up(&set(&[("20260101000001_one", script, "DROP TABLE one")]), &database);
    assert_eq!(database.text("SELECT level FROM public.one"), "read committed");
}

fn another_schema_holds_its_own_history() {
    let database = TestDatabase::new();
    database.execute("CREATE SCHEMA \"te\"\"nant\"");
    let set = set(&[("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one")]);
    let tenant = || {
        let mut settings = Settings::default();
        settings.schema = String::from("te\"nant");
        migrator(&set, &database).with_settings(settings)
    };
    assert_eq!(names(&tenant().up().unwrap().done), ["one"]);
    assert_eq!(names(&tenant().up().unwrap().done), [""; 0]);
    assert_eq!(names(&up(&set, &database).done), ["one"]);
    let places = "SELECT string_agg(relnamespace::regnamespace::text, ' ' ORDER BY oid) FROM pg_class WHERE relname = 'one'";
    assert_eq!(database.text(places), "\"te\"\"nant\" public");
    assert_eq!(names(&tenant().down(NonZeroUsize::MIN).unwrap().done), ["one"]);
    assert_eq!(tables(&database), "one");
}

fn a_schema_that_is_missing_is_made() {
    let database = TestDatabase::new();
    let set = set(&[("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one")]);
    let mut settings = Settings::default();
    settings.schema = String::from("fresh");
    migrator(&set, &database).with_settings(settings).up().unwrap();
    assert_eq!(database.text("SELECT count(*) FROM fresh._migrations"), "1");
}

fn a_deferred_trigger_finds_the_tables_that_its_script_made() {
    let database = TestDatabase::new();
    let script = "CREATE TABLE item (id int); CREATE TABLE seen (id int);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER note AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION note();
        INSERT INTO item VALUES (1)";
    up(&set(&[("20260101000001_one", script, "DROP TABLE item, seen")]), &database);
    assert_eq!(database.text("SELECT id FROM seen"), "1");
}

fn prepared_statements_and_cursors_end_with_their_script() {
    let database = TestDatabase::new();
    let script = "PREPARE p AS SELECT 1; DECLARE c CURSOR WITH HOLD FOR SELECT 1";
    let set = set(&[
        ("20260101000001_one", script, "SELECT 1"),
        ("20260101000002_two", script, "SELECT 1"),
    ]);
    assert_eq!(names(&up(&set, &database).done), ["one", "two"]);
}

fn a_schema_may_be_called_anything() {
    let database = TestDatabase::new();
    let mut settings = Settings::default();
    settings.schema = String::from("a$migrate$b");
    migrator(&three(), &database).with_settings(settings).up().unwrap();
}

fn deferred_constraints_stay_deferred_where_scripts_share_a_transaction() {
    let tables = "CREATE TABLE one (id int PRIMARY KEY);
        CREATE TABLE two (id int REFERENCES one DEFERRABLE INITIALLY DEFERRED)";
    let rows = "INSERT INTO two VALUES (1); INSERT INTO one VALUES (1)";
    let set = set(&[
        ("20260101000001_tables", tables, "DROP TABLE two, one"),
        ("20260101000002_rows", rows, "DELETE FROM two; DELETE FROM one"),
    ]);
    for single_transaction in [false, true] {
        let mut options = Up::default();
        options.single_transaction = single_transaction;
        let database = TestDatabase::new();
        migrator(&set, &database).run_up(&options).unwrap();
    }
}

fn a_violation_is_found_in_its_script_where_scripts_share_a_transaction() {
    let database = TestDatabase::new();
    // A constraint that was there before, of which no script says anything.
    database.execute(
        "CREATE TABLE one (id int PRIMARY KEY);
         CREATE TABLE two (id int REFERENCES one DEFERRABLE INITIALLY DEFERRED)",
    );
    let late = "INSERT INTO two VALUES (1); INSERT INTO one VALUES (1)";
    let set = set(&[
        ("20260101000001_first", late, "SELECT 1"),
        (
            "20260101000002_second",
            "INSERT INTO two VALUES (2); INSERT INTO one VALUES (2)",
            "SELECT 1",
        ),
        ("20260101000003_third", "INSERT INTO two VALUES (3)", "SELECT 1"),
        ("20260101000004_fourth", "SELECT 1", "SELECT 1"),
        ("20260101000005_fifth", "SELECT 1", "SELECT 1"),
    ]);
    let mut options = Up::default();
    options.single_transaction = true;
    let error = migrator(&set, &database).run_up(&options).unwrap_err();
    assert_eq!(error.sqlstate(), Some("23503"));
    assert_eq!(error.partial().unwrap().failed.as_ref().unwrap().1, "third");
    assert_eq!(database.text("SELECT count(*) FROM two"), "0");
}
