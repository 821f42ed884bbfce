//! What would spoil the walk over a table: keys that the statement changes itself, and what is gone when the batches
//! go on in another session.

use crate::problem::{Finding, ProblemKind};
use crate::sql::{Token, TokenKind, Tokens, byte_range};
use crate::{ByteRange, Statement, StatementKind};

use super::Batch;

/// A column of the key that an `UPDATE` assigns: its rows would move, some of them to where the walk comes yet.
pub(crate) fn assigns_key(sql: &str, statement: &Statement) -> Option<Finding> {
    if statement.kind != StatementKind::Update {
        return None;
    }
    let batch = Batch::of(sql, statement)?;
    let text = statement.range.of(sql);
    let tokens: Vec<Token> = Tokens::of(text).filter(|it| !it.is_comment()).collect();
    if target(text, &tokens) != last_name(&batch.table) {
        return None;
    }
    let column = assigned(text, &tokens).find(|it| batch.key.contains(&name(text, it)))?;
    let start = statement.range.start as usize;
    let range = byte_range(start + column.start, start + column.end);
    let message = format!("the batch changes `{}`, by which it walks", column.text(text));
    let help = "its rows would move before or behind the walk: walk the table by another key";
    Some(Finding::new(ProblemKind::Directive, range, message, help))
}

/// The table that an `UPDATE` changes, without its schema.
fn target(text: &str, tokens: &[Token]) -> Option<String> {
    let mut depth = 0_usize;
    let verb = tokens.iter().position(|it| {
        match it.kind {
            TokenKind::Symbol(b'(') => depth += 1,
            TokenKind::Symbol(b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && it.is(text, "update")
    })?;
    named(text, tokens.get(verb + 1..)?)
}

/// The name of a table with which these tokens begin, without its schema.
fn named(text: &str, tokens: &[Token]) -> Option<String> {
    let rest = if tokens.first()?.is(text, "only") { &tokens[1..] } else { tokens };
    let parts = rest.chunks(2).take_while(|it| it.len() == 2 && it[1].is_symbol(b'.')).count();
    Some(name(text, rest.get(2 * parts)?))
}

/// The last part of a name with a schema.
fn last_name(table: &str) -> Option<String> {
    Tokens::of(table).last().map(|it| name(table, &it))
}

/// Whether something is inserted, or merged, into a table of this name.
pub(super) fn adds_to(sql: &str, table: &str) -> bool {
    let tokens: Vec<Token> = Tokens::of(sql).filter(|it| !it.is_comment()).collect();
    let mut into = (1..tokens.len()).filter(|it| tokens[it - 1].is(sql, "into"));
    into.any(|it| named(sql, &tokens[it..]) == last_name(table))
}

/// A statement that makes something for its session alone.
pub(crate) fn is_temporary(sql: &str, range: ByteRange) -> bool {
    let text = range.of(sql);
    let mut words = Tokens::of(text).filter(|it| !it.is_comment()).take(5);
    words.next().is_some_and(|it| it.is(text, "create"))
        && words
            .take_while(|it| {
                ["or", "replace", "global", "local", "temp", "temporary"]
                    .iter()
                    .any(|word| it.is(text, word))
            })
            .any(|it| it.is(text, "temp") || it.is(text, "temporary"))
}

/// The tokens that are columns behind the `SET` of an update, outside of parentheses or in a list before `=`.
fn assigned<'a>(text: &'a str, tokens: &'a [Token]) -> impl Iterator<Item = &'a Token> {
    let mut depth = 0_usize;
    let mut is_target = false;
    // `IS DISTINCT FROM` ends nothing.
    let mut is_distinct = false;
    // Before `SET`, and behind what it sets.
    let mut has_ended = true;
    tokens.iter().filter(move |it| {
        let starts = depth == 0 && it.is(text, "set");
        match it.kind {
            TokenKind::Symbol(b'(') => depth += 1,
            TokenKind::Symbol(b')') => depth = depth.saturating_sub(1),
            TokenKind::Symbol(b',') if depth == 0 => is_target = !has_ended,
            TokenKind::Symbol(b'=') if depth == 0 => is_target = false,
            TokenKind::Word if depth == 0 => {
                let ends = ["from", "where", "returning"].iter().any(|word| it.is(text, word));
                let ends = ends && !is_distinct;
                has_ended |= ends;
                is_target &= !ends;
            }
            _ => {}
        }
        is_distinct = it.is(text, "distinct");
        let found = is_target && matches!(it.kind, TokenKind::Word | TokenKind::QuotedName);
        if starts {
            (is_target, has_ended) = (true, false);
        }
        found
    })
}

/// A name as the server reads it.
pub(super) fn name(text: &str, token: &Token) -> String {
    let shown = token.text(text);
    match shown.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => shown.to_ascii_lowercase(),
    }
}
