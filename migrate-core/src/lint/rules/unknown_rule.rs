//! `-- migrate:allow` of a rule that does not exist.

use crate::lint::context::Found;
use crate::lint::{Check, Example, RULES, Rule, Severity};
use crate::sql::byte_range;
use crate::sql::token::{TokenKind, Tokens};
use crate::{ByteRange, Direction, SourceAllow, nearest};

pub(in crate::lint) static RULE: Rule = Rule {
    id: "unknown-rule",
    severity: Severity::Warning,
    title: "a finding is accepted of a rule that does not exist",
    harm: "Nothing. But what it was to accept is found as before, or whoever reads the script takes a risk for \
           accepted that nobody looks for. Rules may also go with a later version: a script that has run keeps \
           its header, and older ones than the baseline are left alone.",
    way_out: "-- the name of a rule, as docs/rules/README.md lists them",
    examples: &[
        Example::found(
            "",
            "-- migrate:allow drop-tabel because it is empty\nCREATE TABLE t (a int)",
        ),
        Example::found("", "SELECT 1")
            .with_down("-- migrate:allow prayer because it helps\nSELECT 1"),
        Example::fine("", "-- migrate:allow drop-table because it is empty\nDROP TABLE t"),
    ],
    check: Check::Lint,
};

pub(in crate::lint) fn found(direction: Direction, sql: &str, allow: &SourceAllow) -> Found {
    let rule = &allow.rule;
    let help = match nearest(rule, RULES.iter().map(|it| it.id)) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "`docs/rules/README.md` lists the rules".to_owned(),
    };
    let range = place_of(sql, rule).unwrap_or_default();
    Found::new(direction, range, format!("there is no rule `{rule}`"), help)
}

/// Where the header names the rule.
fn place_of(sql: &str, rule: &str) -> Option<ByteRange> {
    let mut comments = Tokens::of(sql).filter(|it| it.kind == TokenKind::LineComment);
    comments.find_map(|comment| {
        let text = comment.text(sql);
        let (_, value) = text.split_once(":allow")?;
        let named = value.trim_start();
        let start = comment.end - named.len();
        (named.split_whitespace().next() == Some(rule))
            .then(|| byte_range(start, start + rule.len()))
    })
}
