//! `DROP INDEX` of a table in use.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{ObjectName, What};

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
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::DropIndex { indexes, concurrently: false, if_exists, .. } = &context.action.what
    else {
        return;
    };
    let table = |it: &ObjectName| context.known.indexes.get(it).map(|it| it.table.clone());
    let drops_tables = context
        .before
        .iter()
        .any(|it| matches!(it.action.what, What::DropTable { .. } | What::DropSchema { .. }));
    let waits = |index: &&ObjectName| match table(index) {
        Some(table) => {
            let known = context.known.tables.get(&table);
            !context.is_fresh(&table)
                && !context.fresh.gone.contains(&table)
                && !known.is_some_and(|it| it.is_partitioned)
        }
        // It may have gone with its table: then nothing is locked.
        None => !(context.is_fresh(index) || *if_exists && drops_tables),
    };
    let Some(index) = indexes.iter().find(waits) else { return };
    let table = table(index).map_or_else(|| format!("the table of {index}"), |it| it.to_string());
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait for the lock that dropping {index} needs"),
        format!(
            "DROP INDEX CONCURRENTLY {index}, in a script of its own with `-- migrate:no-transaction`"
        ),
    );
}
