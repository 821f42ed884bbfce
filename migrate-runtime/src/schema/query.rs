//! What a query selects, and from what: for views, whose `*` was written out when they were made.

use migrate_core::sql_words;

use super::normal::words_of;
use crate::quote::unquoted;

/// Whether two queries that PostgreSQL wrote differ in the order of what they select alone: what `*` stands for is
/// written in the order that the columns had.
pub(super) fn selects_in_another_order(one: &str, other: &str, day: Option<i64>) -> bool {
    let (one, other) = (words_of(one, day), words_of(other, day));
    let (Some(one), Some(other)) = (Query::of(&one), Query::of(&other)) else { return false };
    one == other
}

/// Whether a query that PostgreSQL wrote selects from a table, which is named as SQL writes it.
pub(super) fn selects_from(query: &str, table: &str) -> bool {
    let (query, table) = (sql_words(query), sql_words(table));
    let before = |at: usize| at.checked_sub(1).map(|it| query[it]);
    let is_named = |at: usize| !matches!(before(at), Some("." | "AS"));
    let mut places = query.windows(table.len()).enumerate();
    places.any(|(at, words)| words == table && is_named(at))
}

/// The names of what a query that PostgreSQL wrote gives, in their order.
pub(super) fn selected(query: &str) -> Option<Vec<String>> {
    let words = sql_words(query);
    let outside = outside_of_brackets(&words);
    let start = outside.iter().copied().find(|it| words[*it] == "SELECT")? + 1;
    let ends = ["FROM", "WHERE", "UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT", "OFFSET", ";"];
    let end = outside.iter().copied().find(|it| *it > start && ends.contains(&words[*it]));
    let end = end.unwrap_or(words.len());
    let mut names = Vec::new();
    let commas =
        outside.iter().copied().filter(|it| words[*it] == "," && (start..end).contains(it));
    for comma in commas.chain([end]) {
        names.push(unquoted(words.get(comma.checked_sub(1)?)?));
    }
    Some(names)
}

/// A query of one `SELECT`, with what it selects in the order of the alphabet.
#[derive(PartialEq)]
struct Query<'t> {
    before: &'t [&'t str],
    selected: Vec<&'t [&'t str]>,
    after: &'t [&'t str],
}

impl<'t> Query<'t> {
    /// Nothing where the order of what is selected means something: two of them are put together by it.
    fn of(words: &'t [&'t str]) -> Option<Query<'t>> {
        let outside = outside_of_brackets(words);
        let find = |word| outside.iter().copied().find(|it| words[*it] == word);
        if ["UNION", "INTERSECT", "EXCEPT"].into_iter().any(|it| find(it).is_some()) {
            return None;
        }
        let start = find("SELECT")? + 1;
        let end = find("FROM")?;
        let commas = outside.iter().copied().filter(|it| words[*it] == "," && *it < end);
        let mut selected = Vec::new();
        let mut from = start;
        for comma in commas.filter(|it| *it > start).chain([end]) {
            selected.push(words.get(from..comma)?);
            from = comma + 1;
        }
        selected.sort_unstable();
        Some(Query { before: &words[..start], selected, after: &words[end..] })
    }
}

/// The places of the words that stand between no brackets.
pub(super) fn outside_of_brackets(words: &[&str]) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ if depth == 0 => found.push(at),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_star_may_come_in_another_order() {
        let is_same = |one: &str, other: &str| selects_in_another_order(one, other, None);
        assert!(is_same("SELECT t.a, t.b FROM t", "SELECT t.b, t.a FROM t"));
        assert!(!is_same("SELECT t.a, t.b FROM t", "SELECT t.a FROM t"));
        assert!(!is_same("SELECT t.a AS b, t.b AS a FROM t", "SELECT t.a, t.b FROM t"));
        assert!(!is_same("SELECT a FROM t WHERE (b < c)", "SELECT a FROM t WHERE (c < b)"));
        let union = |it: &str| format!("SELECT {it} FROM t UNION SELECT u.a, u.b FROM u");
        assert!(!is_same(&union("t.a, t.b"), &union("t.b, t.a")));
    }

    #[test]
    fn a_query_names_what_it_selects_from() {
        assert!(selects_from("SELECT t.a FROM app.t", "app.t"));
        assert!(selects_from("SELECT a FROM (u JOIN t ON (u.a = t.a))", "t"));
        assert!(!selects_from("SELECT u.t FROM u", "t"));
        assert!(!selects_from("SELECT u.a AS t FROM u", "t"));
    }

    #[test]
    fn a_query_tells_the_names_of_what_it_gives() {
        let check = |query: &str, expected: &[&str]| assert_eq!(selected(query).unwrap(), expected);
        check("SELECT t.id,\n  count(a, b) AS \"N, n\" FROM t;", &["id", "N, n"]);
        check("WITH c AS (SELECT 1 AS x, 2) SELECT DISTINCT ON (a) a FROM c", &["a"]);
        check("SELECT 1 AS one UNION SELECT 2, 3", &["one"]);
        check("SELECT 'x' AS one;", &["one"]);
    }
}
