//! Rows that are changed while a table is locked.

use crate::lint::context::words;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{ConstraintKind, ObjectName, What};
use crate::sql::{Token, TokenKind, Tokens};
use crate::{LockMode, Work};

pub(super) static RULE: Rule = Rule {
    id: "rows-beside-ddl",
    severity: Severity::Warning,
    title: "rows are changed in a transaction that keeps a table locked",
    harm: "Locks are held until the transaction ends. `ALTER TABLE` would need its lock for an instant; with an \
           UPDATE of many rows in the same script nobody can use the table until the last row is changed.",
    way_out: "ALTER TABLE contracts ADD COLUMN note text;\n-- in the next migration; or in this one, whose statements commit one by one because of the batch:\n-- migrate:batch table=contracts key=id size=5000\nUPDATE contracts SET note = ''\nWHERE id >= :batch_start AND id < :batch_end AND note IS NULL;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ADD b int; UPDATE t SET b = a"),
        Example::found("", "ALTER TABLE t ADD b int; DELETE FROM u WHERE a > 3"),
        Example::found("", "CREATE INDEX i ON t (a); INSERT INTO u SELECT a FROM t"),
        Example::fine("", "ALTER TABLE t ADD b int; INSERT INTO t VALUES (1, 2)"),
        // A row or two, found by their key.
        Example::fine(
            "CREATE TABLE u (id int PRIMARY KEY)",
            "ALTER TABLE t ADD b int; DELETE FROM u WHERE id IN (9, 10); UPDATE u SET b = 'x' WHERE id = 3",
        ),
        Example::fine("", "UPDATE t SET b = a; ALTER TABLE t DROP COLUMN a"),
        Example::fine(
            "",
            "CREATE TABLE t (a int); ALTER TABLE t ADD b int; INSERT INTO t SELECT a FROM u",
        ),
        Example::fine(
            "",
            "ALTER TABLE t ADD b int; CREATE TABLE n (a int); INSERT INTO n SELECT 1; UPDATE n SET a = 2",
        ),
        Example::fine("", "-- migrate:no-transaction\nALTER TABLE t ADD b int; UPDATE t SET b = a"),
        Example::fine(
            "",
            "ALTER TABLE t ADD b int;\n-- migrate:batch table=t key=id\nUPDATE t SET b = a WHERE id >= :batch_start AND id < :batch_end;\nALTER TABLE u ADD b int; DELETE FROM u WHERE a > 3",
        ),
        Example::fine(
            "",
            "ALTER TABLE t ADD b int;\n-- migrate:verify\nSELECT NOT EXISTS (SELECT FROM u WHERE f(a) > 3)",
        ),
        Example::fine("", "ALTER TABLE t SET (fillfactor = 90); UPDATE t SET b = a"),
        Example::fine("", "ALTER TABLE t ADD b int; DELETE FROM pg_catalog.pg_enum WHERE enumlabel = 'a'"),
        Example::fine("", "ALTER TABLE t ADD b int; UPDATE pg_cast SET castcontext = 'i' WHERE oid > 1"),
        Example::found("CREATE TABLE u (id int PRIMARY KEY, b int UNIQUE, c int)", "ALTER TABLE t ADD b int; DELETE FROM u WHERE c = 3; DELETE FROM u WHERE id > 3; DELETE FROM u WHERE id /* one */ = 3").times(2),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let table = match &context.action.what {
        What::Update { table, .. } | What::Delete { table, .. } | What::Merge { table, .. } => {
            table
        }
        What::Insert { table, has_values: false, .. } => table,
        _ => return,
    };
    // The server's own tables are small.
    let is_catalog = table.schema.as_deref() == Some("pg_catalog") || table.name.starts_with("pg_");
    // Rows are read, and not those alone that the script has made.
    let reads = context.claims.iter().any(|it| it.work == Work::Scan);
    if !reads || is_catalog || is_by_key(context, table) {
        return;
    }
    let Some((since, held)) = context.held(LockMode::Share) else { return };
    let who = match held.lock {
        LockMode::AccessExclusive => "reads and writes of it wait",
        _ => "writes to it wait",
    };
    let line = context.line(since);
    sink.report(
        context.action.range,
        format!(
            "rows of {table} are changed while {}{} is locked, since line {line}: {who}",
            words(held),
            held.relation
        ),
        "move it into a migration of its own; or change the rows in batches, with `-- migrate:batch table=… key=…` \
         above it: then each statement commits by itself",
    );
}

/// Whether the condition is no more than a key that is equal to constants.
fn is_by_key(context: &ActionContext<'_>, table: &ObjectName) -> bool {
    let text = context.action.range.of(&context.script.sql);
    let tokens: Vec<Token> = Tokens::of(text).filter(|it| !it.is_comment()).collect();
    let Some(at) = tokens.iter().rposition(|it| it.is(text, "where")) else { return false };
    let [column, rest @ ..] = &tokens[at + 1..] else { return false };
    let Some(name) = ObjectName::read(column.text(text)) else { return false };
    let is_constant = |it: &Token| match it.kind {
        TokenKind::Text | TokenKind::Number => true,
        TokenKind::Symbol(it) => b"=(),;".contains(&it),
        _ => it.is(text, "in"),
    };
    let is_key = |it: &ConstraintKind| match it {
        ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => {
            *columns == [name.name.clone()]
        }
        _ => false,
    };
    let known = context.known.tables.get(table);
    rest.iter().all(is_constant)
        && known.is_some_and(|it| it.constraints.values().any(|it| is_key(&it.kind)))
}
