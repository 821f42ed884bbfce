//! Down scripts such as `SELECT 1`.

use super::down_does_not_undo::is_read;
use crate::Direction;
use crate::analysis::Examined;
use crate::lint::ledger::{Kind, Ledger};
use crate::lint::{Check, Example, MigrationContext, Rule, Severity, Sink};
use crate::sql::action::{Change, What};

pub(super) static RULE: Rule = Rule {
    id: "down-does-nothing",
    severity: Severity::Warning,
    title: "a down script does nothing, though the up script changes the schema",
    harm: "`down` says that the migration is reverted, and the history forgets it. The database still has everything, \
           and the next `up` fails at what is there already.",
    way_out: "-- migrate:irreversible because the old columns cannot be worked out of the new one",
    examples: &[
        Example::found("", "CREATE TABLE t (a int)").with_down("SELECT 1"),
        Example::found("", "ALTER TABLE t ALTER COLUMN a SET NOT NULL")
            .with_down("SELECT 'nothing'; SELECT 1"),
        Example::found("", "DROP TABLE t").with_down("SET lock_timeout = '1s'"),
        Example::found("", "CREATE TABLE t (a int)")
            .with_down("-- migrate:verify\nSELECT f(count(*)) FROM t"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("DROP TABLE t"),
        Example::fine("", "CREATE TABLE t (a int)")
            .with_down("-- migrate:batch table=t key=a\nDELETE FROM t WHERE a >= :batch_start AND a < :batch_end"),
        Example::fine("", "CREATE TABLE t (a int)")
            .with_down("-- migrate:irreversible because it is tried"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("SELECT take_back()"),
        // Nothing in it has to be taken back.
        Example::fine("", "SELECT 1").with_down("SELECT 1"),
        Example::fine("", "UPDATE t SET a = 1 WHERE a IS NULL").with_down("SELECT 1"),
        Example::fine("", "ALTER TABLE t VALIDATE CONSTRAINT k").with_down("SELECT 1"),
        Example::fine("", "CREATE EXTENSION IF NOT EXISTS citext").with_down("SELECT 1"),
        Example::fine("", "ANALYZE t").with_down("SELECT 1"),
        Example::fine("", "CREATE TABLE x (a int); INSERT INTO t SELECT a FROM x; DROP TABLE x")
            .with_down("SELECT 1"),
        Example::fine("", "DROP TABLE IF EXISTS t").with_down("SELECT 1"),
        Example::fine(
            "",
            "CREATE TABLE x (a int); ALTER TABLE x ALTER a SET NOT NULL; DROP TABLE x",
        )
        .with_down("SELECT 1"),
        Example::fine("", "CREATE TABLE t (a int)")
            .with_down("-- migrate:no-parse because it is tried\nSELECT 1"),
    ],
    check: Check::Migration(check),
};

fn check(context: &MigrationContext<'_>, sink: &mut Sink<'_>) {
    let Some(first) = context.migration.down.statements.first() else { return };
    if !does_nothing(context) || !changes(context) {
        return;
    }
    sink.report_in(
        Direction::Down,
        first.range,
        "the down script does nothing, and the up script changes the schema",
        "take the change back, or write only `-- migrate:irreversible because …`",
    );
}

/// Whether no statement of the down script changes anything.
pub(super) fn does_nothing(context: &MigrationContext<'_>) -> bool {
    let down = &context.migration.down;
    let is_nothing = |what: &What, sql: &str| match what {
        What::Set { .. } | What::Verify { .. } => true,
        // A function may do anything.
        What::Select { locks_rows: false, .. } => !sql.contains('('),
        _ => false,
    };
    is_read(down, context.down)
        && context.down.iter().all(|it| is_nothing(&it.action.what, it.action.range.of(&down.sql)))
}

/// Whether the up script leaves the schema as something else than it was.
fn changes(context: &MigrationContext<'_>) -> bool {
    let ledger = Ledger::of(context.up, &context.migration.up);
    let things = ledger.made.iter().filter(|it| it.kind != Kind::Extension);
    let gone = ledger.dropped.iter().filter(|it| !it.is_doubtful);
    let alters = |it: &Examined| match &it.action.what {
        // Of a table that the script has made itself, nothing is claimed.
        What::AlterTable { change, .. } => !it.claims.is_empty() && is_lasting(change),
        What::CreateFunction(it) => it.or_replace,
        _ => false,
    };
    things.chain(gone).count() > 0 || context.up.iter().any(alters)
}

/// Whether a change of a table is one that has a way back.
fn is_lasting(change: &Change) -> bool {
    matches!(
        change,
        Change::SetNotNull { .. }
            | Change::DropNotNull { .. }
            | Change::SetDefault { .. }
            | Change::DropDefault { .. }
            | Change::SetType { .. }
            | Change::AddIdentity { .. }
    )
}
