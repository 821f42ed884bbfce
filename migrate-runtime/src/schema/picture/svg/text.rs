//! How wide a text is drawn, and how it is written into XML.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// The size of the letters.
pub(super) const SIZE: f64 = 12.0;

/// How much of its size a letter of a fixed-width font is wide: 0.55 to 0.61 in those that are common.
const ADVANCE: f64 = 0.61;

/// How wide a text is at most, in a fixed-width font.
pub(super) fn width(text: &str) -> f64 {
    // There are no more letters than fit into a name, or into what `short` leaves of a type.
    let cells: u32 = text.chars().map(cells).sum();
    f64::from(cells) * SIZE * ADVANCE
}

fn cells(it: char) -> u32 {
    u32::try_from(it.width().unwrap_or(1)).unwrap_or(1)
}

/// A text that is not longer than so many letters, with `…` for what is missing.
pub(super) fn short(text: &str, most: u32) -> String {
    if text.chars().map(cells).sum::<u32>() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut left = most - 1;
    for it in text.chars() {
        let Some(less) = left.checked_sub(cells(it)) else { break };
        left = less;
        short.push(it);
    }
    short.push('…');
    short
}

/// A text as XML has it between tags, and in attributes. What XML has no place for at all becomes a mark of that.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            it if it.is_control() => out.push('\u{fffd}'),
            it => out.push(it),
        }
    }
    out
}

/// What a table is found by in the picture, for links: letters and digits as they are, the rest by numbers.
pub(super) fn id((schema, name): &(String, String)) -> String {
    let mut id = "table-".to_owned();
    for (at, part) in [schema, name].into_iter().enumerate() {
        if at > 0 {
            id.push('.');
        }
        for it in part.chars() {
            if it.is_alphanumeric() || it == '_' {
                id.push(it);
            } else {
                _ = write!(id, "-{:x}-", u32::from(it));
            }
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_they_are_too_long() {
        assert_eq!(short("timestamptz", 11), "timestamptz");
        assert_eq!(short("timestamptz", 10), "timestamp…");
        assert_eq!(short("表表表表", 6), "表表…");
        assert!(width("表") > width("a") && width("") == 0.0);
    }

    #[test]
    fn xml_has_no_place_for_some_characters() {
        assert_eq!(xml("a<b>&\"'\n\u{7}\u{ffff}é"), "a&lt;b&gt;&amp;&quot;&#39; \u{fffd}\u{fffd}é");
    }

    #[test]
    fn no_two_tables_have_one_id() {
        let id = |schema: &str, name: &str| id(&(schema.to_owned(), name.to_owned()));
        assert_eq!(id("public", "order_items"), "table-public.order_items");
        assert_eq!(id("app", "Größe \""), "table-app.Größe-20--22-");
        assert_ne!(id("a.b", "c"), id("a", "b.c"));
        assert_ne!(id("a", "-20-"), id("a", " "));
    }
}
