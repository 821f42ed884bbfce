//! The schema as Diesel has it: what `diesel print-schema` of Diesel 2.3 prints for the same database, byte for byte.
//!
//! Written from what it prints, which the tests compare. It knows nothing of views, so that ours are our own, and
//! nothing of what an extension made, which Diesel prints.

mod keys;
mod layout;
mod names;
mod options;
mod print;
mod tables;
mod types;

pub use options::{DieselColumns, DieselDocs, DieselOptions, DieselSameQuery, DieselTables};

use super::{ObjectName, Schema};
use print::Printer;

impl Schema {
    /// What `diesel print-schema` of Diesel 2.3 prints for this schema, byte for byte, with its lines as rustfmt
    /// breaks them without configuration of its own.
    ///
    /// Left out are, besides what [`DieselOptions`] says, tables without a primary key, at which Diesel stops: see
    /// [`Schema::unknown_to_diesel`]. Tables that belong to an extension are no part of a [`Schema`].
    pub fn to_diesel(&self, options: &DieselOptions) -> String {
        let relations = self.relations();
        let (tables, _) = tables::tables(self, &relations, options);
        let joins = keys::joins(&relations, options.schema(), &tables);
        Printer { tables: &tables, joins: &joins, options }.print()
    }

    /// The tables that [`Schema::to_diesel`] has to leave out, since they have no primary key.
    pub fn unknown_to_diesel(&self, options: &DieselOptions) -> Vec<&ObjectName> {
        tables::tables(self, &self.relations(), options).1
    }
}

impl DieselOptions {
    /// The schema whose tables are printed.
    fn schema(&self) -> &str {
        self.schema.as_deref().unwrap_or("public")
    }
}
