//! Expressions that PostgreSQL would read in another way than it wrote them.
//!
//! Of `x IN ('a', 'b')` on a `varchar` it writes `(ARRAY['a'::character varying, …])::text[]`, and of that, when it reads
//! it, an array of elements with two casts each: a cast on an array goes to its elements. A second cast in between,
//! which does nothing, keeps it where it was.

use migrate_core::sql_words;

const CAST: [&str; 7] = ["]", ")", ":", ":", "text", "[", "]"];
const ELEMENT: [&str; 4] = [":", ":", "character", "varying"];
const KEPT: &str = "::character varying[]";

/// A statement that is read as it was meant.
pub(super) fn kept(statement: String) -> String {
    if !statement.contains("::text[]") || !statement.contains("(ARRAY[") {
        return statement;
    }
    let words = sql_words(&statement);
    let place = |word: &str| word.as_ptr() as usize - statement.as_ptr() as usize;
    let mut text = String::with_capacity(statement.len() + 64);
    let mut written = 0;
    for (at, window) in words.windows(CAST.len()).enumerate() {
        if window == CAST && is_of_varchar(&words[..at]) {
            let end = place(words[at]) + 1;
            text.push_str(&statement[written..end]);
            text.push_str(KEPT);
            written = end;
        }
    }
    text.push_str(&statement[written..]);
    text
}

/// Whether the array that ends here is one of `varchar`s, and alone in its parentheses.
fn is_of_varchar(words: &[&str]) -> bool {
    let mut depth = 0_usize;
    let mut last = words.len();
    for (at, word) in words.iter().enumerate().rev() {
        match *word {
            ")" | "]" => depth += 1,
            "[" if depth == 0 => {
                return words[at + 1..last].ends_with(&ELEMENT)
                    && words[..at].ends_with(&["(", "ARRAY"]);
            }
            "(" | "[" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                if !words[at + 1..last].ends_with(&ELEMENT) {
                    return false;
                }
                last = at;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(statement: &str, expected: &str) {
        assert_eq!(kept(statement.to_owned()), expected);
    }

    #[test]
    fn a_cast_of_an_array_stays_one() {
        check(
            "CHECK ((a)::text = ANY ((ARRAY['x'::character varying, 'y]'::character varying])::text[]))",
            "CHECK ((a)::text = ANY ((ARRAY['x'::character varying, 'y]'::character varying]::character varying[])::text[]))",
        );
        for same in [
            "ANY (ARRAY[('x'::character varying)::text, 'y'::text])::text[]",
            "ANY ((ARRAY[a, b])::text[])",
            "ANY ((ARRAY['x'::bpchar, 'y'::character varying])::text[])",
            "IS '(ARRAY[''x''::character varying])::text[]'",
        ] {
            check(same, same);
        }
    }
}
