//! From actions to claims: which rows of the lock table an action has, about which names.

mod table;

use super::known::{Known, Table};
use super::locks::{Deed, On};
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

/// What an action claims, with what is known before it.
pub(crate) fn claims(action: &Action, known: &Known) -> Vec<Claim> {
    let mut claims = Claims { known, found: Vec::new() };
    claims.action(&action.what);
    if let What::DropType { types, .. } = &action.what
        && action.cascades
    {
        claims.add(Deed::DropTypeCascade, types, NONE);
    }
    claims.found
}

struct Claims<'a> {
    known: &'a Known,
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
        for lock in deed.locks() {
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
                self.put(claim);
            }
        }
    }

    /// The strongest lock and the hardest work count where several are about one relation.
    fn put(&mut self, claim: Claim) {
        let same = |it: &&mut Claim| it.relation == claim.relation && it.whose == claim.whose;
        let Some(there) = self.found.iter_mut().find(same) else {
            return self.found.push(claim);
        };
        there.lock = there.lock.max(claim.lock);
        there.since = there.since.min(claim.since);
        if (claim.work, claim.is_certain) > (there.work, there.is_certain) {
            (there.work, there.is_certain) = (claim.work, claim.is_certain);
        }
    }

    fn action(&mut self, what: &What) {
        match what {
            What::CreateTable(it) => self.create_table(it),
            What::CreateTableAs { sources, has_data, .. } => {
                self.add(if *has_data { Deed::Read } else { Deed::Mention }, NONE, sources);
            }
            What::DropTable { tables, cascade, .. } => self.drop_tables(tables, *cascade),
            What::Truncate { tables, cascade: false } => self.add(Deed::Truncate, tables, NONE),
            What::Truncate { tables, .. } => self.add(Deed::TruncateCascade, tables, NONE),
            What::AlterTable { table, only, change } => self.alter_table(table, *only, change),
            What::CreateIndex(it) => {
                let deed = match (it.concurrently, it.only) {
                    (true, _) => Deed::CreateIndexConcurrently,
                    (false, true) => Deed::CreateIndexOnly,
                    (false, false) => Deed::CreateIndex,
                };
                self.add(deed, std::slice::from_ref(&it.table), NONE);
            }
            What::DropSchema { schemas, cascade: true, .. } => {
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

    fn drop_tables(&mut self, tables: &[ObjectName], cascade: bool) {
        let deed = if cascade { Deed::DropTableCascade } else { Deed::DropTable };
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
            What::DropIndex { indexes, concurrently, cascade, .. } => {
                let deed =
                    if *concurrently { Deed::DropIndexConcurrently } else { Deed::DropIndex };
                self.add(deed, indexes, NONE);
                self.name_tables();
                for it in indexes.iter().filter_map(|it| self.known.indexes.get(it)) {
                    let own = std::slice::from_ref(&it.table);
                    if *cascade {
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
            match index.filter(|_| claim.whose == Whose::TableOfIndex) {
                Some(it) => {
                    let (relation, whose) = (it.table.clone(), Whose::Itself);
                    self.put(Claim { relation, whose, ..claim });
                }
                None => self.put(claim),
            }
        }
    }

    fn view(&mut self, what: &What) {
        match what {
            What::CreateView { view, or_replace, sources } => {
                self.add(Deed::View, NONE, sources);
                // It may not be there yet.
                if *or_replace && self.known.views.contains_key(view) {
                    self.add(Deed::Alter, std::slice::from_ref(view), NONE);
                }
            }
            What::CreateMaterializedView { sources, has_data, .. } => {
                self.add(if *has_data { Deed::Read } else { Deed::Mention }, NONE, sources);
            }
            What::DropView { views, cascade, .. }
            | What::DropMaterializedView { views, cascade, .. } => {
                let deed = if *cascade { Deed::DropViewCascade } else { Deed::Alter };
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
            What::Select { sources, locks_rows: false } => self.add(Deed::Read, NONE, sources),
            What::Select { sources, .. } => self.add(Deed::ReadForUpdate, NONE, sources),
            What::Lock { tables, only, mode } => {
                let mode = mode.as_deref().and_then(LockMode::from_word);
                self.add(Deed::of_mode(mode), tables, NONE);
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
            What::CreateStatistics { tables } | What::Publish { tables } => {
                (Deed::Note, tables.as_slice())
            }
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
            What::Analyze { tables } | What::Vacuum { tables, full: false } => {
                (Deed::Maintain, tables.as_slice())
            }
            What::Vacuum { tables, .. } => (Deed::AlterRewrite, tables.as_slice()),
            What::Cluster { table } => (Deed::AlterRewrite, std::slice::from_ref(table)),
            _ => return,
        };
        self.add(deed, tables, NONE);
    }
}
