//! HTML that nothing which is put into it can break: markup is only what stands in the source of this program,
//! and everything else is text.

use std::fmt::Write as _;

use crate::secret::redact;
use crate::text::printable;

/// A piece of a page.
#[derive(Debug, Default)]
pub(super) struct Html(String);

/// An attribute and its value.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Html {
    pub(super) fn new() -> Html {
        Html::default()
    }

    /// Markup of ours.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Html {
        self.0.push_str(markup);
        self
    }

    /// A text of whoever: of the database, of a script, of the command line.
    pub(super) fn text(&mut self, text: &str) -> &mut Html {
        self.0.push_str(&escaped(text));
        self
    }

    /// Begins an element.
    pub(super) fn open(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) -> &mut Html {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.0.push_str(&escaped(value));
            self.0.push('"');
        }
        self.0.push('>');
        self
    }

    /// Ends an element.
    pub(super) fn close(&mut self, tag: &'static str) -> &mut Html {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
        self
    }

    /// An element with a text in it.
    pub(super) fn element(
        &mut self,
        tag: &'static str,
        attributes: &[Attribute<'_>],
        text: &str,
    ) -> &mut Html {
        self.open(tag, attributes).text(text).close(tag)
    }

    /// A piece that is behind a button of the browser's own.
    pub(super) fn behind(&mut self, button: &str, piece: &Html) -> &mut Html {
        self.open("details", &[("class", "more")]).element("summary", &[], button);
        self.add(piece).close("details")
    }

    /// A name, which may go on in the next line behind each of its underscores.
    pub(super) fn name(&mut self, name: &str) -> &mut Html {
        self.open("span", &[("class", "name")]);
        for part in name.split_inclusive('_') {
            self.text(part);
            if part.ends_with('_') {
                self.markup("<wbr>");
            }
        }
        self.close("span")
    }

    /// A picture that the library has drawn. It is markup, and what steers a page has no place in it either.
    pub(super) fn picture(&mut self, svg: &str) -> &mut Html {
        self.0.push_str(&printable(svg));
        self
    }

    /// Another piece.
    pub(super) fn add(&mut self, piece: &Html) -> &mut Html {
        self.0.push_str(&piece.0);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// What shows itself in elements and in attributes, and steers neither the page nor the order of what is read.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in printable(&redact(text)).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The name of an element that is about something, for links; different for different names.
pub(super) fn id(kind: &str, name: &str) -> String {
    let mut id = format!("{kind}-");
    for letter in name.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => id.push(letter),
            // Writing to a string does not fail.
            other => drop(write!(id, "~{:x}~", u32::from(other))),
        }
    }
    id
}

/// What the search compares with what is typed.
pub(super) fn findable<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_text() {
        let mut html = Html::new();
        html.element("td", &[("title", "a\" onclick='x'")], "</td><script>&amp;\u{202e}\u{1b}[1m");
        assert_eq!(
            html.into_text(),
            "<td title=\"a&quot; onclick=&#39;x&#39;\">\
             &lt;/td&gt;&lt;script&gt;&amp;amp;\u{fffd}\u{fffd}[1m</td>"
        );
    }

    #[test]
    fn a_password_in_a_text_stays_outside() {
        let mut html = Html::new();
        html.text("postgres://app:canary@db/app and password=canary");
        assert_eq!(html.into_text(), "postgres://app:***@db/app and password=***");
    }

    #[test]
    fn names_of_elements_are_plain_and_differ() {
        assert_eq!(id("table", "public.contracts"), "table-public.contracts");
        assert_eq!(id("table", "a b\""), "table-a~20~b~22~");
        assert_ne!(id("t", "a~20~b"), id("t", "a b"));
    }
}
