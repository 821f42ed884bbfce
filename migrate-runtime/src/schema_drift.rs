//! Whether the schema is still as the migrations made it.
//!
//! Each run records the schema that it leaves, together with the history that it belongs to. What is read now
//! and differs was changed by hand. Where what is recorded does not belong to the history, nothing is known, and
//! that is said: a run that was ended between its last commit and the recording is no drift.

use crate::config::Settings;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::{History, Recorded, Server};
use crate::schema::{Difference, READER, Schema, Weight};
use crate::snapshot::Snapshot;
use crate::verify::{Finding, FindingKind};

/// What comes between while two messages are read is looked at once more.
const ATTEMPTS: u32 = 3;

/// The way to what is there being what the migrations made.
const ACCEPT: &str = "migration-cli repair --accept-schema";

/// What was changed by hand since the last run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaDrift {
    /// What the last run recorded; nothing where nothing is to be compared.
    pub recorded: Option<Recorded>,
    /// Why it is not known what was changed; nothing where it is, or where nothing has run yet.
    pub unknown: Option<String>,
    /// What helps where that is not known.
    pub(crate) hint: Option<String>,
    /// What was changed, object by object; the slight differences among them are no reason to fail.
    pub differences: Vec<Difference>,
}

/// What the migrations made.
pub(crate) enum Made {
    /// Just what is there.
    AsItIs,
    /// Something else.
    Otherwise(Schema),
    /// Nobody knows.
    Unknown(Unknown),
}

/// Why nobody knows what the migrations made, and what helps.
pub(crate) struct Unknown {
    pub(crate) why: String,
    hint: Option<String>,
}

/// What recording it anew helps against.
fn outdated(why: impl Into<String>) -> Unknown {
    let hint = format!("{ACCEPT}   # what is there now counts as what the migrations made");
    Unknown { why: why.into(), hint: Some(hint) }
}

impl Connection<'_> {
    /// What is recorded about the schema that belongs to a history, or why nothing is.
    pub(crate) fn known<'r>(
        &self,
        recorded: Option<&'r Recorded>,
        server: &Server,
        history: &History,
    ) -> Result<&'r Recorded, Unknown> {
        let Some(recorded) = recorded else {
            return Err(if server.hides_meta {
                let table = format!("{}._migrations_meta", self.store.schema);
                let hint = Some(format!("GRANT SELECT ON {table} TO {};", server.role));
                Unknown {
                    why: "this role may not read what the last run recorded".to_owned(),
                    hint,
                }
            } else {
                outdated("no run has recorded it yet")
            });
        };
        let (then, now) = (recorded.major(), server.version / 10_000);
        if recorded.history != history.digest() {
            return Err(outdated(
                "it was recorded for another history: a run ended before it could record what it made, or another program changed the history",
            ));
        }
        if then != now {
            return Err(outdated(format!(
                "it was recorded on PostgreSQL {then}, and PostgreSQL {now} may write the same in other words"
            )));
        }
        if recorded.reader != READER {
            let why =
                "it was recorded by another version of this program, which reads it in another way";
            return Err(outdated(why));
        }
        Ok(recorded)
    }

    /// Reads what is there, and what the migrations made, as far as that is known.
    pub(crate) fn look_at_schema(&mut self, server: &Server) -> Result<(Snapshot, Made), Error> {
        let mut attempts = 1;
        loop {
            let snapshot = self.snapshot(server)?;
            let recorded = self.known(snapshot.recorded.as_ref(), server, &snapshot.history);
            let recorded = match recorded {
                Ok(recorded) => recorded,
                Err(why) => return Ok((snapshot, Made::Unknown(why))),
            };
            if recorded.fingerprint == snapshot.schema.fingerprint() {
                return Ok((snapshot, Made::AsItIs));
            }
            match self.recorded_schema(&snapshot, recorded)? {
                Some(made) => return Ok((snapshot, Made::Otherwise(made))),
                // A run may have changed or recorded another one since.
                None if attempts < ATTEMPTS => attempts += 1,
                None => {
                    let why = outdated("what the last run recorded has been changed by hand");
                    return Ok((snapshot, Made::Unknown(why)));
                }
            }
        }
    }

    /// What was changed by hand, as far as it is known. What this role may not read is no reason to fail. The stamp of
    /// the catalogs may have been asked for with the history.
    pub(crate) fn schema_drift(
        &mut self,
        server: &Server,
        history: &History,
        stamp: Option<String>,
    ) -> Result<SchemaDrift, Error> {
        let recorded = server.recorded.clone();
        let nothing = SchemaDrift { recorded, ..SchemaDrift::default() };
        let is_new = nothing.recorded.is_none() && !history.has_begun();
        if !self.settings.record_schema || is_new {
            return Ok(SchemaDrift::default());
        }
        match self.known(nothing.recorded.as_ref(), server, history) {
            Ok(known) if self.is_untouched(known, server, stamp) => return Ok(nothing),
            Ok(_) => {}
            Err(unknown) => return Ok(nothing.not_known(unknown)),
        }
        match self.look_at_schema(server) {
            Ok((snapshot, made)) => Ok(SchemaDrift::new(&snapshot, made, self.settings)),
            Err(error) => Ok(SchemaDrift { unknown: Some(unread(error)?), ..nothing }),
        }
    }
}

/// What keeps the schema from being read, where the rest can go on.
pub(crate) fn unread(error: Error) -> Result<String, Error> {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::ConnectionLost | ErrorKind::Internal => Err(error),
        _ => Ok(format!("the catalogs cannot be read: {}", error.reason())),
    }
}

impl SchemaDrift {
    pub(crate) fn new(snapshot: &Snapshot, made: Made, settings: &Settings) -> SchemaDrift {
        let nothing = SchemaDrift { recorded: snapshot.recorded.clone(), ..SchemaDrift::default() };
        match made {
            Made::AsItIs => nothing,
            Made::Otherwise(made) => SchemaDrift::between(&made, snapshot, settings),
            Made::Unknown(unknown) => nothing.not_known(unknown),
        }
    }

    /// Where the migrations made something else than what is there.
    pub(crate) fn between(made: &Schema, snapshot: &Snapshot, settings: &Settings) -> SchemaDrift {
        let recorded = snapshot.recorded.clone();
        let differences = made.drift(&snapshot.schema, &settings.ignore);
        SchemaDrift { recorded, differences, ..SchemaDrift::default() }
    }

    fn not_known(self, Unknown { why, hint }: Unknown) -> SchemaDrift {
        SchemaDrift { unknown: Some(why), hint, ..self }
    }

    /// Whether anything was changed that counts.
    pub fn has_drifted(&self) -> bool {
        self.differences.iter().any(|it| it.weight == Weight::Full)
    }

    /// A finding each.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let unknown = self.unknown.iter().map(|why| Finding {
            hint: self.hint.clone(),
            ..Finding::new(FindingKind::DriftUnknown, not_compared(why))
        });
        let drift = self.differences.iter().map(|it| {
            let kind = match it.weight {
                Weight::Full => FindingKind::Drift,
                Weight::Slight => FindingKind::SlightDrift,
            };
            let hint = format!("{ACCEPT}   # where it is to stay; else undo it by hand");
            let message = format!("the schema has drifted: {}", it.message);
            Finding {
                hint: Some(hint),
                difference: Some(it.clone()),
                ..Finding::new(kind, message)
            }
        });
        unknown.chain(drift).collect()
    }

    /// In a sentence without a full stop; nothing where nothing has drifted.
    pub(crate) fn in_short(&self) -> Option<String> {
        let first = self.differences.iter().find(|it| it.weight == Weight::Full)?;
        let count = self.differences.iter().filter(|it| it.weight == Weight::Full).count();
        let more = match count - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        Some(format!("the schema has drifted since the last run: {first}{more}"))
    }
}

/// What is said where nothing is known.
pub(crate) fn not_compared(why: &str) -> String {
    format!("the schema was not compared with what the migrations made: {why}")
}
