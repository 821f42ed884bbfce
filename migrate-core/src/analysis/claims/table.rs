//! What making a table claims, and changing one.

use super::{Claims, NONE};
use crate::Whose;
use crate::analysis::cost;
use crate::analysis::locks::Deed;
use crate::sql::action::{
    Change, Column, Constraint, ConstraintKind, Generated, NewTable, ObjectName, Volatility,
};

impl Claims<'_> {
    pub(super) fn create_table(&mut self, new: &NewTable) {
        if new.if_not_exists && self.known.tables.contains_key(&new.table) {
            return;
        }
        self.add(Deed::Mention, NONE, &new.like);
        self.add(Deed::Parent, NONE, &new.inherits);
        if let Some(parent) = &new.partition_of {
            // Whether the default partition has to be read, its own CHECK may answer.
            self.add_perhaps(Deed::CreatePartition, std::slice::from_ref(parent), NONE, false);
            self.take_keys(parent);
        }
        for constraint in new.all_constraints() {
            if let ConstraintKind::ForeignKey { table, .. } = &constraint.kind
                && *table != new.table
            {
                self.add(Deed::References, NONE, std::slice::from_ref(table));
            }
        }
    }

    pub(super) fn alter_table(&mut self, table: &ObjectName, only: bool, change: &Change) {
        let own = std::slice::from_ref(table);
        match change {
            Change::AddColumn { column, if_not_exists: true }
                if self.known.column(table, &column.name).is_some() =>
            {
                self.add(Deed::AlterColumn, own, NONE);
            }
            Change::AddColumn { column, .. } => self.add_column(own, column),
            Change::SetType { .. } => {
                let cost = cost::of_type(self.known, table, change);
                self.add_perhaps(cost.deed, own, NONE, cost.is_certain);
            }
            Change::SetNotNull { column } => {
                let proven = self.known.proves_not_null(table, column);
                let known = self.known.column(table, column);
                let deed = match known {
                    Some(it) if it.not_null => Deed::AlterColumn,
                    _ if proven => Deed::AlterColumn,
                    _ => Deed::AlterScan,
                };
                self.add_perhaps(deed, own, NONE, known.is_some());
            }
            Change::AddConstraint(it) => self.add_constraint(own, it),
            Change::DropConstraint { constraint, .. } => {
                self.constraint(own, constraint, Deed::DropForeignKey, Deed::AlterColumn);
            }
            Change::ValidateConstraint { constraint } => {
                self.constraint(own, constraint, Deed::ValidateForeignKey, Deed::Validate);
            }
            // Whether rows must be read, the CHECK of the partition may answer.
            Change::Attach { partition, .. } => {
                self.add_perhaps(Deed::Attach, own, std::slice::from_ref(partition), false);
                self.take_keys(table);
            }
            Change::Detach { partition, concurrently, finalize } => {
                let slow = !concurrently && !finalize;
                let deed = if slow { Deed::Detach } else { Deed::DetachConcurrently };
                self.add(deed, own, std::slice::from_ref(partition));
            }
            Change::Inherit { parent } | Change::NoInherit { parent } => {
                self.add(Deed::Alter, own, NONE);
                self.add(Deed::Parent, NONE, std::slice::from_ref(parent));
            }
            // The same as before costs nothing.
            Change::SetExpression { .. }
            | Change::SetPersistence
            | Change::SetTablespace
            | Change::SetAccessMethod => {
                self.add_perhaps(Deed::AlterRewrite, own, NONE, false);
            }
            Change::SetOptions => self.add(Deed::Note, own, NONE),
            Change::SetStatistics => self.add(Deed::NoteColumn, own, NONE),
            Change::Trigger => self.add(Deed::TriggerOnRows, own, NONE),
            Change::DropColumn { column, .. } => {
                let others = self.foreign_keys_of(table, column);
                self.add(Deed::DropForeignKey, own, &others);
            }
            Change::Rename { .. } | Change::SetSchema { .. } | Change::Other => {
                self.add(Deed::Alter, own, NONE);
            }
            _ => self.add(Deed::AlterColumn, own, NONE),
        }
        if only {
            self.found.retain(|it| it.whose != Whose::Partitions);
        }
    }

    fn add_column(&mut self, own: &[ObjectName], column: &Column) {
        let domain = self.known.domain(&column.ty);
        let rewrites = match column.default {
            _ if column.ty.is_serial() => Some(true),
            _ if matches!(column.generated, Some(Generated::Identity | Generated::Stored)) => {
                Some(true)
            }
            _ if domain.is_some_and(|(_, has_constraint)| *has_constraint) => Some(true),
            Some(Volatility::Volatile) => Some(true),
            Some(Volatility::Unknown) => Some(false),
            _ => None,
        };
        match rewrites {
            Some(is_certain) => self.add_perhaps(Deed::AlterRewrite, own, NONE, is_certain),
            None => self.add(Deed::AlterColumn, own, NONE),
        }
        for constraint in &column.constraints {
            match &constraint.kind {
                // Where the rows that are there get a value, it is looked up.
                ConstraintKind::ForeignKey { table, .. } if column.default.is_some() => {
                    self.add(Deed::AddForeignKey, own, std::slice::from_ref(table));
                }
                ConstraintKind::ForeignKey { table, .. } => {
                    self.add(Deed::References, NONE, std::slice::from_ref(table));
                }
                ConstraintKind::Check { .. } => self.add(Deed::AlterScan, own, NONE),
                ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. } => {
                    self.add(Deed::AlterBuild, own, NONE);
                }
                _ => {}
            }
        }
    }

    fn add_constraint(&mut self, own: &[ObjectName], constraint: &Constraint) {
        let is_free = constraint.not_valid || constraint.not_enforced;
        let deed = match &constraint.kind {
            ConstraintKind::ForeignKey { table, .. } => {
                let deed = if is_free { Deed::AddForeignKeyNotValid } else { Deed::AddForeignKey };
                return self.add(deed, own, std::slice::from_ref(table));
            }
            ConstraintKind::Check { .. } | ConstraintKind::NotNull { .. } if is_free => {
                Deed::AlterColumn
            }
            ConstraintKind::Check { .. } | ConstraintKind::NotNull { .. } => Deed::AlterScan,
            ConstraintKind::Unique { using_index: Some(_), .. } => Deed::AlterColumn,
            ConstraintKind::PrimaryKey { using_index: Some(index), .. } => {
                let proven = cost::key_is_not_null(self.known, &own[0], index);
                let deed = if proven == Some(true) { Deed::AlterColumn } else { Deed::AlterScan };
                return self.add_perhaps(deed, own, NONE, proven.is_some());
            }
            ConstraintKind::Unique { .. }
            | ConstraintKind::PrimaryKey { .. }
            | ConstraintKind::Exclude => Deed::AlterBuild,
        };
        self.add(deed, own, NONE);
    }

    /// What is done to a constraint: it matters whether it is a foreign key.
    fn constraint(&mut self, own: &[ObjectName], name: &str, foreign_key: Deed, plain: Deed) {
        match self.known.constraint(&own[0], name).map(|it| &it.kind) {
            Some(ConstraintKind::ForeignKey { table, .. }) => {
                self.add(foreign_key, own, std::slice::from_ref(table));
            }
            _ => self.add(plain, own, NONE),
        }
    }

    /// A partition gets the foreign keys of its table.
    fn take_keys(&mut self, parent: &ObjectName) {
        let referenced: Vec<_> = self.known.referenced_by(parent).into_iter().cloned().collect();
        self.add(Deed::References, NONE, &referenced);
    }

    /// The tables that the foreign keys of a column reference.
    fn foreign_keys_of(&self, table: &ObjectName, column: &str) -> Vec<ObjectName> {
        let known = self.known.tables.get(table);
        let constraints = known.into_iter().flat_map(|it| it.constraints.values());
        constraints
            .filter_map(|it| match &it.kind {
                ConstraintKind::ForeignKey { columns, table }
                    if columns.iter().any(|it| it == column) =>
                {
                    Some(table.clone())
                }
                _ => None,
            })
            .collect()
    }
}
