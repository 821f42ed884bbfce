//! The tables of the history: whether they are there, whole, and ours to write.

use std::collections::BTreeMap;

use super::check::{Check, CheckKind, or_ok};
use super::role::{Role, given};
use super::{is_true, rows};
use crate::error::Error;
use crate::history::{History, Row, text};
use crate::transport::Reply;

const KIND: CheckKind = CheckKind::History;

/// A table of ours, as the catalogs have it.
struct Table<'r> {
    name: &'r str,
    exists: bool,
    owned: bool,
    owner: &'r str,
    of_superuser: bool,
    /// The rights that the role lacks.
    lacking: &'r str,
    /// A sequence that it may not use.
    sequence: &'r str,
}

pub(super) fn judge(
    tables: Result<&Reply, &String>,
    read: &Result<History, Error>,
    Role { name: role, schema_name: schema, .. }: &Role,
) -> Vec<Check> {
    let reply = match tables {
        Ok(reply) => reply,
        Err(reason) => return vec![Check::untold(KIND, reason)],
    };
    let tables: Vec<_> = rows(reply, 0).map(table).collect();
    if tables.first().is_none_or(|it| !it.exists) {
        return vec![Check::ok(KIND, "no tables yet: the first `up` makes them")];
    }
    let mut found = Vec::new();
    match read {
        Ok(history) => found.extend(of_rows(history, schema)),
        Err(error) => {
            let cause = error.server_message().map(|it| format!(": {it}")).unwrap_or_default();
            let own = format!("SELECT * FROM {schema}._migrations;   -- what does the server say?");
            let hint = error.hints().first().cloned().unwrap_or(own);
            found.push(Check::problem(KIND, format!("{error}{cause}")).hint(hint));
        }
    }
    let is_ours = !matches!(read, Err(it) if it.kind() == crate::ErrorKind::ForeignHistory);
    if is_ours {
        found.extend(of_tables(&tables, schema, role));
        let read = read.as_ref().ok();
        found.extend(of_index(rows(reply, 1).next(), read, schema));
        if tables.get(1).is_some_and(|it| it.exists) {
            found.extend(of_trigger(rows(reply, 2).next(), schema));
        }
    }
    let count = read.as_ref().map_or(0, |it| it.rows.len());
    let none =
        format!("the tables are whole, with {count} {}", if count == 1 { "row" } else { "rows" });
    or_ok(found, KIND, &none)
}

fn table(cells: &[Option<String>]) -> Table<'_> {
    Table {
        name: text(cells, 0),
        exists: is_true(cells, 1),
        owned: is_true(cells, 2),
        owner: text(cells, 3),
        lacking: text(cells, 4),
        sequence: text(cells, 5),
        of_superuser: is_true(cells, 6),
    }
}

fn of_tables(tables: &[Table<'_>], schema: &str, role: &str) -> Vec<Check> {
    let mut found = Vec::new();
    let missing: Vec<_> = tables.iter().filter(|it| !it.exists).map(|it| it.name).collect();
    // An older installation has the first one alone, and gets the others with the next run.
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let message =
            format!("{} {verb} missing; the next run makes what is missing", missing.join(", "));
        let hint = "migration-cli repair   # makes them now";
        found.push(Check::warning(KIND, message).hint(hint));
    }
    for Table { name, lacking, sequence, .. } in tables.iter().filter(|it| it.exists) {
        if !lacking.is_empty() {
            let message = format!("{role} lacks rights on {schema}.{name}: {lacking}");
            let hint = format!("GRANT {lacking} ON {schema}.{name} TO {role};");
            found.push(Check::problem(KIND, message).hint(hint));
        }
        if !sequence.is_empty() {
            let message = format!("{role} may not use {sequence}, which numbers {schema}.{name}");
            let hint = format!("GRANT USAGE ON SEQUENCE {sequence} TO {role};");
            found.push(Check::problem(KIND, message).hint(hint));
        }
    }
    let mut owners: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
    for Table { owner, of_superuser, name, .. } in tables.iter().filter(|it| it.exists && !it.owned)
    {
        owners.entry((owner, *of_superuser)).or_default().push(name);
    }
    for ((owner, of_superuser), names) in owners {
        let verb = if names.len() == 1 { "belongs" } else { "belong" };
        let message = format!(
            "{} {verb} to {owner}: a later version of this program cannot change the layout as {role}",
            names.join(", ")
        );
        // Whoever may become a superuser is one.
        let hint = if of_superuser {
            given(schema, &names, role, 0)
        } else {
            format!("GRANT {owner} TO {role};")
        };
        found.push(Check::warning(KIND, message).hint(hint));
    }
    found
}

/// The guard of every migration refuses a version that is there; the index is for what writes beside it. It may
/// cover newer rows alone: those that repeat a version have a line of their own.
fn of_index(
    cells: Option<&[Option<String>]>,
    history: Option<&History>,
    schema: &str,
) -> Option<Check> {
    if cells.is_some() {
        return None;
    }
    let message = format!("{schema}._migrations has no unique index on version");
    let rows = history.map(|it| it.rows.as_slice()).unwrap_or_default();
    // Rows that are there already may repeat a version.
    let newer = match rows.iter().map(|it| it.id).max() {
        Some(newest) if !repeated(rows).is_empty() => format!(" WHERE id > {newest}"),
        _ => String::new(),
    };
    Some(Check::warning(KIND, message).hint(format!(
        "CREATE UNIQUE INDEX _migrations_version_key ON {schema}._migrations (version){newer};"
    )))
}

fn of_trigger(cells: Option<&[Option<String>]>, schema: &str) -> Option<Check> {
    let log = format!("{schema}._migrations_log");
    let create = format!(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {log} FOR EACH STATEMENT EXECUTE FUNCTION {schema}._migrations_log_append_only();"
    );
    let (what, hint) = match cells.map(|it| (is_true(it, 0), is_true(it, 1))) {
        Some((true, true)) => return None,
        Some((false, true)) => {
            ("is switched off", format!("ALTER TABLE {log} ENABLE TRIGGER append_only;"))
        }
        Some((_, false)) => (
            "is not the one that this program makes",
            format!("DROP TRIGGER append_only ON {log}; {create}"),
        ),
        None => ("is missing", create),
    };
    let message = format!("the trigger that keeps {log} append-only {what}");
    Some(Check::warning(KIND, message).hint(hint))
}

/// The versions that are there more than once, and how often.
fn repeated(rows: &[Row]) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.version.as_str()).or_default() += 1;
    }
    counts.into_iter().filter(|it| it.1 > 1).collect()
}

fn of_rows(history: &History, schema: &str) -> Vec<Check> {
    let mut found = Vec::new();
    for work in &history.unfinished {
        let message =
            format!("the {} script of {} {}", work.direction, work.version, work.progress());
        let hint = "migration-cli repair --dry-run   # what it would do about it";
        found.push(Check::problem(KIND, message).hint(hint));
    }
    let repeated = repeated(&history.rows);
    if let Some((version, times)) = repeated.first() {
        let others = match repeated.len() {
            1 => String::new(),
            count => format!(", and {} more versions repeat", count - 1),
        };
        let message = format!(
            "the history has {version} {times} times{others}: a unique index can cover newer rows alone"
        );
        found.push(Check::warning(KIND, message).hint(format!(
            "SELECT * FROM {schema}._migrations WHERE version IN (SELECT version FROM {schema}._migrations GROUP BY version HAVING count(*) > 1) ORDER BY version, id;"
        )));
    }
    found
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
