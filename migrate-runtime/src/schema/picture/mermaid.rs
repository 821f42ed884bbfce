//! The text for Mermaid. Its `erDiagram` has no way to write some names down, and takes others for its own words.
//!
//! What is between quotes is as it is, but for characters that mean something there too: Mermaid reads those from
//! their numbers, as in `#34;`.

use std::fmt::Write as _;

use super::drawing::{Drawing, Key, Row, Table};

/// Words that Mermaid reads as its own where a table could be named.
const TAKEN: [&str; 18] = [
    "acctitle",
    "accdescr",
    "class",
    "classdef",
    "default",
    "direction",
    "end",
    "erdiagram",
    "many",
    "o",
    "one",
    "only",
    "optionally",
    "style",
    "subgraph",
    "title",
    "to",
    "u",
];

pub(super) fn write(drawing: &Drawing) -> String {
    let mut out = "erDiagram\n".to_owned();
    for table in &drawing.tables {
        write_table(&mut out, table);
    }
    for link in &drawing.links {
        let (from, to) = (entity(&drawing.tables[link.from]), entity(&drawing.tables[link.to]));
        _ = match &link.key {
            Some(key) => {
                let line = cardinality(key);
                writeln!(out, "    {to} {line} {from} : \"{}\"", text(&key.columns.join(", ")))
            }
            None => writeln!(out, "    {to} ||..o| {from} : \"inherited by\""),
        };
    }
    out
}

/// What of the table that is referred to belongs to a row, and how many rows refer to one of its.
fn cardinality(key: &Key) -> &'static str {
    match (key.is_optional, key.is_unique) {
        (false, false) => "||--o{",
        (false, true) => "||--o|",
        (true, false) => "|o--o{",
        (true, true) => "|o--o|",
    }
}

fn write_table(out: &mut String, table: &Table) {
    _ = write!(out, "    {}", entity(table));
    if !table.notes.is_empty() {
        _ = write!(out, "[\"{} ({})\"]", text(&table.label), text(&table.notes.join(", ")));
    }
    if table.rows.is_empty() && table.more == 0 {
        out.push('\n');
        return;
    }
    out.push_str(" {\n");
    for row in &table.rows {
        write_row(out, row);
    }
    if table.more > 0 {
        _ = writeln!(out, "        … and_{}_more", table.more);
    }
    out.push_str("    }\n");
}

fn write_row(out: &mut String, row: &Row) {
    let (sql_type, name) = (word(&row.sql_type, "[]()"), word(&row.name, ""));
    _ = write!(out, "        {sql_type} {name}");
    if !row.marks.is_empty() {
        _ = write!(out, " {}", row.marks.join(", "));
    }
    let pairs = [(&row.name, &name), (&row.sql_type, &sql_type)];
    let lost: Vec<_> = pairs.iter().filter(|it| it.0 != it.1).map(|it| text(it.0)).collect();
    if !lost.is_empty() {
        _ = write!(out, " \"{}\"", lost.join(", "));
    }
    out.push('\n');
}

/// The name of a table, in quotes where it needs them.
fn entity(table: &Table) -> String {
    let name = &table.label;
    let is_plain = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
        && !TAKEN.contains(&name.to_ascii_lowercase().as_str());
    if is_plain { name.clone() } else { format!("\"{}\"", text(name)) }
}

/// The type or name of a column, which cannot be in quotes: `_` for every character that cannot be written.
fn word(it: &str, also: &str) -> String {
    // These come in UTF-16, and the first letters of Latin 1 are none.
    let is_letter = |it: char| it.is_ascii_alphanumeric() || it == '_' || it >= '\u{c0}';
    let is_letter = |it: char| is_letter(it) && !it.is_whitespace() && !it.is_control();
    let fit = |it: char| if is_letter(it) || also.contains(it) { it } else { '_' };
    let mut word: String = it.chars().map(fit).collect();
    let begins_well = word.starts_with(|it| is_letter(it) && !it.is_ascii_digit());
    // `pk` is a mark, and what begins with it begins with one, unless a letter of ASCII follows.
    let head = word.get(..2).map(str::to_ascii_uppercase);
    let is_mark = head.is_some_and(|it| ["PK", "FK", "UK"].contains(&it.as_str()))
        && !word[2..].starts_with(|it: char| it.is_ascii_alphanumeric() || it == '_');
    if !begins_well || is_mark {
        word.insert(0, '_');
    }
    word
}

/// A text between quotes.
fn text(it: &str) -> String {
    // A line with `direction TB` in it turns the picture, wherever that stands.
    let turns = it.to_ascii_lowercase().contains("direction");
    let mut text = String::new();
    for it in it.chars() {
        let is_harmless = it.is_alphanumeric() || " _-.,:()[]+!?/'=*$@".contains(it);
        if is_harmless && !(turns && it == ' ') {
            text.push(it);
        } else {
            _ = write!(text, "#{};", u32::from(it));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_words_that_mermaid_takes() {
        let check = |name, expected| assert_eq!(word(name, ""), expected);
        check("id", "id");
        check("größe", "größe");
        check("a b\"c", "a_b_c");
        check("1st", "_1st");
        check("PK", "_PK");
        check("fk", "_fk");
        check("ukü", "_ukü");
        check("pk_id", "pk_id");
        check("a\u{b2}\u{a0}\u{2028}", "a___");
        check("", "_");
        assert_eq!(word("numeric(10,2)[]", "[]()"), "numeric(10_2)[]");
    }

    #[test]
    fn nothing_in_a_text_means_anything() {
        let check = |it, expected| assert_eq!(text(it), expected);
        check("Order items", "Order items");
        check("%%{init: 1}%%", "#37;#37;#123;init: 1#125;#37;#37;");
        check("a\"b\\c~d~", "a#34;b#92;c#126;d#126;");
        check("direction TB", "direction#32;TB");
        check("<b>&#1;;\n", "#60;b#62;#38;#35;1#59;#59;#10;");
        check("größe 表", "größe 表");
    }
}
