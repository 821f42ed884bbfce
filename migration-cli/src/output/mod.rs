//! Everything that people and programs read: results on stdout, all else on stderr.

mod backup;
mod backup_progress;
mod batch_progress;
mod batches;
mod blocker;
mod check;
mod drift;
mod failure;
mod force;
mod forecast;
mod human;
mod import;
mod info;
mod json;
mod lint;
mod logs;
mod mend;
mod page;
mod plan;
mod problems;
mod progress;
mod proof;
mod record;
mod restore;
mod schema;
mod schema_json;
mod settings;
mod style;
mod table;
mod ui;
mod violation;

pub(crate) use backup::{
    BackupRecord, ListedRecord, print_backup, print_backups, print_pruned, print_verified,
};
pub(crate) use check::{CheckRecord, print_checks};
pub(crate) use drift::DriftRecord;
pub(crate) use force::{HistoryChangeRecord, change_counts, change_text};
pub(crate) use forecast::ObstacleRecord;
pub(crate) use human::{print_run, print_status, print_verification, worst};
pub(crate) use import::{ImportRecord, print_import};
pub(crate) use info::print_info;
pub(crate) use json::{EmbeddedRecord, ProblemRecord, Report, StepRecord};
pub(crate) use lint::Lint;
pub(crate) use logs::print_logs;
pub(crate) use mend::{MendRecord, mends_text, print_mends};
pub(crate) use page::{BEGINNING, Page, Planned, Told};
pub(crate) use plan::plan_text;
pub(crate) use problems::{github, junit, sarif};
pub(crate) use progress::Progress;
pub(crate) use proof::{ProofRecord, print_proof, problem_record, problems_of, round_word};
pub(crate) use record::{InfoRecord, LogRecord};
pub(crate) use restore::{
    RestoreRecord, print_dropped, print_kept, print_restore_plan, print_restored,
};
pub(crate) use schema::{SchemaRecord, diff, print_checked, print_written};
pub(crate) use schema_json::schema_json;
pub(crate) use settings::{SettingRecord, print_settings};
pub(crate) use ui::{Detail, Ui};
