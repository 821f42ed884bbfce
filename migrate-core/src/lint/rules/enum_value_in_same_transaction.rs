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
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a text, s e)",
            "ALTER TYPE e ADD VALUE 'b'; INSERT INTO t (a, s) VALUES ('x', 'a'), ('y', 'b')",
        ),
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a text, s e)",
            "ALTER TYPE e ADD VALUE 'b'; DELETE FROM t WHERE t.s IN ('a', 'b')",
        ),
        Example::fine(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a text, s e)",
            "ALTER TYPE e ADD VALUE 'b'; INSERT INTO t (a, s) VALUES ('b', 'a'); UPDATE t SET a = 'b'",
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
        // Which column it is for is not read: perhaps one of the type, until one certainly is.
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (s e)",
            "ALTER TYPE e ADD VALUE 'b'; INSERT INTO t SELECT 'b'",
        ),
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (s e)",
            "ALTER TYPE e ADD VALUE 'b'; INSERT INTO t SELECT 'b'; UPDATE t SET s = 'b'",
        ),
        Example::found(
            "",
            "ALTER TYPE e ADD VALUE 'b'; ALTER TYPE e ADD VALUE 'c'; SELECT 'b'::e; SELECT 'c'::e",
        )
        .times(2),
        Example::found("", "ALTER TYPE e ADD VALUE 'b'; CREATE TABLE t (s e DEFAULT 'b')"),
        Example::fine("", "ALTER TYPE e ADD VALUE 'b'; CREATE TABLE t (s text DEFAULT 'b')"),
        Example::fine("", "ALTER TYPE e ADD VALUE 'b'; SELECT 'b'::f"),
        Example::found("", "ALTER TYPE e ADD VALUE 'b'; ALTER TABLE t ADD COLUMN s e DEFAULT 'b'"),
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a text, s e)",
            "ALTER TYPE e ADD VALUE 'b'; INSERT INTO t (a, s) VALUES (concat('x', 'y'), 'b')",
        ),
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
        let usages = context.actions[index + 1..]
            .iter()
            .filter_map(|it| usage(context, it, ty, value).map(|usage| (usage, it.action.range)));
        // The first one that is certain, else the first.
        let Some((usage, range)) = usages.min_by_key(|(usage, _)| *usage) else { continue };
        let message =
            format!("'{value}' cannot be used before it is committed: it is new in {ty} (55P04)");
        let help = "move this into the next migration";
        match usage {
            Usage::Certain => sink.report(range, message, help),
            Usage::Perhaps => {
                let message = format!("{message}, if it is one of {ty} here");
                sink.report_unsure(range, message, help);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Usage {
    Certain,
    Perhaps,
}

/// Whether an action makes the server read the value as one of the type.
fn usage(
    context: &ScriptContext<'_>,
    examined: &Examined,
    ty: &ObjectName,
    value: &str,
) -> Option<Usage> {
    let is_type = |it: &ColumnType| it.object() == *ty;
    let text = examined.action.range.of(&context.script.sql);
    let tokens: Vec<Token> = Tokens::of(text).collect();
    let quoted = format!("'{}'", value.replace('\'', "''"));
    let at = tokens.iter().position(|it| it.kind == TokenKind::Text && it.text(text) == quoted)?;
    let is_cast = tokens.get(at + 1..at + 4).is_some_and(|it| {
        let name = text.get(it[2].start..).and_then(ObjectName::read);
        it[0].is_symbol(b':') && it[1].is_symbol(b':') && name.is_some_and(|it| it == *ty)
    });
    let (tables, is_of_type) = match &examined.action.what {
        What::Insert { table, sources, .. }
        | What::Update { table, sources, .. }
        | What::Delete { table, sources, .. }
        | What::Merge { table, sources } => (sources.iter().chain([table]).collect(), false),
        What::AlterTable { table, change: Change::AddColumn { column, .. }, .. } => {
            (vec![table], is_type(&column.ty))
        }
        What::AlterTable { table, change: Change::SetDefault { column }, .. } => {
            (vec![], context.known.column(table, column).is_some_and(|it| is_type(&it.ty)))
        }
        What::AlterTable { table, .. } => (vec![table], false),
        What::CreateIndex(it) => (vec![&it.table], false),
        What::CreateTable(it) => (vec![], it.columns.iter().any(|it| is_type(&it.ty))),
        What::Select { sources, .. }
        | What::Verify { sources }
        | What::CreateTableAs { sources, .. }
        | What::CreateView { sources, .. }
        | What::CreateMaterializedView { sources, .. } => (sources.iter().collect(), false),
        _ => return None,
    };
    if is_cast || is_of_type {
        return Some(Usage::Certain);
    }
    let tables = tables.into_iter().filter_map(|it| context.known.tables.get(it));
    let columns: Vec<&String> = tables
        .flat_map(|it| it.columns.iter().filter(|(_, it)| is_type(&it.ty)).map(|(name, _)| name))
        .collect();
    let column = inserted(&tokens, at, text).or_else(|| compared(&tokens, at, text));
    match column {
        Some(it) => columns.contains(&&it).then_some(Usage::Certain),
        None => (!columns.is_empty()).then_some(Usage::Perhaps),
    }
}

/// The column that a value is compared with, or becomes: the name before it.
fn compared(tokens: &[Token], at: usize, text: &str) -> Option<String> {
    let is_between = |it: &&Token| {
        matches!(it.kind, TokenKind::Symbol(_) | TokenKind::Text) || it.is(text, "in")
    };
    let name = tokens[..at].iter().rev().find(|it| !is_between(it))?;
    let is_name = !["values", "select", "then", "else", "and", "or", "not", "any", "array"]
        .iter()
        .any(|word| name.is(text, word));
    is_name.then(|| ObjectName::read(name.text(text))).flatten().map(|it| it.name)
}

/// The column that a value of `INSERT INTO … (…) VALUES` is for.
fn inserted(tokens: &[Token], at: usize, text: &str) -> Option<String> {
    let values = tokens[..at].iter().position(|it| it.is(text, "values"))?;
    let first = tokens[..values].iter().position(|it| it.is_symbol(b'('))?;
    let columns: Vec<String> = tokens[first..values]
        .iter()
        .filter(|it| matches!(it.kind, TokenKind::Word | TokenKind::QuotedName))
        .filter_map(|it| ObjectName::read(it.text(text)).map(|it| it.name))
        .collect();
    let (mut depth, mut place) = (0, 0);
    for token in &tokens[values..at] {
        match token.kind {
            TokenKind::Symbol(b'(') => {
                depth += 1;
                place = if depth == 1 { 0 } else { place };
            }
            TokenKind::Symbol(b')') => depth -= 1,
            TokenKind::Symbol(b',') if depth == 1 => place += 1,
            _ => {}
        }
    }
    columns.get(place).filter(|_| depth == 1).cloned()
}
