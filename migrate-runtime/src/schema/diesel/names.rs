//! Names as Rust has them, by Diesel's rules.

/// What Diesel calls nothing: the words of Rust, those it keeps for later, and names that `table!` needs itself.
const RESERVED: &[&str] = &[
    "_",
    "Self",
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "columns",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "is_nullable",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "table",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// What a table, schema or column is called in Rust; a column must not be called as its table, whose name in Rust is
/// given.
pub(super) fn rust_name(sql: &str, table: Option<&str>) -> String {
    let mut name = plain(sql);
    // A name that ends with an underscore is free, so that one more always helps.
    let is_hidden = name.starts_with("__") && !name.ends_with('_');
    if is_hidden || RESERVED.contains(&name.as_str()) || table == Some(&name) {
        name.push('_');
    }
    name
}

/// Letters of ASCII, digits and underscores; one underscore for any number of other characters in a row.
fn plain(sql: &str) -> String {
    let mut name = String::with_capacity(sql.len());
    if sql.starts_with(|it: char| it.is_ascii_digit()) {
        name.push('_');
    }
    let mut was_other = false;
    for one in sql.chars() {
        let is_other = !one.is_ascii_alphanumeric() && one != '_';
        if !is_other {
            name.push(one);
        } else if !was_other {
            name.push('_');
        }
        was_other = is_other;
    }
    name
}

/// What a type is called in Rust: its words, each with a capital letter, and nothing between them.
pub(super) fn type_name(sql: &str) -> String {
    let parts = sql.split(|it: char| !it.is_alphanumeric());
    parts.flat_map(words).map(|it| capitalised(&it)).collect()
}

/// A word ends before a capital that follows a small letter, and before the last of several capitals that a small
/// letter follows. What is neither, such as a digit, does not matter.
fn words(part: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut was_capital = None;
    let mut rest = part.chars().peekable();
    while let Some(one) = rest.next() {
        let before_small = rest.peek().is_some_and(|it| it.is_lowercase());
        let is_end = one.is_uppercase()
            && (was_capital == Some(false) || was_capital == Some(true) && before_small);
        if is_end {
            words.push(std::mem::take(&mut word));
            was_capital = None;
        }
        word.push(one);
        if one.is_lowercase() {
            was_capital = Some(false);
        } else if one.is_uppercase() {
            was_capital = Some(true);
        }
    }
    words.push(word);
    words
}

fn capitalised(word: &str) -> String {
    let Some(first) = word.chars().next() else { return String::new() };
    // The whole word: a sigma at its end is another letter than elsewhere.
    let small = word.to_lowercase();
    let rest = small.chars().skip(first.to_lowercase().count());
    first.to_uppercase().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_rust_can_have() {
        let check = |sql: &str, expected: &str| assert_eq!(rust_name(sql, Some("t")), expected);
        check("id", "id");
        check("Id", "Id");
        check("type", "type_");
        check("_", "__");
        check("é", "__");
        check("t", "t_");
        check("gen", "gen");
        check("table", "table_");
        check("__hidden", "__hidden_");
        check("__shown_", "__shown_");
        check("1st place", "_1st_place");
        check("größe in m²", "gr_e_in_m_");
        check("a_ö", "a__");
    }

    #[test]
    fn types_are_in_camel_case() {
        let check = |sql: &str, expected: &str| assert_eq!(type_name(sql), expected);
        check("int4", "Int4");
        check("pg_lsn", "PgLsn");
        check("HTTPServer_state", "HttpServerState");
        check("aB1C d", "AB1cD");
        check("ÄRGER grad", "ÄrgerGrad");
        check("ΟΔΟΣ", "Οδος");
        check("1a", "1a");
        check("__", "");
    }
}
