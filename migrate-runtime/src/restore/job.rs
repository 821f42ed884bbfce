//! One restore on its way: what it works on, and what is said and written about it.

use super::fill::{Programs, Work};
use super::look::Look;
use super::plan::{Restore, Restored, Way};
use super::side::Opener;
use super::swap::Holder;
use crate::audit::{Entry, Outcome};
use crate::backup::Backup;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::progress::Event;
use crate::quote::{json_text, literal};

/// One restore on its way.
pub(super) struct Job<'j> {
    pub(super) wanted: &'j Restore,
    pub(super) backup: Backup,
    pub(super) programs: Programs,
    pub(super) opener: Opener,
    pub(super) interrupt: &'j Interrupt,
    pub(super) look: Look,
    pub(super) way: Way,
    pub(super) database: String,
    /// What the database that is replaced will be called.
    pub(super) kept: String,
}

impl Job<'_> {
    pub(super) fn work(&self) -> Work<'_> {
        Work {
            programs: &self.programs,
            backup: &self.backup,
            opener: &self.opener,
            interrupt: self.interrupt,
        }
    }

    pub(super) fn token(&self) -> &str {
        self.opener.audit.token()
    }

    /// Where nothing better is known, the way out is to mend what was said, and to begin anew.
    pub(super) fn with_way_out(&self, error: Error) -> Error {
        if !error.hints().is_empty() {
            return error;
        }
        let in_place = if self.wanted.in_place { " --in-place" } else { "" };
        let what = if error.is_interrupted() { "begins anew" } else { "once that is mended" };
        error.with_hint(format!("migration-cli restore {}{in_place}   # {what}", self.backup.id))
    }

    /// In which state the database is when nothing has taken its place.
    pub(super) fn untouched(&self) -> String {
        match self.way {
            Way::Anew => format!("there is still no database {}", self.database),
            Way::Beside | Way::InPlace => {
                format!("database {} is what it was before, and serves", self.database)
            }
        }
    }

    /// Where the server cannot be asked any more.
    pub(super) fn in_doubt(&self) -> String {
        let database = &self.database;
        format!(
            "database {database} is the old one or the restored one, each with everything; the server could not be asked which"
        )
    }

    pub(super) fn restored(&self) -> Restored {
        Restored {
            token: self.token().to_owned(),
            database: self.database.clone(),
            way: self.way,
            kept: (self.way == Way::Beside).then(|| self.kept.clone()),
        }
    }

    /// The statement that writes the row of the log about a restore that ended well.
    pub(super) fn row(&self) -> String {
        let kept = match self.way {
            Way::Beside => format!(r#", "kept": "{}""#, json_text(&self.kept)),
            Way::Anew | Way::InPlace => String::new(),
        };
        let (id, way) = (&self.backup.id, self.way.as_str());
        self.opener.audit.row(&Entry {
            started_at: &format!("{}::timestamptz", literal(&self.look.now)),
            detail: &format!(r#"{{"backup": "{id}", "way": "{way}"{kept}}}"#),
            ..Entry::ok()
        })
    }

    /// Tells the program's own log what [`row`](Job::row) has told the database's.
    pub(super) fn note_done(&self) {
        self.opener.audit.note(&Entry::ok(), None);
    }

    /// Writes to the log of the database that is still there what became of this.
    pub(super) fn log_failure(&self, error: &Error) {
        let outcome = if error.is_interrupted() { Outcome::Interrupted } else { Outcome::Failed };
        let message = error.reason();
        self.opener.log(&Entry {
            version: None,
            direction: None,
            outcome,
            started_at: &format!("{}::timestamptz", literal(&self.look.now)),
            sqlstate: error.sqlstate(),
            message: Some(&message),
            detail: &format!(r#"{{"backup": "{}"}}"#, self.backup.id),
        });
    }
}

/// Says what comes next, unless somebody has interrupted.
pub(super) fn step(holder: &mut Holder<'_, '_>, step: String) -> Result<(), Error> {
    let connection = holder.asks()?;
    connection.interrupt.check()?;
    connection.tell(Event::Restoring { step });
    Ok(())
}
