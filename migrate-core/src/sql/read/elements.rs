//! The elements of `CREATE SCHEMA`: names without a schema are looked for in that one.

use crate::sql::action::{ConstraintKind, NewTable, ObjectName, What};

/// Puts the schema before the names of an element that have none.
pub(super) fn qualify(what: &mut What, schema: &str) {
    if schema.is_empty() || schema == "public" {
        return;
    }
    for name in names(what) {
        name.schema.get_or_insert_with(|| schema.to_owned());
    }
}

fn names(what: &mut What) -> Vec<&mut ObjectName> {
    match what {
        What::CreateTable(it) => names_of_table(it),
        What::CreateView { view, sources, .. } => std::iter::once(view).chain(sources).collect(),
        What::CreateIndex(it) => vec![&mut it.table],
        What::CreateSequence { sequence, .. } => vec![sequence],
        What::CreateTrigger { table, .. } => vec![table],
        What::Grant { tables } => tables.iter_mut().collect(),
        _ => Vec::new(),
    }
}

fn names_of_table(new: &mut NewTable) -> Vec<&mut ObjectName> {
    let mut names = vec![&mut new.table];
    names.extend(new.like.iter_mut().chain(&mut new.inherits).chain(&mut new.partition_of));
    let of_columns = new.columns.iter_mut().flat_map(|it| &mut it.constraints);
    for constraint in of_columns.chain(&mut new.constraints) {
        if let ConstraintKind::ForeignKey { table, .. } = &mut constraint.kind {
            names.push(table);
        }
    }
    names
}
