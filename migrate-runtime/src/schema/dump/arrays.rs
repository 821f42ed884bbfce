//! Expressions that PostgreSQL would read in another way than it wrote them.
//!
//! Of `x IN ('a', 'b')` on a `varchar` it writes `(ARRAY['a'::character varying, …])::text[]`, and of that, when it reads
//! it, an array of elements with two casts each: a cast on an array goes to its elements. A second cast in between,
//! which does nothing, keeps it where it was. So it is with numbers: `n = ANY (ARRAY[1, 2])` on a `numeric`.

use migrate_core::sql_words;

const CAST: [&str; 4] = ["]", ")", ":", ":"];

/// A statement that is read as it was meant.
pub(super) fn kept(statement: String) -> String {
    if !statement.contains("(ARRAY[") {
        return statement;
    }
    let words = sql_words(&statement);
    let place = |word: &str| word.as_ptr() as usize - statement.as_ptr() as usize;
    let mut text = String::with_capacity(statement.len() + 64);
    let mut written = 0;
    for (at, window) in words.windows(CAST.len()).enumerate() {
        if window != CAST || !is_array(&words[at + CAST.len()..]) {
            continue;
        }
        if let Some(element) = type_of_elements(&words[..at]) {
            let end = place(words[at]) + 1;
            text.push_str(&statement[written..end]);
            text.push_str("::");
            text.push_str(&element);
            text.push_str("[]");
            written = end;
        }
    }
    text.push_str(&statement[written..]);
    text
}

/// Whether the type that begins here is one of arrays.
fn is_array(words: &[&str]) -> bool {
    words.iter().find(|it| !is_of_type(it)) == Some(&"[")
}

fn is_of_type(word: &str) -> bool {
    word.starts_with(|it: char| it.is_alphanumeric() || ['_', '"', '.'].contains(&it))
}

/// The type of what is in the array that ends here and is alone in its parentheses, where each element tells the same.
fn type_of_elements(words: &[&str]) -> Option<String> {
    let mut depth = 0_usize;
    let mut last = words.len();
    let mut found: Option<String> = None;
    for (at, word) in words.iter().enumerate().rev() {
        match *word {
            ")" | "]" => depth += 1,
            "(" | "[" if depth > 0 => depth -= 1,
            "[" | "," if depth == 0 => {
                let own = type_of(&words[at + 1..last])?;
                if found.get_or_insert_with(|| own.clone()) != &own {
                    return None;
                }
                if *word == "[" {
                    return found.filter(|_| words[..at].ends_with(&["(", "ARRAY"]));
                }
                last = at;
            }
            _ => {}
        }
    }
    None
}

/// The type that an element ends with, or has as a number.
fn type_of(element: &[&str]) -> Option<String> {
    let number = element.concat();
    if !number.is_empty() && number.chars().all(|it| it.is_ascii_digit() || it == '.') {
        let type_ = if number.contains('.') { "numeric" } else { "integer" };
        return Some(type_.to_owned());
    }
    let cast = element.iter().rposition(|it| *it == ":")?;
    let name = &element[cast + 1..];
    let is_known = !name.is_empty() && name.iter().all(|it| is_of_type(it));
    is_known.then(|| name.join(" ").replace(" . ", "."))
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
        check(
            "((n = ANY ((ARRAY[1, 2, '-3'::integer])::numeric[])) OR (m = ANY ((ARRAY['b'::app.\"M o\"])::app.d[])))",
            "((n = ANY ((ARRAY[1, 2, '-3'::integer]::integer[])::numeric[])) OR (m = ANY ((ARRAY['b'::app.\"M o\"]::app.\"M o\"[])::app.d[])))",
        );
        check(
            "((ARRAY[1.5, (2)::numeric])::double precision[])",
            "((ARRAY[1.5, (2)::numeric]::numeric[])::double precision[])",
        );
        for same in [
            "((ARRAY[1, 2.5])::double precision[])",
            "((ARRAY[1, 2])::text)",
            "ANY ((ARRAY[(1 + 2), 3])::numeric[])",
            "ANY (ARRAY[('x'::character varying)::text, 'y'::bpchar])::text[]",
            "ANY ((ARRAY[a, b])::text[])",
            "ANY ((ARRAY['x'::bpchar, 'y'::character varying])::text[])",
            "IS '(ARRAY[''x''::character varying])::text[]'",
        ] {
            check(same, same);
        }
    }
}
