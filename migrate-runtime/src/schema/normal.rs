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
        kept.push(words[at]);
        at += 1;
    }
    kept
}

/// Takes away the parentheses that only the casts needed: those around one word, around an array, and around
/// other parentheses. Those of a call and of a list stay.
fn without_idle_parentheses(mut words: Vec<&str>) -> Vec<&str> {
    while let Some((open, close)) = idle_parentheses(&words) {
        words.remove(close);
        words.remove(open);
    }
    words
}

fn idle_parentheses(words: &[&str]) -> Option<(usize, usize)> {
    (0..words.len()).filter(|at| words[*at] == "(").find_map(|open| {
        let close = closing(words, open)?;
        let is_call = open > 0 && is_name(words[open - 1]) && words[open - 1] != "ANY";
        let inside = &words[open + 1..close];
        let is_one = inside.len() == 1 && is_name(inside[0]);
        let ends_it = |from: usize| closing(words, from) == Some(close - 1);
        let is_array = inside.first() == Some(&"ARRAY") && ends_it(open + 2);
        let is_nested = inside.first() == Some(&"(") && ends_it(open + 1);
        // `ANY (ARRAY[…])` has one pair of its own.
        let is_any = open > 0 && words[open - 1] == "ANY" && !is_nested;
        (!is_call && !is_any && (is_one || is_array || is_nested)).then_some((open, close))
    })
}

fn closing(words: &[&str], open: usize) -> Option<usize> {
    let (opening, closing) = if words.get(open) == Some(&"[") { ("[", "]") } else { ("(", ")") };
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().skip(open) {
        if *word == opening {
            depth += 1;
        } else if *word == closing {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
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
