//! A new value of an enum that is used before it is committed.

use crate::Mode;
use crate::analysis::Examined;
use crate::lint::{Check, Example, Rule, ScriptContext, Severity, Sink};
use crate::sql::action::{Change, ColumnType, ObjectName, What};
use crate::sql::{Token, TokenKind, Tokens};

pub(super) static RULE: Rule = Rule {
    id: "enum-value-in-same-transaction",
    severity: Severity::Error,
    title: "a value is added to an enum and used in the same transaction",
    harm: "It fails: a new value of an enum cannot be used before the transaction that adds it has committed \
           (`unsafe use of new value`, 55P04). Only where the type itself is made in the same script it can.",
    way_out: "ALTER TYPE status ADD VALUE 'archived';\n-- in the next migration:\nUPDATE contracts SET status = 'archived' WHERE ended_at < now();",
    examples: &[
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (s e)",
            "ALTER TYPE e ADD VALUE 'b'; UPDATE t SET s = 'b'",
        ),
        Example::found("", "ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::e"),
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (s e)",
            "ALTER TYPE e ADD VALUE 'b'; ALTER TABLE t ALTER s SET DEFAULT 'b'",
        ),
        Example::fine("", "ALTER TYPE e ADD VALUE 'b'; ALTER TYPE e ADD VALUE 'c' AFTER 'b'"),
        Example::fine("", "CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::e"),
        Example::fine(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (s text)",
            "ALTER TYPE e ADD VALUE 'b'; UPDATE t SET s = 'b'",
        ),
        Example::fine(
            "",
            "-- migrate:no-transaction\nALTER TYPE e ADD VALUE 'b'; UPDATE t SET s = 'b'::e",
        ),
        Example::fine("", "ALTER TYPE e ADD VALUE 'b'; COMMENT ON TYPE e IS 'b'"),
    ],
    check: Check::Script(check),
};

fn check(context: &ScriptContext<'_>, sink: &mut Sink<'_>) {
    if context.script.mode != Mode::Transactional {
        return;
    }
    for (index, added) in context.actions.iter().enumerate() {
        let What::AddEnumValue { ty, value, .. } = &added.action.what else { continue };
        if context.fresh.types.contains(ty) {
            continue;
        }
        let later = &context.actions[index + 1..];
        let Some(used) = later.iter().find(|it| uses(context, it, ty, value)) else { continue };
        sink.report(
            used.action.range,
            format!("'{value}' cannot be used before it is committed: it is new in {ty} (55P04)"),
            "move this into the next migration",
        );
    }
}

/// Whether an action makes the server read the value as one of the type.
fn uses(context: &ScriptContext<'_>, examined: &Examined, ty: &ObjectName, value: &str) -> bool {
    let is_type = |it: &ColumnType| it.object() == *ty;
    let (tables, is_of_type) = match &examined.action.what {
        What::Insert { table, sources, .. }
        | What::Update { table, sources, .. }
        | What::Delete { table, sources, .. }
        | What::Merge { table, sources } => (sources.iter().chain([table]).collect(), false),
        What::AlterTable { table, change: Change::AddColumn { column, .. }, .. } => {
            (vec![table], is_type(&column.ty))
        }
        What::AlterTable { table, .. } => (vec![table], false),
        What::CreateIndex(it) => (vec![&it.table], false),
        What::CreateTable(it) => (Vec::new(), it.columns.iter().any(|it| is_type(&it.ty))),
        What::Select { sources, .. }
        | What::CreateTableAs { sources, .. }
        | What::CreateView { sources, .. }
        | What::CreateMaterializedView { sources, .. } => (sources.iter().collect(), false),
        _ => return false,
    };
    let text = examined.action.range.of(&context.script.sql);
    let tokens: Vec<Token> = Tokens::of(text).collect();
    let quoted = format!("'{}'", value.replace('\'', "''"));
    if !tokens.iter().any(|it| it.kind == TokenKind::Text && it.text(text) == quoted) {
        return false;
    }
    let has_column = |table: &&ObjectName| {
        let known = context.known.tables.get(table);
        known.is_some_and(|it| it.columns.values().any(|it| is_type(&it.ty)))
    };
    let is_cast = |at: &[Token]| {
        at[0].is_symbol(b':') && at[1].is_symbol(b':') && {
            let name = text.get(at[2].start..).and_then(ObjectName::read);
            name.is_some_and(|it| it == *ty)
        }
    };
    is_of_type || tables.iter().any(has_column) || tokens.windows(3).any(is_cast)
}
