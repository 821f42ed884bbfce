//! A whole schema as one SQL script for an empty database.
//!
//! What needs what is known from the catalogs (`needs`), so that everything comes after what it needs (`order`); beyond
//! that, names decide. Most is made in one statement. Where things need each other, one of them is made in two steps
//! (`apart`). What nothing else needs comes last, in the order of `later`.

mod apart;
mod arrays;
mod children;
mod constraints;
mod indexes;
mod later;
mod order;
mod pieces;
mod plain;
mod rights;
mod sequences;
mod steps;
mod tables;

use super::Schema;

/// What of a schema is written besides its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DumpOptions {
    /// Whose each object is. Without them, all of it belongs to the role that runs the script.
    pub owners: bool,
    /// Who may do what: grants, and those that new objects will have. Policies are written in any case.
    pub grants: bool,
}

impl Default for DumpOptions {
    fn default() -> DumpOptions {
        DumpOptions { owners: true, grants: true }
    }
}

/// The lines before everything else.
const HEAD: &str = include_str!("head.sql");

impl Schema {
    /// The schema as an SQL script that makes the same one in an empty database, with owners and grants.
    ///
    /// The text is the same whenever the schema is, whichever way it came about. It runs with `psql`, best with
    /// `-v ON_ERROR_STOP=1 --single-transaction`, and as one message. The roles and tablespaces that it names have to be
    /// there, and so have the extensions and the libraries of functions in C.
    ///
    /// What [`Migrator::schema`](crate::Migrator::schema) does not see is not in it. Nor are versions of extensions: they get
    /// the newest there is, and belong to the role that runs the script. An index that is not valid is made anew. Of a
    /// table that was made a child of another one after the fact, columns are the child's own as well.
    pub fn to_sql(&self) -> String {
        self.to_sql_with(DumpOptions::default())
    }

    /// As [`to_sql`](Schema::to_sql), without what is not asked for.
    pub fn to_sql_with(&self, options: DumpOptions) -> String {
        let made = apart::made(self);
        let mut statements = Vec::new();
        statements.extend(rights::before(self));
        statements.extend(made.statements);
        statements.extend(later::statements(self));
        statements.extend(later::refreshed(self, &made.order));
        if options.owners {
            statements.extend(rights::owners(self));
        }
        if options.grants {
            statements.extend(rights::grants(self));
        }
        statements.extend(later::event_triggers(self, options));
        let mut text = HEAD.to_owned();
        for statement in statements {
            let statement = arrays::kept(statement);
            let end = if statement.ends_with(';') { "\n" } else { ";\n" };
            text.push('\n');
            text.push_str(&statement);
            text.push_str(end);
        }
        text
    }
}
