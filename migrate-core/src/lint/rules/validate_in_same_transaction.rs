//! `NOT VALID` and `VALIDATE CONSTRAINT` in one transaction.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Action, Change, ConstraintKind, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "validate-in-same-transaction",
    severity: Severity::Error,
    title: "a constraint is added NOT VALID and validated in the same transaction",
    harm: "A lock is held until the transaction ends. The one of `ADD CONSTRAINT … NOT VALID` would be gone in \
           an instant; with `VALIDATE CONSTRAINT` in the same script it is held while every row is read, as \
           if NOT VALID were not there: against readers and writers for a check, against writers of both \
           tables for a foreign key.",
    way_out: "ALTER TABLE contracts ADD CONSTRAINT contracts_amount_check\n    CHECK (amount > 0) NOT VALID;\n-- in the next migration, so that the lock is given back between the two:\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_amount_check;",
    examples: &[
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k",
        ),
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT t_check",
        ),
        Example::found(
            "",
            "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r (id) NOT VALID, VALIDATE CONSTRAINT k",
        ),
        // Each statement commits by itself.
        Example::fine(
            "",
            "-- migrate:no-transaction\nALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k",
        ),
        Example::fine(
            "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
            "ALTER TABLE t VALIDATE CONSTRAINT k",
        ),
        Example::fine(
            "",
            "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k",
        ),
        Example::fine(
            "",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE u VALIDATE CONSTRAINT k",
        ),
        Example::found(
            "",
            "-- migrate:no-transaction\nALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT k",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, Change::ValidateConstraint { constraint })) = context.altered() else {
        return;
    };
    if !is_added_here(context, table, constraint) {
        return;
    }
    let is_foreign_key = context
        .known
        .constraint(table, constraint)
        .is_some_and(|it| matches!(it.kind, ConstraintKind::ForeignKey { .. }));
    let constraint = ObjectName::plain(constraint.as_str());
    let who = if is_foreign_key { "writes to" } else { "reads and writes of" };
    sink.report(
        context.action.range,
        format!(
            "{who} {table} wait while every row is checked: the lock that adding {constraint} took is still held"
        ),
        "move VALIDATE CONSTRAINT into the next migration",
    );
}

/// Whether the transaction that validates a constraint has added it.
pub(super) fn is_added_here(context: &ActionContext<'_>, table: &ObjectName, name: &str) -> bool {
    let adds = |action: &Action| match &action.what {
        What::AlterTable { table: it, change: Change::AddConstraint(new), .. } if it == table => {
            let kind = context.known.constraint(table, name).map(|it| &it.kind);
            match &new.name {
                Some(it) => it == name,
                None => kind == Some(&new.kind),
            }
        }
        _ => false,
    };
    let together = |statement: usize| context.is_transactional() || statement == context.statement;
    context.before.iter().any(|it| together(it.statement) && adds(&it.action))
}
