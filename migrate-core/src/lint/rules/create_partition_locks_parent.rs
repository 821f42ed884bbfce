//! `CREATE TABLE … PARTITION OF` a table in use.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{NewTable, What};

pub(super) static RULE: Rule = Rule {
    id: "create-partition-locks-parent",
    severity: Severity::Info,
    title: "a partition is made while nobody can use the partitioned table",
    harm: "`CREATE TABLE … PARTITION OF` locks the partitioned table in ACCESS EXCLUSIVE mode: for an instant, \
           but it waits for all running queries, and all later ones wait behind it. A table that is made \
           first and attached then needs a lock that neither readers nor writers notice.",
    way_out: "CREATE TABLE contracts_2026 (LIKE contracts INCLUDING ALL);\nALTER TABLE contracts ATTACH PARTITION contracts_2026\n    FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
    examples: &[
        Example::found("", "CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)"),
        Example::fine(
            "",
            "CREATE TABLE t (LIKE p INCLUDING ALL); ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (1) TO (2)",
        ),
        Example::fine(
            "",
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
        Example::fine(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF p DEFAULT; CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
            "CREATE TABLE IF NOT EXISTS t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::CreateTable(NewTable { table, partition_of: Some(parent), .. }) =
        &context.action.what
    else {
        return;
    };
    if context.is_fresh(parent) || context.is_done_already() {
        return;
    }
    sink.report(
        context.action.range,
        format!("reads and writes of {parent} wait for the lock that making {table} needs"),
        format!("CREATE TABLE {table} (LIKE {parent} INCLUDING ALL), then ATTACH PARTITION"),
    );
}
