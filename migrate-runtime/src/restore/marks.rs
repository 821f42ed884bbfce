//! The name of the environment that a database notes of itself: a backup of another database does not bring
//! its own along.

use super::job::Job;
use super::plan::Way;
use crate::connection::Connection;
use crate::error::Error;
use crate::extras::if_allowed;
use crate::quote::literal;

/// What a database says about its environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(Vec<(String, String)>);

const KEYS: &str = "('environment', 'protected')";

impl Marks {
    /// What is to be noted in the restored database; nothing where its own notes are right.
    pub(super) fn for_job(
        job: &Job<'_>,
        connection: &mut Connection<'_>,
    ) -> Result<Option<Marks>, Error> {
        let has_tables = job.backup.manifest.history.is_some();
        if !job.wanted.other_database || !has_tables {
            return Ok(None);
        }
        match job.way {
            // The next run notes it.
            Way::Anew => Ok(Some(Marks::default())),
            Way::Beside | Way::InPlace => Marks::read(connection).map(Some),
        }
    }

    /// Reads them; none where there is no such table.
    fn read(connection: &mut Connection<'_>) -> Result<Marks, Error> {
        let schema = &connection.store.schema;
        let message =
            format!("SELECT key, value::text FROM {schema}._migrations_meta WHERE key IN {KEYS}");
        let Some(reply) = if_allowed(connection.ask(&message))? else {
            return Ok(Marks::default());
        };
        let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
        let mark = |row: &[Option<String>]| Some((cell(row, 0)?, cell(row, 1)?));
        Ok(Marks(reply.of(0).filter_map(mark).collect()))
    }

    /// The statements that put them into the place of those that are there.
    pub(super) fn write(&self, schema: &str) -> String {
        let delete = format!("DELETE FROM {schema}._migrations_meta WHERE key IN {KEYS}");
        let insert = self.0.iter().map(|(key, value)| {
            let (key, value) = (literal(key), literal(value));
            format!(
                "INSERT INTO {schema}._migrations_meta (key, value) VALUES ({key}, {value}::jsonb)"
            )
        });
        std::iter::once(delete).chain(insert).collect::<Vec<_>>().join(";\n")
    }
}
