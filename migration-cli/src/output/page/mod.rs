//! The page of `report`: one file of HTML about one database, which needs nothing beside it.
//!
//! The frame, the style and the script are files in `report/` of this crate. What is in the page is written by
//! a file here for each section; none of them lets anything but text of others in. Even if one did, no script
//! would run but ours: the policy in the page knows it by its hash.

mod drift;
mod head;
mod history;
mod html;
mod lint;
mod plan;
mod schema;
mod standing;
mod status;

use include_dir::{Dir, include_dir};
use migrate_core::Checksum;
use migrate_runtime::schema::Schema;
use migrate_runtime::{Forecast, Logs, MigrationSet, Plan, SchemaDrift, ServerFacts, Verification};

use super::ui::Ui;
use crate::error::CommandError;
use html::Html;
use schema::Drawn;
use standing::Standing;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/report");

/// How every page begins, by which a page of ours is known from the files of others.
pub(crate) const BEGINNING: &str = "<!doctype html>\n<!-- migration report -->\n";

/// What a page tells.
pub(crate) struct Page {
    pub(crate) ui: Ui,
    pub(crate) set: &'static MigrationSet,
    /// What the project is called.
    pub(crate) project: String,
    pub(crate) environment: String,
    pub(crate) is_protected: bool,
    pub(crate) server: ServerFacts,
    /// The state of every migration, and what does not agree.
    pub(crate) verification: Verification,
    /// What was changed by hand; nothing where nobody wants to know.
    pub(crate) drift: Option<SchemaDrift>,
    pub(crate) logs: Told<Logs>,
    pub(crate) plan: Told<Planned>,
    pub(crate) schema: Told<Schema>,
}

/// What could be read, or why it could not.
pub(crate) type Told<T> = Result<T, CommandError>;

/// What `up` would do.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) forecast: Forecast,
    /// Why sizes, and who is in the way, are not known.
    pub(crate) unseen: Option<CommandError>,
}

/// A part of the page that the list of parts leads to.
struct Section {
    id: &'static str,
    title: &'static str,
    /// What stands beside its name in the list.
    count: Option<usize>,
    body: Html,
}

impl Page {
    /// The whole page.
    pub(crate) fn render(&self) -> String {
        let standing = self.standing();
        let picture = self.schema.as_ref().ok().and_then(Drawn::of);
        let sections = [
            status::section(self),
            history::section(self),
            plan::section(self),
            lint::section(self),
            schema::section(self, picture.as_ref()),
            drift::section(self),
        ];
        let (style, script) = (file("style.css"), file("script.js"));
        let policy = format!(
            "default-src 'none'; style-src '{}'{}; script-src '{}'; base-uri 'none'; form-action 'none'",
            source(style),
            picture.as_ref().map_or(String::new(), |it| format!(" '{}'", source(it.style()))),
            source(script)
        );
        let title = format!("{}: {} ({})", standing.word(), self.server.database, self.environment);
        let mut main = Html::new();
        for it in &sections {
            main.add(&it.html());
        }
        filled(
            file("page.html"),
            &[
                ("policy", text(&policy)),
                ("generator", text(&self.ui.application())),
                ("title", text(&title)),
                ("style", style.to_owned()),
                ("head", head::head(self, &standing).into_text()),
                ("links", links(&sections).into_text()),
                ("main", main.into_text()),
                ("foot", head::foot(self).into_text()),
                ("script", script.to_owned()),
            ],
        )
    }

    /// The first sentence of the page.
    pub(crate) fn sentence(&self) -> String {
        self.standing().sentence
    }

    fn standing(&self) -> Standing {
        let rows = self.logs.as_ref().ok().and_then(|it| it.entries.as_deref());
        let drift = self.drift.as_ref();
        Standing::of(&self.verification, drift, rows.unwrap_or_default())
    }

    /// What a migration is called.
    fn name(&self, version: &str) -> Option<&str> {
        let mut entries = self.verification.status.entries.iter();
        entries.find(|it| it.version == version).map(|it| it.name.as_str())
    }

    /// Why something could not be read, and what to do about it.
    fn refusal(&self, what: &'static str, error: &CommandError) -> Html {
        let mut html = Html::new();
        html.open("div", &[("class", "note")]).open("p", &[]);
        html.element("strong", &[], what).text(" ").text(&self.ui.in_our_name(&error.message));
        for cause in &error.causes {
            html.text(": ").text(cause);
        }
        html.text(".").close("p").add(&self.hints(&error.hints)).close("div");
        html
    }

    /// What to type.
    fn hints<'h>(&self, hints: impl IntoIterator<Item = &'h String>) -> Html {
        let mut html = Html::new();
        for hint in hints {
            html.open("pre", &[("class", "type")]);
            html.element("code", &[], &self.ui.in_our_name(hint)).close("pre");
        }
        html
    }
}

impl Section {
    fn html(&self) -> Html {
        let title = format!("{}-title", self.id);
        let mut html = Html::new();
        html.open("section", &[("id", self.id), ("aria-labelledby", &title)]);
        html.element("h2", &[("id", &title)], self.title);
        html.add(&self.body).close("section").markup("\n");
        html
    }
}

fn links(sections: &[Section]) -> Html {
    let mut html = Html::new();
    for it in sections {
        html.open("li", &[]).open("a", &[("href", &format!("#{}", it.id))]).text(it.title);
        if let Some(count) = it.count {
            html.text(" ").element("span", &[("class", "count")], &count.to_string());
        }
        html.close("a").close("li");
    }
    html
}

fn file(name: &str) -> &'static str {
    FILES.get_file(name).and_then(|it| it.contents_utf8()).unwrap_or_default()
}

fn text(text: &str) -> String {
    let mut html = Html::new();
    html.text(text);
    html.into_text()
}

/// Puts the values in the places that are named `{{name}}`. What is in a value is no place.
fn filled(frame: &str, values: &[(&str, String)]) -> String {
    let mut parts = frame.split("{{");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        let value = values.iter().find(|it| it.0 == name);
        page.push_str(value.map_or("", |it| it.1.as_str()));
        page.push_str(rest);
    }
    page
}

/// How a policy names a script or a style: by its hash.
fn source(text: &str) -> String {
    format!("sha256-{}", base64(Checksum::of(text).bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |index| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            let digit = if place > group.len() { '=' } else { DIGITS[digit as usize].into() };
            text.push(digit);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_everybody_writes_it() {
        let check = |text: &str, expected: &str| assert_eq!(base64(text.as_bytes()), expected);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
        assert_eq!(source(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn a_value_that_looks_like_a_place_is_none() {
        let values = [("a", "{{b}}".to_owned()), ("b", "x".to_owned())];
        assert_eq!(filled("<{{a}}>{{b}}{{c}}.", &values), "<{{b}}>x.");
    }

    #[test]
    fn the_files_of_the_page_are_whole_and_load_nothing() {
        let frame = file("page.html");
        assert!(frame.starts_with(BEGINNING));
        for place in ["policy", "style", "head", "links", "main", "foot", "script"] {
            assert!(frame.contains(&format!("{{{{{place}}}}}")), "{place}");
        }
        for (name, end) in [("style.css", "</style"), ("script.js", "</script")] {
            let text = file(name);
            assert!(!text.is_empty() && !text.contains(end) && !text.contains("<!--"), "{name}");
            for word in ["://", "@import", "url(", "fetch(", "XMLHttpRequest", "import("] {
                assert!(!text.contains(word), "{name}: {word}");
            }
        }
    }
}
