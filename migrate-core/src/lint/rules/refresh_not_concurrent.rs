//! `REFRESH MATERIALIZED VIEW` of one in use.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;

pub(super) static RULE: Rule = Rule {
    id: "refresh-not-concurrent",
    severity: Severity::Error,
    title: "a materialized view is filled anew while nobody can read it",
    harm: "`REFRESH MATERIALIZED VIEW` locks the view in ACCESS EXCLUSIVE mode while its query runs: whoever \
           reads it waits. With `CONCURRENTLY` readers go on; it needs a unique index of the view without WHERE, \
           and a view that has been filled before.",
    way_out: "REFRESH MATERIALIZED VIEW CONCURRENTLY totals;",
    examples: &[
        Example::found(
            "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW v AS SELECT a FROM t",
            "REFRESH MATERIALIZED VIEW v",
        ),
        Example::found("", "REFRESH MATERIALIZED VIEW s.v WITH DATA"),
        Example::fine("", "REFRESH MATERIALIZED VIEW CONCURRENTLY v"),
        Example::fine("", "CREATE MATERIALIZED VIEW v AS SELECT 1; REFRESH MATERIALIZED VIEW v"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::Refresh { view, concurrently: false } = &context.action.what else { return };
    if context.is_fresh(view) {
        return;
    }
    sink.report(
        context.action.range,
        format!("reads of {view} wait while it is filled anew"),
        format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {view}, which needs a unique index on it"),
    );
}
