//! `DROP COLUMN` on the way up.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ObjectName, What};
use crate::sql::token::Tokens;

pub(super) static RULE: Rule = Rule {
    id: "drop-column",
    severity: Severity::Warning,
    title: "a column and all its values are dropped",
    harm: "The values are gone, and no down script brings them back. Programs that are still running with the old \
           code fail at once, also where they merely list all columns. Indexes and constraints that use the column \
           go with it.",
    way_out: "-- deploy the program that no longer reads or writes the column; where it must have a value:\nALTER TABLE contracts ALTER COLUMN remark DROP NOT NULL;\n-- in the next migration, when nothing that runs knows the column any more:\n-- migrate:allow drop-column because 2.14 was the last release that used it\nALTER TABLE contracts DROP COLUMN remark;",
    examples: &[
        Example::found("CREATE TABLE t (a int, b int)", "ALTER TABLE t DROP COLUMN b"),
        Example::found("", "ALTER TABLE t DROP a, DROP COLUMN IF EXISTS b CASCADE").times(2),
        Example::found("", "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t DROP COLUMN b"),
        Example::found("", "UPDATE t SET b = a::text WHERE b IS NULL; ALTER TABLE t DROP COLUMN a"),
        Example::fine("CREATE TABLE t (a int)", "ALTER TABLE t DROP COLUMN IF EXISTS b"),
        Example::fine("", "CREATE TABLE t (a int, b int); ALTER TABLE t DROP COLUMN b"),
        Example::fine("", "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t DROP COLUMN a"),
        Example::fine("", "ALTER TABLE t ADD COLUMN a int")
            .with_down("ALTER TABLE t DROP COLUMN a"),
        Example::found("", "UPDATE u SET b = t.a FROM t; ALTER TABLE t DROP COLUMN a"),
        Example::found("", "UPDATE t SET b = c; ALTER TABLE t DROP COLUMN a"),
        Example::found("", "UPDATE u SET b = a; ALTER TABLE t DROP COLUMN a"),
        Example::found("", "CREATE TABLE u AS SELECT a FROM t; ALTER TABLE t DROP COLUMN a"),
        Example::found("", "ALTER TABLE u ADD COLUMN a int; ALTER TABLE t DROP COLUMN a"),
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int; ALTER TABLE t DROP COLUMN a",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::AlterTable { table, change: Change::DropColumn { column, .. }, .. } =
        &context.action.what
    else {
        return;
    };
    if !context.is_up()
        || context.is_fresh(table)
        || context.is_fresh_column(table, column)
        || context.was_there == Some(false)
    {
        return;
    }
    let is_copied = is_copied(context, table, column);
    let column = ObjectName::plain(column);
    if is_copied {
        return sink.report(
            context.action.range,
            format!("programs that use {table}.{column} fail, whose values are copied before"),
            "drop it in a later migration, when no program that runs uses it any more",
        );
    }
    sink.report(
        context.action.range,
        format!("the values of {table}.{column} are gone for good{}", context.if_there()),
        "when no program that runs uses it any more, say so: `-- migrate:allow drop-column because …`",
    );
}

/// Whether a statement before it works on the table, or reads it, and speaks of the column.
fn is_copied(context: &ActionContext<'_>, table: &ObjectName, column: &str) -> bool {
    context.before.iter().any(|it| {
        let reads = match &it.action.what {
            What::Update { table: of, sources, .. } => of == table || sources.contains(table),
            What::Insert { sources, .. } | What::CreateTableAs { sources, .. } => {
                sources.contains(table)
            }
            _ => false,
        };
        let sql = it.action.range.of(&context.script.sql);
        let is_column = |text: &str| ObjectName::read(text).is_some_and(|it| it.name == column);
        reads && Tokens::of(sql).any(|it| is_column(it.text(sql)))
    })
}
