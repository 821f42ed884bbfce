//! The schema is recorded after each run that changed something, under its lock and over its connection.
//!
//! What had drifted before the run is drift after it: so before the first step the catalogs are asked whether anything
//! was written since the last run, and read if so. Whatever goes wrong with it, the run has done what it was asked to,
//! and a warning says what is not known now.

use migrate_core::Checksum;

use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::{History, Recorded};
use crate::progress::Event;
use crate::schema::{READER, Schema};
use crate::schema_drift::{Made, SchemaDrift, Unknown};
use crate::session::Session;
use crate::snapshot::{LIMITS, Snapshot};
use crate::transport::Keep;

/// What was there before the first step; nothing where nothing is to be recorded.
pub(crate) struct Before(Option<Known>);

/// What was known by then.
struct Known {
    recorded: Option<Recorded>,
    /// What the migrations had made, and what was there instead. Where the two are the same, or nobody knows, what is
    /// there after the run is what they made.
    drifted: Option<(Schema, Schema)>,
}

/// What a run ends with, or goes on from over another connection.
const ENDS: [ErrorKind; 2] = [ErrorKind::ConnectionLost, ErrorKind::Interrupted];

impl Before {
    /// Where nothing is to be recorded.
    pub(crate) fn nothing() -> Before {
        Before(None)
    }

    /// Whatever is there after the run is what the migrations made.
    fn without_drift(recorded: Option<Recorded>) -> Before {
        Before(Some(Known { recorded, drifted: None }))
    }
}

impl Session<'_> {
    /// Looks what has drifted before a run changes anything. Fails where the connection is lost, and where
    /// somebody interrupts.
    pub(crate) fn look_before(&mut self, history: &History) -> Result<Before, Error> {
        if !self.settings.record_schema {
            return Ok(Before::nothing());
        }
        let server = self.server.clone();
        let recorded = server.recorded.clone();
        if recorded.is_none() {
            return Ok(Before::without_drift(None));
        }
        match self.known(recorded.as_ref(), &server, history) {
            Ok(known) if self.is_untouched(known, &server, None) => {
                return Ok(Before::without_drift(recorded));
            }
            Ok(_) => {}
            Err(unknown) => return Ok(self.not_known(recorded, &unknown)),
        }
        Ok(match self.look_at_schema(&server) {
            Ok((_, Made::Unknown(unknown))) => self.not_known(recorded, &unknown),
            Ok((_, Made::AsItIs)) => Before::without_drift(recorded),
            Ok((snapshot, Made::Otherwise(made))) => {
                let drift = SchemaDrift::between(&made, &snapshot, self.settings);
                if let Some(drifted) = drift.in_short() {
                    self.warn(format!("{drifted}; `migration-cli verify` names all of it"));
                }
                let drifted = Some((made, snapshot.schema));
                Before(Some(Known { recorded, drifted }))
            }
            Err(error) if ENDS.contains(&error.kind()) => return Err(error),
            Err(error) => {
                self.not_recorded(&error);
                Before::nothing()
            }
        })
    }

    fn not_known(&mut self, recorded: Option<Recorded>, unknown: &Unknown) -> Before {
        self.warn(format!(
            "whether the schema had drifted is not known, and from now on what is there counts as what the migrations made: {}",
            unknown.why
        ));
        Before::without_drift(recorded)
    }

    /// Records the schema after a run, and gives the lock back with it.
    pub(crate) fn record_after(&mut self, before: Before) {
        let Some(Known { recorded, drifted }) = before.0 else { return };
        let server = self.server.clone();
        let snapshot = match self.snapshot(&server) {
            Ok(snapshot) => snapshot,
            Err(error) => return self.not_recorded(&error),
        };
        let Snapshot { history, recorded: last, stamp, schema } = snapshot;
        let is_ours = match (&last, &recorded) {
            (Some(there), Some(known)) => there.is_same(known) && there.run == known.run,
            (there, known) => there.is_none() && known.is_none(),
        };
        if !is_ours {
            return self.warn("the schema was not recorded: somebody else has recorded another one since this run began; `migration-cli repair --accept-schema` records it".to_owned());
        }
        let (made, stamp) = match drifted {
            Some((made, there)) => {
                let now = schema;
                let made = Schema::after_run(&made, &there, &now);
                let stamp = stamp.filter(|_| made.objects == now.objects);
                (made, stamp)
            }
            None => (schema, stamp),
        };
        let hashes = made.hashes();
        let noted = self.note((&hashes, stamp), &history);
        if recorded.as_ref().is_some_and(|it| it.is_same(&noted)) {
            return;
        }
        fault::at(Point::SchemaRead);
        let mut message = self.to_record((&made, &hashes), (recorded.as_ref(), &noted), None);
        // The message has all of it: neither is kept while it is sent.
        drop((made, history));
        let unlocks = self.is_own();
        if unlocks {
            message.push_str(";\n");
            message.push_str(&self.key.unlock());
        }
        match self.record(&message) {
            Ok(()) => self.released = unlocks,
            Err(error) => self.not_recorded(&error),
        }
    }

    /// What is there is what the migrations made, from now on, and what is there before anything that follows.
    pub(crate) fn accept_schema(
        &mut self,
        snapshot: &Snapshot,
        row: &str,
    ) -> Result<Before, Error> {
        let hashes = snapshot.schema.hashes();
        let noted = self.note((&hashes, snapshot.stamp.clone()), &snapshot.history);
        let made = (&snapshot.schema, hashes.as_slice());
        self.record(&self.to_record(made, (snapshot.recorded.as_ref(), &noted), Some(row)))?;
        Ok(Before::without_drift(Some(noted)))
    }

    /// Of a schema whose objects have these hashes; with the stamp of the catalogs where they have just that.
    fn note(&self, (hashes, stamp): (&[Checksum], Option<String>), history: &History) -> Recorded {
        Recorded {
            fingerprint: Schema::fingerprint_of(hashes),
            run: self.audit.token().to_owned(),
            at: String::new(),
            history: history.digest(),
            server: self.server.version,
            reader: READER,
            stamp,
        }
    }

    /// The message for [`record`](Session::record); `row`, a statement, is written in the same transaction.
    fn to_record(
        &self,
        (made, hashes): (&Schema, &[Checksum]),
        (recorded, noted): (Option<&Recorded>, &Recorded),
        row: Option<&str>,
    ) -> String {
        let begin = [
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            "SET LOCAL search_path = pg_catalog",
        ];
        let mut message = begin.into_iter().chain(LIMITS).collect::<Vec<_>>().join(";\n");
        message.push_str(";\n");
        if recorded.is_none_or(|it| it.fingerprint != noted.fingerprint) {
            self.store.record_objects(&mut message, |json| made.write_stored(hashes, json));
            message.push_str(";\n");
        }
        let note = self.store.record(noted);
        let last = [Some(note.as_str()), row, Some("COMMIT")];
        message.push_str(&last.into_iter().flatten().collect::<Vec<_>>().join(";\n"));
        message
    }

    /// Sends a message that writes what the run leaves.
    fn record(&mut self, message: &str) -> Result<(), Error> {
        self.send(message, Keep::Only(&[])).map(drop).map_err(|failure| {
            self.roll_back();
            self.cannot_read(failure)
        })
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
