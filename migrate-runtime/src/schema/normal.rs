//! Whether two texts say the same although they are written differently.
//!
//! PostgreSQL writes what it has parsed, and reading that again does not always give the same text: of
//! `x IN ('a', 'b')` on a `varchar` it makes `(x)::text = ANY ((ARRAY['a'::character varying, …])::text[])`, and of
//! that, once a column's type has changed and came back, an array of elements with two casts each. On literals, the
//! casts between those types change no value; on anything else they may: with `(email)::text`, `citext` compares
//! otherwise.

use migrate_core::sql_words;

/// Casts that do not change the value of a literal: what follows `::` in the tokens.
const IDLE: [&[&str]; 4] = [
    &["character", "varying", "[", "]"],
    &["text", "[", "]"],
    &["character", "varying"],
    &["text"],
];

/// Whether two expressions, or statements that PostgreSQL wrote, mean the same; on a day, where that is known.
pub(super) fn same_expression(one: &str, other: &str, day: Option<i64>) -> bool {
    words_of(one, day) == words_of(other, day)
}

/// Whether two texts of a function differ in blanks and comments alone.
pub(super) fn same_words(one: &str, other: &str) -> bool {
    sql_words(one) == sql_words(other)
}

/// The words of a text that PostgreSQL wrote, without what means nothing.
pub(super) fn words_of(text: &str, day: Option<i64>) -> Vec<&str> {
    let mut words = without_idle_casts(&sql_words(text));
    for word in words.iter_mut().filter(|it| is_moment(it, day)) {
        *word = "'now'";
    }
    without_idle_parentheses(words)
}

/// Whether it is a time with fractions of a second, of about that day: nobody writes one, it is when the script ran that
/// said `'now'`.
fn is_moment(word: &str, day: Option<i64>) -> bool {
    let shape = |it: char| if it.is_ascii_digit() { '0' } else { it };
    let shape: String = word.chars().map(shape).collect();
    shape.starts_with("'0000-00-00 00:00:00.0")
        && day_of(&word[1..11]).zip(day).is_some_and(|(it, day)| (it - day).abs() <= 1)
}

/// The days since 1970 of a date such as `2026-11-26`.
fn day_of(date: &str) -> Option<i64> {
    let mut parts = date.split('-').map(|it| it.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years that begin in March: the day that some of them have more is their last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469)
}

fn without_idle_casts<'t>(words: &[&'t str]) -> Vec<&'t str> {
    let mut kept = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        if words[at..].starts_with(&[":", ":"]) {
            let rest = &words[at + 2..];
            // With a length, it cuts.
            let idle = IDLE.iter().find(|it| {
                rest.starts_with(it) && !matches!(rest.get(it.len()), Some(&("(" | "[")))
            });
            if let Some(idle) = idle.filter(|_| ends_with_literals(&kept)) {
                at += 2 + idle.len();
                continue;
            }
        }
        if let Some((number, taken)) = number(&words[at..]) {
            kept.push(number);
            at += taken;
            continue;
        }
        if words[at] == "CURRENT_TIMESTAMP" && words.get(at + 1) != Some(&"(") {
            kept.extend(["now", "(", ")"]);
            at += 1;
            continue;
        }
        kept.push(words[at]);
        at += 1;
    }
    kept
}

/// Whether what was written last is a string, or an array of strings, maybe in parentheses.
fn ends_with_literals(words: &[&str]) -> bool {
    let is_string = |it: &str| it.starts_with('\'') || it.starts_with("E'");
    let without =
        |words: &[&str], bracket: &str| words.iter().rev().take_while(|it| **it == bracket).count();
    let closing = without(words, ")");
    let mut rest = &words[..words.len() - closing];
    match rest.split_last() {
        Some((last, before)) if is_string(last) => rest = before,
        Some((&"]", before)) => {
            let idle = |it: &&&str| is_string(it) || [",", "(", ")"].contains(*it);
            let inside = before.iter().rev().take_while(idle).count();
            rest = &before[..before.len() - inside];
            let Some(before) = rest.strip_suffix(&["ARRAY", "["]) else { return false };
            rest = before;
        }
        _ => return false,
    }
    let Some(before) = rest.len().checked_sub(closing) else { return false };
    let is_call = closing > 0
        && before.checked_sub(1).is_some_and(|it| is_name(rest[it]) && !is_no_function(rest[it]));
    rest[before..].iter().all(|it| *it == "(") && !is_call
}

/// A number that is written as a text: without its quotes, and how many words it takes.
fn number<'t>(words: &[&'t str]) -> Option<(&'t str, usize)> {
    const NUMBERS: [&str; 4] = ["integer", "bigint", "smallint", "numeric"];
    let [word, ":", ":", cast, ..] = words else { return None };
    let inside = word.strip_prefix('\'')?.strip_suffix('\'')?;
    let digits = inside.strip_prefix('-').unwrap_or(inside);
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    let is_whole = NUMBERS.contains(cast) && words.get(4) != Some(&"(");
    (is_number && is_whole).then_some((inside, 4))
}

/// A word, or what stands between brackets.
#[derive(Debug, PartialEq)]
enum Node<'t> {
    Word(&'t str),
    Group(&'t str, Vec<Node<'t>>),
}

/// What comes before parentheses that are only parentheses; behind every other word, they are those of a call
/// or of a list.
const BEFORE: [&str; 9] = ["AND", "OR", "CHECK", "WHERE", "HAVING", "ON", "WHEN", "THEN", "ELSE"];

fn is_no_function(word: &str) -> bool {
    BEFORE.contains(&word)
}

/// Takes away the parentheses that mean nothing: those around one word, around an array and around other
/// parentheses, and around a part of one chain of `AND` or `OR`.
fn without_idle_parentheses(words: Vec<&str>) -> Vec<&str> {
    let mut words = words.into_iter();
    let nodes = simple(&mut words);
    let mut flat = Vec::new();
    flatten(nodes, &mut flat);
    flat
}

/// Reads as far as the bracket that closes.
fn simple<'t>(words: &mut dyn Iterator<Item = &'t str>) -> Vec<Node<'t>> {
    let mut nodes = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "(" | "[" => {
                let inside = simple(words);
                nodes.push(Node::Group(word, inside));
            }
            ")" | "]" => break,
            word => nodes.push(Node::Word(word)),
        }
    }
    let mut kept: Vec<Node<'t>> = Vec::with_capacity(nodes.len());
    let mut nodes = nodes.into_iter().peekable();
    while let Some(node) = nodes.next() {
        let Node::Group("(", inside) = node else {
            kept.push(node);
            continue;
        };
        let before = match kept.last() {
            Some(Node::Word(word)) => Some(*word),
            _ => None,
        };
        let is_call = before.is_some_and(|it| is_name(it) && !BEFORE.contains(&it));
        let after = match nodes.peek() {
            Some(Node::Word(word)) => Some(*word),
            _ => None,
        };
        match inside.as_slice() {
            // `ANY (ARRAY[…])` keeps one pair.
            [Node::Group("(", _)] if before == Some("ANY") || !is_call => kept.extend(inside),
            [Node::Word(word)] if !is_call && is_name(word) => kept.extend(inside),
            [Node::Word("ARRAY"), Node::Group("[", _)] if !is_call => kept.extend(inside),
            _ if !is_call && is_part_of_chain(&inside, before, after) => {
                kept.extend(inside);
            }
            _ => kept.push(Node::Group("(", inside)),
        }
    }
    kept
}

/// Whether what is inside is connected by the same word as what is around it.
fn is_part_of_chain(inside: &[Node<'_>], before: Option<&str>, after: Option<&str>) -> bool {
    let connects = |it: &&str| ["AND", "OR"].contains(it);
    let words = inside.iter().filter_map(|it| match it {
        Node::Word(word) => Some(*word),
        Node::Group(..) => None,
    });
    let mut inner = words.filter(connects);
    let Some(first) = inner.next() else { return false };
    let around: Vec<&str> = [before, after].into_iter().flatten().collect();
    inner.all(|it| it == first) && !around.is_empty() && around.iter().all(|it| *it == first)
}

fn flatten<'t>(nodes: Vec<Node<'t>>, words: &mut Vec<&'t str>) {
    for node in nodes {
        match node {
            Node::Word(word) => words.push(word),
            Node::Group(open, inside) => {
                words.push(open);
                flatten(inside, words);
                words.push(if open == "(" { ")" } else { "]" });
            }
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|it: char| it.is_alphanumeric() || ['_', '"', '\''].contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_between_texts_that_change_nothing_mean_nothing() {
        same(
            "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
            "CHECK (((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
        );
        same("'x'::character varying", "'x'::text");
        same("('x'::character varying)::text", "'x'::text");
    }

    #[test]
    fn casts_of_anything_else_may_mean_something() {
        differ("((email)::text = 'a'::text)", "(email = 'a'::text)");
        differ("lower((id)::text)", "lower(id)");
        differ("(code)::bpchar", "code");
        differ("'a '::bpchar", "'a '::text");
        differ("(f('a'::text))::text", "f('a'::text)");
        differ("f('a')::text", "f('a')");
        differ("(ARRAY[a, 'b'])::text[]", "ARRAY[a, 'b']");
    }

    #[test]
    fn a_chain_has_no_parts() {
        same(
            "CHECK (((((s = 1) AND ((a IS NULL) AND (b IS NULL)))) OR ((a > 0) OR (b > 0))))",
            "CHECK ((((s = 1) AND (a IS NULL) AND (b IS NULL)) OR (a > 0) OR (b > 0)))",
        );
        differ("((a AND b) OR c)", "(a AND (b OR c))");
        differ("(NOT (a AND b) AND c)", "((NOT a) AND b AND c)");
        differ("((a OR b) AND c)", "(a OR b AND c)");
    }

    #[test]
    fn one_value_may_be_written_in_two_ways() {
        same("'0'::bigint", "0");
        same("CURRENT_TIMESTAMP", "now()");
        differ("'-1'::integer", "1");
        differ("CURRENT_TIMESTAMP(3)", "now()");
        differ("'0.5'::numeric(4,2)", "0.5");
    }

    #[test]
    fn what_may_mean_something_else_does() {
        differ("'12'::text", "'12'::integer");
        differ("'abc'::character varying(2)", "'abc'::character varying");
        differ("((a + b) * c)", "(a + (b * c))");
        differ("lower(x)", "x");
        differ("CHECK ((a > 0))", "CHECK ((a > 1))");
        differ("'a b'::text", "'a  b'::text");
        differ("(a)", "a IS NULL");
    }

    #[test]
    fn when_a_script_ran_is_no_difference() {
        same(
            "(t < '2026-11-26 02:33:54.928768'::timestamp without time zone)",
            "(t < '2026-11-26 02:33:55.2+00'::timestamp without time zone)",
        );
        same("'2026-11-25 23:59:59.9'::timestamp", "'2026-11-27 00:00:00.1'::timestamp");
        differ("(t < '2026-11-26 00:00:00'::timestamp)", "(t < '2026-11-27 00:00:00'::timestamp)");
        differ("'2026-11-26 02:33:54.9'::timestamp", "'2025-11-26 02:33:54.9'::timestamp");
        differ("'2025-11-26 02:33:54.9'::timestamp", "'2025-11-26 02:33:54.8'::timestamp");
    }

    #[test]
    fn days_are_counted_from_1970() {
        let days = ["1970-01-01", "2000-02-29", "2000-03-01", "2026-11-26"].map(day_of);
        assert_eq!(days, [0, 11_016, 11_017, DAY].map(Some));
    }

    #[test]
    fn blanks_and_comments_are_no_words() {
        assert!(same_words("\n BEGIN\n  RETURN 'a b'; -- so\nEND", "BEGIN RETURN 'a b'; END"));
        assert!(!same_words("BEGIN RETURN 'a b'; END", "BEGIN RETURN 'a  b'; END"));
    }

    /// 26 November 2026.
    const DAY: i64 = 20_783;

    #[track_caller]
    fn same(one: &str, other: &str) {
        let (one, other) = (words_of(one, Some(DAY)), words_of(other, Some(DAY)));
        assert!(one == other, "{one:?}\n{other:?}");
    }

    #[track_caller]
    fn differ(one: &str, other: &str) {
        let (one, other) = (words_of(one, Some(DAY)), words_of(other, Some(DAY)));
        assert!(one != other, "{one:?}\n{other:?}");
    }
}
