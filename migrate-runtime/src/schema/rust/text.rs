//! Texts of a database in a source file: constants and comments that are one line and hide nothing.

use std::fmt::Write as _;

/// A text as a constant.
pub(super) fn literal(text: &str) -> String {
    let mut made = String::with_capacity(text.len() + 2);
    made.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => made.extend(['\\', letter]),
            '\n' => made.push_str("\\n"),
            '\r' => made.push_str("\\r"),
            '\t' => made.push_str("\\t"),
            it if is_hidden(it) => {
                let _ = write!(made, "\\u{{{:x}}}", u32::from(it));
            }
            it => made.push(it),
        }
    }
    made.push('"');
    made
}

/// A list of texts.
pub(super) fn literals(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|it| literal(it)).collect();
    format!("&[{}]", all.join(", "))
}

/// A text that may be missing.
pub(super) fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), |it| format!("Some({})", literal(it)))
}

/// A comment of documentation: what something is, and what the database says about it.
pub(super) fn doc(made: &mut String, depth: usize, what: &str, comment: Option<&str>) {
    let indent = "    ".repeat(depth);
    let lines = comment.unwrap_or_default().lines().map(prose);
    let paragraphs: Vec<String> = lines.collect();
    let comment = paragraphs.join("\n");
    let _ = writeln!(made, "{indent}/// {}", prose(what));
    for (index, line) in comment.trim().lines().enumerate() {
        if index == 0 {
            let _ = writeln!(made, "{indent}///");
        }
        let _ = writeln!(made, "{}", format!("{indent}/// {line}").trim_end());
    }
}

/// A line of a comment, without what would be code: that would be compiled as an example.
fn prose(line: &str) -> String {
    let line = line.replace(is_hidden, " ");
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").replace("```", "\\`\\`\\`").replace("~~~", "\\~\\~\\~")
}

/// What is not seen, or changes how the rest is seen: the compiler refuses some of it.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(letter, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The texts of a list of constants, as `quote_literal` of PostgreSQL writes them.
pub(super) fn quoted_texts(list: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = list;
    while let Some(start) = rest.find('\'') {
        let escapes = rest[..start].ends_with('E');
        let mut text = String::new();
        let mut letters = rest[start + 1..].char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, letter)) = letters.next() {
            let doubled = letters.peek().is_some_and(|it| it.1 == letter);
            match letter {
                '\'' if !doubled => {
                    end = start + 1 + at + 1;
                    break;
                }
                '\'' => drop(letters.next()),
                '\\' if escapes => drop(letters.next()),
                _ => {}
            }
            text.push(letter);
        }
        texts.push(text);
        rest = &rest[end..];
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_hide_nothing() {
        assert_eq!(literal("a\"b\\c\n\u{202e}é"), "\"a\\\"b\\\\c\\n\\u{202e}é\"");
        assert_eq!(optional(None), "None");
        assert_eq!(literals(&["a".to_owned(), "b".to_owned()]), "&[\"a\", \"b\"]");
    }

    #[test]
    fn a_comment_is_prose() {
        let mut made = String::new();
        doc(&mut made, 1, "t", Some("\n*/ one\r\n\n    fn code()\n>     ```rust\n\u{202e}two\n"));
        let expected = "    /// t\n    ///\n    /// */ one\n    ///\n    /// fn code()\n    /// > \\`\\`\\`rust\n    /// two\n";
        assert_eq!(made, expected);
    }

    #[test]
    fn labels_are_read_as_postgres_quotes_them() {
        let read = |list: &str| quoted_texts(list);
        assert_eq!(read("'sad', 'it''s', ''"), ["sad", "it's", ""]);
        assert_eq!(read("E'a\\\\b', 'E', ', '"), ["a\\b", "E", ", "]);
        assert_eq!(read("''''"), ["'"]);
        assert!(read("").is_empty());
    }
}
