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
    way_out: "-- migrate:batch table=sessions key=id size=5000\nDELETE FROM sessions WHERE id >= :batch_start AND id < :batch_end;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "DELETE FROM t"),
        Example::found("", "DELETE FROM t USING u"),
        Example::found("", "WITH x AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT a FROM x"),
        Example::fine("", "DELETE FROM t WHERE a = 1"),
        Example::fine("", "CREATE TABLE t (a int); DELETE FROM t"),
        Example::fine("", "INSERT INTO t VALUES (1)").with_down("DELETE FROM t"),
        Example::fine(
            "",
            "-- migrate:batch table=t key=id\nDELETE FROM t WHERE id >= :batch_start AND id < :batch_end",
        ),
        // The range is there, and nothing of `t` hangs on it.
        Example::found(
            "",
            "-- migrate:batch table=u key=id\nWITH x AS (DELETE FROM t RETURNING a) INSERT INTO v SELECT u.a FROM u WHERE id >= :batch_start AND id < :batch_end",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::Delete { table, has_where: false, .. } = &context.action.what else { return };
    if !context.is_up() || context.is_fresh(table) {
        return;
    }
    if context.is_batch() {
        return sink.report(
            context.action.range,
            format!("all rows of {table} are deleted by the first batch"),
            "say which are those of the batch, in its WHERE: `KEY >= :batch_start AND KEY < :batch_end`",
        );
    }
    sink.report(
        context.action.range,
        format!("all rows of {table} are deleted in one go"),
        format!(
            "say which rows; where it is all of a large table, in batches, with \
             `-- migrate:batch table={table} key=…` above it"
        ),
    );
}
