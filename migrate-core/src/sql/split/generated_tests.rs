//! Texts of fragments that mean something to a scanner, in any order: most of them are no SQL.

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop};
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::*;

/// What opens, closes, hides and separates.
const FRAGMENTS: &[&str] = &[
    "'",
    "''",
    "E'",
    "e'",
    "'\\''",
    "U&'",
    "u&'",
    "N'",
    "X'",
    "\\",
    "\"",
    "\"\"",
    "U&\"",
    "$",
    "$$",
    "$a$",
    "$A$",
    "$é$",
    "$1",
    "$1$",
    "a$",
    "a",
    "é",
    "日本",
    "_",
    "1",
    "1.5e",
    "0x",
    "&",
    ";",
    "(",
    ")",
    "[",
    "]",
    "--",
    "-",
    "/*",
    "*/",
    "/",
    "*",
    "+",
    "@",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\u{b}",
    "\u{a0}",
    " ",
    "begin",
    "atomic",
    "begin atomic",
    "create",
    "or replace",
    "function",
    "procedure",
    "case",
    "end",
    " as ",
    ".",
    "as",
    "copy t from stdin;",
    "\\.\n",
    "select",
    "select 1",
    "do",
    "::",
    ":",
    ":=",
    "=>",
    "-- migrate:no-transaction\n",
    "\u{feff}",
    "uescape '!'",
];

fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(5), failure_persistence: None, ..Config::default() }
}

fn check(cases: u32, texts: impl Strategy<Value = String>) {
    let result = TestRunner::new(config(cases)).run(&texts, |text| {
        check_pieces(&text);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn any_fragments_can_be_cut() {
    check(20_000, vec(select(FRAGMENTS), 0..32).prop_map(|it| it.concat()));
}

#[test]
fn any_text_can_be_cut() {
    check(2_000, prop::string::string_regex("(?s:.{0,64})").unwrap());
}

/// Statements, in order, and between them nothing that means anything.
#[track_caller]
fn check_pieces(text: &str) {
    let split = Split::of(text);
    let (mut end, mut pieces) = (0, String::new());
    let mut gaps = Vec::new();
    for piece in &split.statements {
        let range = piece.statement.range;
        assert!(range.start >= end && range.start < range.end, "{text:?}");
        gaps.push(&text[end as usize..range.start as usize]);
        pieces.push_str(&text[end as usize..range.start as usize]);
        pieces.push_str(range.of(text));
        assert_eq!(range.of(text), range.of(text).trim_matches(is_blank_char), "{text:?}");
        end = range.end;
    }
    gaps.push(&text[end as usize..]);
    pieces.push_str(&text[end as usize..]);
    assert_eq!(pieces, text);
    for fault in &split.faults {
        let range = fault.range;
        assert!(
            range.start < range.end && text.get(range.start as usize..range.end as usize).is_some()
        );
    }
    if !split.faults.is_empty() || text.contains("\\.") {
        return;
    }
    // A statement that is cut alone stays whole: boundaries do not depend on what is around.
    for piece in &split.statements {
        let alone = piece.statement.range.of(text);
        let again: Vec<&str> =
            Split::of(alone).statements.iter().map(|it| it.statement.range.of(alone)).collect();
        assert_eq!(again, [alone], "{text:?}");
    }
    for gap in gaps {
        let between = Split::of(gap);
        assert!(between.statements.is_empty() && between.faults.is_empty(), "{gap:?} of {text:?}");
    }
}
