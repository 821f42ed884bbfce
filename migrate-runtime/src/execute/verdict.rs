//! What came of a statement that was interrupted: which question the catalogs answer, and what the
//! answer means. Pure.
//!
//! A statement whose effect the catalogs cannot tell is never run again blindly.

use migrate_core::{Name, StatementKind, Target, target};

use crate::history::Unfinished;
use crate::quote::{fill, literal};

/// What is known about a statement before the catalogs are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It did not happen: it shares a transaction with its mark.
    None,
    /// It may have happened, and running it again does no harm.
    Harmless,
    /// The catalogs know.
    Ask(Target),
    /// Nobody knows.
    Unknown,
}

/// What to do about the statement that stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done: go on behind it.
    Done,
    /// It is not: run it, after these.
    Again { before: Vec<String> },
    /// It is half done: this ends it.
    Finish(String),
    /// Somebody else works on the table: a process of the server.
    Busy(String),
    /// A person has to say.
    Unknown,
}

/// Whether a statement is in doubt. What an older version began is judged by its kind.
pub(super) fn doubt(work: &Unfinished, kind: StatementKind, sql: &str) -> Doubt {
    let may_run_alone = matches!(
        kind,
        StatementKind::Call | StatementKind::Do | StatementKind::Reindex | StatementKind::Other
    );
    if !work.alone.unwrap_or(kind.refuses_transaction() || may_run_alone) {
        return Doubt::None;
    }
    match kind {
        StatementKind::Vacuum
        | StatementKind::Analyze
        | StatementKind::Cluster
        | StatementKind::ClusterAll
        | StatementKind::Reindex
        | StatementKind::AlterSystem
        | StatementKind::AlterDatabaseSetTablespace
        | StatementKind::DiscardAll => Doubt::Harmless,
        _ => match target(sql) {
            // The server chose its name, and nobody wrote it down.
            Some(Target::CreatedIndex { index: None, .. }) | None => Doubt::Unknown,
            Some(target) => Doubt::Ask(target),
        },
    }
}

/// An expression: what there is before a statement runs alone, by its number and not by its name. What is
/// there after it and was there before is none of its doing.
pub(super) fn before(sql: &str) -> String {
    match target(sql) {
        Some(Target::CreatedIndex { index: Some(index), table }) => {
            named(include_str!("before_created.sql"), &[("index", &index), ("table", &table)])
        }
        Some(Target::DroppedIndex(name)) => {
            named(include_str!("before_dropped.sql"), &[("name", &name)])
        }
        Some(Target::RebuiltIndex(name) | Target::RebuiltTable(name)) => {
            named(include_str!("before_rebuilt.sql"), &[("name", &name)])
        }
        Some(Target::DetachedPartition { table, partition }) => named(
            include_str!("before_detached.sql"),
            &[("table", &table), ("partition", &partition)],
        ),
        _ => "NULL::pg_catalog.jsonb".to_owned(),
    }
}

/// The question about a target; it goes by the numbers that were noted before, under whatever names.
pub(super) fn question(target: &Target) -> String {
    match target {
        Target::CreatedIndex { index: Some(index), .. } => {
            named(include_str!("probe_index.sql"), &[("index", index)])
        }
        Target::DroppedIndex(_) => include_str!("probe_dropped.sql").to_owned(),
        Target::DetachedPartition { .. } => include_str!("probe_detached.sql").to_owned(),
        _ => include_str!("probe_leftovers.sql").to_owned(),
    }
}

fn named(sql: &str, names: &[(&str, &Name)]) -> String {
    let values: Vec<_> = names.iter().map(|(key, it)| (*key, literal(&it.text))).collect();
    let values: Vec<_> = values.iter().map(|(key, it)| (*key, it.as_str())).collect();
    fill(sql, &values)
}

/// What the answer means. `failed`: the server said that the statement failed, so that whoever did what
/// looks like its work, it was not this one.
pub(super) fn verdict(target: &Target, rows: &[&[Option<String>]], failed: bool) -> Verdict {
    let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
    let is_true = |row: &[Option<String>], at: usize| cell(row, at).as_deref() == Some("t");
    let again = |before| Verdict::Again { before };
    let drop = |it: String| format!("DROP INDEX CONCURRENTLY {it}");
    let done_unless_failed = if failed { again(Vec::new()) } else { Verdict::Done };
    match (target, rows) {
        // It was there before: the statement says what it thinks of that.
        (Target::CreatedIndex { .. }, [row]) if is_true(row, 0) => again(Vec::new()),
        (Target::CreatedIndex { .. }, [row]) if is_true(row, 1) => done_unless_failed,
        (Target::CreatedIndex { .. }, [row]) => match cell(row, 3) {
            Some(pid) => Verdict::Busy(pid),
            None => again(cell(row, 2).map(drop).into_iter().collect()),
        },
        (Target::DroppedIndex(_), [row]) if is_true(row, 0) => done_unless_failed,
        (Target::RebuiltIndex(_) | Target::RebuiltTable(_), rows) => {
            match rows.iter().find_map(|it| cell(it, 1)) {
                Some(pid) => Verdict::Busy(pid),
                None => again(rows.iter().filter_map(|it| cell(it, 0)).map(drop).collect()),
            }
        }
        (Target::DetachedPartition { .. }, [row]) => match cell(row, 0).as_deref() {
            None => done_unless_failed,
            Some("t") => cell(row, 1).map_or(Verdict::Unknown, Verdict::Finish),
            Some(_) => again(Vec::new()),
        },
        _ => again(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use migrate_core::Direction;

    use super::*;

    fn work(alone: Option<bool>) -> Unfinished {
        Unfinished {
            version: String::new(),
            direction: Direction::Up,
            statement: 1,
            statement_checksum: String::new(),
            run: String::new(),
            sql: None,
            alone,
            failed: false,
            done: None,
            batched: None,
            half: false,
        }
    }

    #[test]
    fn only_what_ran_alone_is_in_doubt() {
        let doubt = |alone, kind, sql| super::doubt(&work(alone), kind, sql);
        let index = "CREATE INDEX CONCURRENTLY i ON t (a)";
        let concurrently = StatementKind::CreateIndexConcurrently;
        assert_eq!(
            doubt(Some(false), StatementKind::CreateTable, "CREATE TABLE t ()"),
            Doubt::None
        );
        assert_eq!(doubt(None, StatementKind::CreateTable, "CREATE TABLE t ()"), Doubt::None);
        assert_eq!(doubt(Some(true), StatementKind::Call, "CALL p()"), Doubt::Unknown);
        assert_eq!(doubt(None, StatementKind::Call, "CALL p()"), Doubt::Unknown);
        assert_eq!(doubt(Some(true), StatementKind::Vacuum, "VACUUM t"), Doubt::Harmless);
        assert!(matches!(doubt(None, concurrently, index), Doubt::Ask(_)));
        let unnamed = "CREATE INDEX CONCURRENTLY ON t (a)";
        assert_eq!(doubt(Some(true), concurrently, unnamed), Doubt::Unknown);
        assert_eq!(
            doubt(Some(true), StatementKind::CreateDatabase, "CREATE DATABASE d"),
            Doubt::Unknown
        );
    }

    #[test]
    fn the_catalogs_decide() {
        #[track_caller]
        fn check(sql: &str, rows: &[&[Option<&str>]], failed: bool, expected: &Verdict) {
            let rows: Vec<Vec<Option<String>>> = rows
                .iter()
                .map(|row| row.iter().map(|it| it.map(str::to_owned)).collect())
                .collect();
            let rows: Vec<&[Option<String>]> = rows.iter().map(Vec::as_slice).collect();
            assert_eq!(verdict(&target(sql).unwrap(), &rows, failed), *expected, "{sql}");
        }

        let again = |before: &[&str]| Verdict::Again {
            before: before.iter().map(|it| (*it).to_owned()).collect(),
        };
        let (t, f) = (Some("t"), Some("f"));
        let make = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)";
        let found = |was_there, valid| [was_there, valid, Some("s.i"), None];
        check(make, &[&found(f, t)], false, &Verdict::Done);
        check(make, &[&found(None, t)], false, &Verdict::Done);
        check(make, &[&found(t, t)], false, &again(&[]));
        check(make, &[&found(t, f)], false, &again(&[]));
        check(make, &[&found(f, t)], true, &again(&[]));
        check(make, &[&found(f, f)], false, &again(&["DROP INDEX CONCURRENTLY s.i"]));
        let busy = [f, f, Some("s.i"), Some("7")];
        check(make, &[&busy], true, &Verdict::Busy("7".to_owned()));
        check(make, &[], false, &again(&[]));
        check("DROP INDEX CONCURRENTLY i", &[&[t]], false, &Verdict::Done);
        check("DROP INDEX CONCURRENTLY i", &[&[t]], true, &again(&[]));
        check("DROP INDEX CONCURRENTLY i", &[&[f]], false, &again(&[]));
        let left = "DROP INDEX CONCURRENTLY s.i_ccnew";
        check(
            "REINDEX INDEX CONCURRENTLY i",
            &[&[Some("s.i_ccnew"), None]],
            false,
            &again(&[left]),
        );
        let busy = [Some("s.i_ccnew"), Some("7")];
        check("REINDEX TABLE CONCURRENTLY t", &[&busy], false, &Verdict::Busy("7".to_owned()));
        check("REINDEX TABLE CONCURRENTLY t", &[], true, &again(&[]));
        let detach = "ALTER TABLE p DETACH PARTITION c CONCURRENTLY";
        let rest = "ALTER TABLE p DETACH PARTITION c FINALIZE";
        let finish = Some(rest);
        check(detach, &[&[None, finish]], false, &Verdict::Done);
        check(detach, &[&[None, finish]], true, &again(&[]));
        check(detach, &[&[f, finish]], false, &again(&[]));
        check(detach, &[&[t, finish]], true, &Verdict::Finish(rest.to_owned()));
    }
}
