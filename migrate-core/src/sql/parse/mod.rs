//! Parses statements, and has them read. Nothing but this module and `read` knows which parser it is.

use squawk_syntax::SourceFile;
use squawk_syntax::syntax_error::SyntaxError;

use super::action::Action;
use super::read::read;
use super::split::{Piece, Split};
use super::token::{Token, TokenKind, Tokens};
use super::{StatementKind, byte_range};
use crate::Statement;
use crate::batch::masked;
use crate::problem::{Finding, ProblemKind};
use crate::spelling::nearest;

/// Larger scripts are left to the server: they are data, and parsing them would be felt.
const LARGEST_SCRIPT: usize = 1 << 20;
const LARGEST_STATEMENT: usize = 1 << 18;

/// The parser needs the square of a chain of operators, and its stack for what is nested.
const LONGEST_CHAIN: usize = 500;
const DEEPEST_NESTING: usize = 50;

/// Key words that are misspelt where the parser takes them for names.
const KEY_WORDS: &[&str] = &[
    "ADD",
    "ALTER",
    "ALWAYS",
    "BEFORE",
    "CASCADE",
    "CHECK",
    "COLUMN",
    "CONCURRENTLY",
    "CONFLICT",
    "CONSTRAINT",
    "CREATE",
    "DEFAULT",
    "DELETE",
    "DISTINCT",
    "EXECUTE",
    "EXISTS",
    "FOREIGN",
    "FROM",
    "FUNCTION",
    "GENERATED",
    "GROUP",
    "HAVING",
    "IDENTITY",
    "INDEX",
    "INSERT",
    "INTO",
    "JOIN",
    "LANGUAGE",
    "LIMIT",
    "MATERIALIZED",
    "NOTHING",
    "NULL",
    "ORDER",
    "PARTITION",
    "PRIMARY",
    "PROCEDURE",
    "REFERENCES",
    "RENAME",
    "REPLACE",
    "RETURNING",
    "RETURNS",
    "SCHEMA",
    "SELECT",
    "SEQUENCE",
    "TABLE",
    "TRIGGER",
    "TRUNCATE",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VALID",
    "VALIDATE",
    "VALUES",
    "VIEW",
    "WHERE",
    "WITH",
];

/// What the parser says of a script.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// At most one for each statement.
    pub(crate) findings: Vec<Finding>,
    /// What the statements do that have no finding, by where they start, first to last.
    actions: Vec<(u32, Vec<Action>)>,
}

impl Parsed {
    /// What a statement does, in the order of its clauses; nothing where it does not parse, or is not to be parsed.
    pub(crate) fn take(&mut self, statement: &Statement) -> Vec<Action> {
        let found = self.actions.binary_search_by_key(&statement.range.start, |it| it.0);
        found.map_or_else(|_| Vec::new(), |it| std::mem::take(&mut self.actions[it].1))
    }
}

/// Parses statements one by one, so that an error in one says nothing about the next.
pub(crate) fn parse<'a>(split: &Split<'_>, pieces: impl Iterator<Item = &'a Piece>) -> Parsed {
    let mut parsed = Parsed::default();
    if split.sql.len() > LARGEST_SCRIPT {
        return parsed;
    }
    for piece in pieces.filter(|it| !is_beyond_the_parser(split, it)) {
        let start = piece.statement.range.start;
        let parse = SourceFile::parse(&masked(split.sql, piece.statement.range));
        match parse.errors().first() {
            Some(error) => parsed.findings.push(found(split, piece, error)),
            None => parsed.actions.push((start, read(&parse.tree(), start))),
        }
    }
    parsed
}

fn found(split: &Split<'_>, piece: &Piece, error: &SyntaxError) -> Finding {
    let tokens = split.tokens(piece);
    let at = piece.statement.range.start as usize + usize::from(error.range().start());
    let index = tokens.iter().position(|it| it.end > at).unwrap_or(tokens.len());
    explain(split.sql, tokens, index, at, error.message())
}

fn is_beyond_the_parser(split: &Split<'_>, piece: &Piece) -> bool {
    let (sql, statement, tokens) = (split.sql, &piece.statement, split.tokens(piece));
    statement.range.of(sql).len() > LARGEST_STATEMENT
        || is_too_much(tokens)
        || has_large_body(sql, statement, tokens)
}

/// Whether a statement is nested so deeply, or has so much without a comma, that the parser would
/// take very long or run out of stack.
fn is_too_much(tokens: &[Token]) -> bool {
    // One number for each open bracket: the tokens since its last comma.
    let mut chains = vec![0_usize];
    for token in tokens {
        match token.kind {
            TokenKind::Symbol(b'(' | b'[') => chains.push(0),
            TokenKind::Symbol(b')' | b']') if chains.len() > 1 => _ = chains.pop(),
            _ => {}
        }
        let Some(chain) = chains.last_mut() else { return true };
        *chain = if token.is_symbol(b',') || token.is_symbol(b';') { 0 } else { *chain + 1 };
        if *chain > LONGEST_CHAIN || chains.len() > DEEPEST_NESTING {
            return true;
        }
    }
    false
}

/// Whether that is so in the body of a function, which the parser looks into.
fn has_large_body(sql: &str, statement: &Statement, tokens: &[Token]) -> bool {
    let is_function = statement.kind == StatementKind::CreateFunction;
    let mut bodies = tokens.iter().filter(|it| is_function && it.kind == TokenKind::Text);
    bodies.any(|it| {
        let inner = it.text(sql).trim_start_matches('$');
        is_too_much(&Tokens::of(inner.trim_matches('\'')).collect::<Vec<_>>())
    })
}

/// Puts an error into words. The parser's own speak of its insides ("expected `FROM_KW`").
fn explain(sql: &str, tokens: &[Token], index: usize, at: usize, parser_says: &str) -> Finding {
    let Some(token) = tokens.get(index) else {
        let end = tokens.last().map_or(at, |it| it.end);
        let message = format!("the statement ends too early{}", expected(parser_says, ""));
        return Finding::new(ProblemKind::Syntax, byte_range(end, end), message, way_out(None));
    };
    if let Some(finding) = psql_variable(sql, tokens, index) {
        return finding;
    }
    // The body of a function: the error is inside of the constant.
    if token.kind == TokenKind::Text && at > token.start {
        return explain_body(sql, token, at, parser_says);
    }
    // "CREATE" is not wrong: what it is to create is.
    let knows_first = StatementKind::is_first_word(token.text(sql));
    let index = if index == 0 && tokens.len() > 1 && knows_first { 1 } else { index };
    let token = &tokens[index];
    let meant = meant(sql, tokens, index, parser_says);
    let message = unexpected(token.text(sql), parser_says);
    let range = byte_range(token.start, token.end);
    Finding::new(ProblemKind::Syntax, range, message, way_out(meant))
}

fn explain_body(sql: &str, body: &Token, at: usize, parser_says: &str) -> Finding {
    let text = body.text(sql);
    let closing = text
        .rfind(['$', '\''])
        .map_or(0, |last| text[..last].rfind('$').filter(|_| text.ends_with('$')).unwrap_or(last));
    let mut tokens = Tokens::of(sql);
    tokens.jump(at);
    let inner = tokens.next().filter(|it| it.end <= body.start + closing);
    let (message, range) = if let Some(it) = inner {
        (unexpected(it.text(sql), parser_says), byte_range(it.start, it.end))
    } else {
        let end = body.start + closing;
        let message = format!("the body ends too early{}", expected(parser_says, ""));
        (message, byte_range(end, end))
    };
    Finding::new(ProblemKind::Syntax, range, message, way_out(None))
}

/// `:name`, which psql replaces and the server does not.
fn psql_variable(sql: &str, tokens: &[Token], index: usize) -> Option<Finding> {
    let (colon, name) = (tokens.get(index)?, tokens.get(index + 1)?);
    let is_name = matches!(name.kind, TokenKind::Word | TokenKind::Text | TokenKind::QuotedName);
    (colon.is_symbol(b':') && is_name && colon.end == name.start).then(|| {
        let message = format!("`:{}` is a variable of psql", name.text(sql));
        let help = "a script is sent to the server, not to psql: write the value itself";
        let range = byte_range(colon.start, name.end);
        Finding::new(ProblemKind::PsqlCommand, range, message, help)
    })
}

fn unexpected(text: &str, parser_says: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let shown: String = line.chars().take(40).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("unexpected `{shown}{more}`{}", expected(parser_says, text))
}

/// What the parser wanted instead, where that is one word or mark that helps. It says "comma" for
/// everything that ends an item of a list, so that is left out.
fn expected(parser_says: &str, found: &str) -> String {
    match wanted(parser_says) {
        Some(word) if nearest(found, [word.as_str()]).is_none() => format!(", expected `{word}`"),
        _ => String::new(),
    }
}

fn wanted(parser_says: &str) -> Option<String> {
    let what = parser_says.strip_prefix("expected ")?;
    match what {
        "R_PAREN" => Some(")".to_owned()),
        "L_PAREN" => Some("(".to_owned()),
        "EQ" => Some("=".to_owned()),
        _ => {
            let word = what.strip_suffix("_KW")?;
            word.bytes().all(|it| it.is_ascii_uppercase()).then(|| word.to_owned())
        }
    }
}

/// The key word that a token was probably meant to be, and the token. Where it was taken for a name,
/// the error comes one or two tokens later.
fn meant(sql: &str, tokens: &[Token], index: usize, parser_says: &str) -> Option<String> {
    let wanted = wanted(parser_says);
    let key_words = || wanted.as_deref().into_iter().chain(KEY_WORDS.iter().copied());
    let candidates = tokens[index.saturating_sub(2)..=index].iter().rev().enumerate();
    candidates.filter(|(_, it)| it.kind == TokenKind::Word).find_map(|(back, token)| {
        let word = token.text(sql);
        let known = key_words().any(|it| it.eq_ignore_ascii_case(word));
        // Short names are near to some key word by chance.
        let meant = match &wanted {
            Some(wanted) if back == 0 => nearest(word, [wanted.as_str()]),
            _ => None,
        };
        let by_chance = word.len() < 4 || known;
        let meant = meant.or_else(|| nearest(word, key_words()).filter(|_| !by_chance))?;
        let instead = if back == 0 { String::new() } else { format!(" instead of `{word}`") };
        Some(format!("did you mean `{meant}`{instead}?"))
    })
}

/// The server is the authority: the parser may be the one that is wrong.
fn way_out(meant: Option<String>) -> String {
    let out =
        "if PostgreSQL accepts it, write `-- migrate:no-parse because REASON` into the header";
    match meant {
        Some(meant) => format!("{meant}\n{out}"),
        None => out.to_owned(),
    }
}

#[cfg(test)]
mod tests;
