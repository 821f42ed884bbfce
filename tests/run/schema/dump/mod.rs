//! A schema as an SQL script, which makes the same schema in an empty database.

use std::process::Command;

use migrate_runtime::schema::DumpOptions;
use migrate_runtime::testing::search;
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};

use super::same::{DCMS, EVERYTHING};
use super::{Case, noticed, schema, tables, told};
use crate::up;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_schema_of_this_repository_is_restored,
        one_of_every_kind_is_restored,
        what_is_noticed_of_tables_is_restored,
        what_is_noticed_of_the_rest_is_restored,
        what_is_bad_for_names_is_restored,
        what_is_bad_for_types_is_restored,
        circles_are_restored,
        partitions_and_children_are_restored,
        what_needs_something_unlikely_is_restored,
        what_else_turned_up_is_restored,
        a_function_in_a_language_of_any_name_is_restored,
        a_child_whose_parent_grew_is_as_good_as_restored,
        types_and_operators_of_their_own_are_restored,
        owners_and_grants_are_restored,
        a_table_with_as_many_columns_as_may_be_is_restored,
        what_only_newer_servers_have_is_restored,
        psql_takes_a_dump_in_one_transaction,
        the_order_of_making_makes_no_difference,
        who_reads_makes_no_difference,
        owners_and_grants_can_be_left_out,
        what_a_dump_cannot_bring_back_is_said,
    ]
}

/// Restores the schema of a database into an empty one, and compares both the schemas and what is written of them.
#[track_caller]
fn restored(database: &TestDatabase) -> String {
    let was = schema(database);
    let dump = was.to_sql();
    let copy = TestDatabase::new();
    copy.execute(&dump);
    let is = schema(&copy);
    assert_eq!(told(&was.diff(&is)), "", "{dump}");
    assert!(was == is, "{dump}");
    assert_eq!(is.to_sql(), dump);
    dump
}

#[track_caller]
fn check(sql: &str) -> String {
    let database = TestDatabase::new();
    database.execute(sql);
    restored(&database)
}

fn the_schema_of_this_repository_is_restored() {
    let database = TestDatabase::new();
    up(&DCMS, &database);
    restored(&database);
}

fn one_of_every_kind_is_restored() {
    check(EVERYTHING);
}

fn what_is_noticed_of_tables_is_restored() {
    check_lists(tables::ALL);
}

fn what_is_noticed_of_the_rest_is_restored() {
    check_lists(noticed::ALL);
}

/// Every list of cases, after all of its changes and after every third of them.
fn check_lists(lists: &[&[Case]]) {
    for cases in lists {
        let database = TestDatabase::new();
        for (number, (before, change, _)) in cases.iter().enumerate() {
            database.execute(before);
            // It is not valid, and would be.
            if !change.contains("indisvalid") {
                database.execute(change);
            }
            if number % 3 == 2 || number + 1 == cases.len() {
                restored(&database);
            }
        }
    }
}

fn what_is_bad_for_names_is_restored() {
    let dump = check(include_str!("names.sql"));
    // A body is kept byte for byte.
    assert!(dump.contains("stay:   \n\ta := a + 1;   \nEND\n"), "{dump}");
    assert!(dump.contains("SET search_path TO 'a.b', 'Große Kunden', 'pg_temp'"), "{dump}");
}

fn what_is_bad_for_types_is_restored() {
    check(include_str!("types.sql"));
}

fn circles_are_restored() {
    let dump = check(include_str!("circles.sql"));
    assert!(!dump.contains("nobody knows"), "{dump}");
}

fn partitions_and_children_are_restored() {
    let dump = check(include_str!("partitions.sql"));
    // What has nothing of its own is short.
    let short = "\n\nCREATE TABLE public.a_first PARTITION OF public.p FOR VALUES FROM (MINVALUE) TO ('2026-01-01');\n\n";
    assert!(dump.contains(short), "{dump}");
}

fn what_needs_something_unlikely_is_restored() {
    let dump = check(include_str!("unlikely.sql"));
    assert!(!dump.contains("secret"), "{dump}");
}

fn what_else_turned_up_is_restored() {
    check(include_str!("rest.sql"));
}

fn a_function_in_a_language_of_any_name_is_restored() {
    // Languages are not in a dump.
    let language = "CREATE LANGUAGE \"My own\" HANDLER plpgsql_call_handler";
    let databases = [TestDatabase::new(), TestDatabase::new()];
    for database in &databases {
        database.execute(language);
    }
    let [database, copy] = databases;
    database
        .execute("CREATE FUNCTION f() RETURNS int LANGUAGE \"My own\" AS 'BEGIN RETURN 1; END'");
    let was = schema(&database);
    copy.execute(&was.to_sql());
    assert_eq!(told(&was.diff(&schema(&copy))), "");
}

fn a_child_whose_parent_grew_is_as_good_as_restored() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE parent (a int); CREATE TABLE child (own int) INHERITS (parent);
         ALTER TABLE parent ADD later int DEFAULT 5 NOT NULL CHECK (later > 0)",
    );
    let was = schema(&database);
    let copy = TestDatabase::new();
    copy.execute(&was.to_sql());
    let is = schema(&copy);
    // The order of its columns is right, and nobody can tell PostgreSQL that it has not declared them itself.
    let differences = told(&was.diff(&is));
    let is_slight = |it: &str| it.starts_with("~ ") && it.contains(": inheritance is ");
    assert!(differences.lines().all(is_slight), "{differences}");
    assert_eq!(is.to_sql(), was.to_sql());
}

fn types_and_operators_of_their_own_are_restored() {
    check(include_str!("operators.sql"));
}

fn what_only_newer_servers_have_is_restored() {
    if migration_tests::server().major() >= 18 {
        check(include_str!("newer.sql"));
    }
}

fn owners_and_grants_are_restored() {
    let database = TestDatabase::new();
    let [one, two] = ["one", "two"].map(|it| database.role(it, "SUPERUSER").name);
    let sql = include_str!("rights.sql").replace("{one}", &one).replace("{two}", &two);
    database.execute(&sql);
    let dump = restored(&database);
    assert!(dump.contains(&format!("ALTER TABLE app.t OWNER TO {one};\n")), "{dump}");
}

fn a_table_with_as_many_columns_as_may_be_is_restored() {
    let columns: Vec<_> = (1..=1600).map(|it| format!("c{it} int DEFAULT {it}")).collect();
    let dump = check(&format!("CREATE TABLE wide ({})", columns.join(", ")));
    assert!(dump.contains("\n    c1600 integer DEFAULT 1600\n);\n"), "{dump}");
}

fn psql_takes_a_dump_in_one_transaction() {
    let program = search().find().unwrap().program("psql");
    // Not every distribution of the server has it.
    if !program.exists() {
        return;
    }
    let database = TestDatabase::new();
    database.execute(include_str!("types.sql"));
    let was = schema(&database);
    let copy = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("schema.sql");
    std::fs::write(&file, was.to_sql()).unwrap();
    let psql = Command::new(program)
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "--single-transaction",
            "-d",
            &copy.url(),
            "-f",
        ])
        .arg(&file)
        .output()
        .unwrap();
    let told_by_psql = String::from_utf8_lossy(&psql.stderr).into_owned();
    assert!(psql.status.success() && told_by_psql.is_empty(), "{told_by_psql}");
    assert_eq!(told(&was.diff(&schema(&copy))), "");
}

fn the_order_of_making_makes_no_difference() {
    let make = |statements: &[&str]| {
        let database = TestDatabase::new();
        for statement in statements {
            database.execute(statement);
        }
        schema(&database).to_sql()
    };
    let (types, tables) = (
        "CREATE TYPE b AS ENUM ('x'); CREATE TYPE a AS (b b)",
        [
            "CREATE TABLE u (id int PRIMARY KEY, a a)",
            "CREATE TABLE t (id int PRIMARY KEY, b b, u int REFERENCES u)",
            "CREATE TABLE s (id int)",
        ],
    );
    let more =
        ["CREATE INDEX j ON t (u)", "CREATE INDEX i ON t (id)", "CREATE VIEW v AS SELECT 1 AS one"];
    let one = make(&[types, tables[0], tables[1], tables[2], more[0], more[1], more[2]]);
    let other = make(&[more[2], tables[2], types, tables[0], tables[1], more[1], more[0]]);
    assert_eq!(one, other);
}

fn who_reads_makes_no_difference() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE t (at timestamptz DEFAULT '2026-11-26 12:00+01', lasts interval DEFAULT '-1 day 2 hours', x float8 DEFAULT 0.1,
             on_day date CHECK (on_day > '2026-01-02'), b bytea DEFAULT 'a')",
    );
    let dump = restored(&database);
    for (name, value) in [
        ("datestyle", "'German, DMY'"),
        ("timezone", "'Asia/Tokyo'"),
        ("intervalstyle", "sql_standard"),
        ("extra_float_digits", "-9"),
        ("bytea_output", "escape"),
        ("quote_all_identifiers", "on"),
        ("standard_conforming_strings", "off"),
    ] {
        database.execute(&format!("ALTER DATABASE \"{}\" SET {name} = {value}", database.name()));
    }
    assert_eq!(schema(&database).to_sql(), dump);
}

fn owners_and_grants_can_be_left_out() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE t (id int); GRANT SELECT ON t TO PUBLIC");
    let schema = schema(&database);
    let mut options = DumpOptions::default();
    (options.owners, options.grants) = (false, false);
    let plain = schema.to_sql_with(options);
    assert!(plain.ends_with("\nCREATE TABLE public.t (\n    id integer\n);\n"), "{plain}");
    let all = schema.to_sql();
    let rest = all.strip_prefix(&plain).unwrap();
    assert_eq!(
        rest,
        "\nALTER TABLE public.t OWNER TO migration;\n\nGRANT SELECT ON TABLE public.t TO PUBLIC;\n"
    );
}

fn what_a_dump_cannot_bring_back_is_said() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE EXTENSION pg_trgm; CREATE TABLE t (a int); CREATE INDEX i ON t (a);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
    );
    let was = schema(&database);
    let dump = was.to_sql();
    assert!(dump.contains("\n-- It was not valid.\nCREATE INDEX i ON public.t"), "{dump}");
    assert!(dump.contains("\n-- It was version "), "{dump}");
    let copy = TestDatabase::new();
    copy.execute(&dump);
    assert_eq!(told(&was.diff(&schema(&copy))), "index i: INVALID is missing");
}
