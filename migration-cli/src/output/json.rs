//! The one JSON object: fields are added, never renamed or removed, and stand in this order.

use std::path::Path;
use std::time::Duration;

use migrate_runtime::dev_database::DevStatus;
use migrate_runtime::{
    Direction, Done, Entry, Finding, State, Status, Step, StepForecast, Unfinished,
};
use serde::Serialize;

use crate::error::CommandError;
use crate::secret::redact;
use crate::time::rfc3339;

use super::Ui;
use super::backup::{BackupRecord, ListedRecord};
use super::batches::BatchesRecord;
use super::blocker::BlockerRecord;
use super::check::CheckRecord;
use super::drift::DriftRecord;
use super::force::HistoryChangeRecord;
use super::forecast::{EffectRecord, FindingRecord, ObstacleRecord, TableRecord, VerdictRecord};
use super::import::ImportRecord;
use super::mend::MendRecord;
use super::proof::{DifferenceRecord, PlaceRecord, ProofRecord};
use super::record::{InfoRecord, LogRecord, StatementRecord};
use super::restore::RestoreRecord;
use super::schema::SchemaRecord;
use super::settings::SettingRecord;
use super::violation::ViolationRecord;

/// What a command says to programs; filled while it runs, so that a failure says what was known.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) command: String,
    pub(crate) environment: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) ok: bool,
    pub(crate) exit_code: u8,
    pub(crate) error: Option<ErrorRecord>,
    pub(crate) migrations: Vec<MigrationRecord>,
    /// Counts `migrations` by state: for `status` and `verify` the whole set, for `up` and `down` what
    /// they did in this run. Null where nothing was counted, so that no zero is taken for a finding.
    pub(crate) summary: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<Vec<StepRecord>>,
    /// Who is in the way of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) obstacles: Option<Vec<ObstacleRecord>>,
    /// Whether all steps of the plan share one transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) single_transaction: Option<bool>,
    /// How `force` changes the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) history_change: Option<HistoryChangeRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problems: Option<Vec<ProblemRecord>>,
    /// What `check` has proven of each migration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proofs: Option<Vec<ProofRecord>>,
    /// What came of reverting all of them and running all again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) round: Option<&'static str>,
    /// The lines of `doctor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checks: Option<Vec<CheckRecord>>,
    /// How many objects of the schema have drifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drift: Option<DriftRecord>,
    /// What `repair` found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mends: Option<Vec<MendRecord>>,
    /// Whether `verify` had anything to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compared: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<Vec<String>>,
    /// The lines to paste that `init` tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lines: Option<[&'static str; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) info: Option<InfoRecord>,
    /// What `logs` shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entries: Option<Vec<LogRecord>>,
    /// Whether the limit left out older ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) has_older_entries: Option<bool>,
    /// The backup that was taken or verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backup: Option<BackupRecord>,
    /// Those that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backups: Option<Vec<ListedRecord>>,
    /// What `restore` does or did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restore: Option<RestoreRecord>,
    /// The ids of the backups that `backup prune` removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) removed: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settings: Option<Vec<SettingRecord>>,
    /// A result that is a text as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// What `import` made of what; `problems` has what is left to be done by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) imported: Option<Vec<ImportRecord>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) embedded: Option<EmbeddedRecord>,
    /// What became of the file of the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<SchemaRecord>,
}

/// Why a command failed.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorRecord {
    kind: &'static str,
    message: String,
    hints: Vec<String>,
    sqlstate: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    /// Whose locks were in the way; empty for all other failures.
    blockers: Vec<BlockerRecord>,
    /// In which state the database is.
    state: Option<String>,
    /// What the server said beside its message.
    detail: Option<String>,
    /// What the server advises.
    hint: Option<String>,
}

/// A migration.
#[derive(Debug, Serialize)]
pub(crate) struct MigrationRecord {
    version: String,
    name: String,
    state: &'static str,
    applied_at: Option<String>,
    checksum: String,
    execution_time_ms: Option<u64>,
    /// How far its statement is that runs in batches, where it is unfinished in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    batches: Option<BatchesRecord>,
    #[serde(skip)]
    counted: State,
}

/// How many migrations of the list are in which state.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    applied: usize,
    pending: usize,
    edited: usize,
    unknown: usize,
    out_of_order: usize,
    unfinished: usize,
}

/// A step of a plan.
#[derive(Debug, Serialize)]
pub(crate) struct StepRecord {
    version: String,
    name: String,
    direction: &'static str,
    mode: &'static str,
    file: String,
    /// How many there are.
    statements: usize,
    /// And what each of them is.
    script: Vec<StatementRecord>,
    /// Those that are there already.
    tables: Vec<TableRecord>,
    /// What each statement does to what is there already.
    effects: Vec<EffectRecord>,
    /// What it comes to.
    verdict: VerdictRecord,
    /// What the lint found when the program was built.
    findings: Vec<FindingRecord>,
}

/// A finding of `verify`, or what `import` leaves to be done by hand.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ProblemRecord {
    pub(crate) kind: &'static str,
    pub(crate) version: Option<String>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The rows that break a constraint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) violation: Option<ViolationRecord>,
    /// Of the lint: the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<&'static str>,
    /// Of the lint: how serious it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<&'static str>,
    /// Where `check` found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<PlaceRecord>,
    /// What is not as it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) differences: Vec<DifferenceRecord>,
}

/// The embedded database.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EmbeddedRecord {
    state: &'static str,
    pub(crate) url: Option<String>,
    data: Option<String>,
    server_version: Option<String>,
}

impl Report {
    /// Enters how the command ended.
    pub(crate) fn end(&mut self, result: Result<u8, &CommandError>, ui: &Ui) {
        match result {
            Ok(code) => self.exit_code = code,
            Err(error) => {
                self.exit_code = error.kind.exit_code();
                if let Some(done) = &error.done {
                    self.ran(done);
                }
                self.run = self.run.take().or_else(|| error.run.clone());
                self.error = Some(ErrorRecord::new(error, ui));
            }
        }
        self.ok = self.exit_code == 0;
    }

    /// Lists what ran in this run.
    pub(crate) fn ran(&mut self, done: &[Done]) {
        self.list(done.iter().map(MigrationRecord::done).collect());
    }

    /// Lists what a status shows.
    pub(crate) fn status(&mut self, status: &Status) {
        self.database = Some(status.database.clone());
        let record = |it| MigrationRecord::entry(it, &status.unfinished);
        self.list(status.entries.iter().map(record).collect());
    }

    fn list(&mut self, migrations: Vec<MigrationRecord>) {
        self.summary = Some(Summary::of(&migrations));
        self.migrations = migrations;
    }

    /// The text of the object.
    pub(crate) fn to_json(&self) -> String {
        // Only maps with keys that are no texts fail, and there is none.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl ErrorRecord {
    fn new(error: &CommandError, ui: &Ui) -> ErrorRecord {
        let messages = [&error.message].into_iter().chain(&error.causes);
        let message: Vec<&str> = messages.map(String::as_str).collect();
        let clean = |text: &str| redact(&ui.in_our_name(text));
        ErrorRecord {
            kind: error.kind.as_str(),
            message: clean(&message.join(": ")),
            hints: error.hints.iter().map(|it| clean(it)).collect(),
            sqlstate: error.server.sqlstate.clone(),
            file: error.place.as_ref().map(|it| it.file.clone()),
            line: error.place.as_ref().map(|it| it.line),
            column: error.place.as_ref().and_then(|it| it.column),
            blockers: error.blockers.iter().map(|it| BlockerRecord::new(it, clean)).collect(),
            state: error.state.as_deref().map(clean),
            detail: error.server.detail.as_deref().map(clean),
            hint: error.server.hint.as_deref().map(clean),
        }
    }
}

impl MigrationRecord {
    pub(super) fn entry(entry: &Entry, unfinished: &[Unfinished]) -> MigrationRecord {
        let mut of_it = unfinished.iter().filter(|it| it.version == entry.version);
        MigrationRecord {
            version: entry.version.clone(),
            name: entry.name.clone(),
            state: entry.state.as_str(),
            applied_at: entry.applied_at.map(rfc3339),
            checksum: entry.checksum.clone(),
            execution_time_ms: entry.execution_time.map(millis),
            batches: of_it.find_map(BatchesRecord::of),
            counted: entry.state,
        }
    }

    /// What was done to a migration decides its state: it ran, or it is pending again.
    fn done(done: &Done) -> MigrationRecord {
        let state = match done.direction {
            Direction::Up => State::Applied,
            Direction::Down => State::Pending,
        };
        MigrationRecord {
            version: done.version.clone(),
            name: done.name.clone(),
            state: state.as_str(),
            applied_at: done.applied_at.map(rfc3339),
            checksum: done.checksum.clone(),
            execution_time_ms: Some(millis(done.execution_time)),
            batches: None,
            counted: state,
        }
    }
}

impl EmbeddedRecord {
    pub(crate) fn of(status: &DevStatus) -> EmbeddedRecord {
        let path = |it: &Path| Some(it.display().to_string());
        match status {
            DevStatus::Running { data, version, url, .. } => EmbeddedRecord {
                state: "running",
                url: Some(url.clone()),
                data: path(data),
                server_version: Some(version.clone()),
            },
            DevStatus::Stopped { data, version, .. } => EmbeddedRecord {
                state: "stopped",
                url: None,
                data: path(data),
                server_version: Some(version.clone()),
            },
            DevStatus::Busy { data, .. } => {
                EmbeddedRecord { state: "busy", data: path(data), ..EmbeddedRecord::default() }
            }
            _ => EmbeddedRecord { state: "absent", ..EmbeddedRecord::default() },
        }
    }
}

impl Summary {
    fn of(migrations: &[MigrationRecord]) -> Summary {
        let count = |state| migrations.iter().filter(|it| it.counted == state).count();
        Summary {
            applied: count(State::Applied),
            pending: count(State::Pending),
            edited: count(State::Edited),
            unknown: count(State::Unknown),
            out_of_order: count(State::OutOfOrder),
            unfinished: count(State::Unfinished),
        }
    }
}

impl StepRecord {
    pub(crate) fn new(step: &Step, forecast: &StepForecast) -> StepRecord {
        let record = |it| StatementRecord::new(step.sql(), it);
        StepRecord {
            version: step.version().to_owned(),
            name: step.name().to_owned(),
            direction: step.direction().as_str(),
            mode: step.mode().as_str(),
            file: step.file().to_owned(),
            statements: step.statements().len(),
            script: step.statements().iter().map(record).collect(),
            tables: TableRecord::all(forecast),
            effects: forecast.statements.iter().map(EffectRecord::new).collect(),
            verdict: VerdictRecord::new(&forecast.verdict),
            findings: forecast.findings.iter().map(FindingRecord::new).collect(),
        }
    }
}

impl ProblemRecord {
    pub(crate) fn new(finding: &Finding, ui: &Ui) -> ProblemRecord {
        ProblemRecord {
            kind: finding.kind.as_str(),
            version: finding.version.clone(),
            message: redact(&finding.message),
            hint: finding.hint.as_ref().map(|it| ui.in_our_name(it)),
            violation: finding.violation.as_ref().map(ViolationRecord::new),
            differences: finding.difference.iter().map(DifferenceRecord::new).collect(),
            ..ProblemRecord::default()
        }
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
