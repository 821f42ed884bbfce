//! Partitions whose rows have to be read.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ConstraintKind, NewTable, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "attach-partition-scans",
    severity: Severity::Error,
    title: "a table becomes a partition and its rows are read under a lock",
    harm: "`ATTACH PARTITION` locks the new partition, and the default partition too, in ACCESS EXCLUSIVE mode, \
           and reads every row of both to see where it belongs. A valid CHECK that says so makes the reading \
           superfluous. A new table beside a default partition makes that one be read as well.",
    way_out: "ALTER TABLE contracts_2026 ADD CONSTRAINT contracts_2026_bounds\n    CHECK (made_on IS NOT NULL AND made_on >= '2026-01-01' AND made_on < '2027-01-01') NOT VALID;\n-- in the next migration:\nALTER TABLE contracts_2026 VALIDATE CONSTRAINT contracts_2026_bounds;\n-- in the one after that:\nALTER TABLE contracts ATTACH PARTITION contracts_2026\n    FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
    examples: &[
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE t (a int)",
            "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (1) TO (2)",
        ),
        Example::found("", "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (1) TO (2)"),
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF p DEFAULT",
            "CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF p DEFAULT",
            "CREATE TABLE t (a int); ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (1) TO (2)",
        ),
        // It may be the one that proves it: worth knowing, no more.
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE t (a int CHECK (a = 1))",
            "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (1) TO (2)",
        ),
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE d (a int CHECK (a > 9)); ALTER TABLE p ATTACH PARTITION d DEFAULT",
            "CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
        Example::fine(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a)",
            "CREATE TABLE t (a int); ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (1) TO (2)",
        ),
        Example::fine(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a)",
            "CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
        Example::fine(
            "",
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF p DEFAULT; CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
        Example::found(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE t (a int UNIQUE); ALTER TABLE t ADD CHECK (a = 1) NOT VALID",
            "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (1) TO (2)",
        ),
        Example::fine(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE o PARTITION OF p FOR VALUES FROM (2) TO (3); CREATE TABLE q (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF q DEFAULT",
            "CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
        Example::fine(
            "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE d PARTITION OF p DEFAULT; CREATE TABLE t PARTITION OF p FOR VALUES FROM (1) TO (2)",
            "CREATE TABLE IF NOT EXISTS t PARTITION OF p FOR VALUES FROM (1) TO (2)",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let (parent, new) = match &context.action.what {
        _ if context.is_done_already() => return,
        What::AlterTable { table, change: Change::Attach { partition, .. }, .. } => {
            (table, Some(partition))
        }
        What::CreateTable(NewTable { partition_of: Some(parent), .. }) => (parent, None),
        _ => return,
    };
    let range = context.action.range;
    let help = |of: &ObjectName| {
        format!(
            "ALTER TABLE {of} ADD CONSTRAINT … CHECK (…) NOT VALID that says which rows it holds, VALIDATE \
             CONSTRAINT … in the next migration, and this in the one after that"
        )
    };
    if let Some(new) = new.filter(|it| !context.is_fresh(it)) {
        let message = format!("reads and writes of {new} wait while its rows are read");
        match has_check(context, new) {
            Some(true) => {
                let message = format!("{message}, unless its CHECK proves the bounds");
                return sink.report_unsure(range, message, help(new));
            }
            Some(false) => return sink.report(range, message, help(new)),
            None => {
                let message = format!("{message}, unless a valid CHECK says which it holds");
                return sink.report_unsure(range, message, help(new));
            }
        }
    }
    let default = context.known.default_partition(parent);
    let Some(default) = default.filter(|it| !context.is_fresh(it)) else { return };
    let message = format!(
        "reads and writes of {default}, the default partition, wait while its rows are read"
    );
    match has_check(context, default) {
        Some(false) => sink.report(range, message, help(default)),
        Some(true) => {
            let message = format!("{message}, unless its CHECK keeps out what the new one holds");
            sink.report_unsure(range, message, help(default));
        }
        None => {}
    }
}

/// Whether a table has a valid CHECK; nothing where the table is not known.
fn has_check(context: &ActionContext<'_>, table: &ObjectName) -> Option<bool> {
    let known = context.known.tables.get(table)?;
    let mut constraints = known.constraints.values();
    Some(constraints.any(|it| it.is_valid && matches!(it.kind, ConstraintKind::Check { .. })))
}
