//! What the database notes about the schema that the last run left.

use std::fmt;
use std::time::SystemTime;

use migrate_core::Checksum;

use super::{History, Store};
use crate::quote::{Escaped, fill};

/// When the schema was recorded that the migrations made, and what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The fingerprint of the schema.
    pub fingerprint: Checksum,
    /// The token of the run that recorded it.
    pub run: String,
    /// When, by the server's clock, as in `2026-11-25T22:15:30.123456Z`.
    pub at: String,
    /// The history that it belongs to.
    pub(crate) history: Checksum,
    /// The server that wrote its parts down, as in 150018.
    pub(crate) server: u32,
    /// What read it.
    pub(crate) reader: u32,
    /// The stamp of the catalogs by then; nothing where something else was there than what the migrations made, where
    /// the role might not ask for it, and where a program noted it that knew of none.
    pub(crate) stamp: Option<String>,
}

impl Recorded {
    /// Reads the object, as the server writes one; nothing where it is not ours. No value of ours has a quote, a comma
    /// or a brace in it.
    pub(super) fn parse(json: &str) -> Option<Recorded> {
        let member = |name: &str| {
            let (_, rest) = json.split_once(&format!("\"{name}\": "))?;
            rest.split([',', '}']).next().map(|it| it.trim_matches('"'))
        };
        Some(Recorded {
            fingerprint: member("fingerprint")?.parse().ok()?,
            history: member("history")?.parse().ok()?,
            server: member("server")?.parse().ok()?,
            reader: member("reader")?.parse().ok()?,
            run: member("run")?.to_owned(),
            at: member("at")?.to_owned(),
            stamp: member("stamp").filter(|it| *it != "null").map(str::to_owned),
        })
    }

    /// Whether it says the same, whoever noted it.
    pub(crate) fn is_same(&self, other: &Recorded) -> bool {
        let key = |it: &Recorded| (it.fingerprint, it.history, it.server, it.reader);
        key(self) == key(other) && self.stamp == other.stamp
    }

    /// The major version of the server.
    pub(crate) fn major(&self) -> u32 {
        self.server / 10_000
    }
}

impl History {
    /// Whether anything has run, or has begun to.
    pub(crate) fn has_begun(&self) -> bool {
        !self.rows.is_empty() || !self.unfinished.is_empty()
    }

    /// A hash over what ran and what has begun: another one after every run that changed something, also where a
    /// migration was reverted and ran again. Whether a script was edited since makes no difference.
    pub(crate) fn digest(&self) -> Checksum {
        // Versions of other tools may be any text.
        let part = |it: &str| format!("{}:{it}", it.len());
        let micros = |it: SystemTime| match it.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => since.as_micros().to_string(),
            Err(before) => format!("-{}", before.duration().as_micros()),
        };
        let rows = self.rows.iter().map(|it| {
            let at = it.applied_at.map(micros).unwrap_or_default();
            format!("ran {} {} {at}\n", it.id, part(&it.version))
        });
        let begun = self.unfinished.iter().map(|it| {
            let (version, run) = (part(&it.version), part(&it.run));
            let (statement, checksum) = (it.statement, part(&it.statement_checksum));
            // Another run that goes on with the same statement may have made what it makes.
            format!("begun {version} {} {statement} {checksum} {run}\n", it.direction)
        });
        Checksum::of(&rows.chain(begun).collect::<String>())
    }
}

impl Store {
    /// One statement, written behind others: keeps the objects of a schema, a JSON text that `write` writes.
    pub(crate) fn record_objects(
        &self,
        message: &mut String,
        write: impl FnOnce(&mut Escaped<'_>) -> fmt::Result,
    ) {
        // Apart before anything is filled in: a schema may be called `{objects}`.
        let template = include_str!("record_objects.sql");
        let (before, after) = template.split_once("{objects}").unwrap_or_default();
        message.push_str(&fill(before, &[("schema", &self.schema)]));
        // Writing to a string does not fail.
        let _ = write(&mut Escaped(message));
        message.push_str(after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_one_text_whatever_is_in_them() {
        let mut message = "BEGIN;\n".to_owned();
        let store = Store::new("{objects}'s");
        store.record_objects(&mut message, |json| {
            fmt::Write::write_str(json, r#"["it's {schema}"#)?;
            fmt::Write::write_str(json, r#"\\", "{objects}"]"#)
        });
        let expected = r#"BEGIN;
INSERT INTO "{objects}'s"._migrations_meta (key, value) VALUES ('schema_objects', E'["it''s {schema}\\\\", "{objects}"]'::jsonb)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"#;
        assert_eq!(message, expected);
    }
}
