//! A plan for people: every step with its script, how it runs, and what its statements are.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::Style;
use migrate_runtime::{
    Batch, Blocks, Direction, Effect, Forecast, Impact, Manner, Mode, Obstacle, Plan, RelationLock,
    ScriptFacts, Statement, Step, StepForecast, Verdict, Whose, Work,
};

use super::lint::tag;
use super::style::{BAD, FAINT, GOOD, LABEL, Styled, WARNING};
use super::ui::{Detail, Ui};
use crate::text::{bytes, duration, limit, one_line, plural};

/// What would run, in order; `how` goes behind the last sentence.
pub(crate) fn plan_text(ui: &Ui, plan: &Plan, forecast: &Forecast, how: &str) -> String {
    let width = plan.steps.len().to_string().len();
    let mut text = String::new();
    for (index, (step, forecast)) in plan.steps.iter().zip(&forecast.steps).enumerate() {
        text.push_str(describe(ui, step, forecast, index + 1, width).trim_end());
        text.push('\n');
    }
    for obstacle in &forecast.obstacles {
        // Writing to a string does not fail.
        let _ = write!(text, "\n{} {}", Styled(WARNING, "In the way:"), in_the_way(obstacle));
    }
    if !forecast.obstacles.is_empty() {
        text.push('\n');
    }
    let verb = match plan.direction {
        Direction::Up => "run",
        Direction::Down => "be reverted",
    };
    let _ = write!(text, "\n{} would {verb}{how}.", plural(plan.steps.len(), "migration"));
    text
}

fn describe(ui: &Ui, step: &Step, forecast: &StepForecast, number: usize, width: usize) -> String {
    let indent = " ".repeat(width + 2);
    let file = step.file().rsplit('/').next().unwrap_or_default();
    let number = Styled(FAINT, format!("{number:width$}"));
    let mode = Styled(FAINT, mode_words(step.mode()));
    let mut text = format!("{number}  {}\n", Styled(LABEL, file));
    // Writing to a string does not fail.
    let _ = writeln!(text, "{indent}{mode}: {}", summary(step.statements()));
    let _ = writeln!(text, "{indent}{}", verdict(&forecast.verdict));
    text.push_str(&statements(ui, step, forecast, &indent));
    for it in &forecast.findings {
        let message = one_line(&it.message, 200);
        let _ = writeln!(text, "{indent}{} line {}: {message}", tag(it), it.line);
    }
    text
}

/// What a step comes to, in the colour of how much it is felt.
fn verdict(it: &Verdict) -> String {
    format!("{}{}", Styled(of_impact(it.impact), &it.text), takes(it))
}

/// The colour of how much is felt.
pub(super) fn of_impact(impact: Impact) -> Style {
    match impact {
        Impact::None => GOOD,
        Impact::BlocksWrites | Impact::BlocksAll => BAD,
        _ => WARNING,
    }
}

/// How long it takes, where that is worth telling.
pub(super) fn takes(it: &Verdict) -> String {
    let estimate = it.estimate.filter(|it| it.as_millis() >= 500);
    estimate.map(|it| format!("; about {} of work", duration(it))).unwrap_or_default()
}

/// Whether others feel that it is locked.
pub(super) fn is_felt(it: &RelationLock) -> bool {
    it.count > 0 && it.lock.is_some_and(|lock| lock.blocks() >= Blocks::Writes)
}

/// The statements that lock what is there, each with its locks; all of them where more is wanted.
fn statements(ui: &Ui, step: &Step, forecast: &StepForecast, indent: &str) -> String {
    let all = step.statements();
    let width = digits(all);
    let mut text = String::new();
    for (statement, known) in all.iter().zip(&forecast.statements) {
        let note = manner(step.sql(), statement);
        let says = !known.is_known || !known.locks.is_empty() || note.is_some();
        if !says && !ui.shows(Detail::Verbose) {
            continue;
        }
        let sql = without_texts(statement.range.of(step.sql()));
        text.push_str(&beginning(statement.line, &sql, width, indent));
        if let Some(note) = note {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{indent}{:width$}    {note}", "");
        }
        for it in &known.locks {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{indent}{:width$}    {}", "", lock(it));
        }
        if !known.is_known && known.locks.is_empty() {
            let unknown = Styled(FAINT, "what it locks is not known");
            let _ = writeln!(text, "{indent}{:width$}    {unknown}", "");
        }
    }
    text
}

/// How a statement runs, where that is not as it stands: `in batches of 5000 rows of contracts, by id`
pub(super) fn manner(sql: &str, statement: &Statement) -> Option<String> {
    match statement.manner {
        Manner::Batch => {
            let it = Batch::of(sql, statement)?;
            let (table, key) = (one_line(&it.table, 60), one_line(&it.key.join(", "), 60));
            let pause = Duration::from_millis(it.pause_ms.into());
            let pauses = match it.pause_ms {
                0 => String::new(),
                _ => format!(", with a pause of {} after each", limit(pause)),
            };
            let rows = plural(usize::try_from(it.size).unwrap_or(usize::MAX), "row");
            Some(format!("in batches of {rows} of {table}, by {key}{pauses}"))
        }
        Manner::Verify => Some("has to give true, else the migration fails".to_owned()),
        _ => None,
    }
}

/// How many digits the lines of statements have at most.
fn digits(statements: &[Statement]) -> usize {
    statements.last().map_or(0, |it| it.line.to_string().len())
}

/// The line of a statement and as much of it as there is room for.
fn beginning(line: u32, sql: &str, width: usize, indent: &str) -> String {
    let room = Ui::columns().unwrap_or(100).saturating_sub(indent.len() + width + 2).max(20);
    format!("{indent}{}  {}\n", Styled(FAINT, format!("{line:width$}")), one_line(sql, room))
}

/// A statement up to its first text, which may be a password, or the body of code with one in it: plans are
/// shown where nobody asked to see scripts.
pub(super) fn without_texts(sql: &str) -> String {
    let is_tag = |it: &str| {
        let tag = it.split('$').nth(1).unwrap_or(" ");
        it.matches('$').count() > 1 && tag.chars().all(|it| it.is_alphanumeric() || it == '_')
    };
    let dollar = sql.match_indices('$').map(|it| it.0).find(|it| is_tag(&sql[*it..]));
    match [sql.find('\''), dollar].into_iter().flatten().min() {
        Some(end) => format!("{}…", &sql[..end]),
        None => sql.to_owned(),
    }
}

/// `contracts (12.4 MB, about 10000 rows): ACCESS EXCLUSIVE, blocks reads and writes; every row is read`
fn lock(it: &RelationLock) -> String {
    let mut text = format!("{} ({})", relation(it), size(it));
    // Writing to a string does not fail.
    match it.lock {
        Some(lock) => {
            let blocks = lock.blocks();
            let style = if is_felt(it) { WARNING } else { FAINT };
            let _ =
                write!(text, ": {lock}, {}", Styled(style, format!("blocks {}", blocks.as_str())));
        }
        None => text.push_str(": locked"),
    }
    text.push_str(&work(it.work, it.is_certain));
    text
}

/// What is locked.
pub(super) fn relation(it: &RelationLock) -> String {
    let name = one_line(&it.relation, 60);
    match it.whose {
        Whose::Partitions | Whose::Indexes | Whose::Schema => {
            format!("{} {} {name}", it.count, it.whose.words())
        }
        _ => name,
    }
}

/// What is done under a lock, in words that follow it.
pub(super) fn work(work: Work, is_certain: bool) -> String {
    let words = match work {
        Work::Scan => "; every row is read",
        Work::Build => "; an index is built",
        Work::Rewrite => "; every row is written anew",
        _ => return String::new(),
    };
    format!("{words}{}", if is_certain { "" } else { ", perhaps" })
}

/// `tables referenced by contracts: ACCESS EXCLUSIVE, blocks reads and writes`
pub(super) fn effect(it: &Effect<'_>) -> String {
    let several = it.whose.words();
    let gap = if several.is_empty() { "" } else { " " };
    let (name, blocks) = (one_line(it.relation, 60), it.lock.blocks().as_str());
    format!("{several}{gap}{name}: {}, blocks {blocks}{}", it.lock, work(it.work, it.is_certain))
}

/// How large it is.
pub(super) fn size(it: &RelationLock) -> String {
    if it.count == 0 {
        return "not there yet".to_owned();
    }
    let rows = match it.rows {
        Some(count) => {
            format!("about {}", plural(usize::try_from(count).unwrap_or(usize::MAX), "row"))
        }
        None => "rows never counted".to_owned(),
    };
    format!("{}, {rows}", bytes(it.size_bytes))
}

pub(super) fn in_the_way(it: &Obstacle) -> String {
    let mut text = match it.pid {
        Some(pid) => format!("pid {pid}"),
        None => "a prepared transaction".to_owned(),
    };
    let named = [("application", &it.application), ("role", &it.role)];
    for (what, value) in named {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = write!(text, ", {what} {}", one_line(value, 60));
        }
    }
    if let Some(state) = &it.state {
        let _ = write!(text, ", {state}");
    }
    if let Some(age) = it.transaction_age {
        let _ = write!(text, ", transaction open for {}", duration(age));
    }
    if !it.tables.is_empty() {
        let _ = write!(text, ", has locked {}", one_line(&it.tables.join(", "), 100));
    }
    text
}

/// How a script runs.
pub(crate) fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Standalone => "statement by statement",
        _ => "in one transaction",
    }
}

/// What the statements of a script are, in the order of their first appearance.
pub(super) fn summary(statements: &[Statement]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for statement in statements {
        let words = words(statement);
        match counts.iter_mut().find(|it| it.0 == words) {
            Some(found) => found.1 += 1,
            None => counts.push((words, 1)),
        }
    }
    let parts = counts.into_iter().map(|(words, count)| match count {
        1 => words,
        _ => format!("{count} × {words}"),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The statements of a script, each with its line, its beginning, and what it does to what was there before.
pub(crate) fn statement_list(
    sql: &str,
    statements: &[Statement],
    facts: Option<&ScriptFacts>,
    indent: &str,
) -> String {
    let width = digits(statements);
    let mut text = String::new();
    for (index, statement) in (0_u32..).zip(statements) {
        text.push_str(&beginning(statement.line, statement.range.of(sql), width, indent));
        if let Some(note) = manner(sql, statement) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{indent}{:width$}    {}", "", Styled(FAINT, note));
        }
        let effects = facts.iter().flat_map(|it| &it.effects);
        for it in effects.filter(|it| it.statement == index) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{indent}{:width$}    {}", "", Styled(FAINT, effect(it)));
        }
    }
    text
}

fn words(statement: &Statement) -> String {
    let kind = statement.kind.as_str().replace('-', " ");
    match statement.manner {
        Manner::Batch => format!("{kind} in batches"),
        Manner::Verify => "query that has to give true".to_owned(),
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_shows_no_text_of_a_script() {
        let check = |sql: &str, expected: &str| assert_eq!(without_texts(sql), expected);
        check("ALTER TABLE t ADD x int", "ALTER TABLE t ADD x int");
        check("CREATE ROLE a PASSWORD 'canary'", "CREATE ROLE a PASSWORD …");
        check("DO $$ BEGIN canary END $$", "DO …");
        check("DO $x$ canary $x$", "DO …");
        check("PREPARE p AS SELECT $1 + $2", "PREPARE p AS SELECT $1 + $2");
    }
}
