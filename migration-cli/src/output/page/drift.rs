//! What was changed by hand since the last run, object by object, as `verify` tells it.

use migrate_runtime::schema::{Difference, Weight};
use migrate_runtime::{FindingKind, SchemaDrift};

use super::html::{Html, findable};
use super::{Page, Section};
use crate::output::logs::short;
use crate::text::{plural, printable};

pub(super) fn section(page: &Page) -> Section {
    let mut body = Html::new();
    let count = page.drift.as_ref().and_then(|it| fill(page, it, &mut body));
    if page.drift.is_none() {
        let text = "The schema is not watched: migration.toml says so with record = false.";
        body.element("p", &[], text);
    }
    Section { id: "drift", title: "Drift", count, body }
}

fn fill(page: &Page, drift: &SchemaDrift, body: &mut Html) -> Option<usize> {
    if let Some(why) = &drift.unknown {
        body.open("div", &[("class", "note waiting")]);
        body.element("p", &[], &format!("Not compared: {}.", page.ui.in_our_name(why)));
        body.add(&hints(page)).close("div");
        return None;
    }
    let Some(recorded) = &drift.recorded else {
        body.element("p", &[], "Nothing has run yet, and so there is nothing to compare.");
        return None;
    };
    let (found, slight): (Vec<_>, Vec<_>) =
        drift.differences.iter().partition(|it| it.weight == Weight::Full);
    let recorded = format!("run {} recorded at {}", short(&recorded.run), at(&recorded.at));
    let text = match found.len() {
        0 => format!("Nothing has drifted: the schema is as {recorded}."),
        count => format!("{} from the schema that {recorded}:", differences(count)),
    };
    body.element("p", &[("class", "lead")], &text).add(&list(&found));
    if !found.is_empty() {
        body.add(&hints(page));
    }
    if !slight.is_empty() {
        let label = format!("Show {} that do not count", differences(slight.len()));
        body.behind(&label, &list(&slight));
    }
    Some(found.len())
}

fn differences(count: usize) -> String {
    plural(count, "difference")
}

/// `2026-11-25 22:15:30 UTC`
fn at(rfc3339: &str) -> String {
    let second = rfc3339.split(['.', 'Z']).next().unwrap_or_default();
    format!("{} UTC", second.replacen('T', " ", 1))
}

/// The ways out, each once.
fn hints(page: &Page) -> Html {
    use FindingKind::{Drift, DriftUnknown};
    let found = page.verification.findings.iter();
    let found = found.filter(|it| matches!(it.kind, Drift | DriftUnknown));
    let mut hints: Vec<&String> = found.filter_map(|it| it.hint.as_ref()).collect();
    hints.dedup();
    page.hints(hints)
}

fn list(differences: &[&Difference]) -> Html {
    let mut html = Html::new();
    html.open("ul", &[("class", "differences")]);
    for it in differences {
        html.open("li", &[("data-find", &findable([it.message.as_str()]))]);
        html.element("p", &[], &it.message);
        for (lines, class, word, mark) in
            [(&it.before, "was", "was", "-"), (&it.after, "is", "is", "+")]
        {
            if !lines.is_empty() {
                let lines: Vec<_> = lines.iter().map(|it| printable(it)).collect();
                html.open("pre", &[("class", class)]);
                html.element("span", &[("class", "word")], word).text(mark).text(" ");
                html.text(&lines.join(&format!("\n{mark} "))).close("pre");
            }
        }
        html.close("li");
    }
    html.close("ul");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_everywhere_on_the_page() {
        assert_eq!(at("2026-11-25T22:15:30.123456Z"), "2026-11-25 22:15:30 UTC");
        assert_eq!(at("2026-11-25T22:15:30Z"), "2026-11-25 22:15:30 UTC");
    }
}
