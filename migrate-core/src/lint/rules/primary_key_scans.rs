//! `ADD PRIMARY KEY USING INDEX` over columns that may be NULL.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, Constraint, ConstraintKind};
use crate::{Whose, Work};

pub(super) static RULE: Rule = Rule {
    id: "primary-key-scans",
    severity: Severity::Error,
    title: "an index becomes the primary key, and its columns may be NULL",
    harm: "A primary key makes its columns NOT NULL. Where they are not so yet, every row is read under an \
           ACCESS EXCLUSIVE lock: nobody can read or write the table.",
    way_out: "ALTER TABLE contracts ADD CONSTRAINT contracts_id_not_null\n    CHECK (id IS NOT NULL) NOT VALID;\n-- in the next migration:\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_id_not_null;\nALTER TABLE contracts ALTER COLUMN id SET NOT NULL;\nALTER TABLE contracts ADD PRIMARY KEY USING INDEX contracts_id_key;",
    examples: &[
        Example::found(
            "CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a)",
            "ALTER TABLE t ADD PRIMARY KEY USING INDEX i",
        ),
        Example::fine(
            "CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX i ON t (a)",
            "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX i",
        ),
        // Proven by a check, it reads nothing.
        Example::fine(
            "CREATE TABLE t (a int, CHECK (a IS NOT NULL)); CREATE UNIQUE INDEX i ON t (a)",
            "ALTER TABLE t ADD PRIMARY KEY USING INDEX i",
        ),
        Example::fine("", "ALTER TABLE t ADD PRIMARY KEY USING INDEX i"),
        Example::fine(
            "CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a)",
            "ALTER TABLE t ADD UNIQUE USING INDEX i",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, Change::AddConstraint(Constraint { kind, .. }))) = context.altered() else {
        return;
    };
    let ConstraintKind::PrimaryKey { using_index: Some(index), .. } = kind else { return };
    let scans = context
        .claims
        .iter()
        .any(|it| it.work == Work::Scan && it.is_certain && it.whose == Whose::Itself);
    if !scans {
        return;
    }
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait while every row is read: columns of {index} may be NULL"),
        "make its columns NOT NULL first, as the rule set-not-null-scans says",
    );
}
