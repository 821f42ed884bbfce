//! A new column that is NOT NULL and has no value for the rows that are there.

use crate::analysis::Examined;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "not-null-without-default",
    severity: Severity::Warning,
    title: "a column is added NOT NULL, and the rows that are there have no value for it",
    harm: "It fails as soon as the table holds a row, though it went well on the empty table of a test: \
           `column \"owner_id\" of relation \"contracts\" contains null values`.",
    way_out: "ALTER TABLE contracts ADD COLUMN owner_id bigint NOT NULL DEFAULT 0;\n-- or add it without NOT NULL, and deploy a program that writes it; in the next migration:\n-- migrate:batch table=contracts key=id size=5000\nUPDATE contracts SET owner_id = created_by\nWHERE id >= :batch_start AND id < :batch_end AND owner_id IS NULL;\n-- each statement commits by itself, because of the batch:\nALTER TABLE contracts ADD CONSTRAINT contracts_owner_not_null\n    CHECK (owner_id IS NOT NULL) NOT VALID;\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_owner_not_null;\nALTER TABLE contracts ALTER COLUMN owner_id SET NOT NULL;\nALTER TABLE contracts DROP CONSTRAINT contracts_owner_not_null;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN b int NOT NULL"),
        Example::found("", "ALTER TABLE t ADD COLUMN b int PRIMARY KEY"),
        Example::found("", "ALTER TABLE t ADD b int; ALTER TABLE t ALTER b SET NOT NULL"),
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD b int, ALTER b SET DEFAULT 1, ALTER b SET NOT NULL",
        ),
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t DROP COLUMN a")
            .with_down("ALTER TABLE t ADD COLUMN a int NOT NULL"),
        Example::fine("", "ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 0"),
        Example::fine("", "ALTER TABLE t ADD COLUMN b bigserial"),
        Example::fine("", "ALTER TABLE t ADD COLUMN b int GENERATED ALWAYS AS IDENTITY"),
        Example::fine("", "ALTER TABLE t ADD COLUMN b int NOT NULL GENERATED ALWAYS AS (a) STORED"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t ADD b int NOT NULL"),
        Example::fine("", "TRUNCATE t; ALTER TABLE t ADD b int NOT NULL"),
        Example::fine("", "DELETE FROM t; ALTER TABLE t ADD b int NOT NULL"),
        Example::fine(
            "",
            "ALTER TABLE t ADD b int; UPDATE t SET b = a; ALTER TABLE t ALTER b SET NOT NULL",
        ),
        Example::fine(
            "",
            "ALTER TABLE t ADD b int;\n-- migrate:batch table=t key=id\nUPDATE t SET b = a WHERE id >= :batch_start AND id < :batch_end;\nALTER TABLE t ALTER b SET NOT NULL",
        ),
        Example::fine("", "ALTER TABLE t ADD b int DEFAULT 1; ALTER TABLE t ALTER b SET NOT NULL"),
        Example::fine("CREATE TABLE t (a int)", "ALTER TABLE t ALTER a SET NOT NULL"),
        // The domain may have a default.
        Example::fine("CREATE DOMAIN d AS int DEFAULT 1", "ALTER TABLE t ADD b d NOT NULL"),
        Example::found("CREATE TYPE e AS ENUM ('a')", "ALTER TABLE t ADD b e NOT NULL"),
        Example::found("", "ALTER TABLE t ADD b d[] NOT NULL"),
        Example::found("", "ALTER TABLE t ADD b int NOT NULL; ALTER TABLE t ALTER b SET NOT NULL"),
        Example::found(
            "",
            "ALTER TABLE t ADD b int; UPDATE u SET b = 1; ALTER TABLE t ALTER b SET NOT NULL",
        ),
        Example::fine("", "ALTER TABLE t ADD b int; ALTER TABLE t ALTER c SET NOT NULL"),
        Example::fine(
            "",
            "ALTER TABLE t ADD b int; ALTER TABLE t ALTER b TYPE int USING 1; ALTER TABLE t ALTER b SET NOT NULL",
        ),
        Example::fine(
            "CREATE TABLE t (a int, b int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int NOT NULL",
        ),
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int NOT NULL",
        ),
        Example::fine("", "ALTER TABLE u ADD b int; ALTER TABLE t ALTER b SET NOT NULL"),
        Example::found(
            "",
            "ALTER TABLE t ADD b int; ALTER TABLE t ALTER c TYPE int USING 1; ALTER TABLE t ALTER b SET NOT NULL",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, change)) = context.altered() else { return };
    let column = match change {
        Change::AddColumn { column, .. } if column.not_null && has_no_value(context, change) => {
            &column.name
        }
        Change::SetNotNull { column } if is_added_without_values(context, table, column) => column,
        _ => return,
    };
    if context.before.iter().any(|it| empties(it, table)) {
        return;
    }
    sink.report(
        context.action.range,
        format!(
            "this fails where {table} has rows: {} has no value in them",
            ObjectName::plain(column.as_str())
        ),
        "give the column a DEFAULT, or add it without NOT NULL and give it values first",
    );
}

fn has_no_value(context: &ActionContext<'_>, change: &Change) -> bool {
    let Change::AddColumn { column, .. } = change else { return false };
    let may_have_default = !column.ty.is_array && !column.ty.is_builtin() && {
        // An enum has none; of other types of one's own nobody knows.
        !context.known.enums.contains_key(&column.ty.object())
    };
    let has_value = column.default.is_some() || column.generated.is_some();
    !has_value && !column.ty.is_serial() && !may_have_default
}

/// Whether this script added the column and nothing can have given it values since.
pub(super) fn is_added_without_values(
    context: &ActionContext<'_>,
    table: &ObjectName,
    name: &str,
) -> bool {
    let adds = |it: &Examined| match &it.action.what {
        What::AlterTable { table: it, change, .. } if it == table => match change {
            Change::AddColumn { column, if_not_exists: false } => {
                column.name == name && !column.not_null && has_no_value(context, change)
            }
            _ => false,
        },
        _ => false,
    };
    let fills = |it: &Examined| match &it.action.what {
        What::Update { table: it, .. } | What::Merge { table: it, .. } => it == table,
        // What these do, nobody knows from here.
        What::Select { .. } | What::Code | What::Other | What::Insert { .. } => true,
        What::AlterTable { table: it, change: Change::SetType { column, .. }, .. } => {
            it == table && column == name
        }
        _ => false,
    };
    let added = context.before.iter().rposition(adds);
    added.is_some_and(|added| !context.before[added..].iter().any(fills))
}

/// Whether an action leaves no rows in a table.
fn empties(examined: &Examined, table: &ObjectName) -> bool {
    match &examined.action.what {
        What::Truncate { tables } => tables.contains(table),
        What::Delete { table: it, has_where: false, .. } => it == table,
        _ => false,
    }
}
