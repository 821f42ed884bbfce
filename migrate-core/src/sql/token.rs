//! Cuts SQL into tokens by the rules of PostgreSQL's own scanner, as far as boundaries need them.
//!
//! It never fails: what has no end ends with the text, and says so.

/// A piece of SQL that means something; blanks are what lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A key word or a name without quotes.
    Word,
    /// A name in double quotes.
    QuotedName,
    /// A constant in single quotes or between dollar tags.
    Text,
    /// Digits; a parameter such as `$1` too.
    Number,
    /// One character of punctuation. Operators come in pieces: nothing here depends on them.
    Symbol(u8),
    LineComment,
    BlockComment,
    /// A backslash outside of quotes, with the rest of its line.
    PsqlCommand,
    /// Something that began and did not end.
    Unterminated(Unterminated),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unterminated {
    Text,
    DollarText,
    QuotedName,
    Comment,
}

impl Token {
    pub(crate) fn text<'a>(&self, sql: &'a str) -> &'a str {
        sql.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether this is the given key word; `word` is in lower case.
    pub(crate) fn is(&self, sql: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }

    pub(crate) fn is_comment(&self) -> bool {
        matches!(self.kind, TokenKind::LineComment | TokenKind::BlockComment)
    }

    pub(crate) fn is_symbol(&self, symbol: u8) -> bool {
        self.kind == TokenKind::Symbol(symbol)
    }
}

/// The tokens of a text, comments included.
pub(crate) struct Tokens<'a> {
    sql: &'a [u8],
    at: usize,
}

impl Tokens<'_> {
    pub(crate) fn of(sql: &str) -> Tokens<'_> {
        Tokens { sql: sql.as_bytes(), at: 0 }
    }

    /// Goes on at another byte.
    pub(crate) fn jump(&mut self, byte: usize) {
        self.at = byte;
    }

    fn byte(&self, at: usize) -> u8 {
        self.sql.get(at).copied().unwrap_or(0)
    }

    /// The first byte from `at` on that does not satisfy the condition.
    fn past(&self, at: usize, condition: impl Fn(u8) -> bool) -> usize {
        let rest = self.sql.get(at..).unwrap_or_default();
        at + rest.iter().position(|it| !condition(*it)).unwrap_or(rest.len())
    }

    fn next_kind(&mut self) -> TokenKind {
        let (start, next) = (self.at, self.byte(self.at + 1));
        match self.byte(start) {
            b'-' if next == b'-' => self.rest_of_line(TokenKind::LineComment),
            b'\\' => self.rest_of_line(TokenKind::PsqlCommand),
            b'/' if next == b'*' => self.block_comment(),
            b'\'' => self.text(start, Escapes::Quote),
            b'e' | b'E' if next == b'\'' => self.text(start + 1, Escapes::Backslash),
            b'u' | b'U' if next == b'&' && self.byte(start + 2) == b'"' => {
                self.quoted_name(start + 2)
            }
            b'"' => self.quoted_name(start),
            b'$' => self.dollar(),
            first if is_name_start(first) => {
                self.at = self.past(start, is_name_byte);
                TokenKind::Word
            }
            first if first.is_ascii_digit() => {
                self.at = self.past(start, |it| it.is_ascii_digit());
                TokenKind::Number
            }
            symbol => {
                self.at += 1;
                TokenKind::Symbol(symbol)
            }
        }
    }

    fn rest_of_line(&mut self, kind: TokenKind) -> TokenKind {
        self.at = self.past(self.at, |it| it != b'\n' && it != b'\r');
        kind
    }

    fn block_comment(&mut self) -> TokenKind {
        let (mut at, mut depth) = (self.at + 2, 1);
        while depth > 0 && at < self.sql.len() {
            match (self.byte(at), self.byte(at + 1)) {
                (b'/', b'*') => (at, depth) = (at + 2, depth + 1),
                (b'*', b'/') => (at, depth) = (at + 2, depth - 1),
                _ => at += 1,
            }
        }
        self.at = at;
        if depth == 0 {
            TokenKind::BlockComment
        } else {
            TokenKind::Unterminated(Unterminated::Comment)
        }
    }

    /// Reads a constant whose quote stands at `quote`, with the parts that continue it: after a
    /// line end, another quote goes on in the same way, so that its backslashes mean the same.
    fn text(&mut self, quote: usize, escapes: Escapes) -> TokenKind {
        let mut quote = quote;
        loop {
            let Some(end) = self.closing_quote(quote, b'\'', escapes) else {
                self.at = self.sql.len();
                return TokenKind::Unterminated(Unterminated::Text);
            };
            self.at = end;
            match self.continued(end) {
                Some(next) => quote = next,
                None => return TokenKind::Text,
            }
        }
    }

    fn quoted_name(&mut self, quote: usize) -> TokenKind {
        let end = self.closing_quote(quote, b'"', Escapes::Quote);
        self.at = end.unwrap_or(self.sql.len());
        end.map_or(TokenKind::Unterminated(Unterminated::QuotedName), |_| TokenKind::QuotedName)
    }

    /// One past the quote that closes what `open` opens.
    fn closing_quote(&self, open: usize, quote: u8, escapes: Escapes) -> Option<usize> {
        let mut at = open + 1;
        while at < self.sql.len() {
            match self.byte(at) {
                b'\\' if escapes == Escapes::Backslash => at += 2,
                it if it != quote => at += 1,
                _ if self.byte(at + 1) == quote => at += 2,
                _ => return Some(at + 1),
            }
        }
        None
    }

    /// The quote that continues a constant: only blanks and line comments between, and a line end.
    fn continued(&self, from: usize) -> Option<usize> {
        let (mut at, mut line_end) = (from, false);
        loop {
            match self.byte(at) {
                b'\n' | b'\r' => (at, line_end) = (at + 1, true),
                it if is_blank(it) => at += 1,
                b'-' if self.byte(at + 1) == b'-' => {
                    at = self.past(at, |it| it != b'\n' && it != b'\r');
                }
                b'\'' if line_end => return Some(at),
                _ => return None,
            }
        }
    }

    /// A dollar outside of a name: the start of a constant, a parameter, or a character like others.
    fn dollar(&mut self) -> TokenKind {
        let start = self.at;
        if self.byte(start + 1).is_ascii_digit() {
            self.at = self.past(start + 1, |it| it.is_ascii_digit());
            return TokenKind::Number;
        }
        let mut tag_end = start + 1;
        if is_name_start(self.byte(tag_end)) {
            tag_end = self.past(tag_end, |it| is_name_byte(it) && it != b'$');
        }
        if self.byte(tag_end) != b'$' {
            self.at = start + 1;
            return TokenKind::Symbol(b'$');
        }
        let tag = &self.sql[start..=tag_end];
        let (mut at, last) = (tag_end + 1, self.sql.len().saturating_sub(tag.len()));
        while at <= last {
            at = self.past(at, |it| it != b'$');
            if self.sql[at..].starts_with(tag) {
                self.at = at + tag.len();
                return TokenKind::Text;
            }
            at += 1;
        }
        self.at = self.sql.len();
        TokenKind::Unterminated(Unterminated::DollarText)
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.at = self.past(self.at, is_blank);
        if self.at >= self.sql.len() {
            return None;
        }
        let start = self.at;
        let kind = self.next_kind();
        self.at = self.at.min(self.sql.len());
        Some(Token { kind, start, end: self.at })
    }
}

/// What makes the next quote a part of the constant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Quote,
    Backslash,
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_name_byte(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}
