//! `RENAME TO` of tables and views in use.

use crate::analysis::Examined;
use crate::lint::{Check, Example, Rule, ScriptContext, Severity, Sink};
use crate::sql::action::{Change, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "rename-table",
    severity: Severity::Warning,
    title: "a table or view in use gets another name",
    harm: "From the moment the script commits, every program that is still running with the old name fails, and a \
           program with the new name fails before it. There is no order of deployment in which nobody does.",
    way_out: "ALTER TABLE contracts RENAME TO agreements;\n-- in the same script: the old name goes on, for reading and for writing\nCREATE VIEW contracts AS SELECT * FROM agreements;\n-- in a later migration, when nothing that runs uses it:\nDROP VIEW contracts;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t RENAME TO u"),
        Example::found("", "ALTER TABLE s.t RENAME TO u"),
        Example::found("", "ALTER VIEW v RENAME TO w"),
        Example::found("", "ALTER TABLE t RENAME TO u; CREATE VIEW v AS SELECT * FROM u"),
        Example::fine("", "ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT * FROM u"),
        Example::fine("", "ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t"),
        Example::fine("", "DROP TABLE t; ALTER TABLE t_new RENAME TO t"),
        Example::fine("", "ALTER TABLE t RENAME TO t_old; CREATE TABLE t (a int)"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t RENAME TO u"),
        Example::fine("", "DROP TABLE t; CREATE TABLE u (a int); ALTER TABLE u RENAME TO t"),
        Example::fine(
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
            "ALTER TABLE i RENAME TO j",
        ),
        Example::fine("", "ALTER TABLE t RENAME CONSTRAINT a TO b"),
        Example::fine("", "SELECT 1").with_down("ALTER TABLE u RENAME TO t"),
        Example::found("", "ALTER TABLE t RENAME TO t_index; DROP TABLE v"),
        Example::fine("", "ALTER TABLE t_id_seq RENAME TO u_id_seq"),
        Example::found("", "ALTER TABLE t RENAME TO u; ALTER TABLE v RENAME TO w").times(2),
        Example::found("", "CREATE TABLE n (a int); DROP TABLE o; ALTER TABLE t RENAME TO u"),
        Example::found("CREATE TABLE t_key (a int)", "ALTER TABLE t_key RENAME TO u"),
    ],
    check: Check::Script(check),
};

fn check(context: &ScriptContext<'_>, sink: &mut Sink<'_>) {
    if !context.is_up() {
        return;
    }
    for (index, examined) in context.actions.iter().enumerate() {
        let Some((from, to)) = renamed(&examined.action.what) else { continue };
        let (before, after) = context.actions.split_at(index);
        let stays = after.iter().skip(1).any(|it| is_named(&it.action.what, from));
        let is_fresh = before.iter().any(|it| is_named(&it.action.what, from));
        // What takes the place of another one is no name that programs know.
        let replaces = before.iter().any(|it| is_gone(&it.action.what, &to));
        if stays || is_fresh || replaces || is_other(examined) {
            continue;
        }
        sink.report(
            examined.action.range,
            format!("programs that use {from} fail once it is called {to}"),
            format!(
                "leave a view behind: CREATE VIEW {from} AS SELECT * FROM {}; or make a new table, write to both, \
                 and drop the old one later",
                from.beside(&to.name)
            ),
        );
    }
}

fn renamed(what: &What) -> Option<(&ObjectName, ObjectName)> {
    match what {
        What::AlterTable { table, change: Change::Rename { to }, .. } => {
            Some((table, table.beside(to)))
        }
        What::AlterView { view, renamed_to: Some(to) } => Some((view, view.beside(to))),
        _ => None,
    }
}

/// Whether the script itself makes a relation of this name.
fn is_named(what: &What, name: &ObjectName) -> bool {
    match what {
        What::CreateTable(it) => it.table == *name,
        What::CreateTableAs { table, .. } => table == name,
        What::CreateView { view, .. } | What::CreateMaterializedView { view, .. } => view == name,
        other => renamed(other).is_some_and(|(_, to)| to == *name),
    }
}

/// Whether nothing has this name any more.
fn is_gone(what: &What, name: &ObjectName) -> bool {
    match what {
        What::DropTable { tables: names, .. } | What::DropView { views: names, .. } => {
            names.contains(name)
        }
        other => renamed(other).is_some_and(|(from, _)| from == name),
    }
}

/// `ALTER TABLE` renames sequences and indexes too, whose locks and names no program knows.
fn is_other(examined: &Examined) -> bool {
    let What::AlterTable { table, .. } = &examined.action.what else { return false };
    let endings = ["_seq", "_idx", "_index", "_pkey", "_key", "_fkey", "_pk"];
    examined.was_there == Some(false)
        || examined.was_there.is_none() && endings.iter().any(|it| table.name.ends_with(it))
}
