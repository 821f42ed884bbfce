//! What fails the second time, in scripts that do not run as a whole.

use crate::lint::condition::condition;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;
use crate::{Manner, SourceScript};

pub(super) static RULE: Rule = Rule {
    id: "not-idempotent",
    severity: Severity::Info,
    title: "a script without a transaction cannot be run a second time",
    harm: "Where a script runs without a transaction and one of its statements fails, those before it stay. `up` goes \
           on behind them; whoever runs the script by hand, or with another tool, stops at what is there already. In a \
           transaction nothing of this matters, and neither does it where the script has one statement, or runs in \
           batches, which no other tool knows.",
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
        // A batch has a mark of its own, and is no SQL for others.
        Example::fine(
            "",
            "CREATE TABLE t (a int);\n-- migrate:batch table=u key=id\nINSERT INTO t SELECT a FROM u WHERE id >= :batch_start AND id < :batch_end",
        ),
        Example::fine(
            "",
            "CREATE INDEX CONCURRENTLY i ON t (a);\n-- migrate:verify\nSELECT f('i')",
        ),
        Example::fine(
            "",
            "VACUUM t; CREATE TABLE IF NOT EXISTS u (a int); CREATE OR REPLACE VIEW v AS SELECT 1",
        ),
    ],
    check: Check::Action(check),
};

/// Whether nobody but us can run a script: its placeholders are no SQL.
fn has_batch(script: &SourceScript) -> bool {
    script.statements.iter().any(|it| it.manner == Manner::Batch)
}

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let changes = context.script.statements.iter().filter(|it| it.manner != Manner::Verify);
    if context.is_transactional() || changes.count() < 2 || has_batch(context.script) {
        return;
    }
    let Some(missing) = condition(&context.action.what).filter(|it| !it.is_said) else { return };
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
            _ => missing.words.to_owned(),
        },
    );
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
