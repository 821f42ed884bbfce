//! `DELETE` of all rows on the way up.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;

pub(super) static RULE: Rule = Rule {
    id: "delete-without-where",
    severity: Severity::Warning,
    title: "all rows of a table are deleted in one go",
    harm: "The rows are gone, and no down script brings them back. Every one of them is marked, and stays locked \
           until the script ends; every table that references it is searched for each of them. Nothing becomes \
           smaller before a vacuum.",
    way_out: "-- migrate:no-transaction\n-- a part at a time, each committed by itself; repeat it until it deletes nothing:\nDELETE FROM sessions WHERE id IN (SELECT id FROM sessions LIMIT 10000);",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "DELETE FROM t"),
        Example::found("", "DELETE FROM t USING u"),
        Example::found("", "WITH x AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT a FROM x"),
        Example::fine("", "DELETE FROM t WHERE a = 1"),
        Example::fine("", "CREATE TABLE t (a int); DELETE FROM t"),
        Example::fine("", "INSERT INTO t VALUES (1)").with_down("DELETE FROM t"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::Delete { table, has_where: false, .. } = &context.action.what else { return };
    if !context.is_up() || context.is_fresh(table) {
        return;
    }
    sink.report(
        context.action.range,
        format!("all rows of {table} are deleted in one go"),
        "say which rows; where it is all of a large table, in parts, in a script with `-- migrate:no-transaction`",
    );
}
