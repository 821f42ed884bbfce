//! `SET NOT NULL` that reads all rows.

use super::not_null_without_default::is_added_without_values;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ObjectName};

pub(super) static RULE: Rule = Rule {
    id: "set-not-null-scans",
    severity: Severity::Error,
    title: "SET NOT NULL without a check that proves it",
    harm: "The table is locked in ACCESS EXCLUSIVE mode while every row is read: nobody can read or write it. \
           Where a valid CHECK says that the column is not NULL, no row is read.",
    way_out: "ALTER TABLE contracts ADD CONSTRAINT contracts_owner_not_null\n    CHECK (owner_id IS NOT NULL) NOT VALID;\n-- in the next migration:\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_owner_not_null;\nALTER TABLE contracts ALTER COLUMN owner_id SET NOT NULL;\nALTER TABLE contracts DROP CONSTRAINT contracts_owner_not_null;\n-- from PostgreSQL 18 on: ADD CONSTRAINT … NOT NULL owner_id NOT VALID,\n-- and in the next migration VALIDATE CONSTRAINT, and that is all",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ALTER a SET NOT NULL"),
        Example::found(
            "",
            "ALTER TABLE t ALTER COLUMN a SET NOT NULL, ALTER COLUMN b SET NOT NULL",
        )
        .times(2),
        Example::found(
            "CREATE TABLE t (a int); ALTER TABLE t ADD CHECK (a IS NOT NULL) NOT VALID",
            "ALTER TABLE t ALTER a SET NOT NULL",
        ),
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD b int DEFAULT 1; ALTER TABLE t ALTER b SET NOT NULL",
        ),
        Example::fine(
            "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL)",
            "ALTER TABLE t ALTER a SET NOT NULL",
        ),
        Example::fine(
            "CREATE TABLE t (a int, b int); ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL AND b > 1) NOT VALID",
            "ALTER TABLE t VALIDATE CONSTRAINT k; ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t DROP CONSTRAINT k",
        ),
        Example::fine("CREATE TABLE t (a int NOT NULL)", "ALTER TABLE t ALTER a SET NOT NULL"),
        Example::fine(
            "CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)",
            "ALTER TABLE t ALTER a SET NOT NULL",
        ),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL"),
        Example::fine("", "ALTER TABLE t ADD b int; ALTER TABLE t ALTER b SET NOT NULL"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, Change::SetNotNull { column })) = context.altered() else { return };
    // Where it fails with the first row, another rule says so.
    if context.is_never_null(table, column) || is_added_without_values(context, table, column) {
        return;
    }
    let name = ObjectName::plain(column.as_str());
    let way = if context.options.postgres_version >= 18 {
        format!(
            "ALTER TABLE {table} ADD CONSTRAINT … NOT NULL {name} NOT VALID, and VALIDATE CONSTRAINT … in \
             the next migration"
        )
    } else {
        format!(
            "ALTER TABLE {table} ADD CONSTRAINT … CHECK ({name} IS NOT NULL) NOT VALID; in the next \
             migration VALIDATE CONSTRAINT …, then SET NOT NULL, which reads nothing any more"
        )
    };
    let unless = if context.known.column(table, column).is_some() {
        ""
    } else {
        ", unless a valid CHECK says already that it is not NULL"
    };
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait while every row is read for {name}{unless}"),
        way,
    );
}
