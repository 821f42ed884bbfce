//! What a script makes itself, and what it drops: who waits for that is nobody.

use std::collections::BTreeSet;

use super::Claim;
use super::known::Known;
use crate::Whose;
use crate::sql::action::{Action, Change, IndexChange, ObjectName, What};

/// What a script has made so far: nobody else uses it yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fresh {
    /// Tables, views, sequences and indexes.
    pub(crate) relations: BTreeSet<ObjectName>,
    pub(crate) types: BTreeSet<ObjectName>,
    /// What is dropped somewhere in the script and not made again: it makes nobody wait who will not be told
    /// that it is gone.
    pub(crate) gone: BTreeSet<ObjectName>,
}

impl Fresh {
    pub(super) fn find_gone<'a>(&mut self, actions: impl Iterator<Item = &'a Action>) {
        for action in actions {
            match &action.what {
                What::DropTable { tables: gone, .. }
                | What::DropView { views: gone, .. }
                | What::DropIndex { indexes: gone, .. } => self.gone.extend(gone.iter().cloned()),
                What::DropSchema { schemas, .. } => {
                    self.gone.extend(schemas.iter().map(ObjectName::plain));
                }
                What::CreateTable(it) => _ = self.gone.remove(&it.table),
                What::CreateTableAs { table: made, .. }
                | What::CreateView { view: made, .. }
                | What::CreateMaterializedView { view: made, .. } => _ = self.gone.remove(made),
                What::CreateSchema { schema, .. } => {
                    self.gone.remove(&ObjectName::plain(schema));
                }
                What::AlterTable { table, change: Change::Rename { to }, .. } => {
                    self.gone.remove(&table.beside(to));
                }
                What::AlterTable { table, change: Change::SetSchema { to }, .. } => {
                    self.gone.remove(&ObjectName::in_schema(to, &table.name));
                }
                _ => {}
            }
        }
    }

    /// Whether a claim is about what will be gone: not where the other end of a foreign key is kept, and
    /// waits.
    pub(crate) fn is_gone(&self, claim: &Claim) -> bool {
        match claim.whose {
            Whose::Itself | Whose::Partitions | Whose::Indexes | Whose::Views | Whose::Schema => {
                self.gone.contains(&claim.relation)
            }
            Whose::Referenced | Whose::Referencing => !claim.is_known,
            _ => false,
        }
    }

    /// Whether all that a claim is about was made by the script itself.
    pub(super) fn covers(&self, claim: &Claim, known: &Known) -> bool {
        let has = |it: &ObjectName| self.relations.contains(it);
        match claim.whose {
            // The one is made by the script, and others may be using the other.
            Whose::Referenced => {
                has(&claim.relation) && known.referenced_by(&claim.relation).into_iter().all(has)
            }
            _ => has(&claim.relation),
        }
    }

    pub(super) fn learn(&mut self, what: &What, known: &Known) {
        match what {
            // Where it may be there already, others may be using it.
            What::CreateTable(it)
                if !(it.if_not_exists && known.tables.contains_key(&it.table)) =>
            {
                self.relations.insert(it.table.clone());
            }
            What::CreateTableAs { table, .. } => _ = self.relations.insert(table.clone()),
            What::CreateView { view, or_replace: is_conditional, .. }
            | What::CreateMaterializedView { view, if_not_exists: is_conditional, .. }
                if !(*is_conditional && known.views.contains_key(view)) =>
            {
                self.relations.insert(view.clone());
            }
            What::CreateIndex(it) => {
                let index = match &it.index {
                    Some(name) => name.clone(),
                    None => known.index_name(&it.table, &it.columns),
                };
                let index = it.table.beside(index);
                if !known.indexes.contains_key(&index) {
                    self.relations.insert(index);
                }
            }
            What::CreateSequence { sequence, .. } => _ = self.relations.insert(sequence.clone()),
            What::CreateType { name, .. } | What::CreateDomain { domain: name, .. } => {
                self.types.insert(name.clone());
            }
            What::AlterTable { table, change: Change::Rename { to }, .. }
            | What::AlterView { view: table, renamed_to: Some(to) }
            | What::AlterSequence { sequence: table, renamed_to: Some(to), .. }
            | What::AlterIndex { index: table, change: IndexChange::Rename { to } } => {
                self.rename(table, table.beside(to));
            }
            What::AlterTable { table, change: Change::SetSchema { to }, .. } => {
                self.rename(table, ObjectName::in_schema(to, &table.name));
            }
            _ => {}
        }
    }

    /// The name is free, or that of another one, from now on.
    fn rename(&mut self, from: &ObjectName, to: ObjectName) {
        if self.relations.remove(from) {
            self.relations.insert(to);
        } else {
            self.relations.remove(&to);
        }
    }
}
