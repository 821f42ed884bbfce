//! `DROP TABLE` on the way up.

use crate::analysis::Examined;
use crate::lint::context::list;
use crate::lint::{Check, Example, Rule, ScriptContext, Severity, Sink};
use crate::sql::action::{Change, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "drop-table",
    severity: Severity::Warning,
    title: "a table and all its rows are dropped",
    harm: "The rows are gone, and no down script brings them back. Programs that are still running with the \
           old code fail at once. Every table that it references is locked against readers too.",
    way_out: "-- deploy the program that no longer uses the table, then keep the rows for a while:\nALTER TABLE contracts RENAME TO contracts_dropped_later;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "DROP TABLE t"),
        Example::found("", "DROP TABLE IF EXISTS t, u"),
        Example::found("CREATE TABLE t (a int)", "DROP TABLE t; CREATE TABLE t (a text)"),
        // Programs that use it fail.
        Example::found("", "INSERT INTO u SELECT * FROM t; DROP TABLE t"),
        Example::fine("", "CREATE TABLE t (a int); DROP TABLE t"),
        Example::fine("", "CREATE TABLE n (a int); ALTER TABLE n RENAME TO t; DROP TABLE t"),
        Example::fine(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t RENAME TO o; CREATE TABLE t (a text); INSERT INTO t SELECT a FROM o; DROP TABLE o",
        ),
        Example::fine(
            "CREATE TABLE t (a int)",
            "CREATE TABLE n AS SELECT a::text FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
        ),
        Example::fine("", "CREATE TABLE t (a int)").with_down("DROP TABLE t"),
        Example::found(
            "CREATE TABLE t (a int)",
            "CREATE TABLE IF NOT EXISTS t (a int); DROP TABLE IF EXISTS t",
        ),
        Example::found(
            "",
            "CREATE TABLE u (a int); CREATE TABLE n (a int); ALTER TABLE n RENAME TO o; ALTER TABLE p RENAME TO q; DROP TABLE t",
        ),
        Example::found("", "ALTER TABLE u RENAME TO t; DROP TABLE t"),
    ],
    check: Check::Script(check),
};

fn check(context: &ScriptContext<'_>, sink: &mut Sink<'_>) {
    if !context.is_up() {
        return;
    }
    for (index, examined) in context.actions.iter().enumerate() {
        let What::DropTable { tables, if_exists, .. } = &examined.action.what else { continue };
        let (before, after) = context.actions.split_at(index);
        let in_use: Vec<&ObjectName> = tables.iter().filter(|it| !is_made(before, it)).collect();
        let (copied, gone): (Vec<&ObjectName>, Vec<&ObjectName>) =
            in_use.into_iter().partition(|it| is_copied(before, it));
        // In whose place is another one, or whose name is as new as this script, is used by nobody.
        let broken: Vec<&ObjectName> =
            copied.into_iter().filter(|it| !is_named(before, it) && !is_named(after, it)).collect();
        let is_doubtful = *if_exists && examined.was_there.is_none();
        let if_there = if is_doubtful { ", if it is there" } else { "" };
        if !gone.is_empty() {
            sink.report(
                examined.action.range,
                format!("the rows of {} are gone for good{if_there}", list(&gone)),
                "take a backup first (`up --with-backup`), and say so: \
                 `-- migrate:allow drop-table because …`",
            );
        } else if !broken.is_empty() {
            sink.report(
                examined.action.range,
                format!("programs that use {} fail, whose rows are copied before", list(&broken)),
                "drop it in a later migration, when no program that runs uses it any more",
            );
        }
    }
}

/// Whether the script made the table itself.
fn is_made(before: &[Examined], table: &ObjectName) -> bool {
    before.iter().enumerate().any(|(index, it)| match &it.action.what {
        What::CreateTable(new) => new.table == *table && it.was_there != Some(true),
        What::CreateTableAs { table: new, .. } => new == table,
        what => {
            renamed(what).is_some_and(|(from, to)| to == *table && is_made(&before[..index], from))
        }
    })
}

/// Whether the rows were put somewhere else.
fn is_copied(before: &[Examined], table: &ObjectName) -> bool {
    before.iter().any(|it| match &it.action.what {
        What::Insert { sources, .. } | What::CreateTableAs { sources, .. } => {
            sources.contains(table)
        }
        _ => false,
    })
}

/// Whether something gets this name.
fn is_named(actions: &[Examined], name: &ObjectName) -> bool {
    actions.iter().any(|it| match &it.action.what {
        What::CreateTable(new) => new.table == *name,
        What::CreateTableAs { table, .. } => table == name,
        What::CreateView { view, .. } => view == name,
        what => renamed(what).is_some_and(|(_, to)| to == *name),
    })
}

fn renamed(what: &What) -> Option<(&ObjectName, ObjectName)> {
    match what {
        What::AlterTable { table, change: Change::Rename { to }, .. } => {
            Some((table, table.beside(to)))
        }
        _ => None,
    }
}
