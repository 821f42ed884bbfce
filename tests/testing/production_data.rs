//! What `docs/production-data.md` shows, as users have it: in a file of its own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use migrate_runtime::testing::TestConnection;
use migrate_runtime::{Limit, Up, Version};

use crate::MIGRATIONS;

migrate_runtime::testing::harness!(crate::MIGRATIONS);

/// The newest migration that had run where the data was taken.
const LOADED_AFTER: &str = "20240522090000";

/// What later migrations change on purpose: the name of the migration, and the table.
const DECLARED: &[(&str, &str)] = &[("normalise_contract_titles", "contracts")];

/// What `\copy … TO 'NN_table.csv' CSV HEADER` wrote.
struct Table {
    name: String,
    csv: String,
}

impl Table {
    /// The columns there were when the data was taken. Those that were added since do not count.
    fn columns(&self) -> &str {
        self.csv.lines().next().unwrap()
    }
}

/// Every table of the data, in the order of the files.
fn read() -> Vec<Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/production-data");
    let paths = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut paths: Vec<_> =
        paths.filter(|it| it.extension().is_some_and(|it| it == "csv")).collect();
    paths.sort();
    let table = |path: &PathBuf| {
        let (_, name) = path.file_stem().unwrap().to_str().unwrap().split_once('_').unwrap();
        Table { name: name.to_owned(), csv: fs::read_to_string(path).unwrap() }
    };
    paths.iter().map(table).collect()
}

fn load(conn: &mut TestConnection, data: &[Table]) {
    for table in data {
        let (name, columns) = (&table.name, table.columns());
        let copy = format!("COPY {name} ({columns}) FROM STDIN WITH (FORMAT csv, HEADER)");
        let mut writer = conn.copy_in(&copy).unwrap();
        writer.write_all(table.csv.as_bytes()).unwrap();
        writer.finish().unwrap();
    }
}

/// How many rows a table has, and a checksum over them.
fn fingerprint(conn: &mut TestConnection, table: &Table) -> (i64, String) {
    let (name, columns) = (&table.name, table.columns());
    let rows = format!("SELECT ROW({columns})::text AS it FROM {name}");
    let sum = "coalesce(md5(string_agg(it, E'\\n' ORDER BY it COLLATE \"C\")), 'empty')";
    let row = conn.query_one(&format!("SELECT count(*), {sum} FROM ({rows}) AS rows"), &[]);
    let row = row.unwrap();
    (row.get(0), row.get(1))
}

fn fingerprints(conn: &mut TestConnection, data: &[Table]) -> Vec<(i64, String)> {
    data.iter().map(|table| fingerprint(conn, table)).collect()
}

fn up_to(conn: &mut TestConnection, version: Version) {
    let mut up = Up::default();
    up.limit = Limit::To(version);
    conn.migrator(&MIGRATIONS).run_up(&up).unwrap();
}

/// Fails with the name of the first table that differs, unless it is one of `declared`.
#[track_caller]
fn same(what: &str, data: &[Table], states: [&[(i64, String)]; 2], declared: &[&str]) {
    for (table, (before, after)) in data.iter().zip(states[0].iter().zip(states[1])) {
        let name = table.name.as_str();
        assert_eq!(
            before != after,
            declared.contains(&name),
            "{what}: {name} {before:?} {after:?}"
        );
    }
}

#[test]
fn later_migrations_keep_what_is_there() {
    let (data, mut conn) = (read(), establish_test_connection());
    let loaded_after: Version = LOADED_AFTER.parse().unwrap();
    up_to(&mut conn, loaded_after);
    load(&mut conn, &data);

    let later: Vec<_> = MIGRATIONS.iter().filter(|it| it.version > loaded_after).collect();
    let mut states = vec![fingerprints(&mut conn, &data)];
    for (index, migration) in later.iter().enumerate() {
        up_to(&mut conn, migration.version);
        states.push(fingerprints(&mut conn, &data));
        let declared = DECLARED.iter().filter(|it| it.0 == migration.name);
        let declared: Vec<_> = declared.map(|it| it.1).collect();
        same(migration.name, &data, [&states[index], &states[index + 1]], &declared);
    }
    for (migration, before) in later.iter().zip(&states).rev() {
        run_migration_down(&mut conn).unwrap();
        let what = format!("down of {}", migration.name);
        same(&what, &data, [before, &fingerprints(&mut conn, &data)], &[]);
    }
    for (migration, after) in later.iter().zip(&states[1..]) {
        up_to(&mut conn, migration.version);
        let what = format!("the second up of {}", migration.name);
        same(&what, &data, [after, &fingerprints(&mut conn, &data)], &[]);
    }
}

/// What the page does not show: that its checks notice what they are for, and nothing else.
mod notices {
    use super::*;

    #[test]
    fn an_added_column_is_no_change_and_an_empty_table_no_failure() {
        check("", "ALTER TABLE people ADD note text NOT NULL DEFAULT ''", false);
        check("1,Ada\n2,\n", "ALTER TABLE people ADD note text DEFAULT 'x'", false);
    }

    #[test]
    fn a_lost_an_added_and_a_changed_row_are_changes() {
        check("1,Ada\n", "DELETE FROM people", true);
        check("", "INSERT INTO people VALUES (1, NULL)", true);
        check("1,Ada\n2,\n", "UPDATE people SET name = '' WHERE name IS NULL", true);
    }

    #[test]
    #[should_panic(expected = "up of a: people")]
    fn a_difference_fails_with_the_name_of_the_table() {
        let data = [people("")];
        let states = [(0, String::new()), (1, String::new())];
        same("up of a", &data, [&states[..1], &states[1..]], &["people"]);
        same("up of a", &data, [&states[..1], &states[1..]], &[]);
    }

    #[track_caller]
    fn check(rows: &str, sql: &str, changes: bool) {
        let (table, mut conn) = (people(rows), establish_test_connection());
        conn.batch_execute("CREATE TABLE people (id int, name text)").unwrap();
        load(&mut conn, std::slice::from_ref(&table));
        let before = fingerprint(&mut conn, &table);
        conn.batch_execute(sql).unwrap();
        assert_eq!(fingerprint(&mut conn, &table) != before, changes, "{sql}");
    }

    fn people(rows: &str) -> Table {
        Table { name: "people".to_owned(), csv: format!("id,name\n{rows}") }
    }
}
