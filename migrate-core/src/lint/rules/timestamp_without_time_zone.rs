//! Columns of type `timestamp`.

use crate::lint::columns::new_types;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};

pub(super) static RULE: Rule = Rule {
    id: "timestamp-without-time-zone",
    severity: Severity::Warning,
    title: "a time is kept without its time zone",
    harm: "`timestamp` keeps what the clock on the wall showed, not where the wall was: `now()` is cut to the time \
           zone of the session that writes, and another session reads it as its own. One program with another \
           `TimeZone`, or one hour of daylight saving, and the times are wrong without an error. `timestamptz` takes \
           the same eight bytes. To change it later writes all rows anew, unless the session's time zone is UTC.",
    way_out: "ALTER TABLE contracts ADD COLUMN signed_at timestamptz;",
    examples: &[
        Example::found("", "CREATE TABLE t (a timestamp NOT NULL)"),
        Example::found("", "ALTER TABLE t ADD COLUMN a timestamp(3) without time zone"),
        Example::found("CREATE TABLE t (a date)", "ALTER TABLE t ALTER COLUMN a TYPE timestamp"),
        Example::found("", "CREATE TABLE t (a timestamp, b timestamp[])").times(2),
        Example::fine(
            "",
            "CREATE TABLE t (a timestamptz, b timestamp with time zone, c date, d time)",
        ),
        Example::fine("", "CREATE TEMP TABLE t (a timestamp)"),
        Example::fine(
            "",
            "ALTER TABLE t ALTER COLUMN a TYPE timestamptz USING a AT TIME ZONE 'UTC'",
        )
        .with_down("ALTER TABLE t ALTER COLUMN a TYPE timestamp"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    for new in new_types(context) {
        if new.ty.name == "timestamp" {
            sink.report(
                new.range,
                format!("{} keeps a time without its time zone", new.name()),
                "timestamptz: as large, and the same instant in every session",
            );
        }
    }
}
