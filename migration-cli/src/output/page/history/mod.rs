//! The history as a timeline, newest first: a mark for each run, and in it a bar for each thing that it did.

mod scale;

use std::time::SystemTime;

use migrate_runtime::{LogEntry, Logs};
use serde_json::Value;

use super::head::mark;
use super::html::{Html, findable, id};
use super::{Page, Section};
use crate::output::logs::{by, of_outcome, said, short, took};
use crate::output::style::class;
use crate::text::plural;
use crate::time::{readable, rfc3339};
use scale::Scale;

/// So many rows are seen at once, and so many more each time that somebody asks.
const SHOWN: usize = 40;
const MORE: usize = 200;
/// So many rows of one run are seen at once.
const SHOWN_OF_RUN: usize = 30;

/// What one process did, newest first.
struct Run<'a> {
    rows: Vec<&'a LogEntry>,
}

pub(super) fn section(page: &Page) -> Section {
    let mut body = Html::new();
    let count = match &page.logs {
        Ok(logs) => fill(page, logs, &mut body),
        Err(error) => {
            body.add(&page.refusal("The log cannot be read:", error));
            None
        }
    };
    Section { id: "history", title: "History", count, body }
}

fn fill(page: &Page, logs: &Logs, body: &mut Html) -> Option<usize> {
    let rows = logs.entries.as_deref().unwrap_or_default();
    if rows.is_empty() {
        body.element(
            "p",
            &[],
            "There is no log yet: the first command that changes something makes it.",
        );
        return None;
    }
    let scale = Scale::of(rows.iter().filter_map(LogEntry::duration));
    body.add(&lead(rows)).add(&scale.axis());
    let mut left = runs(rows);
    let mut size = SHOWN;
    let mut is_first = true;
    while !left.is_empty() {
        let rest = left.split_off(fitting(&left, size));
        if is_first {
            body.add(&timeline(page, &left, scale));
        } else {
            let count: usize = left.iter().map(|it| it.rows.len()).sum();
            let until = left.last().and_then(Run::began).map(readable).unwrap_or_default();
            let label = format!("Show {}, back to {until}", plural(count, "older row"));
            body.behind(&label, &timeline(page, &left, scale));
        }
        (left, size, is_first) = (rest, MORE, false);
    }
    if logs.has_older {
        body.element("p", &[("class", "faint")], "What is older is left out of this page:");
        let count = rows.len() * 2;
        body.add(&page.hints(&[format!("migration-cli logs --limit {count}")]));
    }
    Some(rows.len())
}

fn lead(rows: &[LogEntry]) -> Html {
    let failed = rows.iter().filter(|it| it.outcome != "ok").count();
    let mut html = Html::new();
    html.open("p", &[("class", "lead")]);
    html.text(&format!("{} of the log, newest first; ", plural(rows.len(), "row")));
    match failed {
        0 => html.text("all ended well."),
        1 => html.text("1 did not end well."),
        count => html.text(&format!("{count} did not end well.")),
    };
    html.text(" A bar is as long as it took; each step to the right is ten times the one before.");
    html.close("p");
    html
}

/// Rows of one run that stand together.
fn runs(rows: &[LogEntry]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for row in rows.iter().rev() {
        match runs.last_mut().filter(|it| it.rows[0].run == row.run) {
            Some(run) => run.rows.push(row),
            None => runs.push(Run { rows: vec![row] }),
        }
    }
    runs
}

/// How many runs have about so many rows together; at least one.
fn fitting(runs: &[Run<'_>], rows: usize) -> usize {
    let mut sum = 0;
    let fits = runs.iter().take_while(|it| {
        let before = sum;
        sum += it.rows.len().min(SHOWN_OF_RUN);
        before < rows
    });
    fits.count()
}

fn timeline(page: &Page, runs: &[Run<'_>], scale: Scale) -> Html {
    let mut html = Html::new();
    html.open("ol", &[("class", &format!("timeline {}", scale.class()))]);
    let mut day = String::new();
    for run in runs {
        let of_run = run.began().map(readable).unwrap_or_default();
        let of_run = of_run.split(' ').next().unwrap_or_default().to_owned();
        if day != of_run {
            day = of_run;
            html.open("li", &[("class", "day")]).element("h3", &[], &day).close("li");
        }
        html.add(&run.html(page, scale)).markup("\n");
    }
    html.close("ol");
    html
}

impl Run<'_> {
    fn began(&self) -> Option<SystemTime> {
        self.rows.last().and_then(|it| it.started_at)
    }

    fn html(&self, page: &Page, scale: Scale) -> Html {
        let newest = self.rows[0];
        let class = format!("run {}", class(of_outcome(&newest.outcome)));
        let mut html = Html::new();
        html.open("li", &[("class", &class), ("id", &id("run", &newest.run))]);
        html.add(&self.head(newest));
        let (first, rest) = self.rows.split_at(self.rows.len().min(SHOWN_OF_RUN));
        html.add(&list(page, first, scale));
        if !rest.is_empty() {
            let label = format!("Show {} of this run", plural(rest.len(), "earlier row"));
            html.behind(&label, &list(page, rest, scale));
        }
        html.close("li");
        html
    }

    /// What, when, and who.
    fn head(&self, newest: &LogEntry) -> Html {
        let mut html = Html::new();
        html.open("p", &[("class", "who")]);
        if let Some(began) = self.began() {
            let time = readable(began);
            let time = time.split(' ').nth(1).unwrap_or_default().to_owned();
            html.element("time", &[("datetime", &rfc3339(began))], &time).text(" ");
        }
        html.element("strong", &[], &newest.command).text(" by ").text(&by(newest));
        let parts = [
            ("in", newest.environment.clone()),
            ("with", newest.application.clone()),
            ("revision", newest.revision.as_deref().map(short)),
            ("run", Some(short(&newest.run))),
        ];
        html.open("span", &[("class", "faint")]);
        for (word, value) in parts {
            if let Some(value) = value {
                html.text(&format!(" · {word} {value}"));
            }
        }
        html.close("span").close("p");
        html
    }
}

fn list(page: &Page, rows: &[&LogEntry], scale: Scale) -> Html {
    let mut html = Html::new();
    html.open("ol", &[("class", "rows")]);
    for row in rows {
        html.add(&entry(page, row, scale)).markup("\n");
    }
    html.close("ol");
    html
}

fn entry(page: &Page, row: &LogEntry, scale: Scale) -> Html {
    let version = row.version.as_deref();
    let name = version.and_then(|it| page.name(it)).unwrap_or_default();
    let texts = [version.unwrap_or_default(), name, &row.command, &row.outcome, &row.db_role];
    let mut html = Html::new();
    html.open("li", &[("class", "row"), ("data-find", &findable(texts))]);
    html.open("details", &[]).open("summary", &[]);
    html.open("span", &[("class", "what")]);
    if let Some(direction) = &row.direction {
        html.element("span", &[("class", "direction")], direction).text(" ");
    }
    let label = if name.is_empty() { version.unwrap_or(&row.command) } else { name };
    html.name(label);
    if !name.is_empty() {
        html.text(" ").element("span", &[("class", "version")], version.unwrap_or_default());
    }
    html.close("span").add(&scale.bar(row.duration()));
    html.element("span", &[("class", "took")], &took(row).unwrap_or_default());
    html.add(&mark(of_outcome(&row.outcome), &row.outcome)).close("summary");
    html.add(&facts(row)).close("details");
    if let Some(said) = said(row) {
        html.element("p", &[("class", "said")], &said);
    }
    html.close("li");
    html
}

/// All that the row has to tell and its run has not told.
fn facts(row: &LogEntry) -> Html {
    let mut html = Html::new();
    html.open("dl", &[("class", "facts")]);
    let at = |it: Option<SystemTime>| it.map(|it| format!("{} UTC", readable(it)));
    let retries = (row.retries > 0).then(|| row.retries.to_string());
    let facts = [
        ("Began", at(row.started_at)),
        ("Ended", at(row.finished_at)),
        ("More attempts, because of locks", retries),
        ("Revision", row.revision.clone()),
        ("Run", Some(row.run.clone())),
    ];
    let known = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    for (name, value) in known.chain(noted(&row.detail)) {
        html.open("div", &[]).element("dt", &[], &name).element("dd", &[], &value).close("div");
    }
    html.close("dl");
    html
}

/// What else was noted, a line each.
fn noted(detail: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(noted)) = serde_json::from_str(detail) else { return Vec::new() };
    let text = |it: Value| match it {
        Value::String(text) => text,
        other => other.to_string(),
    };
    noted.into_iter().filter(|it| it.0 != "retries").map(|(name, it)| (name, text(it))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_a_line_each() {
        let noted = noted(r#"{"kind": "consent", "retries": 2, "steps": [1, 2]}"#);
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(noted, [pair("kind", "consent"), pair("steps", "[1,2]")]);
        assert!(super::noted("nonsense").is_empty());
    }
}
