//! What is known of the schema because earlier scripts of the set made it. What they made by code, or what
//! was there before them, is not known: everything here says "perhaps" by being absent.

mod indexes;
mod learn;
pub(crate) mod names;
mod tracked;

use std::collections::{BTreeMap, BTreeSet};

use indexes::Indexes;
use tracked::Tracked;

use crate::sql::action::{
    Change, Column as NewColumn, ColumnType, ConstraintKind, ObjectName, What,
};

/// The schema, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) tables: Tracked<ObjectName, Table>,
    pub(crate) indexes: Indexes,
    /// Domains, with whether they have a constraint.
    pub(crate) domains: Tracked<ObjectName, (ColumnType, bool)>,
    pub(crate) enums: Tracked<ObjectName, Vec<String>>,
    /// Views and materialized views, with what they read.
    pub(crate) views: Tracked<ObjectName, Vec<ObjectName>>,
    pub(crate) functions: Tracked<ObjectName, ()>,
}

/// A table.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: BTreeMap<String, Column>,
    pub(crate) constraints: BTreeMap<String, Constraint>,
    pub(crate) is_partitioned: bool,
    pub(crate) partition_of: Option<ObjectName>,
    pub(crate) is_default_partition: bool,
    /// Whether all of its columns are known: not where it is like another one, or made by a query.
    pub(crate) is_whole: bool,
    /// Whether something that is not read may have changed it.
    pub(crate) is_doubted: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    pub(crate) ty: ColumnType,
    pub(crate) not_null: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    pub(crate) kind: ConstraintKind,
    pub(crate) is_valid: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) table: ObjectName,
    pub(crate) columns: Vec<Option<String>>,
    pub(crate) is_partial: bool,
}

impl Known {
    /// From now on, what is learnt can be forgotten.
    pub(crate) fn mark(&mut self) {
        self.tables.mark();
        self.indexes.mark();
        self.domains.mark();
        self.enums.mark();
        self.views.mark();
        self.functions.mark();
    }

    /// Forgets what was learnt since the mark.
    pub(crate) fn rewind(&mut self) {
        self.tables.rewind();
        self.indexes.rewind();
        self.domains.rewind();
        self.enums.rewind();
        self.views.rewind();
        self.functions.rewind();
    }

    /// Whether the first thing that an action makes or drops is there, where that is known.
    pub(crate) fn has(&self, what: &What) -> Option<bool> {
        let is_there = match what {
            What::CreateTable(it) => self.tables.contains_key(&it.table),
            What::CreateTableAs { table, .. } => self.tables.contains_key(table),
            What::DropTable { tables, .. } => self.tables.contains_key(tables.first()?),
            What::CreateView { view, .. } | What::CreateMaterializedView { view, .. } => {
                self.views.contains_key(view)
            }
            What::DropView { views, .. } => self.views.contains_key(views.first()?),
            What::CreateIndex(it) => {
                self.indexes.contains_key(&it.table.beside(it.index.as_deref()?))
            }
            What::DropIndex { indexes, .. } => self.indexes.contains_key(indexes.first()?),
            What::CreateFunction(it) => self.functions.contains_key(&it.function),
            What::AddEnumValue { ty, value, .. } => {
                return Some(self.enums.get(ty)?.contains(value));
            }
            // So are indexes and sequences renamed, of which the latter are not known.
            What::AlterTable { table, change: Change::Rename { .. }, .. } => {
                if self.indexes.contains_key(table) {
                    return Some(false);
                }
                self.tables.contains_key(table) || self.views.contains_key(table)
            }
            What::AlterTable { table, change, .. } => {
                let known = self.tables.get(table)?;
                match change {
                    Change::AddColumn { column: NewColumn { name: it, .. }, .. }
                    | Change::DropColumn { column: it, .. } => {
                        let is_there = known.columns.contains_key(it);
                        return Some(is_there).filter(|it| *it || known.is_whole);
                    }
                    Change::DropConstraint { constraint, .. } => {
                        known.constraints.contains_key(constraint)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        is_there.then_some(true)
    }

    /// A column of a table.
    pub(crate) fn column(&self, table: &ObjectName, column: &str) -> Option<&Column> {
        self.tables.get(table)?.columns.get(column)
    }

    /// Whether a table is known to be partitioned.
    pub(crate) fn is_partitioned(&self, table: &ObjectName) -> bool {
        self.tables.get(table).is_some_and(|it| it.is_partitioned)
    }

    /// The default partition of a table.
    pub(crate) fn default_partition(&self, parent: &ObjectName) -> Option<&ObjectName> {
        let is_it =
            |it: &Table| it.is_default_partition && it.partition_of.as_ref() == Some(parent);
        self.tables.iter().find(|(_, it)| is_it(it)).map(|(name, _)| name)
    }

    /// What is below a type that is a domain, and whether it has a constraint.
    pub(crate) fn domain(&self, ty: &ColumnType) -> Option<&(ColumnType, bool)> {
        if ty.is_array { None } else { self.domains.get(&ty.object()) }
    }

    /// A constraint of a table.
    pub(crate) fn constraint(&self, table: &ObjectName, name: &str) -> Option<&Constraint> {
        self.tables.get(table)?.constraints.get(name)
    }

    /// Whether a valid CHECK says that the column is never NULL.
    pub(crate) fn proves_not_null(&self, table: &ObjectName, column: &str) -> bool {
        let proves = |it: &Constraint| match &it.kind {
            ConstraintKind::Check { not_null } => {
                it.is_valid && not_null.iter().any(|it| it == column)
            }
            _ => false,
        };
        self.tables.get(table).is_some_and(|it| it.constraints.values().any(proves))
    }

    /// The tables that the foreign keys of a table reference, without itself.
    pub(crate) fn referenced_by(&self, table: &ObjectName) -> BTreeSet<&ObjectName> {
        let constraints = self.tables.get(table).into_iter().flat_map(|it| it.constraints.values());
        constraints
            .filter_map(|it| match &it.kind {
                ConstraintKind::ForeignKey { table, .. } => Some(table),
                _ => None,
            })
            .filter(|it| *it != table)
            .collect()
    }

    /// Whether a foreign key of another table references a table.
    pub(crate) fn is_referenced(&self, table: &ObjectName) -> bool {
        self.tables
            .iter()
            .any(|(name, _)| name != table && self.referenced_by(name).contains(table))
    }

    /// Whether an index begins with these columns, in any order, and holds every row.
    pub(crate) fn has_index(&self, table: &ObjectName, columns: &[String]) -> bool {
        let begins = |it: &[Option<String>]| {
            let first = it.get(..columns.len()).unwrap_or_default();
            !first.is_empty() && columns.iter().all(|it| first.contains(&Some(it.clone())))
        };
        let by_index = self.indexes.of(table).any(|(_, it)| !it.is_partial && begins(&it.columns));
        let by_constraint = |it: &Constraint| match &it.kind {
            ConstraintKind::Unique { columns: own, .. }
            | ConstraintKind::PrimaryKey { columns: own, .. } => {
                begins(&own.iter().cloned().map(Some).collect::<Vec<_>>())
            }
            _ => false,
        };
        by_index
            || self.tables.get(table).is_some_and(|it| it.constraints.values().any(by_constraint))
    }
}
