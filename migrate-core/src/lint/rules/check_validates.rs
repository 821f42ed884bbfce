//! `ADD CHECK` that checks the rows that are there.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, Constraint, ConstraintKind, ObjectName};

pub(super) static RULE: Rule = Rule {
    id: "check-validates",
    severity: Severity::Error,
    title: "a check is added and all rows are read at once",
    harm: "The table is locked in ACCESS EXCLUSIVE mode while every row is read: nobody can read or write it. \
           With `NOT VALID` the lock is held for an instant, and `VALIDATE CONSTRAINT` reads the rows under a \
           lock that neither readers nor writers notice.",
    way_out: "ALTER TABLE contracts ADD CONSTRAINT contracts_amount_check\n    CHECK (amount > 0) NOT VALID;\n-- in the next migration, which locks out nobody:\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_amount_check;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)"),
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD CHECK (a > 0), ADD b int"),
        Example::found("", "ALTER TABLE \"T\" ADD CONSTRAINT \"K\" CHECK (a > 0)"),
        Example::found("", "ALTER TABLE t ADD COLUMN a int CHECK (a > 0)"),
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD CONSTRAINT k NOT NULL a"),
        Example::fine("", "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID"),
        Example::fine("", "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED"),
        Example::fine("", "ALTER TABLE t ADD CONSTRAINT k NOT NULL a NOT VALID"),
        Example::fine("", "ALTER TABLE t VALIDATE CONSTRAINT k"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t ADD CHECK (a > 0)"),
        Example::fine("", "CREATE TABLE t (a int CHECK (a > 0))"),
        Example::fine(
            "CREATE TABLE t (a int NOT NULL)",
            "ALTER TABLE t ADD CONSTRAINT k NOT NULL a",
        ),
        Example::fine(
            "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL)",
            "ALTER TABLE t ADD CONSTRAINT k NOT NULL a",
        ),
        Example::fine("", "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a)"),
        Example::fine("", "ALTER TABLE t ADD COLUMN a int REFERENCES r"),
        Example::fine(
            "CREATE TABLE t (a int, b int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int CHECK (b > 0)",
        ),
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int CHECK (b > 0)",
        ),
        Example::found("", "ALTER TABLE t ADD COLUMN a int UNIQUE CHECK (a > 0)"),
        Example::found("", "TRUNCATE u; ALTER TABLE t ADD CHECK (a > 0)"),
        Example::found(
            "",
            "-- migrate:no-transaction\nTRUNCATE t; ALTER TABLE t ADD CHECK (a > 0)",
        ),
        Example::fine("", "TRUNCATE t; ALTER TABLE t ADD CHECK (a > 0)"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, change)) = context.altered() else { return };
    let (new, is_of_new_column) = match change {
        Change::AddConstraint(it) => (Some(it), false),
        Change::AddColumn { column, .. } => {
            (column.constraints.iter().find(|it| is_check(it)), true)
        }
        _ => return,
    };
    let Some(new) = new.filter(|it| is_check(it) && !it.not_valid && !it.not_enforced) else {
        return;
    };
    if let ConstraintKind::NotNull { column } = &new.kind
        && context.is_never_null(table, column)
    {
        return;
    }
    let name = new.name.as_deref().map(ObjectName::plain);
    let name = name.map_or_else(|| "…".to_owned(), |it| it.to_string());
    let help = if is_of_new_column {
        format!(
            "add the column without the check, then ALTER TABLE {table} ADD CONSTRAINT … CHECK (…) NOT VALID, \
             and VALIDATE CONSTRAINT … in the next migration"
        )
    } else {
        format!(
            "add NOT VALID, and ALTER TABLE {table} VALIDATE CONSTRAINT {name} in the next migration"
        )
    };
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait while every row is checked"),
        help,
    );
}

fn is_check(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Check { .. } | ConstraintKind::NotNull { .. })
}
