//! What a migration did in batches: for the log, and for the time that batches may take.

use std::fmt::Write as _;

use crate::deadline::Moment;

/// What the batches of a run did.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    /// When the first one began.
    began: Option<Moment>,
    /// The migration on its way.
    version: String,
    /// Those of it, statement by statement.
    statements: Vec<Sum>,
    told_of_standbys: bool,
}

/// The batches of a statement.
#[derive(Debug)]
struct Sum {
    /// The number of the statement, from 1.
    statement: usize,
    batches: u64,
    /// How many rows were walked.
    rows: u64,
    /// How many rows the statement says that it changed.
    changed: u64,
    smallest: u64,
    largest: u64,
}

impl Batches {
    /// A migration begins, or goes on over another connection.
    pub(crate) fn migration(&mut self, version: &str) {
        if self.version != version {
            version.clone_into(&mut self.version);
            self.statements.clear();
        }
    }

    /// Whether it is still to be told that standbys cannot be seen: once.
    pub(crate) fn tells_of_standbys(&mut self) -> bool {
        !std::mem::replace(&mut self.told_of_standbys, true)
    }

    /// A batch of the statement with this number, from 1, was committed.
    pub(crate) fn note(&mut self, statement: usize, rows: u64, changed: u64) {
        if self.statements.last().is_none_or(|it| it.statement != statement) {
            let (batches, smallest) = (0, u64::MAX);
            let sum = Sum { statement, batches, rows: 0, changed: 0, smallest, largest: 0 };
            self.statements.push(sum);
        }
        if let Some(sum) = self.statements.last_mut() {
            sum.batches += 1;
            sum.rows += rows;
            sum.changed += changed;
            sum.smallest = sum.smallest.min(rows);
            sum.largest = sum.largest.max(rows);
        }
    }

    /// When the first batch of the run began: now, if none has.
    pub(crate) fn began(&mut self) -> Moment {
        *self.began.get_or_insert_with(Moment::now)
    }

    /// Whether the migration on its way has committed a batch.
    pub(crate) fn has_any(&self) -> bool {
        !self.statements.is_empty()
    }

    /// For the log: a member of a JSON object.
    pub(crate) fn member(&self) -> Option<String> {
        let mut text = String::new();
        for it in &self.statements {
            let comma = if text.is_empty() { "" } else { ", " };
            let Sum { statement, batches, rows, changed, smallest, largest } = it;
            let _ = write!(
                text,
                "{comma}{{\"statement\": {statement}, \"batches\": {batches}, \"rows\": {rows}, \"changed\": {changed}, \"rows_per_batch\": [{smallest}, {largest}]}}"
            );
        }
        (!text.is_empty()).then(|| format!("\"batches\": [{text}]"))
    }
}
