//! Directives: comment lines `-- migrate:WORD …` in the header of a script, and before the statement they govern.

mod governing;

use crate::problem::{Finding, ProblemKind};
use crate::spelling::nearest;
use crate::sql::{Split, Token, TokenKind, byte_range};
use crate::{Direction, Manner, SourceAllow, SourceDirectives, Statement, parse_duration_ms};

const MARK: &str = "migrate:";

/// What comes after the word of a directive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Nothing,
    Duration,
    Reason,
    RuleAndReason,
    /// It stands before a statement, which runs in this manner.
    Governs(Manner),
}

/// Every directive, and how it is written.
const KNOWN: &[(&str, Value)] = &[
    ("no-transaction", Value::Nothing),
    ("no-parse", Value::Reason),
    ("lock-timeout", Value::Duration),
    ("statement-timeout", Value::Duration),
    ("allow", Value::RuleAndReason),
    ("irreversible", Value::Reason),
    ("batch", Value::Governs(Manner::Batch)),
    ("verify", Value::Governs(Manner::Verify)),
];

/// A directive as it stands in the script.
pub(crate) struct Line<'a> {
    /// Where the comment begins.
    start: usize,
    /// Where its text ends, without blanks.
    end: usize,
    pub(crate) word: &'a str,
    /// What follows the word, without blanks around it.
    pub(crate) value: &'a str,
}

/// What the directives of a script say.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) directives: SourceDirectives,
    pub(crate) findings: Vec<Finding>,
    /// Whether `irreversible` is there at all, even where it is wrong: then no SQL is missing.
    pub(crate) says_irreversible: bool,
}

/// Reads every directive of a script, and has its statements run in the manner that those before them say.
pub(crate) fn read(
    split: &Split<'_>,
    statements: &mut [Statement],
    direction: Direction,
) -> Header {
    let first = statements.first().map(|it| it.range.start as usize);
    let mut reader = Reader {
        first,
        direction,
        statements,
        directives: SourceDirectives::default(),
        seen: Vec::new(),
        findings: Vec::new(),
    };
    for comment in &split.comments {
        match line(split.sql, comment) {
            Some(line) if comment.kind == TokenKind::LineComment => reader.take(&line),
            Some(line) => reader.problem(
                &line,
                "a directive in a block comment".to_owned(),
                format!("write `-- migrate:{}` on a line of its own", line.word),
            ),
            None => {}
        }
    }
    reader.check_governed(split.sql);
    let says_irreversible = reader.seen.iter().any(|it| it == "irreversible");
    Header { directives: reader.directives, findings: reader.findings, says_irreversible }
}

/// Takes a comment apart, if it is a directive.
pub(crate) fn line<'a>(sql: &'a str, comment: &Token) -> Option<Line<'a>> {
    let text = comment.text(sql);
    let (opening, closing) = match comment.kind {
        TokenKind::LineComment => ("--", ""),
        _ => ("/*", "*/"),
    };
    let inner = text.strip_prefix(opening)?.strip_suffix(closing)?.trim_start();
    let mark = inner.get(..MARK.len()).filter(|it| it.eq_ignore_ascii_case(MARK))?;
    let rest = inner[mark.len()..].trim();
    let (word, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let end = comment.start + text.trim_end().len();
    Some(Line { start: comment.start, end, word, value: value.trim_start() })
}

struct Reader<'s> {
    first: Option<usize>,
    direction: Direction,
    statements: &'s mut [Statement],
    directives: SourceDirectives,
    /// The directives that were read: two of a sort are one too many.
    seen: Vec<String>,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn take(&mut self, line: &Line<'_>) {
        let word = line.word;
        let Some((_, form)) = KNOWN.iter().find(|(known, _)| *known == word) else {
            let message = match word {
                "" => "a directive without its word".to_owned(),
                _ => format!("unknown directive `{word}`"),
            };
            return self.problem(line, message, help_for_unknown(word));
        };
        if let Value::Governs(manner) = form {
            return self.take_governing(line, *manner);
        }
        if self.first.is_some_and(|first| first < line.start) {
            let help = match word {
                "irreversible" => "keep one: the SQL, or the directive that says why there is none",
                _ => "directives belong into the header: move it above the first statement",
            };
            let message = format!("`{word}` stands after the first statement");
            return self.problem(line, message, help.to_owned());
        }
        let key = match form {
            Value::RuleAndReason => format!("{word} {}", first_word(line.value)),
            _ => word.to_owned(),
        };
        if self.seen.contains(&key) {
            let message = format!("`{key}` stands in this header twice");
            return self.problem(line, message, "keep one of them".to_owned());
        }
        self.seen.push(key);
        match form {
            Value::Nothing => self.take_mark(line),
            Value::Duration => self.take_duration(line),
            Value::Reason => self.take_reason(line),
            Value::RuleAndReason => self.take_allow(line),
            Value::Governs(_) => {}
        }
    }

    fn take_mark(&mut self, line: &Line<'_>) {
        if line.value.is_empty() {
            self.directives.no_transaction = true;
        } else {
            let message = format!("`{}` takes no value", line.word);
            self.problem(line, message, format!("write `-- migrate:{}`", line.word));
        }
    }

    fn take_duration(&mut self, line: &Line<'_>) {
        let Line { word, value, .. } = *line;
        let is_lock = word == "lock-timeout";
        let example = if is_lock { "2s" } else { "5min" };
        if value.is_empty() {
            let message = format!("`{word}` needs a duration");
            return self.problem(line, message, format!("write `-- migrate:{word} {example}`"));
        }
        match parse_duration_ms(value) {
            None => self.problem(
                line,
                format!("`{value}` is not a duration"),
                "write a number and its unit: `100ms`, `2s`, `5min` or `1h`".to_owned(),
            ),
            Some(0) if is_lock => self.problem(
                line,
                "a lock timeout of 0 waits without limit".to_owned(),
                "everybody who needs the table waits behind it: write `2s` or less".to_owned(),
            ),
            Some(time) if is_lock => self.directives.lock_timeout_ms = Some(time),
            Some(time) => self.directives.statement_timeout_ms = Some(time),
        }
    }

    fn take_reason(&mut self, line: &Line<'_>) {
        let word = line.word;
        let Some(reason) = reason(line.value) else {
            let message = format!("`{word}` needs a reason");
            let help = format!("write `-- migrate:{word} because REASON`");
            return self.problem(line, message, help);
        };
        if word == "no-parse" {
            self.directives.no_parse = Some(reason);
            return;
        }
        if self.direction == Direction::Up {
            let message = "`irreversible` in an up script".to_owned();
            let help = "it stands in a down script, instead of SQL".to_owned();
            return self.problem(line, message, help);
        }
        // A statement further down makes the directive wrong, not the statement.
        if self.first.is_some() {
            let message = "`irreversible` beside SQL".to_owned();
            let help = "keep one: the SQL, or the directive that says why there is none";
            return self.problem(line, message, help.to_owned());
        }
        self.directives.irreversible = Some(reason);
    }

    fn take_allow(&mut self, line: &Line<'_>) {
        let rule = first_word(line.value);
        let help = "write `-- migrate:allow RULE because REASON`".to_owned();
        let is_rule = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        if rule.is_empty() || rule == "because" || !rule.bytes().all(is_rule) {
            return self.problem(line, "`allow` needs the id of a rule".to_owned(), help);
        }
        match reason(line.value[rule.len()..].trim_start()) {
            None => self.problem(line, format!("`allow {rule}` needs a reason"), help),
            Some(reason) => {
                self.directives.allow.push(SourceAllow { rule: rule.to_owned(), reason });
            }
        }
    }

    fn problem(&mut self, line: &Line<'_>, message: String, help: String) {
        let range = byte_range(line.start, line.end);
        self.findings.push(Finding::new(ProblemKind::Directive, range, message, help));
    }
}

fn first_word(value: &str) -> &str {
    value.split_whitespace().next().unwrap_or_default()
}

/// The text after `because`.
fn reason(value: &str) -> Option<String> {
    let reason = value.strip_prefix("because")?;
    let reason = reason.strip_prefix(char::is_whitespace)?.trim();
    Some(reason.to_owned()).filter(|it| !it.is_empty())
}

fn help_for_unknown(word: &str) -> String {
    if let Some(known) = nearest(word, KNOWN.iter().map(|(known, _)| *known)) {
        return format!("did you mean `{known}`?");
    }
    let known: Vec<String> = KNOWN.iter().map(|(it, _)| format!("`{it}`")).collect();
    format!("the known ones are {}", known.join(", "))
}

#[cfg(test)]
mod tests;
