//! A new table, or a new column, that references a table in use.

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ConstraintKind, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "references-locks-table",
    severity: Severity::Info,
    title: "a new table or column references a table in use",
    harm: "The referenced table is locked in SHARE ROW EXCLUSIVE mode: for an instant, but it waits for every \
           transaction that has written to it, and all later writers wait behind it.",
    way_out: "CREATE TABLE contracts (id bigint PRIMARY KEY, owner_id bigint);\n-- in the next migration, so that only this one has to be tried again:\nALTER TABLE contracts ADD CONSTRAINT contracts_owner_fkey\n    FOREIGN KEY (owner_id) REFERENCES users (id) NOT VALID;",
    examples: &[
        Example::found(
            "CREATE TABLE r (id int PRIMARY KEY)",
            "CREATE TABLE t (a int REFERENCES r, b int, FOREIGN KEY (b) REFERENCES r (id))",
        ),
        Example::found("", "ALTER TABLE t ADD COLUMN a int REFERENCES r (id)"),
        Example::fine(
            "",
            "CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (a int REFERENCES r)",
        ),
        Example::fine("", "CREATE TABLE t (id int PRIMARY KEY, a int REFERENCES t)"),
        Example::fine("", "CREATE TABLE t (id int PRIMARY KEY)"),
        Example::fine(
            "CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (a int)",
            "CREATE TABLE IF NOT EXISTS t (a int REFERENCES r)",
        ),
        Example::fine(
            "CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (a int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int REFERENCES r",
        ),
        Example::found(
            "",
            "CREATE TABLE t (a int REFERENCES r, b int REFERENCES r, c int REFERENCES s)",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    if context.is_done_already() {
        return;
    }
    let (own, constraints) = match &context.action.what {
        What::CreateTable(it) => (&it.table, it.all_constraints().collect::<Vec<_>>()),
        What::AlterTable { table, change: Change::AddColumn { column, .. }, .. } => {
            (table, column.constraints.iter().collect())
        }
        _ => return,
    };
    let mut referenced: Vec<&ObjectName> = Vec::new();
    for constraint in constraints {
        if let ConstraintKind::ForeignKey { table, .. } = &constraint.kind
            && table != own
            && !context.is_fresh(table)
            && !referenced.contains(&table)
        {
            referenced.push(table);
        }
    }
    if referenced.is_empty() {
        return;
    }
    sink.report(
        context.action.range,
        format!("writes to {} wait for the lock that the foreign key needs", list(referenced)),
        "fine where the script is short; else make it without the foreign key, and add that NOT VALID in a \
         migration of its own",
    );
}
