//! Columns of the types `serial`, `bigserial` and `smallserial`.

use crate::lint::columns::new_types;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};

pub(super) static RULE: Rule = Rule {
    id: "serial-key",
    severity: Severity::Info,
    title: "numbers come from a serial column",
    harm: "`serial` is a default over a sequence that nothing ties to the column's meaning: who may insert needs a \
           privilege on the sequence of its own, a row with a number of its own is taken and collides later, and \
           `serial` ends at two thousand million. An identity column has none of that.",
    way_out: "CREATE TABLE contracts (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY\n);",
    examples: &[
        Example::found("", "CREATE TABLE t (id serial PRIMARY KEY)"),
        Example::found("", "CREATE TABLE t (id bigserial)"),
        Example::fine("", "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY)"),
        Example::fine("", "CREATE TEMP TABLE t (id serial)"),
        Example::found("", "CREATE TABLE t (id smallserial)"),
        Example::fine("", "SELECT 1").with_down("ALTER TABLE t ADD COLUMN id serial"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    for new in new_types(context) {
        if new.ty.is_serial() {
            let ty = if new.ty.name == "smallserial" { "smallint" } else { "bigint" };
            sink.report(
                new.range,
                format!("the numbers of {} come from a {}", new.name(), new.ty.name),
                format!("{ty} GENERATED ALWAYS AS IDENTITY"),
            );
        }
    }
}
