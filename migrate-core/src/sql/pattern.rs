//! Patterns that recognise a statement by its key words.
//!
//! A pattern is a list of parts, with a space between them, each for the next token or tokens:
//!
//! - `index` that key word; `index|table` one of them; `unique?` it may be missing
//! - `..` anything, as little as possible, outside of parentheses
//! - `(..)` a list in parentheses; `(connect=off)` one with this option switched on or off
//! - `@` a name, with or without a schema
//! - `$` the end of the statement
//!
//! A pattern fits a statement that begins in this way. Key words are compared without regard to
//! case, and a name in quotes is never a key word.

use super::token::{Token, TokenKind};

pub(crate) fn fits(pattern: &str, sql: &str, tokens: &[Token]) -> bool {
    let (part, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    match part {
        "" => true,
        "$" => tokens.is_empty(),
        "@" => after_name(tokens).is_some_and(|after| fits(rest, sql, after)),
        ".." => after_each(tokens).any(|later| fits(rest, sql, later)),
        _ if part.starts_with('(') => {
            let Some((list, after)) = parenthesized(tokens) else { return false };
            has_option(part, sql, list) && fits(rest, sql, after)
        }
        _ => {
            let (words, optional) = part.strip_suffix('?').map_or((part, false), |it| (it, true));
            let here = tokens.split_first().filter(|(token, _)| is_one_of(token, sql, words));
            here.is_some_and(|(_, after)| fits(rest, sql, after))
                || (optional && fits(rest, sql, tokens))
        }
    }
}

/// Whether a pattern that begins with a word may fit what begins with this letter.
pub(crate) fn may_begin(pattern: &str, letter: u8) -> bool {
    let mut word = pattern.bytes().take_while(|it| *it != b' ');
    word.next() == Some(letter) || word.any(|it| it == b'|')
}

/// The statement without what may stand before the word that says what it does: parentheses around
/// a query, and `WITH` and its queries.
pub(crate) fn main_verb<'a>(sql: &str, tokens: &'a [Token]) -> &'a [Token] {
    const VERBS: &str = "select|insert|update|delete|merge|values|table";
    let mut tokens = tokens;
    while let Some((_, after)) = tokens.split_first().filter(|(it, _)| it.is_symbol(b'(')) {
        tokens = after;
    }
    if !fits("with", sql, tokens) {
        return tokens;
    }
    let mut places = after_each(&tokens[1..]);
    places.find(|later| fits(VERBS, sql, later)).unwrap_or(tokens)
}

fn is_one_of(token: &Token, sql: &str, words: &str) -> bool {
    token.kind == TokenKind::Word && words.split('|').any(|it| token.is(sql, it))
}

/// The tokens from each place outside of parentheses on, the first place first.
fn after_each(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let mut depth = 0_usize;
    (0..=tokens.len()).filter_map(move |index| {
        let outside = depth == 0;
        match tokens.get(index).map(|it| it.kind) {
            Some(TokenKind::Symbol(b'(')) => depth += 1,
            Some(TokenKind::Symbol(b')')) => depth = depth.saturating_sub(1),
            _ => {}
        }
        outside.then(|| &tokens[index..])
    })
}

/// What comes after a name, and after the asterisk that may follow the name of a table.
fn after_name(tokens: &[Token]) -> Option<&[Token]> {
    let is_name = |it: &Token| matches!(it.kind, TokenKind::Word | TokenKind::QuotedName);
    let (_, mut rest) = tokens.split_first().filter(|(it, _)| is_name(it))?;
    while let [dot, name, after @ ..] = rest
        && dot.is_symbol(b'.')
        && is_name(name)
    {
        rest = after;
    }
    let asterisk = rest.first().is_some_and(|it| it.is_symbol(b'*'));
    Some(&rest[usize::from(asterisk)..])
}

/// What stands between the parentheses that begin here, and what comes after them.
fn parenthesized(tokens: &[Token]) -> Option<(&[Token], &[Token])> {
    let (_, after) = tokens.split_first().filter(|(it, _)| it.is_symbol(b'('))?;
    let mut places = after_each(after);
    let close = places.find(|it| it.first().is_some_and(|it| it.is_symbol(b')')))?;
    Some((&after[..after.len() - close.len()], &close[1..]))
}

/// Whether a list has the option of a part such as `(connect=off)`, with that value.
fn has_option(part: &str, sql: &str, list: &[Token]) -> bool {
    let Some((name, wanted)) = part.trim_matches(['(', ')']).split_once('=') else {
        return true;
    };
    let mut options = list.split(|it| it.is_symbol(b','));
    options.any(|option| match option {
        [it, value @ ..] => it.is(sql, name) && is_on(sql, value) == (wanted == "on"),
        [] => false,
    })
}

/// An option without a value is on; `off`, `false` and `0` are off, with or without quotes.
fn is_on(sql: &str, value: &[Token]) -> bool {
    let word = value.last().map_or("", |it| it.text(sql)).trim_matches(['\'', '"']);
    !["off", "false", "0"].iter().any(|it| word.eq_ignore_ascii_case(it))
}
