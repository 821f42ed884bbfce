//! `LOCK TABLE` that makes others wait.

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;
use crate::{Blocks, LockMode};

pub(super) static RULE: Rule = Rule {
    id: "lock-table-explicit",
    severity: Severity::Info,
    title: "LOCK TABLE in a mode that makes readers or writers wait",
    harm: "The lock is held until the script has ended, whatever its other statements would need. Without a \
           mode it is ACCESS EXCLUSIVE, which even SELECT waits for.",
    way_out: "-- none, or one that keeps out other changes of the schema and nobody else:\nLOCK TABLE contracts IN SHARE UPDATE EXCLUSIVE MODE;",
    examples: &[
        Example::found("", "LOCK TABLE t, u"),
        Example::found("", "LOCK TABLE t IN SHARE MODE"),
        Example::fine("", "LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE"),
        Example::fine("", "LOCK TABLE t IN ACCESS SHARE MODE NOWAIT"),
        Example::fine("", "CREATE TABLE t (a int); LOCK TABLE t"),
        Example::found("", "CREATE TABLE t (a int); LOCK TABLE t, u"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::Lock { tables, .. } = &context.action.what else { return };
    let Some(mode) = context.claims.iter().map(|it| it.lock).max() else { return };
    let who = match mode.blocks() {
        Blocks::Everything => "reads and writes of",
        Blocks::Writes => "writes to",
        Blocks::SchemaChanges | Blocks::Nobody => return,
    };
    let names = list(tables.iter().filter(|it| !context.is_fresh(it)));
    let help = if mode == LockMode::AccessExclusive {
        "say the weakest mode that is enough, as in LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE"
    } else {
        "keep what comes after it short"
    };
    sink.report(
        context.action.range,
        format!("{who} {names} wait until the script has ended"),
        help,
    );
}
