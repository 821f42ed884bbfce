//! Finds where statements begin and end, as PostgreSQL does: a semicolon ends a statement unless it
//! stands in a constant, a name, a comment, parentheses or a `BEGIN ATOMIC … END` body.

use std::fmt;
use std::ops::Range;

use super::token::{Token, TokenKind, Tokens, Unterminated};
use super::{StatementKind, is_blank};
use crate::place::line_ends;
use crate::{ByteRange, Statement};

/// A script, cut into pieces.
pub(crate) struct Split<'a> {
    pub(crate) sql: &'a str,
    /// Every token that is not a comment, a semicolon between statements, or a command of psql.
    tokens: Vec<Token>,
    pub(crate) comments: Vec<Token>,
    /// Transaction control around the script is among them here.
    pub(crate) statements: Vec<Piece>,
    pub(crate) faults: Vec<Fault>,
}

/// A statement and its tokens.
pub(crate) struct Piece {
    pub(crate) statement: Statement,
    tokens: Range<usize>,
}

/// What keeps a script from being cut into statements, or its statements from being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) range: ByteRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Unterminated(Unterminated),
    OpenParenthesis,
    PsqlCommand,
}

/// Why a text cannot be cut into statements.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SplitError {
    /// Where the trouble begins.
    pub range: ByteRange,
    /// What is wrong there.
    pub message: &'static str,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for SplitError {}

impl FaultKind {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            FaultKind::Unterminated(Unterminated::Text) => "this quote is never closed",
            FaultKind::Unterminated(Unterminated::DollarText) => {
                "this dollar quote is never closed"
            }
            FaultKind::Unterminated(Unterminated::QuotedName) => "this quoted name is never closed",
            FaultKind::Unterminated(Unterminated::Comment) => "this comment is never closed",
            FaultKind::OpenParenthesis => "this parenthesis is never closed",
            FaultKind::PsqlCommand => "a command of psql, which the server does not know",
        }
    }
}

/// Cuts a text into statements. Comments and blanks before a statement, and the semicolon after
/// it, belong to none.
///
/// ```
/// let statements = migrate_core::split("SELECT ';'; -- two\nSELECT 2")?;
/// let lines: Vec<u32> = statements.iter().map(|it| it.line).collect();
/// assert_eq!(lines, [1, 2]);
/// # Ok::<(), migrate_core::SplitError>(())
/// ```
pub fn split(sql: &str) -> Result<Vec<Statement>, SplitError> {
    let split = Split::of(sql);
    match split.faults.first() {
        Some(Fault { kind, range }) => Err(SplitError { range: *range, message: kind.message() }),
        None => Ok(split.statements.into_iter().map(|it| it.statement).collect()),
    }
}

impl<'a> Split<'a> {
    pub(crate) fn of(sql: &'a str) -> Split<'a> {
        let mut cutter = Cutter {
            split: Split {
                sql,
                tokens: Vec::with_capacity(sql.len() / 5),
                comments: Vec::new(),
                statements: Vec::new(),
                faults: Vec::new(),
            },
            first: 0,
            open: Vec::new(),
            body: Body::No,
            line: 1,
            counted: 0,
        };
        let mut tokens = Tokens::of(sql);
        while let Some(token) = tokens.next() {
            if let Some(byte) = cutter.take(token) {
                tokens.jump(byte);
            }
        }
        cutter.end_statement();
        cutter.split
    }

    /// The tokens of a statement, comments left out.
    pub(crate) fn tokens(&self, piece: &Piece) -> &[Token] {
        &self.tokens[piece.tokens.clone()]
    }
}

struct Cutter<'a> {
    split: Split<'a>,
    /// The first token of the present statement.
    first: usize,
    /// The parentheses that are open, by the byte where each stands.
    open: Vec<usize>,
    body: Body,
    /// The line of the byte up to which lines were counted.
    line: u32,
    counted: usize,
}

/// Whether the cutter is in a `BEGIN ATOMIC … END` body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    No,
    Atomic,
}

impl Cutter<'_> {
    /// Takes the next token; gives a byte to go on at, where the text in between is no SQL.
    fn take(&mut self, token: Token) -> Option<usize> {
        match token.kind {
            TokenKind::LineComment | TokenKind::BlockComment => self.split.comments.push(token),
            TokenKind::PsqlCommand => self.fault(FaultKind::PsqlCommand, token),
            TokenKind::Unterminated(what) => {
                self.fault(FaultKind::Unterminated(what), token);
                // The parenthesis before an open quote may well be closed behind it.
                self.open.clear();
            }
            TokenKind::Symbol(b';') if self.open.is_empty() && self.body == Body::No => {
                let kind = self.end_statement();
                if kind == Some(StatementKind::CopyFromStdin) {
                    return after_copy_data(self.split.sql, token.end);
                }
            }
            _ => self.take_sql(token),
        }
        None
    }

    fn take_sql(&mut self, token: Token) {
        match token.kind {
            TokenKind::Symbol(b'(') => self.open.push(token.start),
            TokenKind::Symbol(b')') => _ = self.open.pop(),
            TokenKind::Word if self.open.is_empty() => self.follow_body(token),
            _ => {}
        }
        self.split.tokens.push(token);
    }

    /// Keeps track of `BEGIN ATOMIC` and its `END`. Elsewhere these words are names, and `END` ends a `CASE`.
    fn follow_body(&mut self, token: Token) {
        let sql = self.split.sql;
        let before = &self.split.tokens[self.first..];
        let Some(last) = before.last() else { return };
        match self.body {
            Body::No if token.is(sql, "atomic") => {
                if last.is(sql, "begin") && is_routine(sql, before) {
                    self.body = Body::Atomic;
                }
            }
            // Every statement of the body has a semicolon behind it, and no body is in another one.
            Body::Atomic if token.is(sql, "end") => {
                if last.is_symbol(b';') || last.is(sql, "atomic") {
                    self.body = Body::No;
                }
            }
            Body::No | Body::Atomic => {}
        }
    }

    fn end_statement(&mut self) -> Option<StatementKind> {
        if let Some(&byte) = self.open.first() {
            let token = Token { kind: TokenKind::Symbol(b'('), start: byte, end: byte + 1 };
            self.fault(FaultKind::OpenParenthesis, token);
        }
        self.open.clear();
        self.body = Body::No;
        let tokens = self.first..self.split.tokens.len();
        self.first = tokens.end;
        let (first, last) = match &self.split.tokens[tokens.clone()] {
            [] => return None,
            [first, .., last] => (*first, *last),
            [only] => (*only, *only),
        };
        let kind = StatementKind::of(self.split.sql, &self.split.tokens[tokens.clone()]);
        let range = byte_range(first.start, last.end);
        let statement = Statement::new(range, self.line_of(first.start), kind);
        self.split.statements.push(Piece { statement, tokens });
        Some(kind)
    }

    fn fault(&mut self, kind: FaultKind, token: Token) {
        self.split.faults.push(Fault { kind, range: byte_range(token.start, token.end) });
    }

    /// Statements come in order, so the lines before the last one need no second look.
    fn line_of(&mut self, byte: usize) -> u32 {
        let between = &self.split.sql.as_bytes()[self.counted..byte];
        let lines = line_ends(between);
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.counted = byte;
        self.line
    }
}

/// Whether these tokens begin a function or a procedure: nothing else has a body.
fn is_routine(sql: &str, tokens: &[Token]) -> bool {
    let is = |at: usize, word| tokens.get(at).is_some_and(|it: &Token| it.is(sql, word));
    let sort = if is(1, "or") && is(2, "replace") { 3 } else { 1 };
    is(0, "create") && (is(sort, "function") || is(sort, "procedure"))
}

/// One past the `\.` that ends the data of `COPY … FROM stdin`; nothing where no data follows.
fn after_copy_data(sql: &str, from: usize) -> Option<usize> {
    let data = sql.get(from..)?;
    let mut lines = data.split_inclusive('\n').scan(from, |at, line| {
        *at += line.len();
        Some((*at, line))
    });
    lines.find(|(_, line)| line.trim_end_matches(is_blank_char) == "\\.").map(|(at, _)| at)
}

fn is_blank_char(character: char) -> bool {
    u8::try_from(character).is_ok_and(is_blank)
}

/// Larger texts are turned away before they come here.
pub(crate) fn byte_range(start: usize, end: usize) -> ByteRange {
    let byte = |it| u32::try_from(it).unwrap_or(u32::MAX);
    ByteRange { start: byte(start), end: byte(end) }
}

#[cfg(test)]
mod generated_tests;
#[cfg(test)]
mod tests;
