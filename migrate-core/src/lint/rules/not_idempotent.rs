//! What fails the second time, in scripts that do not run as a whole.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, What};

pub(super) static RULE: Rule = Rule {
    id: "not-idempotent",
    severity: Severity::Info,
    title: "a script without a transaction cannot be run a second time",
    harm: "Where a script runs without a transaction and one of its statements fails, those before it stay. `up` goes \
           on behind them; whoever runs the script by hand, or with another tool, stops at what is there already. In a \
           transaction nothing of this matters, and neither does it where the script has one statement.",
    way_out: "-- migrate:no-transaction\n-- of an index, IF NOT EXISTS would take an invalid one for good:\nDROP INDEX CONCURRENTLY IF EXISTS contracts_owner_idx;\nCREATE INDEX CONCURRENTLY contracts_owner_idx ON contracts (owner_id);\nALTER TABLE contracts ADD COLUMN IF NOT EXISTS remark text;",
    examples: &[
        Example::found(
            "",
            "ALTER TABLE t ADD COLUMN a int; CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
        ),
        Example::found("", "CREATE INDEX CONCURRENTLY i ON t (a); DROP INDEX CONCURRENTLY j")
            .times(2),
        Example::fine("", "CREATE INDEX CONCURRENTLY i ON t (a)"),
        Example::fine(
            "",
            "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY i ON t (a)",
        ),
        Example::fine("", "CREATE TABLE t (a int); CREATE INDEX ON t (a)"),
        Example::fine(
            "",
            "VACUUM t; CREATE TABLE IF NOT EXISTS u (a int); CREATE OR REPLACE VIEW v AS SELECT 1",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    if context.is_transactional() || context.script.statements.len() < 2 {
        return;
    }
    let Some(words) = missing(&context.action.what) else { return };
    if is_dropped_before(context) {
        return;
    }
    sink.report(
        context.action.range,
        "stops whoever runs the script a second time by hand, where this is done already",
        match &context.action.what {
            What::CreateIndex(_) => {
                "DROP INDEX CONCURRENTLY IF EXISTS before it: IF NOT EXISTS would take an invalid one for good"
                    .to_owned()
            }
            _ => words.to_owned(),
        },
    );
}

/// The words that would make it the same however often it runs, where it does not have them.
fn missing(what: &What) -> Option<&'static str> {
    let (has_them, words) = match what {
        What::CreateTable(it) => (it.if_not_exists, "IF NOT EXISTS"),
        What::CreateIndex(it) => (it.if_not_exists, "IF NOT EXISTS"),
        What::CreateTableAs { if_not_exists, .. }
        | What::CreateMaterializedView { if_not_exists, .. }
        | What::CreateSequence { if_not_exists, .. }
        | What::CreateSchema { if_not_exists, .. }
        | What::CreateExtension { if_not_exists, .. }
        | What::AddEnumValue { if_not_exists, .. }
        | What::AlterTable { change: Change::AddColumn { if_not_exists, .. }, .. } => {
            (*if_not_exists, "IF NOT EXISTS")
        }
        What::CreateView { or_replace, .. } | What::CreateTrigger { or_replace, .. } => {
            (*or_replace, "OR REPLACE")
        }
        What::CreateFunction(it) => (it.or_replace, "OR REPLACE"),
        What::DropTable { if_exists, .. }
        | What::DropIndex { if_exists, .. }
        | What::DropView { if_exists, .. }
        | What::DropTrigger { if_exists, .. }
        | What::DropPolicy { if_exists, .. }
        | What::DropType { if_exists, .. }
        | What::DropSequence { if_exists, .. }
        | What::DropSchema { if_exists, .. }
        | What::DropFunction { if_exists, .. }
        | What::AlterTable {
            change: Change::DropColumn { if_exists, .. } | Change::DropConstraint { if_exists, .. },
            ..
        } => (*if_exists, "IF EXISTS"),
        _ => return None,
    };
    (!has_them).then_some(words)
}

/// Whether the index that is made was dropped before, if it was there.
fn is_dropped_before(context: &ActionContext<'_>) -> bool {
    let What::CreateIndex(new) = &context.action.what else { return false };
    let Some(index) = &new.index else { return false };
    let name = new.table.beside(index);
    context.before.iter().any(|it| {
        matches!(&it.action.what, What::DropIndex { indexes, if_exists: true, .. } if indexes.contains(&name))
    })
}
