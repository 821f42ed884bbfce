//! Parses statements. The parser is behind this one module: nothing else knows which it is.

use squawk_syntax::SourceFile;

use super::split::{Piece, Split};
use super::{Token, byte_range};
use crate::problem::{Finding, ProblemKind};

/// The parser is quadratic in some places: larger scripts are left to the server.
const LARGEST: usize = 1 << 20;

/// Parses statements one by one, so that an error in one says nothing about the next. At most one
/// finding for each.
pub(crate) fn parse<'a>(
    split: &Split<'_>,
    pieces: impl Iterator<Item = &'a Piece>,
) -> Vec<Finding> {
    if split.sql.len() > LARGEST {
        return Vec::new();
    }
    pieces.filter_map(|piece| parse_statement(split, piece)).collect()
}

fn parse_statement(split: &Split<'_>, piece: &Piece) -> Option<Finding> {
    let range = piece.statement.range;
    let parse = SourceFile::parse(range.of(split.sql));
    let error = parse.errors().into_iter().next()?;
    let at = range.start as usize + usize::from(error.range().start());
    let token = split.tokens(piece).iter().find(|it| it.end > at);
    Some(finding(split.sql, token, range.end as usize))
}

fn finding(sql: &str, token: Option<&Token>, end: usize) -> Finding {
    let (message, range) = match token {
        Some(it) => (format!("unexpected `{}`", it.text(sql)), byte_range(it.start, it.end)),
        None => ("the statement ends too early".to_owned(), byte_range(end, end)),
    };
    let help =
        "if PostgreSQL accepts it, write `-- migrate:no-parse because REASON` into the header";
    Finding::new(ProblemKind::Syntax, range, message, help)
}
