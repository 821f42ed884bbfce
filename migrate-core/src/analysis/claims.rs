//! From actions to claims: which rows of the lock table an action has, about which names.

mod table;

use super::known::{Known, Table};
use super::locks::{Deed, Lock, On, lock_table};
use crate::sql::action::{Action, DomainChange, IndexChange, ObjectName, What};
use crate::{LockMode, Whose, Work};

/// What an action does to a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) relation: ObjectName,
    pub(crate) whose: Whose,
    pub(crate) lock: LockMode,
    pub(crate) work: Work,
    pub(crate) is_certain: bool,
    pub(crate) since: u8,
    /// Whether there is one that it is about, as far as the scripts tell: which tables hang together by
    /// foreign keys, the database knows better.
    pub(crate) is_known: bool,
}

impl Claim {
    /// Joins others: the strongest lock and the hardest work count where several are about one relation.
    pub(crate) fn join(self, found: &mut Vec<Claim>) {
        let same = |it: &&mut Claim| it.relation == self.relation && it.whose == self.whose;
        let Some(there) = found.iter_mut().find(same) else { return found.push(self) };
        there.lock = there.lock.max(self.lock);
        there.since = there.since.min(self.since);
        (there.work, there.is_certain) =
            (there.work, there.is_certain).max((self.work, self.is_certain));
    }
}

/// What an action claims, with what is known before it.
pub(crate) fn claims(action: &Action, known: &Known) -> Vec<Claim> {
    let mut claims = Claims { known, cascades: action.cascades, found: Vec::new() };
    claims.action(&action.what);
    claims.found
}

struct Claims<'a> {
    known: &'a Known,
    /// Whether the action takes along what depends on it.
    cascades: bool,
    found: Vec<Claim>,
}

const NONE: &[ObjectName] = &[];

impl Claims<'_> {
    fn add(&mut self, deed: Deed, own: &[ObjectName], other: &[ObjectName]) {
        self.add_perhaps(deed, own, other, true);
    }

    fn add_perhaps(
        &mut self,
        deed: Deed,
        own: &[ObjectName],
        other: &[ObjectName],
        is_certain: bool,
    ) {
        self.add_locks(deed.locks(), own, other, is_certain);
    }

    fn add_locks(
        &mut self,
        locks: &[Lock],
        own: &[ObjectName],
        other: &[ObjectName],
        is_certain: bool,
    ) {
        for lock in locks {
            let names = if lock.on == On::Own { own } else { other };
            for name in names {
                // A table is not made a partitioned one later.
                let has_none =
                    |it: &Table| !it.is_partitioned && !it.columns.is_empty() && it.is_whole;
                let on_partitions =
                    matches!(lock.whose, Whose::Partitions | Whose::DefaultPartition);
                if on_partitions && self.known.tables.get(name).is_some_and(has_none) {
                    continue;
                }
                let claim = Claim {
                    relation: name.clone(),
                    whose: lock.whose,
                    lock: lock.mode,
                    work: lock.work,
                    is_certain: is_certain || lock.work == Work::None,
                    since: lock.since,
                    is_known: match lock.whose {
                        Whose::Referenced => !self.known.referenced_by(name).is_empty(),
                        Whose::Referencing => self.known.is_referenced(name),
                        _ => true,
                    },
                };
                claim.join(&mut self.found);
            }
        }
    }

    fn action(&mut self, what: &What) {
        match what {
            What::CreateTable(it) => self.create_table(it),
            What::CreateTableAs { sources, has_data, .. }
            | What::CreateMaterializedView { sources, has_data, .. } => {
                self.add(if *has_data { Deed::Read } else { Deed::Mention }, NONE, sources);
            }
            What::DropTable { tables, .. } => self.drop_tables(tables),
            What::Truncate { tables } => {
                let deed = if self.cascades { Deed::TruncateCascade } else { Deed::Truncate };
                self.add(deed, tables, NONE);
            }
            What::AlterTable { table, only, change } => self.alter_table(table, *only, change),
            What::CreateIndex(it) => {
                let deed = match (it.concurrently, it.only) {
                    (true, _) => Deed::CreateIndexConcurrently,
                    (false, true) => Deed::CreateIndexOnly,
                    (false, false) => Deed::CreateIndex,
                };
                self.add(deed, std::slice::from_ref(&it.table), NONE);
            }
            What::DropType { types, .. } if self.cascades => {
                self.add(Deed::DropTypeCascade, types, NONE);
            }
            What::DropSchema { schemas, .. } if self.cascades => {
                let schemas: Vec<_> = schemas.iter().map(ObjectName::plain).collect();
                self.add(Deed::DropSchema, &schemas, NONE);
            }
            _ => {
                self.index(what);
                self.view(what);
                self.rows(what);
                self.others(what);
            }
        }
    }

    fn drop_tables(&mut self, tables: &[ObjectName]) {
        let deed = if self.cascades { Deed::DropTableCascade } else { Deed::DropTable };
        self.add(deed, tables, NONE);
        let known = tables.iter().filter_map(|it| Some((it, self.known.tables.get(it)?)));
        let parent = |(name, it): (&ObjectName, &Table)| {
            Some((name.clone(), it.partition_of.clone()?, it.is_doubted))
        };
        let partitions: Vec<_> = known.filter_map(parent).collect();
        for (partition, _, is_doubted) in &partitions {
            // The keys that it has from its table stay with that one.
            if !is_doubted && self.known.referenced_by(partition).is_empty() {
                self.found.retain(|it| it.whose != Whose::Referenced || it.relation != *partition);
            }
        }
        let parents: Vec<_> = partitions.into_iter().map(|it| it.1).collect();
        self.add(Deed::DropPartition, &parents, NONE);
    }

    fn index(&mut self, what: &What) {
        let (deed, own, other) = match what {
            What::DropIndex { indexes, concurrently, .. } => {
                let deed =
                    if *concurrently { Deed::DropIndexConcurrently } else { Deed::DropIndex };
                self.add(deed, indexes, NONE);
                self.name_tables();
                for it in indexes.iter().filter_map(|it| self.known.indexes.get(it)) {
                    let own = std::slice::from_ref(&it.table);
                    if self.cascades {
                        self.add(Deed::DropIndexCascade, own, NONE);
                    }
                    if self.known.is_partitioned(&it.table) {
                        self.add(Deed::AlterColumn, own, NONE);
                    }
                }
                return;
            }
            What::ReindexIndex { index, concurrently: false } => (Deed::ReindexIndex, index, NONE),
            What::ReindexIndex { index, .. } => (Deed::ReindexIndexConcurrently, index, NONE),
            What::ReindexTable { table, concurrently: false } => (Deed::ReindexTable, table, NONE),
            What::ReindexTable { table, .. } => (Deed::ReindexTableConcurrently, table, NONE),
            What::AlterIndex { index, change } => match change {
                IndexChange::Attach { partition } => {
                    (Deed::AttachIndex, index, std::slice::from_ref(partition))
                }
                IndexChange::Rename { .. } | IndexChange::Set => (Deed::Note, index, NONE),
                IndexChange::Move => (Deed::AlterRewrite, index, NONE),
            },
            _ => return,
        };
        self.add(deed, std::slice::from_ref(own), other);
        self.name_tables();
    }

    /// Calls the tables of indexes by their names, where those are known.
    fn name_tables(&mut self) {
        for claim in std::mem::take(&mut self.found) {
            let index = self.known.indexes.get(&claim.relation);
            let named = match index.filter(|_| claim.whose == Whose::TableOfIndex) {
                Some(it) => Claim { relation: it.table.clone(), whose: Whose::Itself, ..claim },
                None => claim,
            };
            named.join(&mut self.found);
        }
    }

    fn view(&mut self, what: &What) {
        match what {
            What::CreateView { view, or_replace, sources } => {
                self.add(Deed::Mention, NONE, sources);
                // It may not be there yet.
                if *or_replace && self.known.views.contains_key(view) {
                    self.add(Deed::Alter, std::slice::from_ref(view), NONE);
                }
            }
            What::DropView { views, .. } => {
                let deed = if self.cascades { Deed::DropViewCascade } else { Deed::Alter };
                self.add(deed, views, NONE);
            }
            What::AlterView { view, .. } => self.add(Deed::Alter, std::slice::from_ref(view), NONE),
            What::Refresh { view, concurrently } => {
                let deed = if *concurrently { Deed::RefreshConcurrently } else { Deed::Refresh };
                let sources = self.known.views.get(view).cloned().unwrap_or_default();
                self.add(deed, std::slice::from_ref(view), &sources);
            }
            _ => {}
        }
    }

    fn rows(&mut self, what: &What) {
        match what {
            What::Insert { table, sources, .. } => {
                self.add(Deed::Insert, std::slice::from_ref(table), NONE);
                self.add(Deed::Read, NONE, sources);
            }
            What::Update { table, sources, .. }
            | What::Delete { table, sources, .. }
            | What::Merge { table, sources } => {
                self.add(Deed::Change, std::slice::from_ref(table), NONE);
                self.add(Deed::Read, NONE, sources);
            }
            What::Select { sources, locks_rows: false } | What::Verify { sources } => {
                self.add(Deed::Read, NONE, sources);
            }
            What::Select { sources, .. } => self.add(Deed::ReadForUpdate, NONE, sources),
            What::Lock { tables, only, mode } => {
                self.add_locks(&lock_table(*mode), tables, NONE, true);
                let alone =
                    |it: &Claim| it.whose == Whose::Partitions && only.contains(&it.relation);
                self.found.retain(|it| !alone(it));
            }
            _ => {}
        }
    }

    fn others(&mut self, what: &What) {
        let (deed, tables) = match what {
            What::CreateTrigger { table, for_each_row: false, .. } => {
                (Deed::Trigger, std::slice::from_ref(table))
            }
            What::CreateTrigger { table, .. } => (Deed::TriggerOnRows, std::slice::from_ref(table)),
            What::DropTrigger { table, .. } | What::AlterTrigger { table, .. } => {
                (Deed::AlterColumn, std::slice::from_ref(table))
            }
            What::CreateRule { table }
            | What::ChangeRule { table }
            | What::CreatePolicy { table, .. }
            | What::AlterPolicy { table, .. }
            | What::DropPolicy { table, .. } => (Deed::Alter, std::slice::from_ref(table)),
            What::CreateStatistics { tables }
            | What::Publish { tables }
            | What::Analyze { tables }
            | What::Vacuum { tables, full: false } => (Deed::Note, tables.as_slice()),
            What::Comment { table: Some(table) } => (Deed::Note, std::slice::from_ref(table)),
            What::Grant { tables } => (Deed::Grant, tables.as_slice()),
            What::AlterDomain {
                domain,
                change:
                    DomainChange::AddCheck { not_valid: false }
                    | DomainChange::SetNotNull
                    | DomainChange::Validate,
            } => (Deed::ConstrainDomain, std::slice::from_ref(domain)),
            What::AlterSequence { sequence, is_about_numbers: false, .. } => {
                (Deed::Alter, std::slice::from_ref(sequence))
            }
            What::AlterSequence { sequence, .. } => {
                (Deed::Sequence, std::slice::from_ref(sequence))
            }
            What::DropSequence { sequences, .. } => (Deed::Alter, sequences.as_slice()),
            What::Vacuum { tables, .. } => (Deed::AlterRewrite, tables.as_slice()),
            What::Cluster { table } => (Deed::AlterRewrite, std::slice::from_ref(table)),
            _ => return,
        };
        self.add(deed, tables, NONE);
    }
}
