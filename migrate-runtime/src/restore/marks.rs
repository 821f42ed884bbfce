//! The name of the environment that a database notes of itself: a backup of another database does not bring
//! its own along.

use super::job::Job;
use super::plan::Way;
use crate::connection::Connection;
use crate::error::Error;
use crate::extras::if_allowed;
use crate::quote::literal;
use crate::transport::{Failure, Reply};

/// What a database says about its environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    notes: Vec<(String, String)>,
    /// Whom the table belongs to that they are in.
    owner: Option<String>,
}

const KEYS: &str = "('environment', 'protected')";

impl Marks {
    /// What is to be noted in the restored database; nothing where what the backup brings along is right.
    pub(super) fn for_job(
        job: &Job<'_>,
        connection: &mut Connection<'_>,
    ) -> Result<Option<Marks>, Error> {
        let marks = match job.way {
            Way::Anew => Marks::default(),
            Way::Beside | Way::InPlace => Marks::read(connection)?,
        };
        // Where there is nothing to keep, the next run notes it: a backup of another database knows no better.
        Ok(Some(marks).filter(|it| job.wanted.other_database || !it.notes.is_empty()))
    }

    /// Reads them; none where there is no such table.
    fn read(connection: &mut Connection<'_>) -> Result<Marks, Error> {
        let schema = &connection.store.schema;
        let owner = "(SELECT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(relowner)) FROM pg_catalog.pg_class WHERE oid = m.tableoid)";
        let message = format!(
            "SELECT key, value::text, {owner} FROM {schema}._migrations_meta m WHERE key IN {KEYS}"
        );
        let Some(reply) = if_allowed(connection.ask(&message))? else {
            return Ok(Marks::default());
        };
        let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
        let mark = |row: &[Option<String>]| Some((cell(row, 0)?, cell(row, 1)?));
        let owner = reply.first(0).and_then(|it| cell(it, 2));
        Ok(Marks { notes: reply.of(0).filter_map(mark).collect(), owner })
    }

    /// Puts them into the place of those that are there. A backup from before the first run has no table for
    /// them, and gets one: without its note, a protected database would be protected no more.
    pub(super) fn write(
        &self,
        schema: &str,
        send: &mut dyn FnMut(&str) -> Result<Reply, Failure>,
    ) -> Result<(), Failure> {
        let table = format!("{schema}._migrations_meta");
        let (table_name, schema_name) = (literal(&table), literal(schema));
        let reply = send(&format!(
            "SELECT pg_catalog.to_regclass({table_name}) IS NOT NULL;
             SELECT pg_catalog.to_regnamespace({schema_name}) IS NOT NULL"
        ))?;
        let (has_table, has_schema) = (reply.is_true(0), reply.is_true(1));
        if !has_table && self.notes.is_empty() {
            return Ok(());
        }
        let mut made = Vec::new();
        let mut statements = Vec::new();
        if !has_schema {
            statements.push(format!("CREATE SCHEMA {schema}"));
            made.push(format!("SCHEMA {schema}"));
        }
        if has_table {
            statements.push(format!("DELETE FROM {table} WHERE key IN {KEYS}"));
        } else {
            let columns = "key TEXT PRIMARY KEY, value JSONB NOT NULL";
            statements.push(format!("CREATE TABLE {table} ({columns})"));
            made.push(format!("TABLE {table}"));
        }
        statements.extend(self.notes.iter().map(|(key, value)| {
            let (key, value) = (literal(key), literal(value));
            format!("INSERT INTO {table} (key, value) VALUES ({key}, {value}::jsonb)")
        }));
        send(&statements.join(";\n"))?;
        for made in self.owner.iter().flat_map(|owner| made.iter().map(move |it| (it, owner))) {
            // A role that may not give it away keeps it.
            let _ = send(&format!("ALTER {} OWNER TO {}", made.0, made.1));
        }
        Ok(())
    }
}
