//! The pages of `docs/rules`, as the rules themselves tell them.

use std::fmt::Write as _;

use super::{Example, RULES, Rule};

/// How an index and its pages open, so that nobody edits them by hand.
const WRITTEN: &str = "The suite writes this page: `UPDATE_EXPECT=1 cargo test -p migrate-core --features parser --test rules`.";

impl Rule {
    /// Its page, in Markdown.
    pub fn page(&self) -> String {
        let Rule { id, title, harm, way_out, .. } = self;
        let severity = self.severity.as_str();
        let mut page = format!("# {id}\n\n{}. Severity: **{severity}**.\n\n", capital(title));
        section(&mut page, "What it does to production", harm);
        section(&mut page, "The way out", &block(way_out));
        let (found, fine): (Vec<&Example>, Vec<&Example>) =
            self.examples.iter().partition(|it| it.findings > 0);
        section(&mut page, "Found", &examples(&found));
        if !fine.is_empty() {
            section(&mut page, "Fine", &examples(&fine));
        }
        section(&mut page, "To accept it", &accept(self));
        let _ = writeln!(page, "[All rules](README.md). {WRITTEN}");
        page
    }
}

/// The page that lists all rules, in Markdown.
pub fn rules_page() -> String {
    let mut page = format!(
        "# The rules of the lint\n\nWhat they are for, and how to set them, is on the page [lint](../lint.md). {WRITTEN}\n\n\
         | rule | severity | what it finds |\n| --- | --- | --- |\n"
    );
    for rule in RULES {
        let (id, severity, title) = (rule.id, rule.severity.as_str(), rule.title);
        let _ = writeln!(page, "| [{id}]({id}.md) | {severity} | {title} |");
    }
    page
}

fn section(page: &mut String, title: &str, text: &str) {
    let _ = write!(page, "## {title}\n\n{text}\n\n");
}

fn block(sql: &str) -> String {
    format!("```sql\n{sql}\n```")
}

fn examples(examples: &[&Example]) -> String {
    let blocks: Vec<String> = examples.iter().map(|it| block(&example(it))).collect();
    blocks.join("\n\n")
}

/// The scripts of an example, with what they are where there are several.
fn example(example: &Example) -> String {
    let parts = [
        ("earlier", example.before, example.before.is_empty()),
        ("up", example.up, example.up == NOTHING && example.down != NOTHING),
        ("down", example.down, example.down == NOTHING && example.up != NOTHING),
    ];
    let shown: Vec<_> = parts.iter().filter(|(_, _, is_left_out)| !is_left_out).collect();
    match shown.as_slice() {
        [("up", sql, _)] => marked(sql),
        shown => {
            let with_name =
                |(name, sql, _): &&(&str, &str, bool)| format!("-- {name}:\n{}", marked(sql));
            shown.iter().map(with_name).collect::<Vec<_>>().join("\n")
        }
    }
}

/// With the line without which it would not build.
pub(super) fn marked(sql: &str) -> String {
    let words = sql.to_lowercase();
    let runs_alone = ["concurrently", "vacuum"].iter().any(|it| words.contains(it));
    let has_mark = words.contains("migrate:no-transaction");
    if runs_alone && !has_mark {
        format!("-- migrate:no-transaction\n{sql}")
    } else {
        sql.to_owned()
    }
}

/// What stands in for a script that an example is not about.
const NOTHING: &str = "SELECT 1";

fn accept(rule: &Rule) -> String {
    let id = rule.id;
    if id == "unused-allow" {
        return block(&format!("-- migration.toml\n[lint]\nallow = [\"{id}\"]"))
            .replace("sql", "toml")
            .replace("-- ", "# ");
    }
    format!(
        "In the header of the script, with the reason:\n\n{}\n\nOf all scripts, in `migration.toml`, where `deny` \
         makes it an error of the build instead:\n\n```toml\n[lint]\nallow = [\"{id}\"]\n```",
        block(&format!("-- migrate:allow {id} because …"))
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|it| it.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
