//! What a plan would do, for programs.

use migrate_runtime::{
    AffectedTable, Effect, LockMode, Obstacle, RelationLock, ScriptFinding, StatementForecast,
    StepForecast, Verdict,
};
use serde::Serialize;

/// A table that a step is about.
#[derive(Debug, Serialize)]
pub(super) struct TableRecord {
    table: String,
    size_bytes: u64,
    rows: Option<u64>,
    locked: bool,
}

/// What a statement of a plan does.
#[derive(Debug, Serialize)]
pub(super) struct EffectRecord {
    /// The line of its first word.
    line: u32,
    known: bool,
    locks: Vec<LockRecord>,
}

/// A lock that a statement takes.
#[derive(Debug, Serialize)]
struct LockRecord {
    relation: String,
    whose: &'static str,
    count: u32,
    lock: Option<&'static str>,
    blocks: Option<&'static str>,
    work: &'static str,
    certain: bool,
    size_bytes: u64,
    rows: Option<u64>,
    estimated_ms: Option<u64>,
}

/// A lock that a statement takes, whatever the database holds.
#[derive(Debug, Serialize)]
pub(super) struct ClaimRecord {
    relation: &'static str,
    whose: &'static str,
    lock: &'static str,
    blocks: &'static str,
    work: &'static str,
    certain: bool,
}

/// What a step comes to.
#[derive(Debug, Serialize)]
pub(super) struct VerdictRecord {
    impact: &'static str,
    message: String,
    estimated_ms: Option<u64>,
}

/// What the lint found in a script.
#[derive(Debug, Serialize)]
pub(super) struct FindingRecord {
    rule: &'static str,
    severity: &'static str,
    line: u32,
    column: u32,
    message: String,
    help: String,
}

/// Somebody who is in the way of a plan.
#[derive(Debug, Serialize)]
pub(crate) struct ObstacleRecord {
    pid: Option<i32>,
    application: Option<String>,
    role: Option<String>,
    state: Option<String>,
    transaction_age_s: Option<u64>,
    tables: Vec<String>,
}

impl TableRecord {
    pub(super) fn all(step: &StepForecast) -> Vec<TableRecord> {
        let record = |it: AffectedTable| TableRecord {
            table: it.table,
            size_bytes: it.size_bytes,
            rows: it.rows,
            locked: it.is_locked,
        };
        step.tables().into_iter().map(record).collect()
    }
}

impl EffectRecord {
    pub(super) fn new(it: &StatementForecast) -> EffectRecord {
        let locks = it.locks.iter().map(LockRecord::new).collect();
        EffectRecord { line: it.line, known: it.is_known, locks }
    }
}

impl LockRecord {
    fn new(it: &RelationLock) -> LockRecord {
        LockRecord {
            relation: it.relation.clone(),
            whose: it.whose.as_str(),
            count: it.count,
            lock: it.lock.map(LockMode::as_str),
            blocks: it.lock.map(|it| it.blocks().as_str()),
            work: it.work.as_str(),
            certain: it.is_certain,
            size_bytes: it.size_bytes,
            rows: it.rows,
            estimated_ms: milliseconds(it.estimate()),
        }
    }
}

impl ClaimRecord {
    pub(super) fn new(it: &Effect<'static>) -> ClaimRecord {
        ClaimRecord {
            relation: it.relation,
            whose: it.whose.as_str(),
            lock: it.lock.as_str(),
            blocks: it.lock.blocks().as_str(),
            work: it.work.as_str(),
            certain: it.is_certain,
        }
    }
}

impl VerdictRecord {
    pub(super) fn new(it: &Verdict) -> VerdictRecord {
        VerdictRecord {
            impact: it.impact.as_str(),
            message: it.text.clone(),
            estimated_ms: milliseconds(it.estimate),
        }
    }
}

impl FindingRecord {
    pub(super) fn new(it: &ScriptFinding) -> FindingRecord {
        FindingRecord {
            rule: it.rule,
            severity: it.severity.as_str(),
            line: it.line,
            column: it.column,
            message: it.message.clone(),
            help: it.help.clone(),
        }
    }
}

impl ObstacleRecord {
    pub(crate) fn new(it: &Obstacle) -> ObstacleRecord {
        ObstacleRecord {
            pid: it.pid,
            application: it.application.clone(),
            role: it.role.clone(),
            state: it.state.clone(),
            transaction_age_s: it.transaction_age.map(|it| it.as_secs()),
            tables: it.tables.clone(),
        }
    }
}

fn milliseconds(time: Option<std::time::Duration>) -> Option<u64> {
    time.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
