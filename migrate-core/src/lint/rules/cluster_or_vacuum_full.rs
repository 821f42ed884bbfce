//! `CLUSTER` and `VACUUM FULL`.

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;

pub(super) static RULE: Rule = Rule {
    id: "cluster-or-vacuum-full",
    severity: Severity::Error,
    title: "a table is written anew to make it smaller or to sort it",
    harm: "`CLUSTER` and `VACUUM FULL` lock the table in ACCESS EXCLUSIVE mode while every row is written anew \
           and every index is built: nobody can read or write it. They need as much free space as the table.",
    way_out: "-- migrate:no-transaction\nVACUUM (ANALYZE) contracts;\n-- the extension pg_repack does what CLUSTER and VACUUM FULL do, and locks for an instant",
    examples: &[
        Example::found("", "VACUUM FULL t"),
        Example::found("", "VACUUM (FULL, ANALYZE) t, u"),
        Example::found("", "VACUUM FULL"),
        Example::found("CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "CLUSTER t USING i"),
        Example::fine("", "VACUUM t"),
        Example::fine("", "VACUUM (ANALYZE, FULL false) t"),
        Example::fine("", "ALTER TABLE t CLUSTER ON i"),
        Example::fine("", "CREATE TABLE t (a int); VACUUM FULL t"),
        Example::fine("", "CREATE TABLE t (a int); CREATE INDEX i ON t (a); CLUSTER t USING i"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let of = match &context.action.what {
        What::Vacuum { tables, full: true } if tables.is_empty() => "every table".to_owned(),
        What::Vacuum { tables, full: true } => {
            list(tables.iter().filter(|it| !context.is_fresh(it)))
        }
        What::Cluster { table } if !context.is_fresh(table) => table.to_string(),
        _ => return,
    };
    if of.is_empty() {
        return;
    }
    sink.report(
        context.action.range,
        format!("reads and writes of {of} wait while every row is written anew"),
        "VACUUM without FULL keeps a table from growing; pg_repack makes it smaller while it is in use",
    );
}
