//! The names that an action gives to what it makes.

use crate::sql::action::{Change, Column, Constraint, IndexChange, NewTable, What};

/// Every name that is new; not those that the server chooses.
pub(super) fn names(what: &What) -> Vec<&str> {
    match what {
        What::CreateTable(it) => of_table(it),
        What::AlterTable { change, .. } => of_change(change),
        What::CreateIndex(it) => it.index.iter().map(String::as_str).collect(),
        What::CreateFunction(it) => vec![&it.function.name],
        What::AlterFunction(it) => it.renamed_to.iter().map(String::as_str).collect(),
        What::CreateTableAs { table: it, .. }
        | What::CreateView { view: it, .. }
        | What::CreateMaterializedView { view: it, .. }
        | What::CreateType { name: it, .. }
        | What::CreateDomain { domain: it, .. }
        | What::CreateSequence { sequence: it, .. } => vec![&it.name],
        What::CreateTrigger { trigger: it, .. }
        | What::CreatePolicy { policy: it, .. }
        | What::CreateSchema { schema: it, .. }
        | What::AlterIndex { change: IndexChange::Rename { to: it }, .. }
        | What::AlterView { renamed_to: Some(it), .. }
        | What::AlterTrigger { renamed_to: Some(it), .. }
        | What::AlterPolicy { renamed_to: Some(it), .. }
        | What::AlterType { renamed_to: Some(it), .. }
        | What::AlterSequence { renamed_to: Some(it), .. }
        | What::AlterSchema { renamed_to: Some(it), .. } => vec![it],
        _ => Vec::new(),
    }
}

fn of_table(new: &NewTable) -> Vec<&str> {
    let mut names = vec![new.table.name.as_str()];
    names.extend(new.columns.iter().flat_map(of_column));
    names.extend(new.constraints.iter().filter_map(of_constraint));
    names
}

fn of_change(change: &Change) -> Vec<&str> {
    match change {
        Change::AddColumn { column, .. } => of_column(column),
        Change::AddConstraint(it) => of_constraint(it).into_iter().collect(),
        Change::RenameColumn { to, .. }
        | Change::RenameConstraint { to, .. }
        | Change::Rename { to } => vec![to],
        _ => Vec::new(),
    }
}

fn of_column(column: &Column) -> Vec<&str> {
    let constraints = column.constraints.iter().filter_map(of_constraint);
    std::iter::once(column.name.as_str()).chain(constraints).collect()
}

fn of_constraint(constraint: &Constraint) -> Option<&str> {
    constraint.name.as_deref()
}
