//! `UNIQUE`, `PRIMARY KEY` and `EXCLUDE` that build their index under the lock.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, Constraint, ConstraintKind, ObjectName};

pub(super) static RULE: Rule = Rule {
    id: "constraint-builds-index",
    severity: Severity::Error,
    title: "a constraint is added and its index is built at once",
    harm: "`ADD UNIQUE`, `ADD PRIMARY KEY` and `ADD EXCLUDE` lock the table in ACCESS EXCLUSIVE mode while the \
           index is built: nobody can read or write it. An index that is there already is taken over in an \
           instant; only for EXCLUDE there is no such way.",
    way_out: "-- migrate:no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY contracts_number_key ON contracts (number);\n-- in the next migration:\nALTER TABLE contracts ADD CONSTRAINT contracts_number_key\n    UNIQUE USING INDEX contracts_number_key;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a)"),
        Example::found("", "ALTER TABLE t ADD PRIMARY KEY (a)"),
        Example::found("", "ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING gist (a WITH &&)"),
        Example::found("", "ALTER TABLE t ADD COLUMN b int UNIQUE"),
        Example::fine("", "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX t_a_idx"),
        Example::fine("", "ALTER TABLE t ADD PRIMARY KEY USING INDEX t_a_idx"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)"),
        Example::fine("", "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE)"),
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY LIST (a)",
            "ALTER TABLE p ADD UNIQUE (a)",
        ),
        Example::fine(
            "CREATE TABLE t (a int, b int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int UNIQUE",
        ),
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int UNIQUE",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, change)) = context.altered() else { return };
    let found = match change {
        Change::AddConstraint(it) => index_of(it).map(|it| (it, None)),
        Change::AddColumn { column, .. } => {
            column.constraints.iter().find_map(index_of).map(|it| (it, Some(&column.name)))
        }
        _ => return,
    };
    let Some((kind, of_new)) = found else { return };
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait until the index of the constraint is built"),
        way_out(context, table, kind, of_new.map(String::as_str)),
    );
}

/// What is built, unless an index is taken over.
fn index_of(constraint: &Constraint) -> Option<&'static str> {
    match &constraint.kind {
        ConstraintKind::Unique { using_index: None, .. } => Some("UNIQUE"),
        ConstraintKind::PrimaryKey { using_index: None, .. } => Some("PRIMARY KEY"),
        ConstraintKind::Exclude => Some("EXCLUDE"),
        _ => None,
    }
}

fn way_out(
    context: &ActionContext<'_>,
    table: &ObjectName,
    kind: &str,
    of_new: Option<&str>,
) -> String {
    if kind == "EXCLUDE" {
        return "there is no way without the lock: run it when nobody needs the table, or make a new table with \
                the constraint and move the rows"
            .to_owned();
    }
    if context.known.is_partitioned(table) {
        return "on a partitioned table there is no USING INDEX: add the constraint to each partition by USING \
                INDEX first, then to the parent, which takes those over"
            .to_owned();
    }
    let first = match of_new {
        Some(column) => {
            format!("add {} without the constraint, then ", ObjectName::plain(column))
        }
        None => String::new(),
    };
    format!(
        "{first}CREATE UNIQUE INDEX CONCURRENTLY … ON {table} in a script with `-- migrate:no-transaction`, and in \
         the next migration ALTER TABLE {table} ADD CONSTRAINT … {kind} USING INDEX …"
    )
}
