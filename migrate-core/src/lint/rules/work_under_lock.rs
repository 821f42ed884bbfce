//! Work while an earlier statement of the transaction keeps a table locked.

use super::validate_in_same_transaction::is_added_here;
use crate::lint::context::words;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, What};
use crate::{LockMode, Work};

pub(super) static RULE: Rule = Rule {
    id: "work-under-lock",
    severity: Severity::Warning,
    title: "all rows are read while an earlier statement keeps a table locked",
    harm: "Locks are held until the transaction ends. A statement that locks out nobody by itself, as \
           `VALIDATE CONSTRAINT` or `CREATE TABLE AS`, makes everybody wait when an earlier one of the same \
           script holds an ACCESS EXCLUSIVE lock on a table in use.",
    way_out: "ALTER TABLE contracts ADD COLUMN note text;\n-- in the next migration, when that lock is given back:\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_amount_check;",
    examples: &[
        Example::found(
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD b int; ALTER TABLE u VALIDATE CONSTRAINT k",
        ),
        Example::found("", "ALTER TABLE t ADD b int; CREATE TABLE u AS SELECT * FROM t"),
        Example::found(
            "",
            "ALTER TABLE t ADD b int; CREATE MATERIALIZED VIEW v AS SELECT b FROM t",
        ),
        Example::fine("", "ALTER TABLE u VALIDATE CONSTRAINT k; ALTER TABLE t ADD b int"),
        Example::fine("", "CREATE TABLE t (a int); CREATE TABLE u AS SELECT * FROM t"),
        Example::fine(
            "",
            "CREATE TABLE t (a int); ALTER TABLE t ADD b int; CREATE TABLE u AS SELECT * FROM v",
        ),
        Example::found(
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM t",
            "DROP MATERIALIZED VIEW v; CREATE MATERIALIZED VIEW v AS SELECT b FROM t",
        ),
        Example::fine(
            "",
            "ALTER TABLE t ADD b int; CREATE MATERIALIZED VIEW v AS SELECT b FROM t WITH NO DATA",
        ),
        Example::found(
            "CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int REFERENCES r)",
            "DROP TABLE t; CREATE TABLE u AS SELECT * FROM v",
        ),
        // Nobody needs the view any more.
        Example::fine("", "DROP VIEW v; CREATE TABLE u AS SELECT * FROM t"),
        // Each statement commits by itself.
        Example::fine(
            "",
            "-- migrate:no-transaction\nALTER TABLE t ADD b int; ALTER TABLE t VALIDATE CONSTRAINT k",
        ),
        // Another rule says so.
        Example::fine(
            "CREATE TABLE t (c int)",
            "ALTER TABLE t ADD b int; ALTER TABLE t ALTER c SET NOT NULL",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let works = context.claims.iter().any(|it| it.work != Work::None && it.is_certain);
    let is_quiet = match &context.action.what {
        What::AlterTable { table, change: Change::ValidateConstraint { constraint }, .. } => {
            !is_added_here(context, table, constraint)
        }
        What::CreateTableAs { .. }
        | What::CreateMaterializedView { .. }
        | What::Refresh { concurrently: true, .. } => true,
        What::Refresh { view, .. } => context.is_fresh(view),
        _ => false,
    };
    if !works || !is_quiet {
        return;
    }
    let Some((since, held)) = context.held(LockMode::AccessExclusive) else { return };
    let line = context.line(since);
    sink.report(
        context.action.range,
        format!(
            "rows are read while {}{} is locked, since line {line}: reads and writes of it wait",
            words(held),
            held.relation
        ),
        format!("move it before line {line}, or into a migration of its own"),
    );
}
