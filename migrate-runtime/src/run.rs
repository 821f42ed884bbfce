//! What a run did: the result of `up` and `down`, whole or broken off.

use std::time::{Duration, SystemTime};

use migrate_core::Direction;

/// What `up` or `down` did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run {
    /// The token of this run, as in `application_name` and in the log.
    pub token: String,
    /// Whether migrations ran or were reverted.
    pub direction: Direction,
    /// The database.
    pub database: String,
    /// What was done, in order. Empty when there was nothing to do.
    pub done: Vec<Done>,
    /// The id of the backup that was taken before the first step, where one was asked for.
    pub backup: Option<String>,
    /// Whether it is the database of a protected environment, by what the settings or the database itself say.
    pub protected: bool,
}

/// One migration that ran or was reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// The version, as the history has it.
    pub version: String,
    /// The name.
    pub name: String,
    /// Whether it ran or was reverted.
    pub direction: Direction,
    /// The checksum of its up script.
    pub checksum: String,
    /// How long the script took, measured by the server.
    pub execution_time: Duration,
    /// When it was entered into the history, by the server's clock; nothing after reverting.
    pub applied_at: Option<SystemTime>,
}

/// What had been done when a run broke off.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PartialRun {
    /// The token of the run.
    pub token: String,
    /// What was done and stays done.
    pub done: Vec<Done>,
    /// Version and name of the migration that failed.
    pub failed: Option<(String, String)>,
    /// The versions that were planned and not begun.
    pub not_run: Vec<String>,
}
