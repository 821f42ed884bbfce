//! `verify --deep`: rows that break what a foreign key or a check promises, written while nobody looked.

use std::sync::mpsc;

use migrate_runtime::{Event, Finding, FindingKind, Migrator, Verification, Violation};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};
use postgres::Config;

use crate::{migrator, three, unaware, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_database_in_order_has_no_findings,
        rows_without_a_parent_are_listed_with_their_keys,
        rows_that_break_a_check_are_listed_and_null_holds,
        more_than_are_counted_are_at_least_so_many,
        composite_keys_match_as_postgres_matches_them,
        operators_types_and_collations_are_those_of_the_key,
        partitions_are_compared_with_their_root,
        children_are_compared_with_their_parent_unless_the_check_is_its_own,
        domains_are_compared_where_they_are_used,
        domains_over_domains_are_compared_and_what_has_them_inside_is_told,
        names_in_any_spelling_and_tables_without_a_key_are_told,
    ]
}

#[track_caller]
pub(crate) fn deep(database: &TestDatabase) -> Verification {
    deep_as(database.config())
}

#[track_caller]
pub(crate) fn deep_as(config: Config) -> Verification {
    // What has drifted is another matter.
    match Migrator::new(&three(), config).with_settings(unaware()).verify_deep() {
        Ok(verification) => verification,
        Err(error) => panic!("{error:?}"),
    }
}

/// A database whose migrations have run, and rows that were written with triggers and checks out of the way.
pub(crate) fn database(tables: &str, unseen: &str) -> TestDatabase {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute(tables);
    database.execute(&format!("SET session_replication_role = replica; {unseen}"));
    database
}

/// What a check promises, though its rows were there before: only the catalogs say that it was validated.
fn claimed(table: &str, name: &str, check: &str) -> String {
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({check}) NOT VALID;
         UPDATE pg_constraint SET convalidated = true WHERE conname = '{name}';"
    )
}

#[track_caller]
pub(crate) fn only(verification: &Verification, kind: FindingKind) -> &Finding {
    let [finding] = verification.findings.as_slice() else { panic!("{:?}", verification.findings) };
    assert_eq!(finding.kind, kind, "{finding:?}");
    assert_eq!(verification.exit_code(), kind.exit_code());
    finding
}

/// The one finding's rows, a line each.
#[track_caller]
fn check(database: &TestDatabase, kind: FindingKind, columns: &[&str], rows: &[&str]) -> Violation {
    let verification = deep(database);
    let finding = only(&verification, kind);
    let violation = finding.violation.clone().unwrap();
    assert_eq!(violation.columns, columns, "{finding:?}");
    let told = violation.rows.iter().map(|row| {
        let cells = row.iter().map(|it| it.as_deref().unwrap_or("NULL"));
        cells.collect::<Vec<_>>().join(" ")
    });
    assert_eq!(told.collect::<Vec<_>>(), rows, "{finding:?}");
    // What is to be pasted finds as many.
    let all = finding.hint.as_ref().unwrap().split("   --").next().unwrap();
    let all = database.text(all.trim_end());
    assert_eq!(all.lines().count().min(1000) as u64, violation.count, "{all}");
    violation
}

fn a_database_in_order_has_no_findings() {
    let database = database(
        "CREATE TABLE parent (id int PRIMARY KEY, more int CHECK (more > 0));
         CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);",
        "INSERT INTO parent VALUES (1, 1), (2, NULL); INSERT INTO child VALUES (1, 1), (2, NULL)",
    );
    assert_eq!(deep(&database).findings, []);
    // What a verification finds without it, it finds too.
    database.execute("ALTER TABLE child ADD CONSTRAINT c CHECK (id < 9) NOT VALID");
    only(&deep(&database), FindingKind::NotValidated);
    database.execute("DELETE FROM _migrations WHERE version = '20260101000002'");
    let findings = deep(&database).findings;
    assert!(findings.iter().any(|it| it.kind == FindingKind::OutOfOrder), "{findings:?}");
}

fn rows_without_a_parent_are_listed_with_their_keys() {
    let database = database(
        "CREATE TABLE parent (id int PRIMARY KEY);
         CREATE TABLE child (id int PRIMARY KEY, parent int CONSTRAINT of_parent REFERENCES parent)",
        "INSERT INTO parent VALUES (1); INSERT INTO child SELECT n, n FROM generate_series(1, 13) n",
    );
    let rows = ["2 2", "3 3", "4 4", "5 5", "6 6", "7 7", "8 8", "9 9", "10 10", "11 11"];
    let violation = check(&database, FindingKind::ForeignKeyBroken, &["id", "parent"], &rows);
    assert_eq!((violation.count, violation.is_complete), (12, true));
    assert_eq!(
        (violation.table.as_str(), violation.constraint.as_str()),
        ("public.child", "of_parent")
    );
    let message = "12 rows break the foreign key of_parent of table public.child: there is no such row in public.parent";
    assert_eq!(deep(&database).findings[0].message, message);
    // A foreign key that refers to its own table, and one that was never validated.
    database.execute("DELETE FROM child WHERE id > 1");
    database.execute(
        "SET session_replication_role = replica; ALTER TABLE child ADD up int; UPDATE child SET up = 7;
         ALTER TABLE child ADD CONSTRAINT upwards FOREIGN KEY (up) REFERENCES child NOT VALID",
    );
    let kinds: Vec<_> = deep(&database).findings.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [FindingKind::NotValidated, FindingKind::ForeignKeyBroken]);
}

fn rows_that_break_a_check_are_listed_and_null_holds() {
    let database = database(
        "CREATE TABLE t (id int, note text, PRIMARY KEY (note, id));
         INSERT INTO t VALUES (1, 'a'), (-2, 'b'), (-3, 'a'); ALTER TABLE t ADD size int;
         UPDATE t SET size = id;  INSERT INTO t VALUES (-9, 'NULL holds', NULL);",
        &claimed("t", "positive", "size > 0 AND note <> 'it''s'"),
    );
    let violation = check(&database, FindingKind::CheckBroken, &["note", "id"], &["a -3", "b -2"]);
    assert_eq!((violation.count, violation.is_complete), (2, true));
    let message = "2 rows break the check constraint positive of table public.t";
    assert_eq!(deep(&database).findings[0].message, message);
}

fn more_than_are_counted_are_at_least_so_many() {
    let database = database(
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000);",
        &claimed("t", "negative", "id < 0"),
    );
    let ten = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
    let violation = check(&database, FindingKind::CheckBroken, &["id"], &ten);
    assert_eq!((violation.count, violation.is_complete), (1000, true));
    database.execute("ALTER TABLE t DROP CONSTRAINT negative; INSERT INTO t VALUES (1001)");
    database.execute(&claimed("t", "negative", "id < 0"));
    let violation = check(&database, FindingKind::CheckBroken, &["id"], &ten);
    assert_eq!((violation.count, violation.is_complete), (1000, false));
    let message = &deep(&database).findings[0].message;
    assert!(message.starts_with("at least 1000 rows break "), "{message}");
}

fn composite_keys_match_as_postgres_matches_them() {
    let child = |matching: &str| {
        format!(
            "CREATE TABLE parent (a int, b int, PRIMARY KEY (b, a));
             CREATE TABLE child (id int PRIMARY KEY, x int, y int,
                 CONSTRAINT c FOREIGN KEY (x, y) REFERENCES parent (a, b) {matching})"
        )
    };
    let rows = "INSERT INTO parent VALUES (1, 2);
        INSERT INTO child VALUES (1, 1, 2), (2, 2, 1), (3, 1, NULL), (4, NULL, NULL), (5, NULL, 9)";
    let columns = ["id", "x", "y"];
    let simple = database(&child("MATCH SIMPLE"), rows);
    check(&simple, FindingKind::ForeignKeyBroken, &columns, &["2 2 1"]);
    let full = database(&child("MATCH FULL"), rows);
    check(&full, FindingKind::ForeignKeyBroken, &columns, &["2 2 1", "3 1 NULL", "5 NULL 9"]);
    // PostgreSQL agrees: once the rows are gone, the same foreign key can be made anew.
    full.execute("DELETE FROM child WHERE id IN (2, 3, 5); ALTER TABLE child DROP CONSTRAINT c");
    full.execute("ALTER TABLE child ADD FOREIGN KEY (x, y) REFERENCES parent (a, b) MATCH FULL");
    assert_eq!(deep(&full).findings, []);
}

fn operators_types_and_collations_are_those_of_the_key() {
    let database = database(
        "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN small AS int CHECK (VALUE < 100);
         CREATE TABLE n (id bigint PRIMARY KEY); CREATE TABLE e (id mood PRIMARY KEY);
         CREATE TABLE w (id text COLLATE any_case PRIMARY KEY); CREATE TABLE c (id char(5) PRIMARY KEY);
         CREATE TABLE d (id small PRIMARY KEY); CREATE TABLE r (id int4range PRIMARY KEY);
         CREATE TABLE a (id int[] PRIMARY KEY); CREATE TABLE k (id text COLLATE \"POSIX\" PRIMARY KEY);
         CREATE TABLE child (id int PRIMARY KEY, n smallint REFERENCES n, e mood REFERENCES e,
             w varchar(9) COLLATE any_case REFERENCES w, c char(5) REFERENCES c, d small REFERENCES d,
             r int4range REFERENCES r, a int[] REFERENCES a,
             k text COLLATE \"C\" REFERENCES k)",
        "INSERT INTO n VALUES (1); INSERT INTO e VALUES ('good'); INSERT INTO w VALUES ('Word'); INSERT INTO c VALUES ('x');
         INSERT INTO d VALUES (1); INSERT INTO r VALUES ('[1,2)'); INSERT INTO a VALUES ('{1}'); INSERT INTO k VALUES ('k');
         INSERT INTO child VALUES (1, 1, 'good', 'WORD', 'x    ', 1, '[1,1]', '{1}', 'k')",
    );
    assert_eq!(deep(&database).findings, []);
    database.execute(
        "SET session_replication_role = replica; INSERT INTO child VALUES (2, 2, 'bad', 'no', 'y', 2, '[5,9)', '{2}', 'z')",
    );
    let verification = deep(&database);
    let keys: Vec<_> =
        verification.findings.iter().map(|it| it.violation.clone().unwrap().rows).collect();
    let row = |it: &str| vec![vec![Some("2".to_owned()), Some(it.to_owned())]];
    let expected = ["{2}", "y", "2", "bad", "z", "2", "[5,9)", "no"].map(row);
    assert_eq!(keys, expected, "{:?}", verification.findings);
}

fn partitions_are_compared_with_their_root() {
    let database = database(
        "CREATE TABLE parent (id int PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE parent_1 PARTITION OF parent FOR VALUES FROM (1) TO (10);
         CREATE TABLE parent_2 PARTITION OF parent FOR VALUES FROM (10) TO (20);
         CREATE TABLE child (id int PRIMARY KEY, parent int CONSTRAINT c REFERENCES parent,
             CONSTRAINT positive CHECK (parent > 0)) PARTITION BY RANGE (id);
         CREATE TABLE child_1 PARTITION OF child FOR VALUES FROM (1) TO (10);
         CREATE TABLE child_2 PARTITION OF child FOR VALUES FROM (10) TO (20)",
        "INSERT INTO parent VALUES (1), (11); INSERT INTO child VALUES (1, 1), (2, 11), (3, 5), (11, 12)",
    );
    // The root alone: once, whatever the number of partitions on either side.
    let violation =
        check(&database, FindingKind::ForeignKeyBroken, &["id", "parent"], &["3 5", "11 12"]);
    assert_eq!(violation.table, "public.child");
    assert_eq!(checked(&database), ["positive of table public.child", "c of table public.child"]);
}

/// The foreign keys and checks that are looked at.
fn checked(database: &TestDatabase) -> Vec<String> {
    let (sender, events) = mpsc::channel();
    let migrator = migrator(&three(), database).with_settings(unaware());
    let mut migrator = migrator.on_event(move |event| {
        if let Event::Checking { what, .. } = event {
            sender.send(what.split_whitespace().skip(3).collect::<Vec<_>>().join(" ")).unwrap();
        }
    });
    migrator.verify_deep().unwrap();
    drop(migrator);
    let told = events.iter();
    told.map(|it| it.trim_start_matches("constraint ").to_owned()).collect()
}

fn children_are_compared_with_their_parent_unless_the_check_is_its_own() {
    let database = database(
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
         INSERT INTO parent VALUES (-1), (1); INSERT INTO child VALUES (-2), (2);",
        &claimed("parent", "positive", "id > 0"),
    );
    database.execute("UPDATE pg_constraint SET convalidated = true");
    let columns = ["tableoid", "id"];
    check(&database, FindingKind::CheckBroken, &columns, &["public.child -2", "public.parent -1"]);
    database.execute("ALTER TABLE parent DROP CONSTRAINT positive");
    database.execute(
        "ALTER TABLE parent ADD CONSTRAINT own CHECK (id > 0) NO INHERIT NOT VALID;
         UPDATE pg_constraint SET convalidated = true",
    );
    check(&database, FindingKind::CheckBroken, &["id"], &["-1"]);
}

fn domains_are_compared_where_they_are_used() {
    let database = database(
        "CREATE DOMAIN whole AS numeric(9, 2); CREATE DOMAIN small AS whole;
         CREATE TABLE uses (id int PRIMARY KEY, value small, other small);
         INSERT INTO uses VALUES (1, 1, 1), (2, 200, NULL), (3, NULL, 300.5);",
        "ALTER DOMAIN small ADD CONSTRAINT less CHECK (VALUE < 100 AND VALUE <> 7) NOT VALID;
         UPDATE pg_constraint SET convalidated = true",
    );
    let verification = deep(&database);
    let told: Vec<_> = verification.findings.iter().map(|it| it.message.as_str()).collect();
    let message = |column: &str| {
        format!("1 row breaks the check constraint less of the domain of public.uses.{column}")
    };
    assert_eq!(told, [message("other"), message("value")]);
    let keys: Vec<_> =
        verification.findings.iter().map(|it| it.violation.clone().unwrap().rows).collect();
    assert_eq!(keys, [[[Some("3".to_owned())]], [[Some("2".to_owned())]]]);
    database.execute("UPDATE uses SET value = 1, other = 1");
    assert_eq!(deep(&database).findings, []);
}

fn domains_over_domains_are_compared_and_what_has_them_inside_is_told() {
    let database = database(
        "CREATE DOMAIN inner_one AS numeric(9, 2); CREATE DOMAIN middle AS inner_one; CREATE DOMAIN outer_one AS middle;
         CREATE TABLE uses (value int PRIMARY KEY, far outer_one); INSERT INTO uses VALUES (1, 1), (2, 200)",
        "ALTER DOMAIN inner_one ADD CONSTRAINT less CHECK (VALUE < 100) NOT VALID;
         UPDATE pg_constraint SET convalidated = true",
    );
    // What is to be pasted has a `value` that is not the key.
    let violation = check(&database, FindingKind::CheckBroken, &["value"], &["2"]);
    assert_eq!(violation.constraint, "less");
    database.execute(
        "DELETE FROM uses WHERE far > 99; CREATE TYPE pair AS (far outer_one);
         CREATE TYPE span AS RANGE (subtype = outer_one); CREATE DOMAIN many AS outer_one[];
         CREATE TABLE inside (a outer_one[], b pair, c span, d many, e pair[])",
    );
    let findings = deep(&database).findings;
    assert!(findings.iter().all(|it| it.kind == FindingKind::PassedOver), "{findings:?}");
    let told: Vec<_> = findings.iter().map(|it| it.message.as_str()).collect();
    let expected = ["a", "b", "c", "d", "e"].map(|it| {
        format!(
            "the check constraint less of the domain of public.inside.{it} was not compared: its values are inside of others, as in an array, which are not compared here"
        )
    });
    assert_eq!(told, expected);
}

fn names_in_any_spelling_and_tables_without_a_key_are_told() {
    let database = database(
        "CREATE SCHEMA \"it's \"\"My\"\" S\"; SET search_path = \"it's \"\"My\"\" S\";
         CREATE FUNCTION positive(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
         CREATE TABLE \"The \"\"T\" (\"k 1\" int, \"Over\" int, PRIMARY KEY (\"k 1\"));
         CREATE TABLE plain (\"Ref\" int CONSTRAINT \"FK %s\" REFERENCES \"The \"\"T\");
         ALTER TABLE \"The \"\"T\" ADD CONSTRAINT \"C {x}\" CHECK (positive(\"Over\") AND \"The \"\"T\" IS NOT NULL)",
        "INSERT INTO \"it's \"\"My\"\" S\".plain VALUES (NULL), (7)",
    );
    let columns = ["ctid", "Ref"];
    let violation = check(&database, FindingKind::ForeignKeyBroken, &columns, &["(0,2) 7"]);
    assert_eq!(violation.table, "\"it's \"\"My\"\" S\".plain");
    assert_eq!(violation.constraint, "\"FK %s\"");
}
