//! The head of the page: which database, when, and how things stand; and its foot.

use anstyle::Style;
use migrate_runtime::{Finding, FindingKind};

use super::html::Html;
use super::standing::Standing;
use super::{Page, html};
use crate::output::style::class;
use crate::text::printable;
use crate::time::{readable, rfc3339};

pub(super) fn head(page: &Page, standing: &Standing) -> Html {
    let server = &page.server;
    let mut html = Html::new();
    html.element("p", &[("class", "eyebrow")], "Migration report");
    html.element("h1", &[], &server.database);
    html.open("dl", &[("class", "facts")]);
    fact(&mut html, "Project", &page.project);
    html.open("div", &[]).element("dt", &[], "Environment").open("dd", &[]);
    html.text(&page.environment);
    if page.is_protected {
        html.text(" ").element("span", &[("class", "tag")], "protected");
    }
    html.close("dd").close("div");
    let standby = if server.is_standby { ", a standby" } else { "" };
    fact(&mut html, "Server", &format!("PostgreSQL {}{standby}", server.version));
    fact(&mut html, "Read as", &server.role);
    if let Some(time) = server.time {
        html.open("div", &[]).element("dt", &[], "Made").open("dd", &[]);
        html.element("time", &[("datetime", &rfc3339(time))], &format!("{} UTC", readable(time)));
        html.close("dd").close("div");
    }
    html.close("dl").add(&verdict(page, standing)).add(&findings(page, standing));
    html
}

pub(super) fn foot(page: &Page) -> Html {
    let mut html = Html::new();
    html.open("p", &[]).text("Made by ").text(&page.ui.application());
    if let Some(revision) = page.set.revision() {
        html.text(", revision ").element("code", &[], revision);
    }
    html.text(
        ". Times are UTC, by the server's clock. Nothing in this page is loaded from elsewhere.",
    );
    html.close("p");
    html
}

fn fact(html: &mut Html, name: &str, value: &str) {
    html.open("div", &[]).element("dt", &[], name).element("dd", &[], value).close("div");
}

fn verdict(page: &Page, standing: &Standing) -> Html {
    let mut html = Html::new();
    let class = format!("verdict {}", standing.class());
    html.open("div", &[("class", &class), ("id", "verdict")]);
    html.open("p", &[("class", "word")]);
    html.element("span", &[("class", "mark"), ("aria-hidden", "true")], "");
    html.element("strong", &[], standing.word()).close("p");
    html.element("p", &[("class", "sentence")], &page.ui.in_our_name(&standing.sentence));
    html.add(&page.hints(&standing.next)).close("div");
    html
}

/// What `verify` found, but for what other sections show.
fn findings(page: &Page, standing: &Standing) -> Html {
    use FindingKind::{Drift, DriftUnknown, Pending, SlightDrift};
    let is_elsewhere = |it: &Finding| {
        matches!(it.kind, Pending | Drift | SlightDrift | DriftUnknown)
            || standing.sentence.contains(&it.message)
    };
    let shown = |it: &&Finding| !is_elsewhere(it);
    let found: Vec<&Finding> = page.verification.findings.iter().filter(shown).collect();
    let mut html = Html::new();
    if found.is_empty() {
        return html;
    }
    html.open("ul", &[("class", "findings"), ("aria-label", "What was found")]);
    for (index, it) in found.iter().enumerate() {
        let (class, word) =
            if it.kind.exit_code() == 0 { ("minor", "Note") } else { ("bad", "Problem") };
        html.open("li", &[("class", class)]);
        html.element("span", &[("class", "tag")], word).text(" ");
        html.text(&page.ui.in_our_name(&printable(&it.message)));
        // One way out for several findings is said once: at the top, or after the last of them.
        let next = found.get(index + 1).and_then(|it| it.hint.as_ref());
        let is_said = |it: &&String| next == Some(it) || standing.next.contains(it);
        html.add(&page.hints(it.hint.iter().filter(|it| !is_said(it))));
        html.close("li");
    }
    html.close("ul");
    html
}

/// A word with its mark, both in the colour of it.
pub(super) fn mark(style: Style, word: &str) -> Html {
    let mut html = html::Html::new();
    html.open("span", &[("class", &format!("state {}", class(style)))]);
    html.element("span", &[("class", "mark"), ("aria-hidden", "true")], "").text(word);
    html.close("span");
    html
}
