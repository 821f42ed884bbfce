//! From actions to what they do to things with names.

use super::{Deed, Kind, Thing};
use crate::SourceScript;
use crate::analysis::Examined;
use crate::lint::condition::condition;
use crate::sql::action::{
    Change, Column, Constraint, ConstraintKind, FunctionChange, Generated, IndexChange, NewIndex,
    ObjectName, What,
};
use crate::sql::token::Tokens;

/// What an action makes, drops and renames.
pub(in crate::lint) fn deeds(examined: &Examined, script: &SourceScript) -> Vec<Deed> {
    let what = &examined.action.what;
    let deeds = match what {
        What::AlterTable { table, change, .. } => change_deeds(table, change),
        _ => renames(what).or_else(|| drops(what)).unwrap_or_else(|| makes(what)),
    };
    let statement = &script.statements[examined.statement];
    let conditional = condition(what).is_some_and(|it| it.is_said)
        || renames_if_exists(statement.range.of(&script.sql), &deeds);
    // What was there stays what it was; what was not there is not gone.
    let no_change = match what {
        _ if !conditional => false,
        _ if deeds.iter().any(|it| matches!(it, Deed::Drop(_) | Deed::Rename(..))) => {
            examined.was_there == Some(false)
        }
        _ => examined.was_there == Some(true),
    };
    if no_change {
        return Vec::new();
    }
    let is_doubtful = conditional && examined.was_there.is_none();
    let mark = |deed| match deed {
        Deed::Make(it) => Deed::Make(Thing { is_doubtful, ..it }),
        Deed::Drop(it) => Deed::Drop(Thing { is_doubtful, ..it }),
        Deed::Rename(it, to) => Deed::Rename(Thing { is_doubtful, ..it }, to),
        other => other,
    };
    deeds.into_iter().map(mark).collect()
}

/// Whether it renames something only where it is there.
fn renames_if_exists(sql: &str, deeds: &[Deed]) -> bool {
    let is_rename = |it: &Deed| matches!(it, Deed::Rename(..));
    deeds.iter().any(is_rename) && Tokens::of(sql).take(5).any(|it| it.is(sql, "exists"))
}

fn makes(what: &What) -> Vec<Deed> {
    let thing = match what {
        What::CreateTable(it) if it.is_temporary => {
            return vec![Deed::MakeTemporary(it.table.clone())];
        }
        What::CreateTableAs { table, is_temporary: true, .. } => {
            return vec![Deed::MakeTemporary(table.clone())];
        }
        What::CreateTable(it) => {
            let of = it.partition_of.clone();
            let made = Deed::Make(Thing { of, ..Thing::new(Kind::Table, &it.table) });
            let numbers = it.columns.iter().filter_map(|column| sequence(&it.table, column));
            return std::iter::once(made).chain(numbers).collect();
        }
        What::CreateTableAs { table, .. } => Thing::new(Kind::Table, table),
        What::CreateView { view, .. } | What::CreateMaterializedView { view, .. } => {
            Thing::new(Kind::View, view)
        }
        What::CreateSequence { sequence, .. } => Thing::new(Kind::Sequence, sequence),
        What::CreateIndex(it) => return vec![index(it)],
        What::CreateTrigger { trigger, table, .. } => Thing::part(Kind::Trigger, table, trigger),
        What::CreatePolicy { policy, table } => Thing::part(Kind::Policy, table, policy),
        What::CreateType { name, .. } | What::CreateDomain { domain: name, .. } => {
            Thing::new(Kind::Type, name)
        }
        What::AddEnumValue { ty, value, .. } => Thing::part(Kind::Value, ty, value),
        What::CreateFunction(it) => Thing::new(Kind::Function, &it.function),
        What::CreateSchema { schema, .. } if schema == "public" => return Vec::new(),
        What::CreateSchema { schema, .. } => Thing::new(Kind::Schema, &ObjectName::plain(schema)),
        What::CreateExtension { extension, .. } => {
            Thing::new(Kind::Extension, &ObjectName::plain(extension))
        }
        _ => return Vec::new(),
    };
    vec![Deed::Make(thing)]
}

fn index(new: &NewIndex) -> Deed {
    let Some(name) = &new.index else {
        return Deed::MakeUnnamed(Kind::Index, new.table.clone());
    };
    // An expression, or a condition, may use any column.
    let is_plain = !new.is_partial && new.columns.iter().all(Option::is_some);
    let columns = is_plain.then(|| new.columns.iter().flatten().cloned().collect());
    let of = Some(new.table.clone());
    Deed::Make(Thing { of, columns, ..Thing::new(Kind::Index, &new.table.beside(name)) })
}

fn drops(what: &What) -> Option<Vec<Deed>> {
    let (kind, names) = match what {
        What::DropTable { tables, .. } => (Kind::Table, tables),
        What::DropView { views, .. } => (Kind::View, views),
        What::DropSequence { sequences, .. } => (Kind::Sequence, sequences),
        What::DropIndex { indexes, .. } => (Kind::Index, indexes),
        What::DropType { types, .. } => (Kind::Type, types),
        What::DropFunction { functions, .. } => (Kind::Function, functions),
        What::DropTrigger { trigger, table, .. } => {
            return Some(vec![Deed::Drop(Thing::part(Kind::Trigger, table, trigger))]);
        }
        What::DropPolicy { policy, table, .. } => {
            return Some(vec![Deed::Drop(Thing::part(Kind::Policy, table, policy))]);
        }
        What::DropSchema { schemas: names, .. } | What::DropExtension { extensions: names } => {
            let is_schema = matches!(what, What::DropSchema { .. });
            let kind = if is_schema { Kind::Schema } else { Kind::Extension };
            let drop = |it: &String| Deed::Drop(Thing::new(kind, &ObjectName::plain(it.as_str())));
            return Some(names.iter().map(drop).collect());
        }
        _ => return None,
    };
    Some(names.iter().map(|it| Deed::Drop(Thing::new(kind, it))).collect())
}

fn renames(what: &What) -> Option<Vec<Deed>> {
    let rename = |kind, name: &ObjectName, to: &str| {
        vec![Deed::Rename(Thing::new(kind, name), name.beside(to))]
    };
    let part = |kind, of: &ObjectName, name: &str, to: &str| {
        vec![Deed::Rename(Thing::part(kind, of, name), ObjectName::plain(to))]
    };
    Some(match what {
        What::AlterIndex { index, change: IndexChange::Rename { to } } => {
            rename(Kind::Index, index, to)
        }
        What::AlterIndex { change: IndexChange::Attach { partition }, .. } => {
            vec![Deed::Absorb(partition.clone())]
        }
        What::AlterView { view, renamed_to: Some(to) } => rename(Kind::View, view, to),
        What::AlterSequence { sequence, renamed_to: Some(to), .. } => {
            rename(Kind::Sequence, sequence, to)
        }
        What::AlterType { ty, renamed_to: Some(to) } => rename(Kind::Type, ty, to),
        What::AlterFunction(FunctionChange { function, renamed_to: Some(to), .. }) => {
            rename(Kind::Function, function, to)
        }
        What::AlterSchema { schema, renamed_to: Some(to) } => {
            rename(Kind::Schema, &ObjectName::plain(schema), to)
        }
        What::RenameEnumValue { ty, from, to } => part(Kind::Value, ty, from, to),
        What::AlterTrigger { trigger, table, renamed_to: Some(to) } => {
            part(Kind::Trigger, table, trigger, to)
        }
        What::AlterPolicy { policy, table, renamed_to: Some(to) } => {
            part(Kind::Policy, table, policy, to)
        }
        _ => return None,
    })
}

fn change_deeds(table: &ObjectName, change: &Change) -> Vec<Deed> {
    let deed = match change {
        Change::AddColumn { column, .. } => {
            let made = Deed::Make(Thing::part(Kind::Column, table, &column.name));
            let of = |it| constraint(table, it, Some(column.name.as_str()));
            let constraints = column.constraints.iter().flat_map(of);
            return std::iter::once(made)
                .chain(sequence(table, column))
                .chain(constraints)
                .collect();
        }
        Change::DropColumn { column, .. } => Deed::Drop(Thing::part(Kind::Column, table, column)),
        Change::RenameColumn { from, to } => {
            Deed::Rename(Thing::part(Kind::Column, table, from), ObjectName::plain(to))
        }
        Change::AddConstraint(it) => return constraint(table, it, None),
        Change::DropConstraint { constraint, .. } => {
            Deed::Drop(Thing::part(Kind::Constraint, table, constraint))
        }
        Change::RenameConstraint { from, to } => {
            Deed::Rename(Thing::part(Kind::Constraint, table, from), ObjectName::plain(to))
        }
        Change::Rename { to } => Deed::Rename(Thing::new(Kind::Table, table), table.beside(to)),
        Change::SetSchema { to } => {
            Deed::Rename(Thing::new(Kind::Table, table), ObjectName::in_schema(to, &table.name))
        }
        Change::Attach { partition, .. } => Deed::Partition(partition.clone(), Some(table.clone())),
        Change::Detach { partition, .. } => Deed::Partition(partition.clone(), None),
        _ => return Vec::new(),
    };
    vec![deed]
}

/// The sequence that a column brings with it.
fn sequence(table: &ObjectName, column: &Column) -> Option<Deed> {
    let has_one = column.ty.is_serial() || column.generated == Some(Generated::Identity);
    has_one.then(|| Deed::MakeUnnamed(Kind::Sequence, table.clone()))
}

/// A constraint; `of` is the column that it stands at.
fn constraint(table: &ObjectName, new: &Constraint, of: Option<&str>) -> Vec<Deed> {
    let (columns, index) = match &new.kind {
        ConstraintKind::Unique { columns, using_index }
        | ConstraintKind::PrimaryKey { columns, using_index } => {
            (Some(columns.clone()).filter(|_| using_index.is_none()), using_index.as_ref())
        }
        ConstraintKind::ForeignKey { columns, .. } => (Some(columns.clone()), None),
        ConstraintKind::Check { .. } | ConstraintKind::Exclude => (None, None),
        ConstraintKind::NotNull { column } => (Some(vec![column.clone()]), None),
    };
    let columns = of.map_or(columns, |it| Some(vec![it.to_owned()]));
    let mut deeds: Vec<Deed> = index.cloned().map(Deed::Absorb).into_iter().collect();
    deeds.push(match new.name.as_ref().or(index.map(|it| &it.name)) {
        Some(name) => Deed::Make(Thing { columns, ..Thing::part(Kind::Constraint, table, name) }),
        None => Deed::MakeUnnamed(Kind::Constraint, table.clone()),
    });
    deeds
}
