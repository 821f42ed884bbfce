//! What part of a schema is wanted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use migrate_runtime::schema::{Column, ObjectKind, ObjectName, Relation, Schema};

use crate::error::CommandError;
use crate::paste::quote;
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
    /// Whether pictures have the columns of keys alone.
    pub(crate) keys: bool,
}

impl Selection {
    /// Refuses schemas that there are not.
    pub(super) fn check_schemas(&self, schema: &Schema) -> Result<(), CommandError> {
        let schemas: BTreeSet<&str> = schema.objects.keys().filter_map(schema_of).collect();
        for name in &self.schemas {
            if !schemas.contains(name.as_str()) {
                return Err(unknown("schema", name, schemas.iter().copied()));
            }
        }
        Ok(())
    }

    /// Refuses tables and views that there are not, or not in the schemas that are wanted.
    pub(super) fn check_tables(&self, schema: &Schema) -> Result<(), CommandError> {
        let all = schema.relations();
        for name in &self.tables {
            let named: Vec<_> =
                all.iter().map(|it| it.name).filter(|it| is_called(it, name)).collect();
            if named.iter().any(|it| self.is_in(it)) {
                continue;
            }
            let Some(space) = named.first().and_then(|it| it.schema.as_deref()) else {
                let known = all.iter().map(|it| it.name).filter(|it| self.is_in(it));
                return Err(unknown("table or view", name, known.map(|it| it.name.as_str())));
            };
            let message = format!("`{}` is in another schema", name.escape_debug());
            return Err(CommandError::usage(message)
                .with_hint(format!("name that: --schema {}", quote(space))));
        }
        Ok(())
    }

    /// What is wanted of a schema: the objects in the schemas, and of the tables themselves, with their parts and the
    /// types of their columns.
    pub(super) fn of<'s>(&self, schema: &'s Schema) -> Cow<'s, Schema> {
        if self.tables.is_empty() && self.schemas.is_empty() {
            return Cow::Borrowed(schema);
        }
        let mut some = schema.clone();
        if self.tables.is_empty() {
            some.objects.retain(|it, _| self.is_in(it));
        } else {
            let tables = self.relations_of(schema);
            some.objects.retain(|it, _| is_of(it, &tables));
        }
        Cow::Owned(some)
    }

    fn is_in(&self, name: &ObjectName) -> bool {
        self.schemas.is_empty()
            || schema_of(name).is_some_and(|it| self.schemas.iter().any(|name| name == it))
    }

    /// The tables and views that were named.
    pub(super) fn relations_of<'s>(&self, schema: &'s Schema) -> Vec<Relation<'s>> {
        let is_named = |it: &ObjectName| self.tables.iter().any(|name| is_called(it, name));
        let all = schema.relations().into_iter();
        all.filter(|it| self.is_in(it.name) && is_named(it.name)).collect()
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
        let is_type = |column: &Column<'_>| {
            column.sql_type.name == name.name && column.sql_type.schema == name.schema
        };
        name == it.name
            || is_here && name.table.as_ref() == Some(&it.name.name)
            || name.kind == ObjectKind::Schema && it.name.schema.as_ref() == Some(&name.name)
            || is_kind_of_type(name.kind) && it.columns.iter().any(is_type)
    })
}

fn is_kind_of_type(kind: ObjectKind) -> bool {
    use ObjectKind as K;
    matches!(kind, K::Enum | K::Domain | K::Range | K::Composite | K::Type)
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> CommandError {
    let error = CommandError::usage(format!("there is no {what} `{}`", name.escape_debug()));
    match nearest(name, known) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error,
    }
}
