//! `RENAME COLUMN` of tables in use.

use crate::lint::{Check, Example, Rule, ScriptContext, Severity, Sink};
use crate::sql::action::{Change, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "rename-column",
    severity: Severity::Warning,
    title: "a column in use gets another name",
    harm: "From the moment the script commits, every program that is still running with the old name fails, and a \
           program with the new name fails before it. There is no order of deployment in which nobody does.",
    way_out: "ALTER TABLE contracts ADD COLUMN owner_id bigint;\n-- deploy a program that writes both and reads the old one; in the next migration fill in what is missing:\n-- migrate:batch table=contracts key=id size=5000\nUPDATE contracts SET owner_id = user_id\nWHERE id >= :batch_start AND id < :batch_end AND owner_id IS DISTINCT FROM user_id;\n-- deploy a program that knows the new one alone, and in a later migration:\nALTER TABLE contracts DROP COLUMN user_id;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t RENAME COLUMN a TO b"),
        Example::found("", "ALTER TABLE s.t RENAME a TO b"),
        Example::found("", "ALTER TABLE t ADD COLUMN c int; ALTER TABLE t RENAME COLUMN a TO b"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t RENAME COLUMN a TO b"),
        Example::fine("", "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t RENAME COLUMN a TO b"),
        Example::fine(
            "",
            "ALTER TABLE t RENAME COLUMN a TO a_old; ALTER TABLE t RENAME COLUMN a_new TO a",
        ),
        Example::fine("", "ALTER TABLE t DROP COLUMN a; ALTER TABLE t RENAME COLUMN a_new TO a"),
        Example::fine("", "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t ADD COLUMN a int"),
        Example::fine(
            "",
            "ALTER TABLE t RENAME TO t2; ALTER TABLE t2 RENAME COLUMN a TO b; CREATE VIEW t AS SELECT b AS a FROM t2",
        ),
        Example::fine("", "SELECT 1").with_down("ALTER TABLE t RENAME COLUMN b TO a"),
        Example::found(
            "",
            "ALTER TABLE u RENAME COLUMN b TO a; ALTER TABLE t RENAME COLUMN a TO b",
        )
        .times(2),
        Example::found(
            "",
            "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME COLUMN c TO d",
        )
        .times(2),
    ],
    check: Check::Script(check),
};

fn check(context: &ScriptContext<'_>, sink: &mut Sink<'_>) {
    if !context.is_up() {
        return;
    }
    for (index, examined) in context.actions.iter().enumerate() {
        let What::AlterTable { table, change: Change::RenameColumn { from, to }, .. } =
            &examined.action.what
        else {
            continue;
        };
        let is_named = |it: &What| match it {
            What::AlterTable { table: of, change, .. } if of == table => match change {
                Change::AddColumn { column, .. } => column.name == *from,
                // What takes the place of another one is no name that programs know.
                Change::RenameColumn { from: old, to: new } => new == from || old == to,
                Change::DropColumn { column, .. } => column == to,
                _ => false,
            },
            _ => false,
        };
        let others = context.actions.iter().enumerate().filter(|(other, _)| *other != index);
        // Where the table itself got this name just now, the rule about tables speaks.
        let is_new = |it: &What| matches!(it, What::AlterTable { table: of, change: Change::Rename { to }, .. } if of.beside(to) == *table);
        if context.fresh.relations.contains(table)
            || others.clone().any(|(_, it)| is_named(&it.action.what) || is_new(&it.action.what))
        {
            continue;
        }
        let (from, to) = (ObjectName::plain(from), ObjectName::plain(to));
        sink.report(
            examined.action.range,
            format!("programs that use {table}.{from} fail once it is called {to}"),
            format!(
                "add {to}, write to both, fill in what is missing, and drop {from} in a later migration"
            ),
        );
    }
}
