//! The tables that a plan is about, as they are now: what a person wants to know before agreeing to it.

use migrate_core::{WaitsFor, tables};

use crate::error::Error;
use crate::migrator::Migrator;
use crate::plan::{Plan, Step};
use crate::quote::{fill, literal};

/// A table that a step of a plan is about, and that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AffectedTable {
    /// Its name, as the scripts may write it.
    pub table: String,
    /// In bytes, with its indexes and, where it is partitioned, with its partitions.
    pub size_bytes: u64,
    /// About how many rows it has; nothing where nobody has counted yet.
    pub rows: Option<u64>,
    /// Whether a statement locks the table as a whole, and not only the rows that it works on.
    pub is_locked: bool,
}

impl Migrator {
    /// For each step of a plan the tables that its statements name, as far as they are there already, the
    /// locked and the larger ones first. What functions, views and triggers reach is not among them. Changes
    /// nothing and takes no lock.
    pub fn affected_by(&mut self, plan: &Plan) -> Result<Vec<Vec<AffectedTable>>, Error> {
        let mut names = Vec::new();
        for (place, step) in plan.steps.iter().enumerate() {
            names.extend(named(step).into_iter().map(|(name, is_locked)| (place, name, is_locked)));
        }
        let mut found: Vec<Vec<AffectedTable>> = plan.steps.iter().map(|_| Vec::new()).collect();
        if names.is_empty() {
            return Ok(found);
        }
        let values = names.iter().enumerate();
        let values = values.map(|(at, (_, name, _))| format!("({at}, {})", literal(name)));
        let values = values.collect::<Vec<_>>().join(", ");
        let message = format!(
            "BEGIN READ ONLY;\nSET LOCAL search_path = {};\n{};\nCOMMIT",
            self.settings().search_path(),
            fill(include_str!("affected.sql"), &[("names", &values)])
        );
        let rows = self.call("plan", |mut connection, _| {
            let reply = connection.ask(&message)?;
            Ok(reply.of(2).map(<[Option<String>]>::to_vec).collect::<Vec<_>>())
        })?;
        for row in rows {
            let cell = |at: usize| row.get(at).and_then(|it| it.as_deref());
            let number = |at: usize| cell(at)?.parse().ok();
            let Some((place, _, is_locked)) =
                cell(0).and_then(|it| names.get(it.parse::<usize>().ok()?))
            else {
                continue;
            };
            let table = cell(1).unwrap_or_default().to_owned();
            let size_bytes = number(2).unwrap_or_default();
            let is_locked = *is_locked;
            let step = &mut found[*place];
            match step.iter_mut().find(|it| it.table == table) {
                Some(there) => there.is_locked |= is_locked,
                None => step.push(AffectedTable { table, size_bytes, rows: number(3), is_locked }),
            }
        }
        for step in &mut found {
            step.sort_by_key(|it| (!it.is_locked, std::cmp::Reverse(it.size_bytes)));
        }
        Ok(found)
    }
}

/// The tables that the statements of a step name, and whether they are locked.
fn named(step: &Step) -> Vec<(String, bool)> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for statement in step.statements() {
        let is_locked = statement.kind.waits_for() == WaitsFor::Tables;
        for name in tables(statement.range.of(step.sql())) {
            match found.iter_mut().find(|it| it.0 == name.text) {
                Some(there) => there.1 |= is_locked,
                None => found.push((name.text, is_locked)),
            }
        }
    }
    found
}
