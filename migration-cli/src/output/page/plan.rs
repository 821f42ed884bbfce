//! What `up` would do, with the locks of each statement, as `plan` shows it.

use migrate_runtime::{Obstacle, RelationLock, Step, StepForecast, Verdict};

use super::head::mark;
use super::html::{Html, findable, id};
use super::{Page, Planned, Section};
use crate::output::plan::{
    in_the_way, is_felt, manner, mode_words, of_impact, relation, size, summary, takes,
    without_texts, work,
};
use crate::text::{one_line, plural};

/// As much of a statement as tells which one it is.
const STATEMENT: usize = 200;
/// With more steps than that, their statements wait until somebody asks.
const OPEN: usize = 5;

pub(super) fn section(page: &Page) -> Section {
    let mut body = Html::new();
    let count = match &page.plan {
        Ok(planned) => {
            fill(page, planned, &mut body);
            Some(planned.plan.steps.len())
        }
        Err(error) => {
            body.add(&page.refusal("Nothing can be run as things stand:", error));
            None
        }
    };
    Section { id: "plan", title: "Plan", count, body }
}

fn fill(page: &Page, planned: &Planned, body: &mut Html) {
    let steps = &planned.plan.steps;
    if steps.is_empty() {
        body.element("p", &[], "Nothing to run: no migration is pending.");
        return;
    }
    let text = format!("{} would run, in this order:", plural(steps.len(), "migration"));
    body.element("p", &[("class", "lead")], &text);
    body.add(&page.hints(&["migration-cli up".to_owned()]));
    if let Some(error) = &planned.unseen {
        body.add(&page.refusal("Sizes, and who is in the way, are not known:", error));
    }
    body.add(&obstacles(&planned.forecast.obstacles));
    body.open("ol", &[("class", "steps")]);
    for (step, forecast) in steps.iter().zip(&planned.forecast.steps) {
        body.add(&of_step(step, forecast, steps.len() <= OPEN)).markup("\n");
    }
    body.close("ol");
}

fn obstacles(found: &[Obstacle]) -> Html {
    let mut html = Html::new();
    if found.is_empty() {
        return html;
    }
    html.open("div", &[("class", "note waiting")]).element("h3", &[], "In the way now");
    html.open("ul", &[]);
    for it in found {
        html.element("li", &[], &in_the_way(it));
    }
    html.close("ul").close("div");
    html
}

fn of_step(step: &Step, forecast: &StepForecast, is_open: bool) -> Html {
    let mut html = Html::new();
    let find = findable([step.version(), step.name()]);
    html.open("li", &[("id", &id("step", step.version())), ("data-find", &find)]);
    html.open("h3", &[]).name(step.name()).text(" ");
    html.element("span", &[("class", "version")], step.version()).close("h3");
    html.add(&verdict(&forecast.verdict));
    let how = format!("{}: {}", mode_words(step.mode()), summary(step.statements()));
    html.element("p", &[("class", "faint")], &how);
    for it in &forecast.findings {
        html.open("p", &[("class", "finding")]).add(&super::lint::tag(it));
        html.text(&format!(" line {}: {}", it.line, it.message)).close("p");
    }
    html.add(&statements(step, forecast, is_open)).close("li");
    html
}

/// What a step comes to, in the colour of how much it is felt.
fn verdict(it: &Verdict) -> Html {
    let mut html = Html::new();
    html.open("p", &[("class", "impact")]).add(&mark(of_impact(it.impact), &it.text));
    html.text(&takes(it)).close("p");
    html
}

/// Every statement with its locks.
fn statements(step: &Step, forecast: &StepForecast, is_open: bool) -> Html {
    let mut html = Html::new();
    let open = [("open", "")];
    html.open("details", if is_open { &open } else { &[] });
    let label = plural(step.statements().len(), "statement");
    html.element("summary", &[], &format!("{label} and the locks"));
    html.open(
        "div",
        &[("class", "wide"), ("tabindex", "0"), ("role", "group"), ("aria-label", "Statements")],
    );
    html.markup(
        "<table class=\"statements\"><thead><tr><th scope=\"col\" class=\"number\">Line</th>\
         <th scope=\"col\">Statement</th><th scope=\"col\">Locks</th></tr></thead><tbody>",
    );
    for (statement, known) in step.statements().iter().zip(&forecast.statements) {
        let sql = one_line(&without_texts(statement.range.of(step.sql())), STATEMENT);
        html.open("tr", &[]).element("td", &[("class", "number")], &statement.line.to_string());
        html.open("td", &[]).element("code", &[], &sql);
        if let Some(note) = manner(step.sql(), statement) {
            html.text(" ").element("span", &[("class", "faint")], &note);
        }
        html.close("td").open("td", &[]);
        if !known.is_known && known.locks.is_empty() {
            html.element("span", &[("class", "faint")], "not known");
        } else if known.locks.is_empty() {
            html.element("span", &[("class", "faint")], "nothing that was there");
        } else {
            html.open("ul", &[("class", "locks")]);
            for it in &known.locks {
                html.add(&lock(it));
            }
            html.close("ul");
        }
        html.close("td").close("tr");
    }
    html.markup("</tbody></table></div>").close("details");
    html
}

/// `contracts`: ACCESS EXCLUSIVE, blocks reads and writes; every row is read. 12.4 MB, about 10000 rows
fn lock(it: &RelationLock) -> Html {
    let mut html = Html::new();
    html.open("li", &[]).element("strong", &[], &relation(it)).text(" ");
    match it.lock {
        Some(lock) => {
            html.element("span", &[("class", "mode")], lock.as_str()).text(", ");
            let felt = [("class", "felt")];
            let attributes = if is_felt(it) { &felt[..] } else { &[] };
            html.element("span", attributes, &format!("blocks {}", lock.blocks().as_str()));
        }
        None => drop(html.text("is locked")),
    }
    html.text(&work(it.work, it.is_certain)).text(" ");
    html.element("span", &[("class", "faint")], &format!("({})", size(it))).close("li");
    html
}
