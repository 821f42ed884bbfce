//! Names and texts as SQL has to spell them.

use std::fmt::{self, Write};

/// A name in double quotes.
pub(crate) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name that SQL has written, as it is.
pub(crate) fn unquoted(word: &str) -> String {
    match word.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        Some(inside) => inside.replace("\"\"", "\""),
        None => word.to_owned(),
    }
}

/// What is between the separators in a list, as SQL writes it; those in names do not count.
pub(crate) fn listed(list: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    list.split(move |it| {
        is_quoted ^= it == '"';
        it == separator && !is_quoted
    })
    .map(str::trim)
}

/// Settings that are lists: the server stores each of their names in quotes where it needs them.
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// The value of a setting as `SET … TO` takes it, so that the same text is stored.
pub(crate) fn setting_value(parameter: &str, stored: &str) -> String {
    if !LISTS.contains(&parameter.to_ascii_lowercase().as_str()) {
        return literal(stored);
    }
    let names = listed(stored, ',').map(|it| literal(&unquoted(it)));
    names.collect::<Vec<_>>().join(", ")
}

/// A text in single quotes, right under either value of `standard_conforming_strings`.
pub(crate) fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 3);
    quoted.push_str(if text.contains('\\') { "E'" } else { "'" });
    // Writing to a string does not fail.
    let _ = Escaped(&mut quoted).write_str(text);
    quoted.push('\'');
    quoted
}

/// Writes the inside of a text as in `E'…'` behind a message: a long one is not kept beside what it becomes.
pub(crate) struct Escaped<'m>(pub(crate) &'m mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(['\'', '\\']) {
            self.0.push_str(part);
            self.0.extend(part.chars().next_back().filter(|it| ['\'', '\\'].contains(it)));
        }
        Ok(())
    }
}

/// A text in single quotes, or `NULL`.
pub(crate) fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), literal)
}

/// The inside of a JSON string.
pub(crate) fn json_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let _ = push_json(&mut escaped, text);
    escaped
}

/// Writes the inside of a JSON string.
pub(crate) fn push_json(json: &mut impl Write, text: &str) -> fmt::Result {
    let is_escaped = |it: char| it == '"' || it == '\\' || it.is_control();
    let mut rest = text;
    while let Some(at) = rest.find(is_escaped) {
        json.write_str(&rest[..at])?;
        let mut characters = rest[at..].chars();
        match characters.next() {
            Some(it) if it.is_control() => write!(json, "\\u{:04x}", u32::from(it))?,
            Some('"') => json.write_str(r#"\""#)?,
            _ => json.write_str(r"\\")?,
        }
        rest = characters.as_str();
    }
    json.write_str(rest)
}

/// A template with its `{name}`s filled in; anything else in braces stays.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 256);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let value = rest.find('}').and_then(|close| {
            let (_, value) = values.iter().find(|(name, _)| *name == &rest[1..close])?;
            Some((close, value))
        });
        let (close, text) = value.map_or((0, "{"), |(close, value)| (close, value));
        filled.push_str(text);
        rest = &rest[close + 1..];
    }
    filled.push_str(rest);
    filled
}

/// As [`fill`], for a template with dollar-quoted code: `${tag}$` becomes a quote that no value holds.
pub(crate) fn fill_code(template: &str, values: &[(&str, &str)]) -> String {
    let mut tag = "migrate".to_owned();
    while values.iter().any(|(_, value)| value.contains(&format!("${tag}$"))) {
        tag.push('_');
    }
    let mut values = values.to_vec();
    values.push(("tag", &tag));
    fill(template, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_backslashes_escaped() {
        assert_eq!(ident(r#"my "schema""#), r#""my ""schema""""#);
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'b"), r"E'a\\''b'");
        assert_eq!(optional(None), "NULL");
    }

    #[test]
    fn what_a_json_string_must_not_hold_is_escaped() {
        let escaped = "a\\u0001\\u0085\u{2028}\\\"\\\\é";
        assert_eq!(json_text("a\u{1}\u{85}\u{2028}\"\\é"), escaped);
        assert_eq!(json_text(""), "");
    }

    #[test]
    fn a_list_of_names_is_taken_apart() {
        let list = "public.a, \"X, \"\"y\".\"b,c\", d.e";
        let names: Vec<_> = listed(list, ',').collect();
        assert_eq!(names, ["public.a", "\"X, \"\"y\".\"b,c\"", "d.e"]);
    }

    #[test]
    fn settings_that_are_lists_of_names_are_lists_of_texts() {
        assert_eq!(setting_value("search_path", "\"$user\", public"), "'$user', 'public'");
        assert_eq!(setting_value("search_path", "\"\""), "''");
        assert_eq!(setting_value("temp_tablespaces", ""), "''");
        assert_eq!(setting_value("search_path", "\"a, \"\"b\""), "'a, \"b'");
        assert_eq!(setting_value("work_mem", "4MB"), "'4MB'");
    }

    #[test]
    fn a_template_is_filled_once_and_unknown_braces_stay() {
        let values = [("a", "{b}"), ("b", "2")];
        assert_eq!(fill("{a} {b} '{c,d}' {", &values), "{b} 2 '{c,d}' {");
    }

    #[test]
    fn code_is_quoted_with_a_tag_that_it_does_not_hold() {
        assert_eq!(fill_code("DO ${tag}${a}${tag}$", &[("a", "x")]), "DO $migrate$x$migrate$");
        let nasty = fill_code("DO ${tag}${a}${tag}$", &[("a", "$migrate$")]);
        assert_eq!(nasty, "DO $migrate_$$migrate$$migrate_$");
    }
}
