//! The names that PostgreSQL gives to what is made without one.

use super::Known;
use crate::sql::action::{Constraint, ConstraintKind, ObjectName};

/// The longest name; longer ones are cut.
pub(crate) const LONGEST: usize = 63;

impl Known {
    /// The name of a constraint, its own or the one that the server chooses.
    pub(crate) fn constraint_name(&self, table: &ObjectName, constraint: &Constraint) -> String {
        if let Some(name) = &constraint.name {
            return cut(name);
        }
        let (columns, ending) = match &constraint.kind {
            ConstraintKind::Check { not_null } => (not_null.first().cloned(), "check"),
            ConstraintKind::ForeignKey { columns, .. } => (Some(columns.join("_")), "fkey"),
            ConstraintKind::Unique { columns, .. } => (Some(columns.join("_")), "key"),
            ConstraintKind::PrimaryKey { .. } => (None, "pkey"),
            ConstraintKind::Exclude => (None, "excl"),
            ConstraintKind::NotNull { column } => (Some(column.clone()), "not_null"),
        };
        let taken = |it: &str| {
            self.constraint(table, it).is_some() || self.indexes.contains_key(&table.beside(it))
        };
        free(&made(&table.name, columns.as_deref(), ending), taken)
    }

    /// The name of an index that has none of its own.
    pub(crate) fn index_name(&self, table: &ObjectName, columns: &[Option<String>]) -> String {
        let columns: Vec<&str> = columns.iter().map(|it| it.as_deref().unwrap_or("expr")).collect();
        let name = made(&table.name, Some(&columns.join("_")), "idx");
        free(&name, |it| self.indexes.contains_key(&table.beside(it)))
    }
}

/// Table, columns and ending, the longer of the first two cut until all fits.
fn made(table: &str, columns: Option<&str>, ending: &str) -> String {
    let (mut table, mut columns) = (table.to_owned(), columns.map(str::to_owned));
    let length = |table: &str, columns: &Option<String>| {
        table.len() + columns.as_ref().map_or(0, |it| it.len() + 1) + ending.len() + 1
    };
    while length(&table, &columns) > LONGEST {
        match &mut columns {
            Some(it) if it.len() > table.len() => _ = it.pop(),
            _ => _ = table.pop(),
        }
    }
    match columns {
        Some(columns) => format!("{table}_{columns}_{ending}"),
        None => format!("{table}_{ending}"),
    }
}

/// The name, with a number behind it where it is taken.
fn free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (1..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|it| !taken(it)).unwrap_or_else(|| name.to_owned())
}

pub(crate) fn cut(name: &str) -> String {
    let mut end = name.len().min(LONGEST);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}
