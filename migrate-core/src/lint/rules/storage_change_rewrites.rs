//! `SET LOGGED`, another tablespace, another access method.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::Change;

pub(super) static RULE: Rule = Rule {
    id: "storage-change-rewrites",
    severity: Severity::Error,
    title: "a table is stored in another way and written anew",
    harm: "`SET LOGGED`, `SET UNLOGGED`, `SET TABLESPACE` and `SET ACCESS METHOD` lock the table in ACCESS \
           EXCLUSIVE mode while all of it is written anew: nobody can read or write it. Where it is stored so \
           already, nothing is written.",
    way_out: "-- make a new table that is stored so, fill it in batches (`-- migrate:batch`), and swap the names:\nCREATE TABLE contracts_new (LIKE contracts INCLUDING ALL) TABLESPACE fast;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t SET LOGGED"),
        Example::found("", "ALTER TABLE t SET UNLOGGED"),
        Example::found("", "ALTER TABLE t SET TABLESPACE fast"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t SET LOGGED"),
        Example::fine("", "ALTER TABLE t SET (fillfactor = 90)"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, change)) = context.altered() else { return };
    if !matches!(change, Change::SetPersistence | Change::SetTablespace | Change::SetAccessMethod) {
        return;
    }
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait while it is written anew, unless it is stored so already"),
        "make a new table that is stored so, fill it in batches (`-- migrate:batch`), and swap the names",
    );
}
