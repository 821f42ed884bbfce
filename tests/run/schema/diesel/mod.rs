//! What Diesel prints for a database, and we print for it: the same, byte for byte.
//!
//! A fixture is a file of SQL that begins with lines such as `-- keys: print-schema --schema app`: the name of the file
//! with the text, and the arguments with which `diesel_cli` 2.3.14 printed it into that. To print them again, or to
//! compare with another version:
//!
//! ```text
//! DIESEL_CLI=path/to/diesel UPDATE_EXPECT=1 cargo test --test run_migration schema::diesel
//! ```
//!
//! Without `UPDATE_EXPECT`, what is printed is compared. Diesel formats with the `rustfmt` that it finds.

mod compiled;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use migrate_runtime::schema::{
    DieselColumns, DieselDocs, DieselOptions, DieselSameQuery, DieselTables, Schema,
};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};

use super::schema;
use crate::up;

/// Declared here alone: the program that prints the truth.
const DIESEL_CLI: &str = "DIESEL_CLI";

/// Tables of ours that Diesel would print.
const OURS: &str = "^_migrations";

pub(crate) fn tests() -> Vec<Trial> {
    let mut tests = trials![
        the_schema_of_the_dcms_is_printed_as_diesel_does,
        every_type_is_printed_as_diesel_does,
        keys_are_printed_as_diesel_does,
        names_of_every_sort_are_printed_as_diesel_does,
        what_does_not_compile_is_printed_as_diesel_does,
        as_many_columns_as_there_can_be_are_printed_as_diesel_does,
        nothing_is_printed_as_diesel_does,
        tables_without_a_key_are_told,
        views_are_tables_where_they_are_asked_for,
    ];
    tests.extend(compiled::tests());
    tests
}

fn the_schema_of_the_dcms_is_printed_as_diesel_does() {
    let database = TestDatabase::new();
    up(&super::same::DCMS, &database);
    compare(&database, "-- dcms: print-schema\n-- dcms_documented: print-schema --with-docs\n");
}

fn every_type_is_printed_as_diesel_does() {
    check(include_str!("types.sql"));
}

fn keys_are_printed_as_diesel_does() {
    check(include_str!("keys.sql"));
}

fn names_of_every_sort_are_printed_as_diesel_does() {
    check(include_str!("names.sql"));
}

fn what_does_not_compile_is_printed_as_diesel_does() {
    check(include_str!("collisions.sql"));
}

fn as_many_columns_as_there_can_be_are_printed_as_diesel_does() {
    check(include_str!("wide.sql"));
}

fn nothing_is_printed_as_diesel_does() {
    check(include_str!("empty.sql"));
}

fn tables_without_a_key_are_told() {
    let database = TestDatabase::new();
    database.execute(include_str!("keys.sql"));
    let schema = schema(&database);
    assert_eq!(told(&schema, &DieselOptions::default()), ["child", "log"]);
    let mut options = DieselOptions::default();
    options.tables = DieselTables::Except(vec!["log".to_owned()]);
    assert_eq!(told(&schema, &options), ["child"]);
}

fn views_are_tables_where_they_are_asked_for() {
    let database = TestDatabase::new();
    database.execute(include_str!("views.sql"));
    let mut options = DieselOptions::default();
    options.views = true;
    assert_eq!(schema(&database).to_diesel(&options), read("views"));
}

/// Makes what a fixture says, and compares each of its texts.
#[track_caller]
fn check(fixture: &str) {
    let database = TestDatabase::new();
    database.execute(fixture);
    compare(&database, fixture);
}

#[track_caller]
fn compare(database: &TestDatabase, fixture: &str) {
    let schema = schema(database);
    let texts = fixture.lines().map_while(|it| it.strip_prefix("-- ")?.split_once(": "));
    let mut count = 0;
    for (name, arguments) in texts {
        let arguments: Vec<_> = arguments.split(' ').collect();
        let options = options(&arguments[1..]);
        if let Some(program) = env::var_os(DIESEL_CLI) {
            let left_out = told(&schema, &options);
            renew(name, &printed_by_diesel(program, database, &arguments, &left_out));
        }
        same(name, &schema.to_diesel(&options), &read(name));
        count += 1;
    }
    assert!(count > 0, "the fixture has no text");
}

#[track_caller]
fn same(name: &str, ours: &str, expected: &str) {
    let mut lines = ours.lines().zip(expected.lines()).enumerate();
    if let Some((at, (ours, theirs))) = lines.find(|(_, (ours, theirs))| ours != theirs) {
        panic!("{name}, line {}:\n{ours}\nDiesel:\n{theirs}", at + 1);
    }
    assert_eq!(ours, expected, "{name}");
}

fn told(schema: &Schema, options: &DieselOptions) -> Vec<String> {
    schema.unknown_to_diesel(options).into_iter().map(|it| it.name.clone()).collect()
}

/// The options for arguments of `print-schema`. Patterns are whole names between `^` and `$`.
fn options(arguments: &[&str]) -> DieselOptions {
    let mut options = DieselOptions::default();
    let (mut tables, mut is_only) = (Vec::new(), true);
    let mut rest = arguments.iter().copied().peekable();
    let name = |it: &str| it.trim_matches(['^', '$']).to_owned();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().unwrap();
        match argument {
            "--schema" => options.schema = Some(value().to_owned()),
            "--only-tables" => is_only = true,
            "--except-tables" => is_only = false,
            "--column-sorting" => options.columns = columns(value()),
            "--with-docs" => options.docs = DieselDocs::CommentsOrNames,
            "--with-docs-config" => options.docs = docs(value()),
            "--allow-tables-to-appear-in-same-query-config" => {
                options.same_query = same_query(value());
            }
            "--import-types" => options.import_types.push(value().to_owned()),
            "--no-generate-missing-sql-type-definitions" => options.without_custom_types = true,
            "--except-custom-type-definitions" => {
                options.except_custom_types.push(name(value()));
            }
            "--custom-type-derives" => options.custom_type_derives.push(value().to_owned()),
            "--pg-domains-as-custom-types" => options.domains_as_types.push(name(value())),
            table => tables.push(name(table)),
        }
    }
    match (tables.is_empty(), is_only) {
        (true, _) => {}
        (false, true) => options.tables = DieselTables::Only(tables),
        (false, false) => options.tables = DieselTables::Except(tables),
    }
    options
}

fn columns(word: &str) -> DieselColumns {
    match word {
        "name" => DieselColumns::ByName,
        _ => DieselColumns::ByPosition,
    }
}

fn docs(word: &str) -> DieselDocs {
    match word {
        "only-database-comments" => DieselDocs::Comments,
        _ => DieselDocs::None,
    }
}

fn same_query(word: &str) -> DieselSameQuery {
    match word {
        "fk_related_tables" => DieselSameQuery::ByForeignKeys,
        "none" => DieselSameQuery::None,
        _ => DieselSameQuery::All,
    }
}

/// Diesel stops at a table without a primary key: these are told to it.
fn printed_by_diesel(
    program: OsString,
    database: &TestDatabase,
    arguments: &[&str],
    left_out: &[String],
) -> String {
    // Where no `diesel.toml` and no `rustfmt.toml` is.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("diesel.toml"), "").unwrap();
    let mut command = Command::new(program);
    command.args(arguments).args(["--database-url", &database.url()]).current_dir(&folder);
    if !arguments.contains(&"--only-tables") {
        let left_out = left_out.iter().map(|it| format!("^{it}$"));
        command.arg("--except-tables").args(left_out).arg(OURS);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn renew(name: &str, printed: &str) {
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path(name), printed).unwrap();
    } else {
        same(name, printed, &read(name));
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn path(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run/schema/diesel");
    folder.join(format!("{name}.diesel"))
}
