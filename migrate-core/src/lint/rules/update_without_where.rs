//! `UPDATE` of all rows at once.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "update-without-where",
    severity: Severity::Warning,
    title: "all rows of a table are updated in one go",
    harm: "Every row is written a second time and stays locked until the script ends: whoever wants to change one of \
           them waits. The table and its indexes grow to twice their size, replicas fall behind, and an error near \
           the end throws everything away.",
    way_out: "-- migrate:batch table=contracts key=id size=5000\nUPDATE contracts SET state = 'open'\nWHERE id >= :batch_start AND id < :batch_end AND state IS NULL;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "UPDATE t SET a = 1"),
        Example::found("", "UPDATE t SET a = u.a FROM u"),
        Example::found("", "ALTER TABLE t ADD COLUMN a int; UPDATE t SET a = 1"),
        Example::found("", "WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM x"),
        Example::found("", "SELECT 1").with_down("UPDATE t SET a = 1"),
        Example::fine("", "UPDATE t SET a = 1 WHERE a IS NULL"),
        Example::fine("", "CREATE TABLE t (a int); INSERT INTO t SELECT 1; UPDATE t SET a = 2"),
        Example::fine("", "CREATE TEMP TABLE t AS SELECT 1 AS a; UPDATE t SET a = 2"),
        Example::found(
            "",
            "-- migrate:no-transaction\nALTER TABLE t ADD COLUMN a int; UPDATE t SET a = 1",
        ),
        Example::fine(
            "",
            "ALTER TABLE t ADD COLUMN a int;\n-- migrate:batch table=t key=id\nUPDATE t SET a = 1 WHERE id >= :batch_start AND id < :batch_end",
        ),
        // The range is there, and nothing of `t` hangs on it.
        Example::found(
            "",
            "-- migrate:batch table=u key=id\nUPDATE t SET a = 1 FROM (SELECT FROM u WHERE id >= :batch_start AND id < :batch_end) AS part",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::Update { table, columns, has_where: false, .. } = &context.action.what else {
        return;
    };
    if context.is_fresh(table) {
        return;
    }
    if context.is_batch() {
        return sink.report(
            context.action.range,
            format!("all rows of {table} are written by every batch"),
            "say which are those of the batch, in its WHERE: `KEY >= :batch_start AND KEY < :batch_end`",
        );
    }
    let added = columns.iter().find(|it| context.is_fresh_column(table, it));
    let Some(column) = added.map(|it| ObjectName::plain(it.as_str())) else {
        let help = format!(
            "in batches, with `-- migrate:batch table={table} key=…` above it; where the table is small: \
             `-- migrate:allow update-without-where because …`"
        );
        let message = format!("all rows of {table} are written and locked until the script ends");
        return sink.report(context.action.range, message, help);
    };
    let holds = if context.is_transactional() {
        ", while the column that was just added keeps readers out"
    } else {
        ""
    };
    sink.report(
        context.action.range,
        format!("all rows of {table} are written to fill {column}{holds}"),
        format!(
            "where it is a constant: ADD COLUMN {column} … DEFAULT …, which fills all rows without writing them; \
             else in batches, with `-- migrate:batch table={table} key=…` above it: then each statement commits by \
             itself"
        ),
    );
}
