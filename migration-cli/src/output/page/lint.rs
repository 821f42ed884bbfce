//! What the lint found when the program was built, as `check` tells it.

use migrate_runtime::Severity;

use super::html::{Html, findable};
use super::{Page, Section};
use crate::output::lint::{Lint, accept, of_severity};
use crate::output::style::class;
use crate::text::plural;

pub(super) fn section(page: &Page) -> Section {
    let lint = Lint::with_notes(page.set);
    let mut body = Html::new();
    if !lint.was_looked_at {
        body.element("p", &[], "The build did not look at the scripts (feature `parser`).");
        return Section { id: "lint", title: "Lint", count: None, body };
    }
    let (notes, findings): (Vec<_>, Vec<_>) =
        lint.each().partition(|it| it.1.severity == Severity::Info);
    let text = match findings.len() {
        0 => "The lint found nothing that hurts in the scripts of this program.".to_owned(),
        count => format!(
            "{} in the scripts of this program, those that ran among them.",
            plural(count, "finding")
        ),
    };
    body.element("p", &[("class", "lead")], &text);
    let count = findings.len();
    body.add(&list(findings));
    if !notes.is_empty() {
        let label = format!("Show {}", plural(notes.len(), "note"));
        body.behind(&label, &list(notes));
    }
    Section { id: "lint", title: "Lint", count: Some(count), body }
}

fn list(findings: Vec<(String, &migrate_runtime::ScriptFinding)>) -> Html {
    let mut html = Html::new();
    if findings.is_empty() {
        return html;
    }
    html.open("ul", &[("class", "lints")]);
    for (file, it) in findings {
        let place = format!("{file}:{}:{}", it.line, it.column);
        html.open("li", &[("data-find", &findable([it.rule, &place, &it.message]))]);
        html.open("p", &[]).add(&tag(it)).text(" ").text(&it.message).close("p");
        html.open("p", &[("class", "place")]).element("code", &[], &place).close("p");
        html.element("p", &[("class", "faint")], &it.help);
        html.element("p", &[("class", "faint")], &accept(it)).close("li");
    }
    html.close("ul");
    html
}

/// The severity and the rule.
pub(super) fn tag(finding: &migrate_runtime::ScriptFinding) -> Html {
    let class = format!("tag {}", class(of_severity(finding.severity)));
    let mut html = Html::new();
    let text = format!("{} {}", finding.severity.as_str(), finding.rule);
    html.element("span", &[("class", class.trim_end())], &text);
    html
}
