//! What a plan would do to the database as it is now: which relations each statement locks and works on, how
//! large they are, and who is in the way.
//!
//! What the statements do was worked out when the program was built (`MigrationSet::facts`); here it is only
//! compared with what is there. A script that the build did not look at is told by the names in it.

mod live;
mod verdict;

use std::collections::HashSet;
use std::time::Duration;

use migrate_core::{LockMode, ScriptFinding, WaitsFor, Whose, Work, tables};

use crate::error::Error;
use crate::migrator::Migrator;
use crate::plan::{Plan, Step};

pub use verdict::{Impact, Verdict};

/// What a plan would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forecast {
    /// For each step of the plan what it would do.
    pub steps: Vec<StepForecast>,
    /// Who is in the way now, or may be.
    pub obstacles: Vec<Obstacle>,
}

/// What a step of a plan would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepForecast {
    /// What each statement does, in their order.
    pub statements: Vec<StatementForecast>,
    /// What the lint found in the script when the program was built.
    pub findings: Vec<ScriptFinding>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// What a statement would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementForecast {
    /// The line of the script, counted from 1.
    pub line: u32,
    /// Whether it is known what it does; not of code, nor of what the build did not look at.
    pub is_known: bool,
    /// The relations that were there before the script, and are locked.
    pub locks: Vec<RelationLock>,
}

/// A lock on a relation, or on several that hang together with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelationLock {
    /// The relation, as the scripts may write it; where there are several, the one with which they hang together.
    pub relation: String,
    /// Which relations are meant.
    pub whose: Whose,
    /// How many there are; 0 where an earlier step has yet to make it.
    pub count: u32,
    /// The lock; nothing where it is not known.
    pub lock: Option<LockMode>,
    /// The work done under it.
    pub work: Work,
    /// Whether the work is certain; where it is not, it depends on what the database holds.
    pub is_certain: bool,
    /// In bytes, with indexes and partitions.
    pub size_bytes: u64,
    /// About how many rows it has; nothing where nobody has counted yet.
    pub rows: Option<u64>,
    /// Whether it is no wonder that it is not there.
    pub(crate) is_expected: bool,
    /// Whether it is a table, and not an index, a view or a sequence.
    pub(crate) is_table: bool,
    /// The first server version that takes the lock.
    pub(crate) since: u8,
}

/// A table that a step is about, and that is there already.
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

/// Somebody who holds a lock that a step has to wait for, or whose transaction has been open for long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obstacle {
    /// The process; nothing for a prepared transaction.
    pub pid: Option<i32>,
    /// Its `application_name`.
    pub application: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// What it does: `active`, `idle in transaction`, …
    pub state: Option<String>,
    /// How long its transaction has been open.
    pub transaction_age: Option<Duration>,
    /// The tables of the plan that it has locked against it.
    pub tables: Vec<String>,
}

impl Migrator {
    /// What a plan would do to the database as it is now. Changes nothing, and waits for nobody's lock longer
    /// than a tenth of a second.
    ///
    /// What functions, views and triggers reach is not seen.
    pub fn forecast(&mut self, plan: &Plan) -> Result<Forecast, Error> {
        let mut forecast = Forecast {
            steps: plan.steps.iter().map(|it| self.step_forecast(it)).collect(),
            obstacles: Vec::new(),
        };
        self.look(&mut forecast)?;
        expect_what_is_made(&mut forecast.steps, &plan.steps);
        for (it, step) in forecast.steps.iter_mut().zip(&plan.steps) {
            it.verdict = Verdict::of(&it.statements, step.mode());
        }
        Ok(forecast)
    }

    /// The same without asking the database: what the build knows, and what the lint found.
    pub fn forecast_offline(&self, plan: &Plan) -> Forecast {
        let step = |it| StepForecast { verdict: Verdict::unseen(), ..self.step_forecast(it) };
        Forecast { steps: plan.steps.iter().map(step).collect(), obstacles: Vec::new() }
    }

    /// What is known of a step without a database.
    fn step_forecast(&self, step: &Step) -> StepForecast {
        let facts = step.version().parse().ok().filter(|_| step.is_embedded());
        let facts = facts.and_then(|it| self.set().facts(it, step.direction()));
        let Some(facts) = facts else {
            let statements = step.statements().iter();
            let statements = statements.map(|it| named(step, it)).collect();
            return StepForecast { statements, ..StepForecast::default() };
        };
        let mut statements: Vec<StatementForecast> = step
            .statements()
            .iter()
            .map(|it| StatementForecast { line: it.line, is_known: true, locks: Vec::new() })
            .collect();
        for index in facts.unread {
            if let Some(it) = statements.get_mut(index as usize) {
                it.is_known = false;
            }
        }
        for it in facts.effects {
            let Some(statement) = statements.get_mut(it.statement as usize) else { continue };
            statement.locks.push(RelationLock {
                relation: it.relation.to_owned(),
                whose: it.whose,
                count: 0,
                lock: Some(it.lock),
                work: it.work,
                is_certain: it.is_certain,
                since: it.since,
                ..RelationLock::unknown()
            });
        }
        StepForecast { statements, findings: facts.findings, verdict: Verdict::default() }
    }
}

impl StepForecast {
    /// The tables that are there, the locked and the larger ones first.
    pub fn tables(&self) -> Vec<AffectedTable> {
        let mut found: Vec<AffectedTable> = Vec::new();
        for it in self.statements.iter().flat_map(|it| &it.locks).filter(|it| it.is_table) {
            let is_locked = it.lock.is_none_or(|it| it >= LockMode::ShareUpdateExclusive);
            match found.iter_mut().find(|there| there.table == it.relation) {
                Some(there) => there.is_locked |= is_locked,
                None => found.push(AffectedTable {
                    table: it.relation.clone(),
                    size_bytes: it.size_bytes,
                    rows: it.rows,
                    is_locked,
                }),
            }
        }
        found.sort_by_key(|it| (!it.is_locked, std::cmp::Reverse(it.size_bytes)));
        found
    }
}

impl RelationLock {
    /// One of which nothing is known.
    fn unknown() -> RelationLock {
        RelationLock {
            relation: String::new(),
            whose: Whose::Itself,
            count: 0,
            lock: None,
            work: Work::None,
            is_certain: false,
            size_bytes: 0,
            rows: None,
            is_expected: false,
            is_table: false,
            since: 0,
        }
    }
}

/// What is not there is made by an earlier step, or by an earlier statement, or may be missing: where the words of
/// these do not say so, nobody knows what the statement is about.
fn expect_what_is_made(forecasts: &mut [StepForecast], steps: &[Step]) {
    let texts: Vec<String> = steps.iter().map(|it| it.sql().to_ascii_lowercase()).collect();
    let mut said = HashSet::new();
    for ((forecast, step), text) in forecasts.iter_mut().zip(steps).zip(&texts) {
        let mut at = 0;
        for (statement, it) in forecast.statements.iter_mut().zip(step.statements()) {
            let start = it.range.start as usize;
            said.extend(words(&text[at..start]));
            at = start;
            let may_be_missing = it.range.of(text).contains("if exists");
            for lock in statement.locks.iter_mut().filter(|it| it.count == 0) {
                let name = lock.relation.rsplit('.').next().unwrap_or_default();
                let name = name.to_ascii_lowercase();
                lock.is_expected = may_be_missing || words(&name).all(|it| said.contains(it));
            }
        }
        said.extend(words(&text[at..]));
    }
}

/// The words of a text, those in quotes and in the bodies of functions among them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_of_word = |it: char| it.is_alphanumeric() || it == '_';
    text.split(move |it| !is_of_word(it)).filter(|it| !it.is_empty())
}

/// A statement that the build did not look at, by the tables in it and by its kind.
fn named(step: &Step, statement: &migrate_core::Statement) -> StatementForecast {
    let is_locked = statement.kind.waits_for() == WaitsFor::Tables;
    let lock = (!is_locked).then_some(LockMode::RowExclusive);
    let lock = |it: migrate_core::Name| RelationLock {
        relation: it.text,
        lock,
        ..RelationLock::unknown()
    };
    let locks = tables(statement.range.of(step.sql())).into_iter().map(lock).collect();
    StatementForecast { line: statement.line, is_known: false, locks }
}
