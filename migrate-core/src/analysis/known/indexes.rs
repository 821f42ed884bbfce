//! Indexes, found by their names and by their tables.

use std::collections::BTreeSet;

use super::Index;
use super::tracked::Tracked;
use crate::sql::action::ObjectName;

/// The indexes that are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indexes {
    by_name: Tracked<ObjectName, Index>,
    /// The names of the indexes of each table: a table is looked for more often than there are indexes.
    of_tables: Tracked<ObjectName, BTreeSet<ObjectName>>,
}

impl Indexes {
    pub(crate) fn mark(&mut self) {
        self.by_name.mark();
        self.of_tables.mark();
    }

    pub(crate) fn rewind(&mut self) {
        self.by_name.rewind();
        self.of_tables.rewind();
    }

    pub(crate) fn get(&self, name: &ObjectName) -> Option<&Index> {
        self.by_name.get(name)
    }

    pub(crate) fn contains_key(&self, name: &ObjectName) -> bool {
        self.by_name.contains_key(name)
    }

    /// Those of a table.
    pub(crate) fn of(&self, table: &ObjectName) -> impl Iterator<Item = (&ObjectName, &Index)> {
        let names = self.of_tables.get(table).into_iter().flatten();
        names.filter_map(|it| Some((it, self.by_name.get(it)?)))
    }

    pub(crate) fn insert(&mut self, name: ObjectName, index: Index) {
        self.of_tables.or_default(&index.table).insert(name.clone());
        self.by_name.insert(name, index);
    }

    pub(crate) fn remove(&mut self, name: &ObjectName) -> Option<Index> {
        let index = self.by_name.remove(name)?;
        self.of_tables.or_default(&index.table).remove(name);
        Some(index)
    }

    /// Removes those of a table that fit.
    pub(crate) fn remove_of(&mut self, table: &ObjectName, fits: impl Fn(&Index) -> bool) {
        for name in self.names_of(table) {
            if self.by_name.get(&name).is_some_and(&fits) {
                self.remove(&name);
            }
        }
    }

    /// Changes those of a table.
    pub(crate) fn change_of(&mut self, table: &ObjectName, change: impl Fn(&mut Index)) {
        for name in self.names_of(table) {
            self.by_name.get_mut(&name).into_iter().for_each(&change);
        }
    }

    /// The table has another name.
    pub(crate) fn rename_table(&mut self, from: &ObjectName, to: &ObjectName) {
        self.change_of(from, |it| it.table.clone_from(to));
        if let Some(names) = self.of_tables.remove(from) {
            self.of_tables.or_default(to).extend(names);
        }
    }

    /// Removes those whose names fit.
    pub(crate) fn remove_where(&mut self, fits: impl Fn(&ObjectName) -> bool) {
        let names: Vec<ObjectName> =
            self.by_name.iter().map(|it| it.0).filter(|it| fits(it)).cloned().collect();
        for name in names {
            self.remove(&name);
        }
    }

    fn names_of(&self, table: &ObjectName) -> Vec<ObjectName> {
        self.of_tables.get(table).into_iter().flatten().cloned().collect()
    }
}
