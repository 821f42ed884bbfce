//! The schema is recorded after each run that changed something, under its lock and over its connection.
//!
//! What had drifted before the run is drift after it: so the schema is read before the first step too. Whatever
//! goes wrong with it, the run has done what it was asked to, and a warning says what is not known now.

use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::{History, Recorded};
use crate::progress::Event;
use crate::schema::{READER, Schema};
use crate::schema_drift::{Made, SchemaDrift, known};
use crate::session::Session;
use crate::snapshot::{Snapshot, limits};
use crate::transport::{Failure, Keep};

/// What was there before the first step.
pub(crate) struct Before(What);

enum What {
    /// Nothing is to be recorded.
    Off,
    /// Nobody knows what the migrations made so far: from now on, it is what is there.
    Unknown(Option<Recorded>),
    /// What the migrations made, where that is something else, and what was there.
    Known { recorded: Option<Recorded>, made: Option<Schema>, there: Schema },
}

/// What a run ends with, or goes on from over another connection.
const ENDS: [ErrorKind; 2] = [ErrorKind::ConnectionLost, ErrorKind::Interrupted];

impl Before {
    /// What is there will be what the migrations made, whatever it is.
    pub(crate) fn nothing() -> Before {
        Before(What::Off)
    }
}

impl Session<'_> {
    /// Looks what has drifted before a run changes anything. Fails where the connection is lost, and where
    /// somebody interrupts.
    pub(crate) fn look_before(&mut self, history: &History) -> Result<Before, Error> {
        if !self.settings.record_schema {
            return Ok(Before(What::Off));
        }
        let server = self.server.clone();
        let recorded = server.recorded.clone();
        if recorded.is_none() {
            return Ok(Before(What::Unknown(None)));
        }
        if let Err(why) = known(recorded.as_ref(), &server, history) {
            return Ok(self.not_known(recorded, &why));
        }
        Ok(match self.look_at_schema(&server) {
            Ok((_, Made::Unknown(why))) => self.not_known(recorded, &why),
            Ok((snapshot, Made::AsItIs)) => {
                Before(What::Known { recorded, made: None, there: snapshot.schema })
            }
            Ok((snapshot, Made::Otherwise(made))) => {
                let drift = Made::Otherwise(made.clone());
                let drift = SchemaDrift::new(&snapshot, drift, self.settings);
                if let Some(drifted) = drift.in_short() {
                    self.warn(format!("{drifted}; `migration-cli verify` names all of it"));
                }
                Before(What::Known { recorded, made: Some(made), there: snapshot.schema })
            }
            Err(error) if ENDS.contains(&error.kind()) => return Err(error),
            Err(error) => {
                self.not_recorded(&error);
                Before(What::Off)
            }
        })
    }

    fn not_known(&mut self, recorded: Option<Recorded>, why: &str) -> Before {
        self.warn(format!(
            "whether the schema had drifted is not known, and from now on what is there counts as what the migrations made: {why}"
        ));
        Before(What::Unknown(recorded))
    }

    /// Records the schema after a run, and gives the lock back with it.
    pub(crate) fn record_after(&mut self, before: Before) {
        let (recorded, known) = match before.0 {
            What::Off => return,
            What::Unknown(recorded) => (recorded, None),
            What::Known { recorded, made, there } => (recorded, Some((made, there))),
        };
        let server = self.server.clone();
        let snapshot = match self.snapshot(&server) {
            Ok(snapshot) => snapshot,
            Err(error) => return self.not_recorded(&error),
        };
        let is_ours = match (&snapshot.recorded, &recorded) {
            (Some(there), Some(known)) => there.is_same(known) && there.run == known.run,
            (there, known) => there.is_none() && known.is_none(),
        };
        if !is_ours {
            return self.warn("the schema was not recorded: somebody else has recorded another one since this run began; `migration-cli repair --accept-schema` records it".to_owned());
        }
        let made = match known {
            Some((Some(made), there)) => Schema::after_run(&made, &there, &snapshot.schema),
            Some((None, _)) | None => snapshot.schema.clone(),
        };
        let noted = self.note(&made, &snapshot.history);
        if recorded.as_ref().is_some_and(|it| it.is_same(&noted)) {
            return;
        }
        fault::at(Point::SchemaRead);
        if let Err(error) = self.record(&made, (recorded.as_ref(), &noted), None) {
            self.not_recorded(&error);
        }
    }

    /// What is there is what the migrations made, from now on, and what is there before anything that follows.
    pub(crate) fn accept_schema(
        &mut self,
        snapshot: &Snapshot,
        row: &str,
    ) -> Result<Before, Error> {
        let noted = self.note(&snapshot.schema, &snapshot.history);
        self.record(&snapshot.schema, (snapshot.recorded.as_ref(), &noted), Some(row))?;
        let there = snapshot.schema.clone();
        Ok(Before(What::Known { recorded: Some(noted), made: None, there }))
    }

    fn note(&self, made: &Schema, history: &History) -> Recorded {
        Recorded {
            fingerprint: made.fingerprint(),
            run: self.audit.token().to_owned(),
            at: String::new(),
            history: history.digest(),
            server: self.server.version,
            reader: READER,
        }
    }

    /// Writes it; `row`, a statement, is written in the same transaction. Without one, nothing follows.
    fn record(
        &mut self,
        made: &Schema,
        (recorded, noted): (Option<&Recorded>, &Recorded),
        row: Option<&str>,
    ) -> Result<(), Error> {
        let mut statements = vec![
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE".to_owned(),
            "SET LOCAL search_path = pg_catalog".to_owned(),
        ];
        statements.extend(limits(&self.server).into_iter().map(str::to_owned));
        if recorded.is_none_or(|it| it.fingerprint != noted.fingerprint) {
            statements.push(self.store.record_objects(&made.to_stored()));
        }
        statements.push(self.store.record(noted));
        statements.extend(row.map(str::to_owned));
        statements.push("COMMIT".to_owned());
        let unlocks = row.is_none() && self.is_own();
        if unlocks {
            statements.push(self.key.unlock());
        }
        match self.send(&statements.join(";\n"), Keep::Only(&[])) {
            Ok(_) => {
                self.released = unlocks;
                Ok(())
            }
            Err(failure) => Err(self.not_written(failure)),
        }
    }

    fn not_written(&mut self, failure: Failure) -> Error {
        self.roll_back();
        self.cannot_read(failure)
    }

    fn not_recorded(&mut self, error: &Error) {
        let reason = error.reason();
        self.warn(format!(
            "the schema was not recorded, and what is changed by hand is not known: {reason}; `migration-cli repair --accept-schema` records it"
        ));
    }

    fn warn(&mut self, message: String) {
        self.tell(Event::Warning { message });
    }
}
