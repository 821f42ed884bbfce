//! `:batch_start` and `:batch_end` in a statement.

#[cfg(feature = "parser")]
use std::borrow::Cow;

use super::BatchPart;
use crate::problem::{Finding, ProblemKind};
use crate::sql::{Token, TokenKind, Tokens, byte_range};
use crate::{ByteRange, Statement};

/// What both begin with.
const MARK: &str = ":batch_";

const HELP: &str = "write `KEY >= :batch_start AND KEY < :batch_end`, with the columns of a longer key in parentheses: \
                    `(a, b) >= (:batch_start) AND (a, b) < (:batch_end)`";

/// A placeholder, by the numbers of its tokens.
struct Placeholder {
    /// Its colon.
    colon: usize,
    is_start: bool,
}

/// A statement and its tokens, comments left out.
struct Text<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Text<'a> {
    fn of(sql: &'a str, range: ByteRange) -> Text<'a> {
        let start = range.start as usize;
        let mut tokens: Vec<Token> =
            Tokens::of(range.of(sql)).filter(|it| !it.is_comment()).collect();
        for token in &mut tokens {
            (token.start, token.end) = (token.start + start, token.end + start);
        }
        Text { sql, tokens }
    }

    fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        let pairs = self.tokens.windows(2).enumerate();
        pairs.filter_map(|(index, pair)| {
            let [colon, word] = pair else { return None };
            let is_cast =
                index > 0 && self.touches(index - 1) && self.tokens[index - 1].is_symbol(b':');
            let is_one = colon.is_symbol(b':') && colon.end == word.start && !is_cast;
            let is = |name| is_one && word.text(self.sql) == name;
            (is("batch_start") || is("batch_end"))
                .then(|| Placeholder { colon: index, is_start: is("batch_start") })
        })
    }

    /// Whether nothing stands between a token and the next one.
    fn touches(&self, index: usize) -> bool {
        self.tokens[index].end == self.tokens[index + 1].start
    }

    /// The token before a placeholder and the parentheses that open before it.
    fn before(&self, placeholder: &Placeholder) -> Option<usize> {
        self.tokens[..placeholder.colon].iter().rposition(|it| !it.is_symbol(b'('))
    }

    /// Whether these characters, an operator, end with this token, and are not the end of a longer one.
    fn is_operator(&self, last: usize, operator: &[u8]) -> bool {
        let Some(first) = (last + 1).checked_sub(operator.len()) else { return false };
        let fits = operator.iter().zip(first..).all(|(byte, at)| self.tokens[at].is_symbol(*byte));
        let is_whole = (first..last).all(|it| self.touches(it));
        let goes_on = |it: usize| matches!(self.tokens[it].kind, TokenKind::Symbol(byte) if b"+-*/<>=~!@#%^&|`?".contains(&byte));
        fits && is_whole && !(first > 0 && self.touches(first - 1) && goes_on(first - 1))
    }

    fn range(&self, placeholder: &Placeholder) -> ByteRange {
        let (colon, name) = (self.tokens[placeholder.colon], self.tokens[placeholder.colon + 1]);
        byte_range(colon.start, name.end)
    }
}

/// What is wrong with the placeholders of a batch.
pub(crate) fn check(sql: &str, statement: &Statement) -> Option<Finding> {
    let text = Text::of(sql, statement.range);
    let finding = |range, message| Some(Finding::new(ProblemKind::Directive, range, message, HELP));
    let all: Vec<Placeholder> = text.placeholders().collect();
    for (name, is_start) in [("batch_start", true), ("batch_end", false)] {
        if all.iter().all(|it| it.is_start != is_start) {
            let first =
                text.tokens.first().map_or(statement.range, |it| byte_range(it.start, it.end));
            return finding(first, format!("the statement of a batch has no `:{name}`"));
        }
    }
    let wrong = all.iter().find(|it| {
        let operator: &[u8] = if it.is_start { b">=" } else { b"<" };
        !text.before(it).is_some_and(|last| text.is_operator(last, operator))
    })?;
    let (name, operator) = if wrong.is_start { ("batch_start", ">=") } else { ("batch_end", "<") };
    finding(
        text.range(wrong),
        format!("`:{name}` stands behind `{operator}` in a batch, and nowhere else"),
    )
}

/// A placeholder where there is no batch.
pub(crate) fn outside(sql: &str, statement: &Statement) -> Option<Finding> {
    if !statement.range.of(sql).contains(MARK) {
        return None;
    }
    let text = Text::of(sql, statement.range);
    let range = text.placeholders().next().map(|it| text.range(&it))?;
    let message = format!("`{}` in a statement that is no batch", range.of(sql));
    let help = "write `-- migrate:batch table=TABLE key=COLUMN` above the statement";
    Some(Finding::new(ProblemKind::Directive, range, message, help))
}

pub(super) fn parts(sql: &str, range: ByteRange) -> Vec<BatchPart> {
    let text = Text::of(sql, range);
    let mut parts = Vec::new();
    let mut from = range.start;
    let mut cut = |piece: ByteRange, part: BatchPart, parts: &mut Vec<BatchPart>| {
        if from < piece.start {
            parts.push(BatchPart::Sql(ByteRange { start: from, end: piece.start }));
        }
        parts.push(part);
        from = piece.end;
    };
    for placeholder in text.placeholders() {
        if placeholder.is_start {
            cut(text.range(&placeholder), BatchPart::Start, &mut parts);
            continue;
        }
        if let Some(less) = text.before(&placeholder).map(|it| text.tokens[it]) {
            cut(byte_range(less.start, less.end), BatchPart::Less, &mut parts);
        }
        cut(text.range(&placeholder), BatchPart::End, &mut parts);
    }
    if from < range.end {
        parts.push(BatchPart::Sql(ByteRange { start: from, end: range.end }));
    }
    parts
}

/// A statement with a name of a column for each placeholder: what a parser can read, byte for byte at the same
/// place.
#[cfg(feature = "parser")]
pub(crate) fn masked(sql: &str, range: ByteRange) -> Cow<'_, str> {
    let plain = range.of(sql);
    if !plain.contains(MARK) {
        return Cow::Borrowed(plain);
    }
    let text = Text::of(sql, range);
    let mut bytes = plain.as_bytes().to_vec();
    for placeholder in text.placeholders() {
        bytes[text.tokens[placeholder.colon].start - range.start as usize] = b' ';
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(plain), Cow::Owned)
}
