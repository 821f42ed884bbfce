//! `docs/data-migrations.md`: its SQL, as it stands there.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_core::Version;
use migrate_runtime::{ErrorKind, MigrationSet, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, findings, schema_dump, set, trials};

use crate::{first, migrator, names, up, up_fails};

pub(super) fn tests() -> Vec<Trial> {
    trials![
        the_recipes_have_no_findings,
        the_recipes_run_are_reverted_and_run_again,
        what_is_half_done_goes_on_or_is_taken_back,
        a_directive_is_not_edited_half_way,
        the_examples_run
    ]
}

const PAGE: &str = include_str!("../../../docs/data-migrations.md");

/// The tables that the page speaks of.
const TABLES: &str = "
    CREATE TABLE contracts (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        title text NOT NULL,
        closed_at date,
        total numeric
    )";

/// The blocks of SQL of the page.
fn blocks() -> impl Iterator<Item = &'static str> {
    PAGE.split("\n```sql\n").skip(1).map(|it| it.split("\n```").next().unwrap())
}

/// The name of the file that a block is, which its first line says.
fn file_name(block: &str) -> Option<&str> {
    block.lines().next()?.strip_prefix("-- ")?.strip_suffix(".sql")
}

/// The migrations of the page behind one that makes their table.
fn migrations() -> Vec<(&'static str, &'static str, &'static str)> {
    let script = |name: &str, direction: &str| {
        let is_it = |it: &&str| file_name(it) == Some(&format!("{name}.{direction}"));
        blocks().find(is_it).unwrap_or_else(|| panic!("{name} has no {direction} script"))
    };
    let names = blocks().filter_map(|it| file_name(it)?.strip_suffix(".up"));
    let each = names.map(|it| (it, script(it, "up"), script(it, "down")));
    let table = ("20260101000000_contracts", TABLES, "DROP TABLE contracts");
    let all: Vec<_> = std::iter::once(table).chain(each).collect();
    let files = blocks().filter(|it| file_name(it).is_some()).count();
    assert_eq!((all.len(), files), (6, 10), "a script without the other one");
    all
}

fn filled(set: &MigrationSet, rows: u32) -> TestDatabase {
    let database = TestDatabase::new();
    up(&first(set, 1), &database);
    database.execute(&format!(
        "INSERT INTO contracts (title)
         SELECT repeat(' ', n % 3) || 'Contract ' || n FROM generate_series(1, {rows}) n"
    ));
    database
}

fn titles(database: &TestDatabase) -> String {
    database.text("SELECT md5(string_agg(title, '|' ORDER BY id)) FROM contracts")
}

fn the_recipes_have_no_findings() {
    let found: Vec<String> = findings(&migrations());
    assert_eq!(found, [] as [&str; 0]);
}

fn the_recipes_run_are_reverted_and_run_again() {
    let set = set(&migrations());
    let database = filled(&set, 12_000);
    let before = (schema_dump(&database.url()), titles(&database));
    let run = up(&set, &database);
    assert_eq!(run.done.len(), 5);
    let wrong = "SELECT count(*) FROM contracts WHERE title <> btrim(title) OR title_normalised <> lower(title)";
    // The titles were tidied after they were normalised: the program of the page writes both.
    database.execute("UPDATE contracts SET title_normalised = lower(title)");
    assert_eq!(database.text(wrong), "0");
    let not_null = "SELECT attnotnull::text FROM pg_attribute WHERE attrelid = 'contracts'::regclass AND attname = 'title_normalised'";
    assert_eq!(database.text(not_null), "true");
    assert_eq!(database.text("SELECT string_agg(contype, '') FROM pg_constraint WHERE conrelid = 'contracts'::regclass"), "p");
    let tidied = titles(&database);

    let five = NonZeroUsize::new(5).unwrap();
    assert_eq!(migrator(&set, &database).down(five).unwrap().done.len(), 5);
    assert_eq!((schema_dump(&database.url()), titles(&database)), before);

    assert_eq!(up(&set, &database).done.len(), 5);
    assert_eq!(titles(&database), tidied);
}

/// Runs what is pending until one batch is done.
#[track_caller]
fn one_batch(set: &MigrationSet, database: &TestDatabase) {
    let mut settings = Settings::default();
    settings.max_batch_time = Duration::from_nanos(1);
    let error = migrator(set, database).with_settings(settings).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished, "{error:?}");
}

/// Each script with batches is stopped after its first one.
fn what_is_half_done_goes_on_or_is_taken_back() {
    let set = set(&migrations());
    for (name, left) in [("fill_title_normalised", "7000"), ("tidy_titles", "7333")] {
        let database = filled(&set, 12_000);
        let version: Version = set.iter().find(|it| it.name == name).unwrap().version;
        let earlier = set.iter().filter(|it| it.version < version).count();
        up(&first(&set, earlier), &database);
        let before = (schema_dump(&database.url()), titles(&database));

        let with = first(&set, earlier + 1);
        one_batch(&with, &database);
        let undone = match name {
            "tidy_titles" => "title <> btrim(title)",
            _ => "title_normalised IS NULL",
        };
        assert_eq!(database.text(&format!("SELECT count(*) FROM contracts WHERE {undone}")), left);

        let run = migrator(&with, &database).down(NonZeroUsize::MIN).unwrap();
        assert_eq!(names(&run.done), [name]);
        assert_eq!((schema_dump(&database.url()), titles(&database)), before);
        one_batch(&with, &database);
        assert_eq!(names(&up(&with, &database).done), [name]);
    }
}

fn a_directive_is_not_edited_half_way() {
    let migrations = migrations();
    let fill = migrations[2];
    let database = filled(&set(&migrations), 12_000);
    one_batch(&set(&migrations[..3]), &database);
    let edited = fill.1.replace("size=5000", "size=50");
    let error =
        up_fails(&set(&[migrations[0], migrations[1], (fill.0, &edited, fill.2)]), &database);
    assert_eq!(error.kind(), ErrorKind::Unfinished, "{error:?}");
    assert_eq!(up(&set(&migrations[..3]), &database).done.len(), 1);
}

/// Tables in which the examples of the page find rows.
const FILLED: &str = "
    ALTER TABLE contracts ADD title_normalised text;
    INSERT INTO contracts (title, closed_at)
        SELECT 'Contract ' || n, date '2019-01-01' + n FROM generate_series(1, 3000) n;
    CREATE TABLE contracts_archive (id bigint PRIMARY KEY, title text, closed_at date);
    CREATE TABLE readings (
        device_id int, taken_at timestamptz, fahrenheit numeric NOT NULL, celsius numeric,
        PRIMARY KEY (device_id, taken_at)
    );
    CREATE INDEX ON readings (taken_at);
    INSERT INTO readings SELECT n % 3, timestamptz '2024-12-31 00:00' + n * interval '1 min', 50
        FROM generate_series(1, 2000) n;
    CREATE TABLE invoices (contract_id bigint NOT NULL, amount numeric NOT NULL);
    CREATE INDEX ON invoices (contract_id);
    INSERT INTO invoices SELECT 2000 + n % 500, 1 FROM generate_series(1, 2000) n";

/// A script of its own, in a database of its own, and what it made of the rows.
#[track_caller]
fn example(sql: &str, question: &str, expected: &str) {
    let database = TestDatabase::new();
    database.execute(&format!("{TABLES}; {FILLED}"));
    up(&set(&[("20260101000001_example", sql, "SELECT 1")]), &database);
    assert_eq!(database.text(&format!("SELECT concat_ws(' ', {question})")), expected, "{sql}");
}

fn the_examples_run() {
    let examples: Vec<&str> = blocks().filter(|it| file_name(it).is_none()).collect();
    let [fill, composite, copy, moved, delete, merge, verify] = examples.try_into().unwrap();
    let count = |from: &str| format!("(SELECT count(*) FROM {from})");
    example(fill, &count("contracts WHERE title_normalised = lower(title)"), "3000");
    example(composite, &count("readings WHERE celsius = 10"), "2000");
    let both = [count("contracts"), count("contracts_archive")].join(", ");
    example(copy, &both, "3000 364");
    example(moved, &both, "2270 730");
    example(delete, &count("readings"), "561");
    example(merge, &count("contracts WHERE total = 4"), "500");
    example(&format!("{fill}\n{verify}"), &count("contracts WHERE title_normalised IS NULL"), "0");
}
