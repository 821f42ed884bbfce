//! How statements change what is known.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Column, Constraint, Index, Known, Table};
use crate::sql::action::{
    Action, Change, Column as NewColumn, Constraint as NewConstraint, ConstraintKind, DomainChange,
    FunctionChange, IndexChange, NewIndex, NewTable, ObjectName, What,
};

impl Known {
    /// Takes note of what an action does.
    pub(crate) fn learn(&mut self, action: &Action) {
        match &action.what {
            What::CreateTable(it) => self.create_table(it),
            What::CreateTableAs { table, .. } => {
                self.tables.or_default(table);
            }
            What::DropTable { tables, .. } => {
                for it in tables {
                    self.drop_table(it, action.cascades);
                }
            }
            What::AlterTable { table, change, .. } => self.change(table, change),
            What::CreateIndex(it) => self.create_index(it),
            What::DropIndex { indexes, .. } => {
                for it in indexes {
                    self.indexes.remove(it);
                }
            }
            What::AlterIndex { index, change: IndexChange::Rename { to } } => {
                if let Some(it) = self.indexes.remove(index) {
                    self.indexes.insert(index.beside(to), it);
                }
            }
            What::CreateView { view, sources, .. }
            | What::CreateMaterializedView { view, sources, .. } => {
                self.views.insert(view.clone(), sources.clone());
            }
            What::DropView { views, .. } => {
                for it in views {
                    self.views.remove(it);
                    self.indexes.remove_of(it, |_| true);
                }
            }
            What::AlterView { view, renamed_to: Some(to) } => self.rename(view, &view.beside(to)),
            What::CreateType { name, labels: Some(labels) } => {
                self.enums.insert(name.clone(), labels.clone());
            }
            What::AddEnumValue { ty, value, .. } => {
                self.enums.get_mut(ty).into_iter().for_each(|it| it.push(value.clone()));
            }
            What::RenameEnumValue { ty, from, to } => {
                let labels = self.enums.get_mut(ty).into_iter().flatten();
                labels.filter(|it| *it == from).for_each(|it| it.clone_from(to));
            }
            What::CreateFunction(it) => self.functions.insert(it.function.clone(), ()),
            What::AlterFunction(FunctionChange { function, renamed_to: Some(to), .. }) => {
                self.functions.rename(function, function.beside(to));
            }
            What::DropFunction { functions, .. } => {
                for it in functions {
                    self.functions.remove(it);
                }
            }
            What::CreateDomain { domain, ty, has_constraint } => {
                self.domains.insert(domain.clone(), (ty.clone(), *has_constraint));
            }
            What::AlterDomain { domain, change } => {
                let adds = !matches!(change, DomainChange::Other);
                self.domains.get_mut(domain).into_iter().for_each(|it| it.1 |= adds);
            }
            What::AlterType { ty, renamed_to: Some(to) } => self.rename_type(ty, &ty.beside(to)),
            What::DropType { types, .. } => types.iter().for_each(|it| {
                self.enums.remove(it);
                self.domains.remove(it);
            }),
            What::DropSchema { schemas, .. } => self.drop_schemas(schemas),
            _ => {}
        }
    }

    fn drop_schemas(&mut self, schemas: &[String]) {
        let gone = |it: &ObjectName| {
            let schema = it.schema.as_deref().unwrap_or("public");
            schemas.iter().any(|it| it == schema)
        };
        self.tables.remove_where(|it, _| gone(it));
        self.indexes.remove_where(gone);
        self.views.remove_where(|it, _| gone(it));
        self.enums.remove_where(|it, _| gone(it));
        self.domains.remove_where(|it, _| gone(it));
        self.functions.remove_where(|it, ()| gone(it));
    }

    /// Code, or what is not read, may have changed the tables that it names.
    pub(crate) fn doubt(&mut self, code: &str) {
        let known: BTreeSet<&str> = self.tables.iter().map(|(it, _)| it.name.as_str()).collect();
        let is_part = |it: char| it.is_alphanumeric() || it == '_';
        let (mut names, mut before) = (BTreeSet::new(), "");
        for word in code.split(|it| !is_part(it)).filter(|it| !it.is_empty()) {
            let folded = fold(word);
            for name in [word, &folded] {
                if known.contains(name) {
                    // The word before it may be its schema.
                    let schema = Some(fold(before).into_owned());
                    names.insert(ObjectName { schema, name: name.to_owned() });
                    names.insert(ObjectName::plain(name));
                }
            }
            before = word;
        }
        for name in names.iter().filter(|it| self.tables.contains_key(it)).collect::<Vec<_>>() {
            self.tables.get_mut(name).into_iter().for_each(|it| {
                (it.is_whole, it.is_doubted) = (false, true);
            });
        }
    }

    fn create_table(&mut self, new: &NewTable) {
        if self.tables.contains_key(&new.table) {
            if new.if_not_exists {
                return;
            }
            // Something dropped the old one that is not known here.
            self.drop_table(&new.table, false);
        }
        let name = &new.table;
        let table = Table {
            is_partitioned: new.is_partitioned,
            partition_of: new.partition_of.clone(),
            is_default_partition: new.is_default_partition,
            is_whole: new.like.is_empty() && new.inherits.is_empty() && new.partition_of.is_none(),
            ..Table::default()
        };
        self.tables.insert(name.clone(), table);
        // What it takes over: the columns of those that are known.
        let models = new.like.iter().chain(&new.inherits).chain(&new.partition_of);
        for model in models.cloned().collect::<Vec<_>>() {
            let taken = self.tables.get(&model).map(|it| it.columns.clone()).unwrap_or_default();
            self.tables.or_default(name).columns.extend(taken);
        }
        new.columns.iter().for_each(|it| self.add_column(name, it));
        new.constraints.iter().for_each(|it| self.add_constraint(name, it));
    }

    fn add_column(&mut self, table: &ObjectName, new: &NewColumn) {
        let column = Column { ty: new.ty.stored(), not_null: new.not_null };
        let columns = &mut self.tables.or_default(table).columns;
        columns.entry(new.name.clone()).or_insert(column);
        new.constraints.iter().for_each(|it| self.add_constraint(table, it));
    }

    fn add_constraint(&mut self, table: &ObjectName, new: &NewConstraint) {
        let mut kind = new.kind.clone();
        if let ConstraintKind::Unique { columns, using_index: Some(index) }
        | ConstraintKind::PrimaryKey { columns, using_index: Some(index) } = &mut kind
            && let Some(known) = self.indexes.remove(&table.beside(&index.name))
        {
            // The index gets the name of the constraint, and goes with it.
            *columns = known.columns.into_iter().flatten().collect();
        }
        let name = match (&new.name, &new.kind) {
            (
                None,
                ConstraintKind::Unique { using_index: Some(index), .. }
                | ConstraintKind::PrimaryKey { using_index: Some(index), .. },
            ) => index.name.clone(),
            _ => self.constraint_name(table, new),
        };
        let known = self.tables.or_default(table);
        if let ConstraintKind::PrimaryKey { columns, .. } = &kind {
            for column in columns {
                known.columns.entry(column.clone()).and_modify(|it| it.not_null = true);
            }
        }
        if let ConstraintKind::NotNull { column } = &kind
            && !new.not_valid
        {
            known.columns.entry(column.clone()).and_modify(|it| it.not_null = true);
        }
        let is_valid = !new.not_valid && !new.not_enforced;
        known.constraints.insert(name, Constraint { kind, is_valid });
    }

    fn create_index(&mut self, new: &NewIndex) {
        let name = match &new.index {
            Some(name) => super::names::cut(name),
            None => self.index_name(&new.table, &new.columns),
        };
        let index = Index {
            table: new.table.clone(),
            columns: new.columns.clone(),
            is_partial: new.is_partial,
        };
        let name = new.table.beside(name);
        if !self.indexes.contains_key(&name) {
            self.indexes.insert(name, index);
        }
    }

    fn drop_table(&mut self, table: &ObjectName, cascade: bool) {
        let gone = self.tables.remove(table);
        self.indexes.remove_of(table, |_| true);
        if gone.is_none_or(|it| it.is_partitioned) {
            self.tables.remove_where(|_, it| it.partition_of.as_ref() == Some(table));
        }
        if cascade {
            self.views.remove_where(|_, it| it.contains(table));
            let references = |it: &Constraint| references(it, table);
            self.tables.change_where(
                |_, it| it.constraints.values().any(references),
                |it| it.constraints.retain(|_, it| !references(it)),
            );
        }
    }

    fn change(&mut self, table: &ObjectName, change: &Change) {
        match change {
            Change::AddColumn { column, .. } => return self.add_column(table, column),
            Change::AddConstraint(it) => return self.add_constraint(table, it),
            Change::Rename { to } => return self.rename(table, &table.beside(to)),
            Change::SetSchema { to } => {
                return self.rename(table, &ObjectName::in_schema(to, &table.name));
            }
            Change::Attach { partition, is_default } => {
                let known = self.tables.or_default(partition);
                known.partition_of = Some(table.clone());
                known.is_default_partition = *is_default;
                return;
            }
            Change::Detach { partition, .. } => {
                let known = self.tables.or_default(partition);
                known.partition_of = None;
                known.is_default_partition = false;
                return;
            }
            _ => {}
        }
        let Some(known) = self.tables.get_mut(table) else { return };
        match change {
            Change::DropColumn { column, .. } => {
                known.columns.remove(column);
                known.constraints.retain(|_, it| !uses(&it.kind, column));
                let uses = |it: &Index| it.columns.iter().flatten().any(|it| it == column);
                self.indexes.remove_of(table, uses);
            }
            Change::RenameColumn { from, to } => {
                if let Some(column) = known.columns.remove(from) {
                    known.columns.insert(to.clone(), column);
                }
                known.constraints.values_mut().for_each(|it| rename_in(&mut it.kind, from, to));
                let rename = |it: &mut Index| {
                    let columns = it.columns.iter_mut().flatten();
                    columns.filter(|it| *it == from).for_each(|it| it.clone_from(to));
                };
                self.indexes.change_of(table, rename);
            }
            Change::SetNotNull { column } | Change::AddIdentity { column } => {
                known.columns.entry(column.clone()).and_modify(|it| it.not_null = true);
            }
            Change::DropNotNull { column } => {
                known.columns.entry(column.clone()).and_modify(|it| it.not_null = false);
            }
            Change::SetType { column, ty, .. } => {
                known.columns.entry(column.clone()).and_modify(|it| it.ty = ty.stored());
            }
            Change::DropConstraint { constraint, .. } => _ = known.constraints.remove(constraint),
            Change::ValidateConstraint { constraint } => {
                known.constraints.entry(constraint.clone()).and_modify(|it| it.is_valid = true);
            }
            Change::RenameConstraint { from, to } => {
                if let Some(it) = known.constraints.remove(from) {
                    known.constraints.insert(to.clone(), it);
                }
            }
            _ => {}
        }
    }

    fn rename_type(&mut self, from: &ObjectName, to: &ObjectName) {
        self.enums.rename(from, to.clone());
        self.domains.rename(from, to.clone());
        let is_it = |it: &Column| it.ty.object() == *from;
        let name = match &to.schema {
            Some(schema) => format!("{schema}.{}", to.name),
            None => to.name.clone(),
        };
        self.tables.change_where(
            |_, it| it.columns.values().any(is_it),
            |it| {
                let columns = it.columns.values_mut().filter(|it| is_it(it));
                columns.for_each(|it| it.ty.name.clone_from(&name));
            },
        );
    }

    fn rename(&mut self, from: &ObjectName, to: &ObjectName) {
        self.tables.rename(from, to.clone());
        self.views.rename(from, to.clone());
        self.indexes.rename_table(from, to);
        self.views.change_where(
            |_, it| it.contains(from),
            |it| it.iter_mut().filter(|it| *it == from).for_each(|it| it.clone_from(to)),
        );
        self.tables.change_where(
            |_, it| it.partition_of.as_ref() == Some(from),
            |it| it.partition_of = Some(to.clone()),
        );
        self.tables.change_where(
            |_, it| it.constraints.values().any(|it| references(it, from)),
            |it| {
                let constraints = it.constraints.values_mut();
                for it in constraints.filter(|it| references(it, from)) {
                    if let ConstraintKind::ForeignKey { table, .. } = &mut it.kind {
                        table.clone_from(to);
                    }
                }
            },
        );
    }
}

fn references(constraint: &Constraint, table: &ObjectName) -> bool {
    matches!(&constraint.kind, ConstraintKind::ForeignKey { table: it, .. } if it == table)
}

/// The columns that a constraint names; those of other expressions are not known.
fn columns_of(kind: &mut ConstraintKind) -> Vec<&mut String> {
    match kind {
        ConstraintKind::Check { not_null } => not_null.iter_mut().collect(),
        ConstraintKind::ForeignKey { columns, .. }
        | ConstraintKind::Unique { columns, .. }
        | ConstraintKind::PrimaryKey { columns, .. } => columns.iter_mut().collect(),
        ConstraintKind::NotNull { column } => vec![column],
        ConstraintKind::Exclude => Vec::new(),
    }
}

fn uses(kind: &ConstraintKind, column: &str) -> bool {
    columns_of(&mut kind.clone()).iter().any(|it| *it == column)
}

fn rename_in(kind: &mut ConstraintKind, from: &str, to: &str) {
    for column in columns_of(kind) {
        if column == from {
            to.clone_into(column);
        }
    }
}

/// As the server folds names, without a copy where nothing changes.
fn fold(word: &str) -> Cow<'_, str> {
    if word.bytes().any(|it| it.is_ascii_uppercase()) {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Borrowed(word)
    }
}
