//! `REINDEX` of what is in use.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;

pub(super) static RULE: Rule = Rule {
    id: "reindex-not-concurrent",
    severity: Severity::Error,
    title: "an index is built anew while nobody can use the table",
    harm: "`REINDEX` locks the index in ACCESS EXCLUSIVE mode and the table against writers until it is built. \
           Readers wait too, even those that do not need the index: planning a query looks at every index of \
           the table.",
    way_out: "-- migrate:no-transaction\nREINDEX INDEX CONCURRENTLY contracts_owner_idx;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "REINDEX TABLE t"),
        Example::found("", "REINDEX INDEX t_a_idx"),
        Example::found("", "-- migrate:no-transaction\nREINDEX SCHEMA app"),
        Example::fine("", "REINDEX (VERBOSE) TABLE CONCURRENTLY t"),
        Example::fine("", "REINDEX INDEX CONCURRENTLY t_a_idx"),
        Example::fine("", "CREATE TABLE t (a int); REINDEX TABLE t"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let (table, what) = match &context.action.what {
        What::ReindexAll { concurrently: false } => {
            ("every table in it".to_owned(), "SCHEMA CONCURRENTLY …".to_owned())
        }
        _ if context.claims.is_empty() => return,
        What::ReindexIndex { index, concurrently: false } => {
            let table = context.known.indexes.get(index).map(|it| it.table.to_string());
            let table = table.unwrap_or_else(|| format!("the table of {index}"));
            (table, format!("INDEX CONCURRENTLY {index}"))
        }
        What::ReindexTable { table, concurrently: false } => {
            (table.to_string(), format!("TABLE CONCURRENTLY {table}"))
        }
        _ => return,
    };
    sink.report(
        context.action.range,
        format!("reads and writes of {table} wait until the index is built anew"),
        format!("REINDEX {what}, in a script of its own with `-- migrate:no-transaction`"),
    );
}
