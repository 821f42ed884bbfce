//! `ADD FOREIGN KEY` that checks the rows that are there.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ConstraintKind, What};

pub(super) static RULE: Rule = Rule {
    id: "foreign-key-validates",
    severity: Severity::Error,
    title: "a foreign key is added and all rows are checked at once",
    harm: "Both tables are locked in SHARE ROW EXCLUSIVE mode while every row of the one is looked up in the \
           other: nobody can write to either of them.",
    way_out: "ALTER TABLE contracts ADD CONSTRAINT contracts_owner_fkey\n    FOREIGN KEY (owner_id) REFERENCES users (id) NOT VALID;\n-- in the next migration, which locks out nobody:\nALTER TABLE contracts VALIDATE CONSTRAINT contracts_owner_fkey;",
    examples: &[
        Example::found(
            "CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (a int)",
            "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r (id)",
        ),
        Example::found(
            "CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE p (a int) PARTITION BY LIST (a)",
            "ALTER TABLE p ADD FOREIGN KEY (a) REFERENCES r (id)",
        ),
        Example::fine(
            "",
            "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r (id) NOT VALID",
        ),
        Example::fine(
            "CREATE TABLE r (id int PRIMARY KEY)",
            "CREATE TABLE t (a int); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r (id)",
        ),
        Example::fine("", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r (id) NOT ENFORCED"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::AlterTable { table, change: Change::AddConstraint(new), .. } = &context.action.what
    else {
        return;
    };
    let ConstraintKind::ForeignKey { table: referenced, .. } = &new.kind else { return };
    if new.not_valid || new.not_enforced || context.is_fresh(table) {
        return;
    }
    sink.report(
        context.action.range,
        format!("writes to {table} and to {referenced} wait while every row is checked"),
        if context.known.is_partitioned(table) && context.options.postgres_version < 18 {
            format!(
                "{table} is partitioned, and takes NOT VALID from PostgreSQL 18 on: add the key to each partition, \
                 NOT VALID, VALIDATE CONSTRAINT … in the next migration, and this in the one after that, which takes \
                 those over and checks nothing"
            )
        } else {
            format!(
                "add NOT VALID, and ALTER TABLE {table} VALIDATE CONSTRAINT … in the next migration"
            )
        },
    );
}
