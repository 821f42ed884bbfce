//! Locks on a second table in use.

use crate::analysis::Claim;
use crate::lint::context::words;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;
use crate::{Blocks, LockMode, Whose};

pub(super) static RULE: Rule = Rule {
    id: "locks-several-tables",
    severity: Severity::Info,
    title: "a script locks a second table while it holds the lock of a first one",
    harm: "While the script waits for the second table, nobody can read or write the first one. A program that \
           uses the two in the other order waits for the script, and the script for it: a deadlock, which \
           ends one of the two.",
    way_out: "ALTER TABLE contracts ADD COLUMN note text;\n-- in the next migration:\nALTER TABLE users ADD COLUMN note text;",
    examples: &[
        Example::found(
            "",
            "ALTER TABLE t ADD a int; ALTER TABLE u ADD a int; ALTER TABLE v ADD a int",
        ),
        Example::found(
            "CREATE TABLE u (a int); CREATE TABLE t (a int REFERENCES u)",
            "ALTER TABLE v ADD b int; ALTER TABLE t DROP CONSTRAINT t_a_fkey",
        ),
        // Nobody waits for the two, but the table that they reference is kept.
        Example::found(
            "CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int REFERENCES r)",
            "DROP TABLE t; ALTER TABLE u ADD a int",
        ),
        Example::fine("", "DROP TABLE t; DROP TABLE u"),
        Example::fine(
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
            "DROP INDEX i; CREATE INDEX j ON t (a)",
        ),
        Example::fine("", "ALTER TABLE t ADD a int; ALTER TABLE t ADD b int"),
        Example::fine(
            "",
            "ALTER TABLE t ADD a int; CREATE TABLE u (a int); ALTER TABLE u ADD b int",
        ),
        Example::fine("", "ALTER TABLE t ADD a int; SELECT * FROM u; INSERT INTO v VALUES (1)"),
        Example::fine(
            "",
            "-- migrate:no-transaction\nALTER TABLE t ADD a int; ALTER TABLE u ADD a int",
        ),
        Example::fine("", "LOCK TABLE t, u; ALTER TABLE t ADD a int; ALTER TABLE u ADD b int"),
        Example::fine("", "ALTER TABLE t ADD a int; LOCK TABLE u"),
        Example::fine("", "ALTER TABLE t ADD a int; DROP INDEX i"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    // Most actions lock out nobody: what came before them is not looked through.
    if context.claims.iter().all(|it| it.lock.blocks() < Blocks::Writes) {
        return;
    }
    let held = context.held(LockMode::AccessExclusive);
    // Which table an index belongs to is not known: perhaps to the second one.
    let Some((since, first)) = held.filter(|it| it.1.whose != Whose::TableOfIndex) else { return };
    let is_index = matches!(
        context.action.what,
        What::ReindexIndex { .. } | What::AlterIndex { .. } | What::DropIndex { .. }
    );
    // Who locks on purpose has thought of the order.
    let locks = |it: &What| matches!(it, What::Lock { .. });
    if is_index
        || locks(&context.action.what)
        || context.before.iter().any(|it| locks(&it.action.what))
    {
        return;
    }
    let waits = |it: &&Claim| {
        it.lock.blocks() >= Blocks::Writes
            && it.relation != first.relation
            && it.whose != Whose::TableOfIndex
            && !context.fresh.is_gone(it)
    };
    let Some(second) = context.claims.iter().find(waits) else { return };
    // Once is enough.
    let later = context.before.iter().filter(|it| it.statement > since.statement);
    if later.flat_map(|it| &it.claims).any(|it| waits(&it)) {
        return;
    }
    sink.report(
        context.action.range,
        format!(
            "{}{} is locked since line {}, while this waits for the lock of {}{}",
            words(first),
            first.relation,
            context.line(since),
            words(second),
            second.relation
        ),
        "one table a migration; or LOCK TABLE of all of them at the beginning, in the order in which programs use \
         them",
    );
}
