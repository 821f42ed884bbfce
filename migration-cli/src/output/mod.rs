//! Everything that people and programs read: results on stdout, all else on stderr.

mod failure;
mod human;
mod import;
mod json;
mod progress;
mod style;
mod table;
mod ui;

pub(crate) use human::{print_plan, print_run, print_status, print_verification, worst};
pub(crate) use import::{ImportRecord, print_import};
pub(crate) use json::{EmbeddedRecord, ProblemRecord, Report, StepRecord};
pub(crate) use progress::Progress;
pub(crate) use ui::{Detail, Ui};
