//! Down scripts that leave behind what the up script made, or do not bring back what it dropped, by name.

use std::collections::BTreeSet;

use crate::analysis::Examined;
use crate::lint::ledger::{Kind, Ledger, Thing};
use crate::lint::{Check, Example, MigrationContext, Rule, Severity, Sink};
use crate::sql::code::may_do_anything;
use crate::{Direction, SourceScript};

pub(super) static RULE: Rule = Rule {
    id: "down-does-not-undo",
    severity: Severity::Warning,
    title: "a down script leaves behind what the up script made",
    harm: "After `down`, the database is not what it was: the next `up` fails at what is there already, or at what is \
           missing, on the day when the way back was needed. What the statements name is compared; `check` compares \
           the catalogs.",
    way_out: "-- the down script takes back each thing, the last one first:\nDROP INDEX contracts_owner_idx;\nALTER TABLE contracts DROP COLUMN owner_id;",
    examples: &[
        Example::found("", "CREATE TABLE t (a int); CREATE TABLE u (a int)").with_down("DROP TABLE t"),
        Example::found("", "ALTER TABLE t ADD COLUMN a int, ADD COLUMN b int")
            .with_down("ALTER TABLE t DROP COLUMN a"),
        Example::found("", "CREATE INDEX i ON t (a); CREATE INDEX j ON t (a)").with_down("DROP INDEX i"),
        Example::found("", "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0), ADD b int")
            .with_down("ALTER TABLE u DROP COLUMN b"),
        Example::found("", "ALTER TYPE e ADD VALUE 'x'; ALTER TABLE t ADD b int")
            .with_down("ALTER TABLE t DROP COLUMN b"),
        Example::found("", "DROP TABLE t; CREATE TABLE u (a int)").with_down("DROP TABLE u"),
        Example::found("", "ALTER TABLE t RENAME COLUMN a TO b, ADD c int").times(2)
            .with_down("ALTER TABLE t DROP COLUMN c"),
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int, ADD c int")
            .with_down("ALTER TABLE t DROP COLUMN c"),
        Example::found("", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA s")
            .with_down("DROP SCHEMA s"),
        // What a query verifies, it does not undo, whichever functions it calls.
        Example::found("", "CREATE TABLE t (a int); CREATE TABLE u (a int)")
            .with_down("DROP TABLE t;\n-- migrate:verify\nSELECT f(1)"),
        Example::found("", "CREATE TABLE t (a int); CREATE TABLE u (a int)").with_down(
            "-- migrate:batch table=t key=a\nUPDATE u SET a = t.a FROM t WHERE t.a >= :batch_start AND t.a < :batch_end;\nDROP TABLE t",
        ),
        Example::fine("", "CREATE TABLE t (a int);\n-- migrate:batch table=u key=a\nINSERT INTO t SELECT a FROM u WHERE a >= :batch_start AND a < :batch_end").with_down(
            "-- migrate:batch table=t key=a\nUPDATE u SET a = t.a FROM t WHERE t.a >= :batch_start AND t.a < :batch_end;\nDROP TABLE t",
        ),
        Example::fine("", "CREATE TABLE t (a int); CREATE INDEX i ON t (a); ALTER TABLE t ADD b int")
            .with_down("DROP TABLE t"),
        Example::fine("", "ALTER TABLE t ADD COLUMN a int; CREATE INDEX i ON t (a); CREATE INDEX j ON t (lower(a))")
            .with_down("ALTER TABLE t DROP COLUMN a"),
        Example::fine("", "ALTER TABLE t RENAME TO u; ALTER TABLE u ADD COLUMN a int")
            .with_down("ALTER TABLE u RENAME TO t; ALTER TABLE t DROP COLUMN a"),
        Example::fine("", "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE TYPE s.e AS ENUM ('a')")
            .with_down("DROP SCHEMA s CASCADE"),
        Example::fine("", "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p DEFAULT")
            .with_down("DROP TABLE p"),
        Example::fine("", "CREATE TABLE n (a int); DROP TABLE t; ALTER TABLE n RENAME TO t")
            .with_down("CREATE TABLE o (a int); DROP TABLE t; ALTER TABLE o RENAME TO t"),
        Example::fine(
            "",
            "ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a'); DROP TYPE e_old; ALTER TABLE t ADD b int",
        )
        .with_down("ALTER TABLE t DROP COLUMN b"),
        Example::fine("", "ALTER TYPE e ADD VALUE 'x'")
            .with_down("ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a'); DROP TYPE e_old"),
        Example::fine("", "ALTER TABLE t RENAME COLUMN a TO a_old; ALTER TABLE t ADD COLUMN a bigint")
            .with_down("ALTER TABLE t DROP COLUMN a; ALTER TABLE t RENAME COLUMN a_old TO a"),
        Example::fine("", "ALTER TABLE t RENAME COLUMN a TO a_old; ALTER TABLE t ADD COLUMN a bigint").with_down(
            "ALTER TABLE t RENAME a TO a_new; ALTER TABLE t RENAME a_old TO a; ALTER TABLE t DROP a_new",
        ),
        Example::fine("", "CREATE TABLE t (a int, b int); ALTER TABLE t DROP COLUMN b").with_down("DROP TABLE t"),
        Example::fine("", "CREATE TEMP TABLE x AS SELECT 1; ALTER TABLE t ADD a int; DROP TABLE x")
            .with_down("ALTER TABLE t DROP COLUMN a"),
        Example::fine("", "ALTER INDEX IF EXISTS i RENAME TO j; CREATE INDEX IF NOT EXISTS j ON t (a)")
            .with_down("DROP INDEX j"),
        Example::fine("", "ALTER TABLE t ALTER a DROP DEFAULT; DROP SEQUENCE t_a_seq")
            .with_down("ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a serial"),
        Example::fine("", "CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE t (a int)").with_down("DROP TABLE t"),
        Example::fine("", "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)")
            .with_down("ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1)"),
        Example::fine("", "ALTER TABLE t DROP CONSTRAINT t_a_key")
            .with_down("ALTER TABLE t ADD UNIQUE (a)"),
        Example::fine(
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'; CREATE TABLE t (a int)",
        )
        .with_down("DROP TABLE t"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("SELECT drop_all('t')"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("DO $$ BEGIN DROP TABLE t; END $$"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("-- migrate:irreversible because it is tried"),
        Example::fine("", "CREATE TEMP TABLE x (a int); ALTER TABLE t ADD b int").with_down("ALTER TABLE t DROP b"),
        Example::found("", "CREATE TABLE t (a int); CREATE EXTENSION citext; CREATE TABLE u (a int)").with_down("DROP TABLE t; DROP EXTENSION citext"),
        Example::found("", "CREATE TABLE t (a int); CREATE TABLE u (a int)").with_down("DROP TABLE t CASCADE"),
        Example::found("", "CREATE TABLE a (a int); CREATE TABLE b (a int); CREATE TABLE c (a int); CREATE TABLE d (a int); CREATE TABLE e (a int); ALTER TABLE t ADD b int").with_down("ALTER TABLE t DROP b"),
        Example::found("", "ALTER TYPE e ADD VALUE 'x'; CREATE TABLE u (a int)").with_down("CREATE TABLE IF NOT EXISTS v (a int)"),
        Example::found("CREATE TABLE t (a int)", "DROP TABLE t; CREATE TABLE u (a int)").with_down("CREATE TABLE IF NOT EXISTS t (a int)"),
        Example::fine("", "CREATE VIEW v AS SELECT a FROM t; ALTER TABLE t ADD b int").with_down("ALTER TABLE t DROP a CASCADE, DROP b"),
        Example::fine("", "CREATE TABLE t (a int); CREATE TABLE p (a int)  PARTITION BY LIST (a); ALTER TABLE p ATTACH PARTITION t DEFAULT").with_down("DROP TABLE p"),
        Example::fine("", "CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i").with_down("ALTER TABLE t DROP CONSTRAINT k"),
        Example::fine("", "CREATE SEQUENCE s; ALTER TABLE t ADD a int DEFAULT nextval('s'); ALTER SEQUENCE s OWNED BY t.a").with_down("ALTER TABLE t DROP a"),
        Example::fine("", "DROP INDEX t_a_idx").with_down("CREATE INDEX ON t (a)"),
        Example::fine("", "DROP INDEX i; DROP TABLE t").with_down("CREATE TABLE t (a int); CREATE INDEX i ON t (a)"),
        Example::fine("", "DROP TRIGGER g ON t; DROP TABLE t").with_down("CREATE TABLE t (a int)"),
        Example::found("", "CREATE EXTENSION citext; ALTER TABLE t ADD b int").with_down("ALTER TABLE t DROP b"),
        Example::found("", "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int; ALTER TABLE t ADD c int").with_down("ALTER TABLE t DROP c"),
        Example::found("", "CREATE TABLE t (a int); ALTER TABLE t ADD b int; CREATE INDEX i ON t (a); ALTER TABLE u ADD c int").with_down("ALTER TABLE u DROP c"),
        Example::fine("", "DROP EXTENSION citext; ALTER TABLE t ADD b int").with_down("ALTER TABLE t DROP b"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("-- migrate:no-parse because it is tried\nDROP TABLE t"),
    ],
    check: Check::Migration(check),
};

/// How many things a message names.
const NAMED: usize = 4;

fn check(context: &MigrationContext<'_>, sink: &mut Sink<'_>) {
    let (up, down) = (&context.migration.up, &context.migration.down);
    let Some(first) = down.statements.first() else { return };
    let is_code = |it: &Examined| may_do_anything(&it.action.what, it.action.range.of(&down.sql));
    if context.down.iter().any(is_code) || super::down_does_nothing::does_nothing(context) {
        return;
    }
    if !is_read(up, context.up) || !is_read(down, context.down) {
        return;
    }
    let ledger = Ledger::of(context.up, up).back(context.down, down);
    let takes_along = context.down.iter().any(|it| it.action.cascades);
    let left: Vec<&Thing> = ledger
        .made
        .iter()
        .filter(|it| !(takes_along && may_be_taken_along(it.kind)))
        // Of these, it is not known what was there.
        .filter(|it| !(it.is_doubtful && matches!(it.kind, Kind::Extension | Kind::Trigger)))
        .filter(|it| !it.of.as_ref().is_some_and(|of| is_among(&ledger.made, of)))
        .collect();
    let missing: Vec<&Thing> =
        ledger.dropped.iter().filter(|it| !it.is_doubtful && it.kind != Kind::Extension).collect();
    if !left.is_empty() {
        let is_doubtful = left.iter().all(|it| it.is_doubtful);
        let unless = if is_doubtful { ", unless it was there before" } else { "" };
        sink.report_in(
            Direction::Down,
            first.range,
            format!("the down script leaves {} behind{unless}", list(&left)),
            help(&left),
        );
    }
    if !missing.is_empty() {
        sink.report_in(
            Direction::Down,
            first.range,
            format!("the down script does not bring {} back", list(&missing)),
            "make it again, empty where its rows are lost; where that helps nobody, the down script is \
             `-- migrate:irreversible because …`",
        );
    }
}

/// Whether all statements of a script were understood.
pub(super) fn is_read(script: &SourceScript, actions: &[Examined]) -> bool {
    let read: BTreeSet<usize> = actions.iter().map(|it| it.statement).collect();
    read.len() == script.statements.len()
}

/// What depends on other things, and goes with them where CASCADE says so.
fn may_be_taken_along(kind: Kind) -> bool {
    !matches!(kind, Kind::Table | Kind::Index | Kind::Type | Kind::Value | Kind::Schema)
}

fn is_among(things: &[Thing], of: &crate::sql::action::ObjectName) -> bool {
    let whole = |it: &&Thing| matches!(it.kind, Kind::Table | Kind::View | Kind::Type);
    things.iter().filter(whole).any(|it| it.name == *of)
}

fn list(things: &[&Thing]) -> String {
    let mut words: Vec<String> = things.iter().take(NAMED).map(|it| it.words()).collect();
    match things.len().saturating_sub(NAMED) {
        0 => {}
        1 => words.push("one more".to_owned()),
        more => words.push(format!("{more} more")),
    }
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn help(left: &[&Thing]) -> String {
    if left.iter().all(|it| it.kind == Kind::Value) {
        return "PostgreSQL cannot drop a value of an enum: make the type anew without it, or, where it may stay, \
                `-- migrate:allow down-does-not-undo because …` and IF NOT EXISTS in the up script"
            .to_owned();
    }
    "drop it, or, where it may stay, `-- migrate:allow down-does-not-undo because …`".to_owned()
}
