//! The schema of a database: every object with what is to be known of it, and how two schemas differ.
//!
//! Generic on purpose: an object is a kind, a name and a list of attributes, each a name and a text. What is
//! written down for a kind is a matter of its query in `read/`. Nothing here knows a connection.

mod diesel;
mod diff;
mod dump;
mod fingerprint;
mod ignore;
mod kind;
mod merge;
mod name;
mod needs;
mod normal;
#[cfg(feature = "picture")]
mod picture;
mod query;
mod read;
mod relation;
mod rust;
mod sql;
mod sql_type;
mod stored;
mod way_back;

use std::collections::BTreeMap;

pub use diesel::{DieselColumns, DieselDocs, DieselOptions, DieselSameQuery, DieselTables};
pub use diff::{Difference, Weight};
pub use dump::DumpOptions;
pub use kind::ObjectKind;
pub use name::ObjectName;
#[cfg(feature = "picture")]
pub use picture::{Columns, Picture};
pub(crate) use read::{BEGIN, FIRST, Objects, message, message_to_compare, stamp_query};
pub use relation::{Column, ForeignKey, Relation, relation_label};
pub use sql_type::SqlType;
pub(crate) use stored::READER;

/// The objects of a database that its users made; not those of the migration system, of extensions and of
/// PostgreSQL itself. Roles, databases and settings are the server's, and not part of it; neither are the
/// data, and what connections to other servers keep secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Every object, by its name.
    pub objects: BTreeMap<ObjectName, Object>,
    read_on: ReadOn,
    needs: needs::Needs,
}

/// The day that a schema was read on, since 1970, by the server's clock. It makes no difference.
#[derive(Clone, Copy, Debug, Default)]
struct ReadOn(Option<i64>);

impl PartialEq for ReadOn {
    fn eq(&self, _: &ReadOn) -> bool {
        true
    }
}

impl Eq for ReadOn {}

/// What is known of one object. What is as it is unless told is left out: an index that is valid has no
/// attribute about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// In the order of the kind's query.
    pub attributes: Vec<Attribute>,
}

/// One thing that is known of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What it is, in words, such as `type` or `not null`.
    pub name: &'static str,
    /// As SQL writes it.
    pub value: String,
}

impl Object {
    /// The value of an attribute, if it has it.
    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|it| it.name == attribute).map(|it| it.value.as_str())
    }
}

impl Schema {
    /// The columns of a table, in their order.
    pub fn columns(&self, schema: &str, table: &str) -> Vec<(&ObjectName, &Object)> {
        let mut columns: Vec<_> = self.parts(ObjectKind::Column, schema, table).collect();
        columns.sort_by_key(|it| it.1.position());
        columns
    }
}

impl Schema {
    /// The parts of a table that are of one kind, by their names.
    fn parts(
        &self,
        kind: ObjectKind,
        schema: &str,
        table: &str,
    ) -> impl Iterator<Item = (&ObjectName, &Object)> {
        let (schema, table) = (Some(schema.to_owned()), Some(table.to_owned()));
        let first = ObjectName { kind, schema, table, name: String::new() };
        let all = self.objects.range(first.clone()..);
        all.take_while(move |(it, _)| {
            (it.kind, &it.schema, &it.table) == (first.kind, &first.schema, &first.table)
        })
    }

    /// What an object is a part of.
    fn whole(&self, part: &ObjectName) -> Option<(&ObjectName, &Object)> {
        ObjectKind::WHOLES.into_iter().find_map(|kind| {
            let (schema, name) = (part.schema.clone(), part.table.clone()?);
            self.objects.get_key_value(&ObjectName { kind, schema, table: None, name })
        })
    }

    fn is_part_of(&self, part: &ObjectName, kind: ObjectKind) -> bool {
        self.whole(part).is_some_and(|it| it.0.kind == kind)
    }
}

impl Object {
    /// It with some of its attributes left out.
    fn without(&self, attributes: &[&str]) -> Object {
        let kept = self.attributes.iter().filter(|it| !attributes.contains(&it.name));
        Object { attributes: kept.cloned().collect() }
    }

    /// The place of a column among the others.
    fn position(&self) -> Option<u32> {
        self.get("position")?.parse().ok()
    }
}
