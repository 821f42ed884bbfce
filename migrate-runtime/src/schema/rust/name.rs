//! Identifiers of Rust for names that may be anything.

use std::collections::{BTreeMap, BTreeSet};

/// How identifiers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// As modules are.
    Lower,
    /// As constants are.
    Upper,
}

/// The words that are no names without `r#`, in any edition.
const WORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// The words that are no names with `r#` either.
const NEVER: [&str; 3] = ["crate", "self", "super"];

/// Letters of the Latin script, and those that stand for them.
const LETTERS: [(&str, &str); 27] = [
    ("àáâãäåāăą", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįı", "i"),
    ("ĳ", "ij"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉŋ", "n"),
    ("òóôõöøōŏő", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšſș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűų", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    ("ª", "a"),
    ("º", "o"),
    ("µ", "u"),
];

/// An identifier for each of several names that are all different; none is in `taken`, and no two are the same.
///
/// What is spelt as its identifier keeps it; then come the others in their order, and what finds its own gone
/// gets a number behind it.
pub(super) fn identifiers(names: &[&str], case: Case, taken: &[&str]) -> Vec<String> {
    let plain: Vec<String> = names.iter().map(|it| identifier(it, case)).collect();
    let mut used: BTreeSet<String> = taken.iter().map(|it| (*it).to_owned()).collect();
    let mut found: Vec<Option<String>> = vec![None; names.len()];
    let is_exact = |index: usize| plain[index].eq_ignore_ascii_case(names[index]);
    let is_lower = |index: usize| !names[index].bytes().any(|it| it.is_ascii_uppercase());
    let ranks: [&dyn Fn(usize) -> bool; 3] =
        [&|it| is_exact(it) && is_lower(it), &is_exact, &|_| true];
    for is_now in ranks {
        for index in (0..names.len()).filter(|it| is_now(*it)) {
            if found[index].is_none() && used.insert(plain[index].clone()) {
                found[index] = Some(plain[index].clone());
            }
        }
    }
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    let mut numbered = |plain: String| {
        let last = last.entry(plain.clone()).or_insert(1);
        loop {
            *last += 1;
            let next = format!("{plain}_{last}");
            if used.insert(next.clone()) {
                return next;
            }
        }
    };
    let each = found.into_iter().zip(plain);
    each.map(|(found, plain)| found.unwrap_or_else(|| numbered(plain))).collect()
}

/// The name of a module, which may be a word of Rust.
pub(super) fn module(identifier: &str) -> String {
    if WORDS.contains(&identifier) { format!("r#{identifier}") } else { identifier.to_owned() }
}

/// What a name makes of itself, whoever else makes the same. In ASCII: what looks like something else, or is
/// unusual, is a warning of the compiler that only a whole crate can do without.
fn identifier(name: &str, case: Case) -> String {
    let mut made = String::with_capacity(name.len());
    let (mut previous, mut is_apart) = (' ', false);
    for letter in name.chars() {
        let Some(part) = part(letter) else {
            is_apart = true;
            continue;
        };
        let is_hump = previous.is_lowercase() && letter.is_uppercase();
        if (is_apart || is_hump || part.len() > 2) && !made.is_empty() && !made.ends_with('_') {
            made.push('_');
        }
        made.push_str(&part);
        (previous, is_apart) = (letter, part.len() > 2);
    }
    if made.bytes().all(|it| it == b'_') {
        "unnamed".clone_into(&mut made);
    }
    if made.starts_with(|it: char| it.is_ascii_digit()) {
        made.insert(0, '_');
    }
    match case {
        Case::Upper => made.make_ascii_uppercase(),
        Case::Lower => made.make_ascii_lowercase(),
    }
    if NEVER.contains(&made.as_str()) {
        made.push('_');
    }
    made
}

/// What stands for a letter: one or two others, or its number; nothing for what is between words.
fn part(letter: char) -> Option<String> {
    if letter.is_ascii() {
        return Some(letter.to_string())
            .filter(|_| letter.is_ascii_alphanumeric() || letter == '_');
    }
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    let latin = LETTERS.iter().find(|it| it.0.contains(lower)).map(|it| it.1.to_owned());
    Some(latin.unwrap_or_else(|| format!("u{:x}", u32::from(letter))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], case: Case, taken: &[&str], expected: &[&str]) {
        assert_eq!(identifiers(names, case, taken), expected, "{names:?}");
    }

    #[test]
    fn every_name_makes_an_identifier() {
        let upper = |name: &str, expected: &str| check(&[name], Case::Upper, &[], &[expected]);
        upper("id", "ID");
        upper("userId", "USER_ID");
        upper("IBAN", "IBAN");
        upper("first name", "FIRST_NAME");
        upper("2fa", "_2FA");
        upper("Größe", "GROSSE");
        upper("a\"b\\c", "A_B_C");
        upper(" a  \"b\"", "A_B");
        upper("_a__b_", "_A__B_");
        upper("日本", "U65E5_U672C");
        upper("a😀b", "A_U1F600_B");
        upper("", "UNNAMED");
        upper("--", "UNNAMED");
        upper("_", "UNNAMED");
        upper("self", "SELF");
    }

    #[test]
    fn modules_may_be_words_of_rust() {
        let lower = |name: &str, expected: &str| {
            assert_eq!(module(&identifiers(&[name], Case::Lower, &[])[0]), expected);
        };
        lower("type", "r#type");
        lower("Type", "r#type");
        lower("gen", "r#gen");
        lower("Self", "self_");
        lower("crate", "crate_");
        lower("UserRoles", "user_roles");
        lower("union", "union");
    }

    #[test]
    fn what_collides_gets_a_number_and_the_plain_name_keeps_its_own() {
        check(&["Email", "email", "EMAIL"], Case::Upper, &[], &["EMAIL_2", "EMAIL", "EMAIL_3"]);
        check(&["a b", "a-b", "a_b_2"], Case::Upper, &[], &["A_B", "A_B_3", "A_B_2"]);
        check(&["table", "id"], Case::Upper, &["TABLE"], &["TABLE_2", "ID"]);
        check(&["self", "self_"], Case::Lower, &[], &["self__2", "self_"]);
        check(&["str"], Case::Lower, &["str"], &["str_2"]);
    }
}
