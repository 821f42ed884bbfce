//! `DROP INDEX` of a table in use.

use std::collections::BTreeSet;

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "drop-index-not-concurrent",
    severity: Severity::Info,
    title: "an index is dropped while nobody can read the table",
    harm: "`DROP INDEX` locks the table in ACCESS EXCLUSIVE mode: for an instant, but first it waits for every \
           query that is running, and all later ones wait behind it. With `CONCURRENTLY` nobody waits.",
    way_out: "-- migrate:no-transaction\nDROP INDEX CONCURRENTLY contracts_owner_idx;",
    examples: &[
        Example::found(
            "CREATE TABLE t (a int); CREATE INDEX t_a_idx ON t (a)",
            "DROP INDEX t_a_idx",
        ),
        Example::found("", "DROP INDEX IF EXISTS s.i, s.j"),
        Example::found("CREATE TABLE t (a int)", "CREATE INDEX i ON t (a); DROP INDEX i"),
        Example::found("CREATE TABLE t (a int)", "SELECT 1").with_down("DROP INDEX t_a_idx"),
        Example::fine("", "DROP INDEX CONCURRENTLY t_a_idx"),
        Example::fine("", "CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i"),
        // The index goes with its table.
        Example::fine("", "DROP TABLE IF EXISTS t; DROP INDEX IF EXISTS t_a_idx"),
        Example::fine(
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
            "DROP INDEX i; DROP TABLE t",
        ),
        // There is no other way.
        Example::fine(
            "CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE INDEX i ON t (a)",
            "DROP INDEX i",
        ),
        Example::found("", "SELECT 1; DROP INDEX IF EXISTS i"),
        Example::found("", "DROP TABLE t; DROP INDEX i"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::DropIndex { indexes, concurrently: false, if_exists, .. } = &context.action.what
    else {
        return;
    };
    let table = |it: &ObjectName| context.known.indexes.get(it).map(|it| &it.table);
    let drops = |it: &What| match it {
        What::DropTable { .. } | What::DropSchema { .. } => true,
        What::AlterTable { change, .. } => {
            matches!(change, Change::DropColumn { .. } | Change::DropConstraint { .. })
        }
        _ => false,
    };
    let has_dropped = context.before.iter().any(|it| drops(&it.action.what));
    let waits = |index: &&ObjectName| match table(index) {
        Some(table) => {
            !context.is_fresh(table)
                && !context.fresh.gone.contains(table)
                && !context.known.is_partitioned(table)
        }
        // It may have gone with its table or column: then nothing is locked.
        None => !(context.is_fresh(index) || *if_exists && has_dropped),
    };
    let waiting: Vec<&ObjectName> = indexes.iter().filter(waits).collect();
    if waiting.is_empty() {
        return;
    }
    let tables: BTreeSet<String> = waiting
        .iter()
        .map(|it| table(it).map_or_else(|| format!("the table of {it}"), ToString::to_string))
        .collect();
    let (tables, names) = (list(tables), list(&waiting));
    sink.report(
        context.action.range,
        format!("reads and writes of {tables} wait for the lock that dropping {names} needs"),
        format!(
            "DROP INDEX CONCURRENTLY {}, in a script of its own with `-- migrate:no-transaction`",
            waiting[0]
        ),
    );
}
