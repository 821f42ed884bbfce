//! The table of migrations, newest first: what waits stands at the top.

use migrate_runtime::{Entry, State};

use super::head::mark;
use super::html::{Html, findable};
use super::{Page, Section};
use crate::output::style::of_state;
use crate::text::{duration, plural};
use crate::time::{readable, rfc3339};

/// So many are seen at once; the older ones are behind a button of the browser's own.
const SHOWN: usize = 50;

pub(super) fn section(page: &Page) -> Section {
    let entries: Vec<&Entry> = page.verification.status.entries.iter().rev().collect();
    let mut body = Html::new();
    body.add(&summary(page));
    if entries.is_empty() {
        body.element("p", &[], "Neither this program nor the database has a migration.");
    } else {
        let (first, rest) = entries.split_at(entries.len().min(SHOWN));
        body.add(&table(first));
        if !rest.is_empty() {
            let more = format!("Show {}", plural(rest.len(), "older migration"));
            body.behind(&more, &table(rest));
        }
    }
    Section { id: "status", title: "Status", count: Some(entries.len()), body }
}

fn summary(page: &Page) -> Html {
    let mut html = Html::new();
    html.open("ul", &[("class", "summary")]);
    for state in State::ALL {
        let count = page.verification.status.count(state);
        if count > 0 || state == State::Applied {
            let text = format!("{count} {state}");
            html.open("li", &[]).add(&mark(of_state(state), &text)).close("li");
        }
    }
    html.close("ul");
    for work in &page.verification.status.unfinished {
        let text = format!(
            "Unfinished: the {} script of {} {}.",
            work.direction,
            work.version,
            work.progress()
        );
        html.element("p", &[("class", "note bad")], &text);
    }
    html
}

fn table(entries: &[&Entry]) -> Html {
    let mut html = Html::new();
    html.open("table", &[("class", "migrations")]);
    html.element("caption", &[], "Migrations, newest first");
    html.markup(
        "<thead><tr><th scope=\"col\">Migration</th><th scope=\"col\">State</th>\
         <th scope=\"col\">Applied (UTC)</th><th scope=\"col\" class=\"number\">Took</th></tr></thead><tbody>",
    );
    for it in entries {
        let state = it.state.to_string();
        html.open("tr", &[("data-find", &findable([it.version.as_str(), &it.name, &state]))]);
        html.open("th", &[("scope", "row")]).name(&it.name);
        html.text(" ").element("span", &[("class", "version")], &it.version).close("th");
        html.open("td", &[]).add(&mark(of_state(it.state), &state)).close("td");
        html.open("td", &[]);
        if let Some(at) = it.applied_at {
            html.element("time", &[("datetime", &rfc3339(at))], &readable(at));
        }
        html.close("td").open("td", &[("class", "number")]);
        html.text(&it.execution_time.map(duration).unwrap_or_default());
        html.close("td").close("tr").markup("\n");
    }
    html.markup("</tbody></table>");
    html
}
