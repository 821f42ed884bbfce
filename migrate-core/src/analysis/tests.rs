//! Every claim against what servers were measured to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::*;
use crate::sql::action::{ConstraintKind, ObjectName, What};
use crate::{LockMode, SourceFile, Whose, Work, resolve};

const SETUP: &str = include_str!("tests/measured.sql");
const MEASURED: &str = include_str!("tests/measured.tsv");

/// What the database holds that is not known, or takes no part.
const SEQUENCES: &[&str] = &["sq"];
const EMPTY: &[&str] = &["par", "pard", "nodef", "v"];

/// New files which are no work that takes the longer the larger the relation is.
const SMALL_REWRITES: &[(&str, &str)] = &[
    ("truncate t", "the new files are empty"),
    ("alter sequence sq restart with 10", "a sequence is one row"),
    ("alter sequence sq as int", "a sequence is one row"),
];

struct Row<'a> {
    statement: &'a str,
    versions: std::ops::RangeInclusive<u8>,
    /// Nothing where the server refused the statement.
    locks: Option<BTreeMap<&'a str, LockMode>>,
    rewritten: BTreeSet<&'a str>,
    scanned: BTreeSet<&'a str>,
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    MEASURED.lines().filter(|it| !it.starts_with('#')).map(|line| {
        let [statement, versions, locks, rewritten, scanned] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (first, last) = versions.split_once('-').unwrap();
        let lock = |it: &'static str| {
            let (name, mode) = it.split_once('=').unwrap();
            (name, LockMode::from_word(mode).unwrap())
        };
        let was_refused = locks == "error";
        Row {
            statement,
            versions: first.parse().unwrap()..=last.parse().unwrap(),
            locks: (!was_refused).then(|| locks.split_whitespace().map(lock).collect()),
            rewritten: rewritten.split_whitespace().collect(),
            scanned: scanned.split_whitespace().collect(),
        }
    })
}

fn set_of(sql: &str) -> SourceSet {
    let file = |name: &str, text: &str| SourceFile {
        name: name.to_owned(),
        path: name.into(),
        bytes: text.as_bytes().to_vec(),
    };
    let files =
        vec![file("20260101000000_x.up.sql", sql), file("20260101000000_x.down.sql", "SELECT 1")];
    resolve(files, "migrations").unwrap_or_else(|it| panic!("{sql}: {it:?}"))
}

fn script_of(sql: &str) -> SourceScript {
    set_of(sql).migrations.remove(0).up
}

fn known() -> Known {
    let mut known = Known::default();
    let script = script_of(SETUP);
    for (statement, actions) in script.statements.iter().zip(&script.actions) {
        assert!(!actions.is_empty(), "{}", statement.range.of(&script.sql));
        for action in actions {
            known.learn(action);
        }
    }
    known
}

/// The claims of a statement on a version, about each of the relations that are there.
fn claimed(sql: &str, version: u8, known: &Known) -> BTreeMap<String, Claim> {
    let script = script_of(sql);
    let (mut known, mut fresh) = (known.clone(), Fresh::default());
    let mut found = Vec::new();
    for action in script.actions.into_iter().flatten() {
        assert_ne!(action.what, What::Other, "{sql} is not read");
        for claim in claims(&action, &known).into_iter().filter(|it| it.since <= version) {
            let relations = meant(&claim, &known).into_iter().map(ObjectName::plain);
            for relation in relations.filter(|it| !fresh.relations.contains(it)) {
                Claim { relation, whose: Whose::Itself, ..claim.clone() }.join(&mut found);
            }
        }
        fresh.learn(&action.what, &known);
        known.learn(&action);
    }
    found.retain(|it| version >= 18 || it.relation.name != "t18");
    found.into_iter().map(|it| (it.relation.name.clone(), it)).collect()
}

/// The relations that a claim is about, from what is known.
fn meant(claim: &Claim, known: &Known) -> Vec<String> {
    let name = &claim.relation;
    let partitions =
        || known.tables.iter().filter(|(_, it)| it.partition_of.as_ref() == Some(name));
    let references = |of: &ObjectName, to: &ObjectName| known.referenced_by(of).contains(to);
    let named = |it: Vec<&ObjectName>| it.into_iter().map(|it| it.name.clone()).collect();
    match claim.whose {
        Whose::Itself => vec![name.name.clone()],
        Whose::Partitions => named(partitions().map(|it| it.0).collect()),
        Whose::DefaultPartition => {
            named(partitions().filter(|it| it.1.is_default_partition).map(|it| it.0).collect())
        }
        Whose::Referenced => named(known.referenced_by(name).into_iter().collect()),
        Whose::Referencing => {
            named(known.tables.iter().map(|it| it.0).filter(|it| references(it, name)).collect())
        }
        Whose::Views => {
            named(known.views.iter().filter(|it| it.1.contains(name)).map(|it| it.0).collect())
        }
        Whose::TableOfIndex => indexes(known).remove(&name.name).into_iter().collect(),
        Whose::Indexes => {
            indexes(known).into_iter().filter(|it| it.1 == name.name).map(|it| it.0).collect()
        }
        Whose::Users => {
            let uses = |it: &known::Table| it.columns.values().any(|it| it.ty.name == name.name);
            named(known.tables.iter().filter(|it| uses(it.1)).map(|it| it.0).collect())
        }
        Whose::Schema => {
            let tables = known.tables.iter().map(|it| it.0.name.clone());
            let views = known.views.iter().map(|it| it.0.name.clone());
            let sequences = SEQUENCES.iter().map(|it| (*it).to_owned());
            tables.chain(views).chain(sequences).collect()
        }
    }
}

/// Each index with its table.
fn indexes(known: &Known) -> BTreeMap<String, String> {
    let relations = known.tables.iter().map(|it| it.0).chain(known.views.iter().map(|it| it.0));
    let own = relations.flat_map(|table| {
        known.indexes.of(table).map(|(name, it)| (name.name.clone(), it.table.name.clone()))
    });
    let is_index = |it: &ConstraintKind| {
        matches!(it, ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. })
    };
    let of_constraints = known.tables.iter().flat_map(|(table, it)| {
        let constraints = it.constraints.iter().filter(|it| is_index(&it.1.kind));
        constraints.map(|(name, _)| (name.clone(), table.name.clone()))
    });
    own.chain(of_constraints).collect()
}

/// Where claims and a measurement disagree.
fn disagreements(row: &Row<'_>, version: u8, known: &Known) -> String {
    let mut found = String::new();
    let Some(locks) = &row.locks else { return found };
    let claims = claimed(row.statement, version, known);
    let tables = indexes(known);
    let names: BTreeSet<&str> =
        claims.keys().map(String::as_str).chain(locks.keys().copied()).collect();
    for name in names {
        let (claim, lock) = (claims.get(name), locks.get(name).copied());
        let strongest = match (claim, tables.get(name)) {
            // The lock of an index that no claim names is not stronger than that of its table.
            (None, Some(table)) => claims.get(table).map(|it| it.lock),
            _ => None,
        };
        if claim.map(|it| it.lock) != lock && (strongest.is_none() || lock > strongest) {
            let lock = lock.map(LockMode::short);
            writeln!(found, "  {name}: {claim:?}, and measured {lock:?}").unwrap();
        }
        let Some(claim) = claim else { continue };
        let was_rewritten = row.rewritten.contains(name);
        let was_scanned = was_rewritten || row.scanned.contains(name);
        let is_small = SMALL_REWRITES.iter().any(|it| it.0 == row.statement);
        // An index that is built anew has a new file; nothing in it was read.
        let is_index = tables.contains_key(name);
        let agrees = match claim.work {
            Work::None => is_small || !was_scanned,
            Work::Build if is_index => was_rewritten,
            Work::Scan | Work::Build => {
                !was_rewritten && (was_scanned || !claim.is_certain || EMPTY.contains(&name))
            }
            Work::Rewrite => was_rewritten || !claim.is_certain,
        };
        if !agrees {
            writeln!(
                found,
                "  {name}: {claim:?}, rewritten {was_rewritten}, scanned {was_scanned}"
            )
            .unwrap();
        }
    }
    found
}

#[test]
fn what_may_be_about_any_table_is_not_known() {
    #[track_caller]
    fn check(sql: &str, expected: &[u32]) {
        let found = analyze(&set_of(sql), "migrations", &LintOptions::default());
        assert_eq!(found.migrations[0].unread(Direction::Up), expected, "{sql}");
    }
    check("SELECT f(); SELECT 1; SELECT max(a) FROM t", &[0]);
    check("CREATE ROLE x; REASSIGN OWNED BY x TO y; RESET ALL", &[1]);
    check("DO $$ BEGIN END $$; ANALYZE", &[0]);
    check("-- migrate:no-transaction\nVACUUM (FULL)", &[0]);
    check("-- migrate:no-transaction\nVACUUM FULL t", &[]);
    check("-- migrate:no-transaction\nREINDEX DATABASE d", &[0]);
    check("-- migrate:no-transaction\nCLUSTER", &[0]);
}

#[test]
fn a_column_that_is_there_is_not_made_again() {
    #[track_caller]
    fn check(column: &str, expected: &[(&str, Work)]) {
        let mut set = set_of("CREATE TABLE t (a int)");
        let up = format!("ALTER TABLE t ADD COLUMN IF NOT EXISTS {column} serial REFERENCES r");
        set.migrations.extend(set_of(&up).migrations);
        let found = analyze(&set, "migrations", &LintOptions::default());
        let effects: Vec<_> = found.migrations[1].effects(Direction::Up).collect();
        let found: Vec<_> = effects.iter().map(|(name, it)| (name.as_str(), it.work)).collect();
        assert_eq!(found, expected);
    }
    check("a", &[("t", Work::None)]);
    check("b", &[("t", Work::Rewrite), ("r", Work::None)]);
}

#[test]
fn what_a_script_makes_is_in_use_by_nobody() {
    #[track_caller]
    fn check(sql: &str, expected: &[&str]) {
        let mut set = set_of("CREATE TABLE t (a int)");
        set.migrations.extend(set_of(sql).migrations);
        let found = analyze(&set, "migrations", &LintOptions::default());
        let claims = found.migrations[1].effects(Direction::Up);
        let own = claims.filter(|(_, it)| it.whose == Whose::Itself).map(|it| it.0);
        assert_eq!(own.collect::<Vec<_>>(), expected, "{sql}");
    }
    // Something else dropped it.
    check("CREATE TABLE t (a int); ALTER TABLE t ADD b int", &[]);
    check("CREATE TABLE IF NOT EXISTS t (a int); ALTER TABLE t ADD b int", &["t"]);
    check("CREATE VIEW v AS SELECT 1; ALTER VIEW v RENAME TO w; DROP VIEW w", &[]);
    check("CREATE TABLE x (a int); ALTER TABLE x SET SCHEMA s; ALTER TABLE s.x ADD b int", &[]);
    check("CREATE TABLE x (a int); ALTER TABLE x RENAME TO y; ALTER TABLE x ADD b int", &["x"]);
    check("ALTER TABLE t RENAME TO o; CREATE TABLE t (a int); ALTER TABLE t ADD b int", &["t"]);
    check("CREATE SCHEMA s CREATE TABLE x (a int); ALTER TABLE s.x ADD b int", &[]);
    check("CREATE SCHEMA s CREATE TABLE x (a int); ALTER TABLE x ADD b int", &["x"]);
}

#[test]
fn what_is_read_belongs_to_its_statement() {
    let unread = "SELECT ".to_owned() + &"(".repeat(60) + "1" + &")".repeat(60);
    let script = script_of(&format!("BEGIN;\nDROP TABLE a;\n{unread};\nDROP TABLE b;\nCOMMIT"));
    let texts: Vec<Vec<_>> = script
        .actions
        .iter()
        .map(|actions| actions.iter().map(|it| it.range.of(&script.sql)).collect())
        .collect();
    assert_eq!(texts, [vec!["DROP TABLE a"], vec![], vec!["DROP TABLE b"]]);
    let unparsed = script_of("-- migrate:no-parse because it is new\nDROP TABLE a;\nDROP TABLE b");
    assert_eq!(unparsed.actions, [[], []]);
}

#[test]
fn batches_and_what_is_verified_are_about_the_tables_that_they_name() {
    let script = "-- migrate:batch table=t key=id\n\
                  WITH part AS (SELECT id FROM t WHERE id >= :batch_start AND id < :batch_end FOR UPDATE),\n\
                  kept AS (INSERT INTO u SELECT id FROM part RETURNING id)\n\
                  UPDATE t SET a = 1 FROM kept WHERE t.id = kept.id;\n\
                  -- migrate:verify\nSELECT NOT EXISTS (SELECT FROM v WHERE f(a))";
    let found = analyze(&set_of(script), "migrations", &LintOptions::default());
    let [migration] = found.migrations.as_slice() else { panic!("{found:?}") };
    let effects = migration.effects(Direction::Up);
    let effects: Vec<_> = effects.map(|(name, it)| (it.statement, name, it.lock)).collect();
    let expected = [
        (0, "t".to_owned(), LockMode::RowExclusive),
        (0, "u".to_owned(), LockMode::RowExclusive),
        (1, "v".to_owned(), LockMode::AccessShare),
    ];
    assert_eq!(effects, expected);
    // Whatever the function does, it is no deed of the migration.
    assert!(migration.unread(Direction::Up).is_empty());
}

fn learn(known: &mut Known, sql: &str) {
    let script = script_of(sql);
    for action in script.actions.iter().flatten() {
        known.learn(action);
    }
}

#[test]
fn what_is_renamed_is_known_by_its_new_name_alone() {
    let mut known = known();
    let name = |it: &str| ObjectName::plain(it);
    let has = |known: &Known, old: &str, new: &str| {
        let is_view = |it| known.views.contains_key(&name(it));
        let is_function = |it| known.functions.contains_key(&name(it));
        [is_view(old), is_view(new), is_function(old), is_function(new)]
    };
    learn(
        &mut known,
        "CREATE VIEW a AS SELECT 1; CREATE VIEW over AS SELECT * FROM a; ALTER VIEW a RENAME TO b",
    );
    assert_eq!(has(&known, "a", "b"), [false, true, false, false]);
    assert_eq!(known.views.get(&name("over")).unwrap(), &[name("b")]);
    learn(&mut known, "ALTER TABLE b RENAME TO c");
    assert_eq!(has(&known, "b", "c"), [false, true, false, false]);
    learn(&mut known, "CREATE FUNCTION f() RETURNS int RETURN 1; ALTER FUNCTION f() RENAME TO g");
    assert_eq!(has(&known, "f", "g"), [false, false, false, true]);
    learn(
        &mut known,
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS x; CREATE INDEX m_x ON m (x);
         ALTER MATERIALIZED VIEW m RENAME TO n",
    );
    assert_eq!(known.indexes.of(&name("n")).count(), 1);
    learn(&mut known, "CREATE TYPE e AS ENUM ('x', 'y'); ALTER TYPE e RENAME VALUE 'x' TO 'z'");
    assert_eq!(known.enums.get(&name("e")).unwrap(), &["z", "y"]);
    learn(&mut known, "DROP MATERIALIZED VIEW n");
    assert!(!known.indexes.contains_key(&name("m_x")));
}

#[test]
fn what_is_dropped_is_not_known() {
    let mut known = known();
    let name = ObjectName::plain("t");
    learn(&mut known, "CREATE TABLE t (z int)");
    let columns = &known.tables.get(&name).unwrap().columns;
    assert_eq!(columns.keys().collect::<Vec<_>>(), ["z"]);
    assert_eq!(known.indexes.of(&name).count(), 0);
    learn(&mut known, "DROP SCHEMA public CASCADE");
    assert_eq!(known.tables.iter().count() + known.enums.iter().count(), 0);
}

#[test]
fn claims_are_what_servers_do() {
    let known = known();
    let (mut found, mut statements) = (String::new(), BTreeSet::new());
    for row in rows() {
        statements.insert(row.statement);
        for version in row.versions.clone() {
            let wrong = disagreements(&row, version, &known);
            if !wrong.is_empty() {
                write!(found, "on {version}: {}\n{wrong}", row.statement).unwrap();
            }
        }
    }
    assert!(found.is_empty(), "\n{found}");
    assert_eq!(statements.len(), 151);
}
