//! Columns of type `json`.

use crate::lint::columns::new_types;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};

pub(super) static RULE: Rule = Rule {
    id: "json-column",
    severity: Severity::Info,
    title: "JSON is kept as text",
    harm: "A value of type `json` is the text that came in, read anew by every function that looks into it. It has no \
           `=`, so that SELECT DISTINCT, GROUP BY and UNION over the column fail, and no index but one over an \
           expression. To change it to `jsonb` later writes all rows anew.",
    way_out: "ALTER TABLE contracts ADD COLUMN terms jsonb;",
    examples: &[
        Example::found("", "CREATE TABLE t (a json)"),
        Example::found("", "ALTER TABLE t ADD COLUMN a json DEFAULT '{}'"),
        Example::fine("", "CREATE TABLE t (a jsonb, b text)"),
        Example::fine("", "ALTER TABLE t ALTER COLUMN a TYPE jsonb USING a::jsonb")
            .with_down("ALTER TABLE t ALTER COLUMN a TYPE json"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    for new in new_types(context) {
        if new.ty.name == "json" {
            sink.report(
                new.range,
                format!("{} keeps JSON as text", new.name()),
                "jsonb, unless blanks and the order of keys matter",
            );
        }
    }
}
