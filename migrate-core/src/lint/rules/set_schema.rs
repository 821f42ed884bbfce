//! `SET SCHEMA` of tables in use.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "set-schema",
    severity: Severity::Warning,
    title: "a table in use moves to another schema",
    harm: "Every program that names the table with its schema fails from the moment the script commits, and every \
           program whose `search_path` does not have the new schema does too.",
    way_out: "-- see to it that everybody finds it there, which new sessions do from now on:\nALTER ROLE app SET search_path = public, archive;\n-- in the next migration, when no session is older than that:\n-- migrate:allow set-schema because app has archive in its search_path since 2.14\nALTER TABLE contracts SET SCHEMA archive;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t SET SCHEMA s"),
        Example::found("", "ALTER TABLE IF EXISTS s.t SET SCHEMA public"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t SET SCHEMA s"),
        Example::fine("", "SELECT 1").with_down("ALTER TABLE s.t SET SCHEMA public"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::AlterTable { table, change: Change::SetSchema { to }, .. } = &context.action.what
    else {
        return;
    };
    if !context.is_up() || context.is_fresh(table) {
        return;
    }
    let to = ObjectName::plain(to);
    sink.report(
        context.action.range,
        format!("programs whose search_path does not have {to} no longer find {table}"),
        format!(
            "put {to} into the search_path of every role that uses it first, or leave a view behind"
        ),
    );
}
