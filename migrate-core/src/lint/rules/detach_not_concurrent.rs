//! `DETACH PARTITION` of a table in use.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::Change;

pub(super) static RULE: Rule = Rule {
    id: "detach-not-concurrent",
    severity: Severity::Info,
    title: "a partition is detached while nobody can use the partitioned table",
    harm: "`DETACH PARTITION` locks the partitioned table, the partition, the default partition and every table \
           whose foreign keys reference it in ACCESS EXCLUSIVE mode: for an instant, but it waits for all \
           running queries, and all later ones wait behind it.",
    way_out: "-- migrate:no-transaction\nALTER TABLE contracts DETACH PARTITION contracts_2020 CONCURRENTLY;",
    examples: &[
        Example::found("", "ALTER TABLE p DETACH PARTITION t"),
        Example::fine("", "ALTER TABLE p DETACH PARTITION t CONCURRENTLY"),
        Example::fine("", "ALTER TABLE p DETACH PARTITION t FINALIZE"),
        // With a default partition there is no other way.
        Example::fine(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF p DEFAULT",
            "ALTER TABLE p DETACH PARTITION t",
        ),
        Example::fine(
            "",
            "CREATE TABLE p (a int) PARTITION BY LIST (a); ALTER TABLE p DETACH PARTITION t",
        ),
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2); CREATE TABLE q (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF q DEFAULT",
            "ALTER TABLE p DETACH PARTITION t",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, Change::Detach { partition, concurrently: false, finalize: false })) =
        context.altered()
    else {
        return;
    };
    if context.known.default_partition(table).is_some() {
        return;
    }
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait for the lock that detaching {partition} needs"),
        format!(
            "ALTER TABLE {table} DETACH PARTITION {partition} CONCURRENTLY, in a script of its own with \
             `-- migrate:no-transaction`; it does not work beside a default partition"
        ),
    );
}
