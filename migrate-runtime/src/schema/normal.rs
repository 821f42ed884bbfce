//! Whether two texts say the same although they are written differently.
//!
//! PostgreSQL writes what it has parsed, and reading that again does not always give the same text: of
//! `x IN ('a', 'b')` on a `varchar` it makes `(x)::text = ANY ((ARRAY['a'::character varying, …])::text[])`, and of
//! that, once a column's type has changed and came back, an array of elements with two casts each. The casts
//! between those types change no value.

use migrate_core::sql_words;

/// Casts that change no value: what follows `::` in the tokens.
const IDLE: [&[&str]; 5] = [
    &["character", "varying", "[", "]"],
    &["text", "[", "]"],
    &["bpchar"],
    &["character", "varying"],
    &["text"],
];

/// Whether two expressions, or statements that PostgreSQL wrote, mean the same.
pub(super) fn same_expression(one: &str, other: &str) -> bool {
    normal(one) == normal(other)
}

/// Whether two texts that PostgreSQL wrote are made of the same words: what `*` stands for is written in the order
/// that the columns had.
pub(super) fn same_in_another_order(one: &str, other: &str) -> bool {
    let sorted = |text| {
        let mut words = normal(text);
        words.sort_unstable();
        words
    };
    sorted(one) == sorted(other)
}

/// Whether two texts of a function differ in blanks and comments alone.
pub(super) fn same_words(one: &str, other: &str) -> bool {
    sql_words(one) == sql_words(other)
}

fn normal(text: &str) -> Vec<&str> {
    let mut words = without_idle_casts(&sql_words(text));
    for word in words.iter_mut().filter(|it| is_moment(it)) {
        *word = "'now'";
    }
    without_idle_parentheses(words)
}

/// Whether it is a time with fractions of a second: nobody writes one, it is when the script ran that said
/// `'now'`.
fn is_moment(word: &str) -> bool {
    let shape = |it: char| if it.is_ascii_digit() { '0' } else { it };
    let shape: String = word.chars().map(shape).collect();
    shape.starts_with("'0000-00-00 00:00:00.0")
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
            if let Some(idle) = idle {
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
        same(
            "CHECK ((status = ANY (ARRAY['a'::text])))",
            "CHECK (((status)::text = ANY (ARRAY['a'::text])))",
        );
        same("'x'::character varying", "'x'::text");
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
        differ("(t < '2026-11-26 00:00:00'::timestamp)", "(t < '2026-11-27 00:00:00'::timestamp)");
    }

    #[test]
    fn the_columns_of_a_star_may_come_in_another_order() {
        assert!(same_in_another_order("SELECT t.a, t.b FROM t", "SELECT t.b, t.a FROM t"));
        assert!(!same_in_another_order("SELECT t.a, t.b FROM t", "SELECT t.a FROM t"));
    }

    #[test]
    fn blanks_and_comments_are_no_words() {
        assert!(same_words("\n BEGIN\n  RETURN 'a b'; -- so\nEND", "BEGIN RETURN 'a b'; END"));
        assert!(!same_words("BEGIN RETURN 'a b'; END", "BEGIN RETURN 'a  b'; END"));
    }

    #[track_caller]
    fn same(one: &str, other: &str) {
        assert!(same_expression(one, other), "{:?}\n{:?}", normal(one), normal(other));
    }

    #[track_caller]
    fn differ(one: &str, other: &str) {
        assert!(!same_expression(one, other), "{:?}\n{:?}", normal(one), normal(other));
    }
}
