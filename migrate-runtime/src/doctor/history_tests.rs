use super::super::check::Level;
use super::*;
use crate::error::ErrorKind;

fn row(statement: usize, cells: &[&str]) -> (usize, Vec<Option<String>>) {
    let cells = cells.iter().map(|it| Some((*it).to_owned()).filter(|it| !it.is_empty()));
    (super::super::BEFORE + statement, cells.collect())
}

fn deploy() -> Role {
    Role::unknown("deploy", "\"public\"")
}

const NAMES: [&str; 5] = [
    "_migrations",
    "_migrations_log",
    "_migrations_script",
    "_migrations_progress",
    "_migrations_meta",
];

/// All is well, until it is changed.
fn whole() -> Vec<(usize, Vec<Option<String>>)> {
    let tables = NAMES.iter().map(|it| row(0, &[it, "t", "t", "deploy", "", ""]));
    tables.chain([row(1, &["1"]), row(2, &["t", "t"])]).collect()
}

#[track_caller]
fn check(rows: Vec<(usize, Vec<Option<String>>)>, level: Level, message: &str, hint: &str) {
    let read = Ok(History::default());
    let checks = judge(Ok(&Reply::made(rows)), &read, &deploy());
    assert_eq!(checks.len(), 1, "{checks:?}");
    assert_eq!(checks[0].level, level, "{checks:?}");
    assert!(checks[0].message.contains(message), "{checks:?}");
    assert!(checks[0].hint.as_deref().unwrap_or_default().starts_with(hint), "{checks:?}");
}

#[test]
fn each_part_of_the_history_is_looked_at() {
    check(whole(), Level::Ok, "the tables are whole, with 0 rows", "");
    check(Vec::new(), Level::Ok, "no tables yet", "");
    let changed = |at: usize, cells: &[&str]| {
        let mut rows = whole();
        rows[at] = row(0, cells);
        rows
    };
    let missing = changed(4, &["_migrations_meta", "f"]);
    check(missing, Level::Warning, "_migrations_meta is missing", "migration-cli repair");
    let rights = changed(0, &["_migrations", "t", "t", "ada", "INSERT, DELETE", ""]);
    let grant = "GRANT INSERT, DELETE ON \"public\"._migrations TO deploy;";
    check(rights, Level::Problem, "lacks rights on \"public\"._migrations: INSERT", grant);
    let sequence = changed(0, &["_migrations", "t", "t", "ada", "", "public._migrations_id_seq"]);
    let grant = "GRANT USAGE ON SEQUENCE public._migrations_id_seq TO deploy;";
    check(sequence, Level::Problem, "may not use public._migrations_id_seq", grant);
    let foreign = changed(0, &["_migrations", "t", "f", "ada", "", ""]);
    check(foreign, Level::Warning, "_migrations belongs to ada", "GRANT ada TO deploy;");
}

#[test]
fn tables_of_others_are_told_by_their_owner() {
    let mut rows = whole();
    rows[0] = row(0, &["_migrations", "t", "f", "ada", "", "", "f"]);
    rows[1] = row(0, &["_migrations_log", "t", "f", "postgres", "", "", "t"]);
    rows[2] = row(0, &["_migrations_script", "t", "f", "postgres", "", "", "t"]);
    let checks = judge(Ok(&Reply::made(rows)), &Ok(History::default()), &deploy());
    let hints: Vec<_> = checks.iter().map(|it| it.hint.as_deref().unwrap()).collect();
    let given = "ALTER TABLE \"public\"._migrations_log OWNER TO deploy; ALTER TABLE \"public\"._migrations_script OWNER TO deploy;";
    assert_eq!(hints, ["GRANT ada TO deploy;", given]);
    assert!(
        checks[1].message.starts_with("_migrations_log, _migrations_script belong to postgres")
    );
}

#[test]
fn what_cannot_be_read_has_its_cause_and_a_way_out() {
    let error = Error::new(ErrorKind::Connect, "cannot be read");
    let checks = judge(Ok(&Reply::made(whole())), &Err(error), &deploy());
    assert_eq!(checks.len(), 1, "{checks:?}");
    assert!(
        checks[0].hint.as_deref().unwrap().starts_with("SELECT * FROM \"public\"._migrations;")
    );
}

#[test]
fn index_and_trigger_are_missed() {
    let without = |statement| {
        let statement = super::super::BEFORE + statement;
        whole().into_iter().filter(|it| it.0 != statement).collect::<Vec<_>>()
    };
    check(without(1), Level::Warning, "no unique index on version", "CREATE UNIQUE INDEX");
    check(without(2), Level::Warning, "append-only is missing", "CREATE TRIGGER append_only");
    let mut off = without(2);
    off.push(row(2, &["f", "t"]));
    check(off, Level::Warning, "append-only is switched off", "ALTER TABLE");
    let mut other = without(2);
    other.push(row(2, &["t", "f"]));
    check(other, Level::Warning, "not the one that this program makes", "DROP TRIGGER append_only");
}

#[test]
fn a_history_of_somebody_else_is_told_alone() {
    let error = Error::new(ErrorKind::ForeignHistory, "another shape").with_hint("ALTER TABLE x");
    let checks = judge(Ok(&Reply::made(vec![whole().remove(0)])), &Err(error), &deploy());
    assert_eq!(checks.len(), 1, "{checks:?}");
    assert_eq!((checks[0].level, checks[0].message.as_str()), (Level::Problem, "another shape"));
    assert_eq!(checks[0].hint.as_deref(), Some("ALTER TABLE x"));
}
