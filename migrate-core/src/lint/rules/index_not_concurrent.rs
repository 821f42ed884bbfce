//! `CREATE INDEX` on a table in use.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;

pub(super) static RULE: Rule = Rule {
    id: "index-not-concurrent",
    severity: Severity::Error,
    title: "an index is built while nobody can write",
    harm: "`CREATE INDEX` holds a SHARE lock on the table until the index is built: every INSERT, UPDATE and \
           DELETE waits, for minutes on a large table. With `CONCURRENTLY` it takes a lock that writers do \
           not notice.",
    way_out: "-- migrate:no-transaction\nCREATE INDEX CONCURRENTLY contracts_owner_idx ON contracts (owner_id);",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "CREATE INDEX t_a_idx ON t (a)"),
        Example::found("", "CREATE UNIQUE INDEX ON s.t (a)"),
        Example::fine("CREATE TABLE t (a int)", "CREATE INDEX CONCURRENTLY t_a_idx ON t (a)"),
        Example::fine("", "CREATE TABLE t (a int); CREATE INDEX t_a_idx ON t (a)"),
        // Only the parent's own entry is made; its partitions get theirs one by one.
        Example::fine(
            "CREATE TABLE t (a int) PARTITION BY RANGE (a)",
            "CREATE INDEX i ON ONLY t (a)",
        ),
        Example::found("CREATE TABLE p (a int) PARTITION BY LIST (a)", "CREATE INDEX i ON p (a)"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::CreateIndex(new) = &context.action.what else { return };
    if new.concurrently || new.only || context.is_fresh(&new.table) {
        return;
    }
    let table = &new.table;
    let help = if context.known.is_partitioned(table) {
        format!(
            "build one on each partition with CREATE INDEX CONCURRENTLY, then CREATE INDEX … ON ONLY {table} \
             and ALTER INDEX … ATTACH PARTITION"
        )
    } else {
        "CREATE INDEX CONCURRENTLY, in a script of its own with `-- migrate:no-transaction`"
            .to_owned()
    };
    sink.report(
        context.action.range,
        format!("writes to {table} wait until the index is built"),
        help,
    );
}
