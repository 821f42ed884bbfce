//! Foreign keys whose columns have no index when the script has run.

use crate::analysis::known::Known;
use crate::lint::context::list;
use crate::lint::{Check, Example, Rule, ScriptContext, Severity, Sink};
use crate::sql::action::{Change, Constraint, ConstraintKind, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "foreign-key-without-index",
    severity: Severity::Warning,
    title: "a foreign key has no index on its own side",
    harm: "PostgreSQL makes none by itself. Every DELETE of a referenced row, and every UPDATE of its key, reads the \
           whole referencing table, once for each row, while the deleted row stays locked. What takes a millisecond \
           with a hundred rows takes minutes with a hundred million.",
    way_out: "-- migrate:no-transaction\n-- before the foreign key, in a migration of its own; of a new table, plainly in the same script:\nCREATE INDEX CONCURRENTLY contracts_owner_idx ON contracts (owner_id);",
    examples: &[
        Example::found(
            "CREATE TABLE r (id int PRIMARY KEY)",
            "CREATE TABLE t (a int REFERENCES r)",
        ),
        Example::found(
            "",
            "CREATE TABLE t (a int, b int, FOREIGN KEY (a, b) REFERENCES r (a, b), UNIQUE (a))",
        ),
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN b int REFERENCES r"),
        Example::found(
            "",
            "CREATE TABLE t (a int REFERENCES r); CREATE INDEX ON t (a) WHERE a > 0",
        ),
        Example::found("", "CREATE TABLE t (a int REFERENCES r, b int); CREATE INDEX ON t (b, a)"),
        Example::found(
            "",
            "CREATE TABLE x (a int REFERENCES r); DROP TABLE t; ALTER TABLE x RENAME TO t",
        ),
        Example::fine("", "CREATE TABLE t (a int REFERENCES r); CREATE INDEX ON t (a)"),
        Example::fine("", "CREATE TABLE t (a int PRIMARY KEY REFERENCES r)"),
        Example::fine("", "CREATE TABLE t (a int REFERENCES r, b int, PRIMARY KEY (a, b))"),
        Example::fine(
            "",
            "CREATE TABLE t (a int, b int, FOREIGN KEY (a, b) REFERENCES r (a, b), UNIQUE (b, a))",
        ),
        Example::fine(
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a, lower(b))",
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r NOT VALID",
        ),
        // What is not known may have its index.
        Example::fine("", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r NOT VALID"),
        Example::fine("", "CREATE TABLE t (LIKE u INCLUDING ALL, FOREIGN KEY (a) REFERENCES r)"),
        Example::fine(
            "CREATE TABLE t (a int); SELECT create_index('t', 'a')",
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r NOT VALID",
        ),
        Example::fine(
            "",
            "CREATE TABLE t (a int REFERENCES r); DO $$ BEGIN EXECUTE 'CREATE INDEX …'; END $$",
        ),
        Example::fine(
            "",
            "CREATE TABLE t (a int CONSTRAINT k REFERENCES r); ALTER TABLE t DROP CONSTRAINT k",
        ),
        Example::fine("", "CREATE TEMP TABLE t (a int REFERENCES r)"),
        Example::fine("CREATE TABLE t (a int)", "SELECT 1")
            .with_down("ALTER TABLE t ADD COLUMN b int REFERENCES r"),
        Example::found("", "CREATE TABLE t (a int REFERENCES r); ALTER TABLE u RENAME TO v"),
        Example::fine(
            "",
            "CREATE TABLE t (a int CONSTRAINT k REFERENCES r, b int REFERENCES r); CREATE INDEX ON t (b); ALTER TABLE t DROP CONSTRAINT k",
        ),
    ],
    check: Check::Script(check),
};

fn check(context: &ScriptContext<'_>, sink: &mut Sink<'_>) {
    let is_code = context.actions.iter().any(|it| it.action.what == What::Code);
    if !context.is_up() || is_code {
        return;
    }
    for (index, examined) in context.actions.iter().enumerate() {
        let Some((table, constraints)) = constraints(&examined.action.what) else { continue };
        let table = context.actions[index..].iter().fold(table.clone(), |table, it| {
            match &it.action.what {
                What::AlterTable { table: of, change: Change::Rename { to }, .. }
                    if *of == table =>
                {
                    table.beside(to)
                }
                _ => table,
            }
        });
        for constraint in constraints {
            let ConstraintKind::ForeignKey { columns, table: referenced } = &constraint.kind else {
                continue;
            };
            if has_key(context.known, &table, columns) && !context.known.has_index(&table, columns)
            {
                let list = list(columns.iter().map(ObjectName::plain));
                let is_fresh = context.fresh.relations.contains(&table);
                let how = if is_fresh { "CREATE INDEX" } else { "CREATE INDEX CONCURRENTLY" };
                let when = if is_fresh { "" } else { ", in a migration before this one" };
                sink.report_without_index(
                    (&table, columns),
                    constraint.range,
                    format!("a DELETE in {referenced} reads all of {table}: no index begins with ({list})"),
                    format!("{how} ON {table} ({list}){when}"),
                );
            }
        }
    }
}

/// The constraints that an action makes, and the table that they are on.
fn constraints(what: &What) -> Option<(&ObjectName, Vec<&Constraint>)> {
    match what {
        What::CreateTable(new) if !new.is_temporary => {
            Some((&new.table, new.all_constraints().collect()))
        }
        What::AlterTable { table, change, .. } => match change {
            Change::AddColumn { column, .. } => Some((table, column.constraints.iter().collect())),
            Change::AddConstraint(it) => Some((table, vec![it])),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the key is there when the script has run, on a table of which everything is known.
fn has_key(known: &Known, table: &ObjectName, columns: &[String]) -> bool {
    known.tables.get(table).is_some_and(|it| {
        let same = |it: &ConstraintKind| {
            matches!(it, ConstraintKind::ForeignKey { columns: own, .. } if own == columns)
        };
        it.is_whole && it.constraints.values().any(|it| same(&it.kind))
    })
}
