//! What a restore is asked to do, what it would do, and what it did.

use std::num::NonZeroUsize;

use super::others::{self, Connected};
use crate::backup::{BackupId, Manifest};
use crate::error::Error;

/// What `restore` is asked to do. Start from [`Restore::of`] and assign fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Restore {
    /// The backup.
    pub backup: BackupId,
    /// Ends the sessions of others, where they are in the way.
    pub disconnect: bool,
    /// Replaces what is in the database, in one transaction, although a new one could take its place.
    pub in_place: bool,
    /// The backup may be of another database, or of another environment.
    pub other_database: bool,
    /// How many sessions fill the new database at once.
    pub jobs: Option<NonZeroUsize>,
    /// What was shown to a person, as [`RestorePlan::way`] said it: any other way is refused.
    pub agreed: Option<Way>,
}

/// How a database is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// A new database is filled beside the old one, and then gets its name. The old one is kept.
    Beside,
    /// There is no database of that name: one is made.
    Anew,
    /// In one transaction, in the database as it is.
    InPlace,
}

/// What `restore` would do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RestorePlan {
    /// What the backup says about itself. Its archive was not looked at.
    pub manifest: Manifest,
    /// The database that is replaced.
    pub database: String,
    /// How.
    pub way: Way,
    /// Why no new database can be made; nothing where one is made, or where that was not wanted.
    pub why_in_place: Option<String>,
    /// Who else is connected.
    pub others: Vec<Connected>,
    /// What is in the database and not in the backup, and stays: in place alone.
    pub stays: Vec<String>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// What `restore` did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Restored {
    /// The token of the run.
    pub token: String,
    /// The database.
    pub database: String,
    /// How it was restored.
    pub way: Way,
    /// What the database is called that was replaced.
    pub kept: Option<String>,
}

impl Restore {
    /// A backup, with nobody thrown out.
    pub fn of(backup: BackupId) -> Restore {
        Restore {
            backup,
            disconnect: false,
            in_place: false,
            other_database: false,
            jobs: None,
            agreed: None,
        }
    }
}

impl RestorePlan {
    /// Fails where others are connected, who would have to be thrown out.
    pub fn refuse_others(&self) -> Result<(), Error> {
        if self.others.is_empty() {
            return Ok(());
        }
        let error = others::refuse(&self.database, &self.others, &self.manifest.id);
        Err(error.with_state("nothing was changed"))
    }
}

impl Way {
    /// The word that JSON output and the log use.
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Beside => "beside",
            Way::Anew => "anew",
            Way::InPlace => "in_place",
        }
    }
}
