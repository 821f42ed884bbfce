//! `TRUNCATE` on the way up.

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;

pub(super) static RULE: Rule = Rule {
    id: "truncate",
    severity: Severity::Warning,
    title: "all rows of a table are deleted",
    harm: "The rows are gone, and no down script brings them back. The table is locked against readers until the \
           script ends, and a transaction with an older snapshot sees it empty. With CASCADE, every table whose \
           foreign keys reference it is emptied too, and those that reference these.",
    way_out: "-- keeps readers and writers going:\n-- migrate:batch table=sessions key=id size=5000\nDELETE FROM sessions WHERE id >= :batch_start AND id < :batch_end;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "TRUNCATE t"),
        Example::found("", "TRUNCATE TABLE t, s.u RESTART IDENTITY CASCADE"),
        Example::fine("", "CREATE TABLE t (a int); INSERT INTO t VALUES (1); TRUNCATE t"),
        Example::fine("", "INSERT INTO t VALUES (1)").with_down("TRUNCATE t"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::Truncate { tables } = &context.action.what else { return };
    let emptied = list(tables.iter().filter(|it| !context.is_fresh(it)));
    if !context.is_up() || emptied.is_empty() {
        return;
    }
    let others =
        if context.action.cascades { ", and of every table that references them" } else { "" };
    sink.report(
        context.action.range,
        format!("all rows of {emptied}{others} are gone for good"),
        "take a backup first (`up --with-backup`), and say so: `-- migrate:allow truncate because …`",
    );
}
