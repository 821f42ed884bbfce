//! What part of a schema is wanted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use migrate_runtime::schema::{ObjectKind, ObjectName, Relation, Schema};

use super::Format;
use crate::error::CommandError;
use crate::text::nearest;

/// The tables and schemas that were named; where none was, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Tables and views: `NAME`, or `SCHEMA.NAME`.
    pub(crate) tables: Vec<String>,
    /// Schemas.
    pub(crate) schemas: Vec<String>,
    /// Whether views are wanted where they are not unless told.
    pub(crate) views: bool,
}

impl Selection {
    /// Refuses names that the schema does not have. Pictures look for their tables themselves.
    pub(super) fn check(&self, schema: &Schema, format: Format) -> Result<(), CommandError> {
        let schemas: BTreeSet<&str> = schema.objects.keys().filter_map(schema_of).collect();
        for name in &self.schemas {
            if !schemas.contains(name.as_str()) {
                return Err(unknown("schema", name, schemas.iter().copied()));
            }
        }
        if format.is_picture() {
            return Ok(());
        }
        let relations = schema.relations();
        for name in &self.tables {
            if !relations.iter().any(|it| is_called(it.name, name)) {
                let known = relations.iter().map(|it| it.name.name.as_str());
                return Err(unknown("table or view", name, known));
            }
        }
        Ok(())
    }

    /// What is wanted of a schema: the objects in the schemas, and of the tables themselves, with their parts and the
    /// types of their columns.
    pub(super) fn of<'s>(&self, schema: &'s Schema) -> Cow<'s, Schema> {
        if self.tables.is_empty() {
            return self.schemas_of(schema);
        }
        let relations = schema.relations().into_iter();
        let tables: Vec<_> =
            relations.filter(|it| self.is_in(it.name) && self.names(it.name)).collect();
        let mut some = schema.clone();
        some.objects.retain(|it, _| is_of(it, &tables));
        Cow::Owned(some)
    }

    /// The objects in the schemas that were named.
    pub(super) fn schemas_of<'s>(&self, schema: &'s Schema) -> Cow<'s, Schema> {
        if self.schemas.is_empty() {
            return Cow::Borrowed(schema);
        }
        let mut some = schema.clone();
        some.objects.retain(|it, _| self.is_in(it));
        Cow::Owned(some)
    }

    fn is_in(&self, name: &ObjectName) -> bool {
        self.schemas.is_empty()
            || schema_of(name).is_some_and(|it| self.schemas.iter().any(|name| name == it))
    }

    pub(super) fn names(&self, relation: &ObjectName) -> bool {
        self.tables.iter().any(|it| is_called(relation, it))
    }
}

/// The schema that an object is in, or is.
fn schema_of(name: &ObjectName) -> Option<&str> {
    match name.kind {
        ObjectKind::Schema => Some(&name.name),
        _ => name.schema.as_deref(),
    }
}

fn is_called(relation: &ObjectName, typed: &str) -> bool {
    let schema = relation.schema.as_deref().unwrap_or_default();
    relation.name == typed
        || typed.strip_prefix(schema).and_then(|it| it.strip_prefix('.')) == Some(&relation.name)
}

/// Whether an object is one of the tables, a part of one, their schema, or the type of a column.
fn is_of(name: &ObjectName, tables: &[Relation<'_>]) -> bool {
    tables.iter().any(|it| {
        let is_here = name.schema == it.name.schema;
        let is_type = |column: &migrate_runtime::schema::Column<'_>| {
            column.sql_type.name == name.name && column.sql_type.schema == name.schema
        };
        name == it.name
            || is_here && name.table.as_ref() == Some(&it.name.name)
            || name.kind == ObjectKind::Schema && it.name.schema.as_ref() == Some(&name.name)
            || name.kind == ObjectKind::Enum && it.columns.iter().any(is_type)
    })
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> CommandError {
    let error = CommandError::usage(format!("there is no {what} `{}`", name.escape_debug()));
    match nearest(name, known) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error,
    }
}
