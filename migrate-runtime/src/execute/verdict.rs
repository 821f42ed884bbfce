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
        | StatementKind::ReindexAll
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

/// The question about a target, to be asked under the search path of the script.
pub(super) fn question(target: &Target) -> String {
    let named = |sql: &str, names: &[(&str, &Name)]| {
        let values: Vec<_> = names.iter().map(|(key, it)| (*key, literal(&it.text))).collect();
        let values: Vec<_> = values.iter().map(|(key, it)| (*key, it.as_str())).collect();
        fill(sql, &values)
    };
    match target {
        Target::CreatedIndex { index: Some(index), table } => {
            let index = literal(&index.last);
            fill(
                include_str!("probe_index.sql"),
                &[("table", &literal(&table.text)), ("index", &index)],
            )
        }
        Target::DroppedIndex(name) => named(include_str!("probe_dropped.sql"), &[("name", name)]),
        Target::RebuiltIndex(name) | Target::RebuiltTable(name) => {
            named(include_str!("probe_leftovers.sql"), &[("name", name)])
        }
        Target::DetachedPartition { table, partition } => {
            named(include_str!("probe_detached.sql"), &[("table", table), ("partition", partition)])
        }
        _ => String::new(),
    }
}

/// What the answer means. `failed`: the server said that the statement failed, so that what looks
/// finished was there before it.
pub(super) fn verdict(target: &Target, rows: &[&[Option<String>]], failed: bool) -> Verdict {
    let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
    let is_true = |row: &[Option<String>]| cell(row, 0).as_deref() == Some("t");
    let again = |before| Verdict::Again { before };
    let done_unless_failed = if failed { again(Vec::new()) } else { Verdict::Done };
    match (target, rows) {
        (Target::CreatedIndex { .. }, [row]) if is_true(row) => done_unless_failed,
        (Target::CreatedIndex { .. }, [row]) => again(
            cell(row, 1).map(|it| format!("DROP INDEX CONCURRENTLY {it}")).into_iter().collect(),
        ),
        (Target::DroppedIndex(_), [row]) if is_true(row) => done_unless_failed,
        (Target::RebuiltIndex(_) | Target::RebuiltTable(_), rows) => {
            let left = rows.iter().filter_map(|it| cell(it, 0));
            again(left.map(|it| format!("DROP INDEX CONCURRENTLY {it}")).collect())
        }
        (Target::DetachedPartition { .. }, []) => done_unless_failed,
        (Target::DetachedPartition { table, partition }, [row]) if is_true(row) => Verdict::Finish(
            format!("ALTER TABLE {} DETACH PARTITION {} FINALIZE", table.text, partition.text),
        ),
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
        check(make, &[&[t, Some("s.i")]], false, &Verdict::Done);
        check(make, &[&[t, Some("s.i")]], true, &again(&[]));
        check(make, &[&[f, Some("s.i")]], false, &again(&["DROP INDEX CONCURRENTLY s.i"]));
        check(make, &[], false, &again(&[]));
        check("DROP INDEX CONCURRENTLY i", &[&[t]], false, &Verdict::Done);
        check("DROP INDEX CONCURRENTLY i", &[&[t]], true, &again(&[]));
        check("DROP INDEX CONCURRENTLY i", &[&[f]], false, &again(&[]));
        let left = "DROP INDEX CONCURRENTLY s.i_ccnew";
        check("REINDEX INDEX CONCURRENTLY i", &[&[Some("s.i_ccnew")]], false, &again(&[left]));
        check("REINDEX TABLE CONCURRENTLY t", &[], true, &again(&[]));
        let detach = "ALTER TABLE p DETACH PARTITION c CONCURRENTLY";
        check(detach, &[], false, &Verdict::Done);
        check(detach, &[], true, &again(&[]));
        check(detach, &[&[f]], false, &again(&[]));
        let finish = "ALTER TABLE p DETACH PARTITION c FINALIZE".to_owned();
        check(detach, &[&[t]], true, &Verdict::Finish(finish));
    }
}
