//! `DROP TABLE` on the way up.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;

pub(super) static RULE: Rule = Rule {
    id: "drop-table",
    severity: Severity::Warning,
    title: "a table and all its rows are dropped",
    harm: "The rows are gone, and no down script brings them back. Programs that are still running with the \
           old code fail at once. Every table that it references is locked against readers too.",
    way_out: "-- deploy the program that no longer uses the table, then keep the rows for a while:\nALTER TABLE contracts RENAME TO contracts_dropped_later;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "DROP TABLE t"),
        Example::fine("", "CREATE TABLE t (a int); DROP TABLE t"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("DROP TABLE t"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::DropTable { tables, .. } = &context.action.what else { return };
    let gone: Vec<String> =
        tables.iter().filter(|it| !context.is_fresh(it)).map(ToString::to_string).collect();
    if !context.is_up() || gone.is_empty() {
        return;
    }
    sink.report(
        context.action.range,
        format!("the rows of {} are gone for good{}", gone.join(", "), context.if_there()),
        "take a backup first (`up --with-backup`), and say so: `-- migrate:allow drop-table because …`",
    );
}
