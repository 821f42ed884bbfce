//! Looks at a whole set, oldest migration first: what each statement does to which relation, given what the
//! scripts before it have made, and what the lint finds.

mod claims;
mod cost;
pub(crate) mod known;
mod locks;

use std::collections::BTreeSet;

pub(crate) use claims::Claim;
use claims::claims;
use known::Known;

use crate::lint::{self, LintFinding, LintOptions};
use crate::sql::action::{Action, Change, ObjectName, What};
use crate::sql::code::{may_be_about_any, may_do_anything};
use crate::sql::read;
use crate::{Direction, Effect, SourceScript, SourceSet, Version, Whose};

/// What was found out about a set.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Analysis {
    /// For each migration, in order, what its two scripts do.
    pub migrations: Vec<AnalyzedMigration>,
    /// What the lint found, in the order of migrations, up before down, and of places.
    pub findings: Vec<LintFinding>,
}

/// What the scripts of a migration do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnalyzedMigration {
    /// The version.
    pub version: Version,
    up: Claimed,
    down: Claimed,
}

/// What a script does.
#[derive(Clone, Debug, Default)]
struct Claimed {
    claims: Vec<(u32, Claim)>,
    /// The statements of which that is not known.
    unread: Vec<u32>,
}

impl AnalyzedMigration {
    /// What a script does to relations that were there before it, statement by statement: the name of the
    /// relation, and the rest.
    pub(crate) fn effects(
        &self,
        direction: Direction,
    ) -> impl Iterator<Item = (String, Effect<'static>)> {
        self.of(direction).claims.iter().map(|(statement, it)| {
            let effect = Effect {
                statement: *statement,
                relation: "",
                whose: it.whose,
                lock: it.lock,
                work: it.work,
                is_certain: it.is_certain,
                since: it.since,
            };
            (it.relation.to_string(), effect)
        })
    }

    /// The statements of a script of which it is not known what they do.
    pub(crate) fn unread(&self, direction: Direction) -> &[u32] {
        &self.of(direction).unread
    }

    fn of(&self, direction: Direction) -> &Claimed {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// One action of a script, with what it claims and what came before it.
pub(crate) struct Examined {
    /// Which statement of the script it belongs to.
    pub(crate) statement: usize,
    pub(crate) action: Action,
    /// What it does to relations that were there before the script.
    pub(crate) claims: Vec<Claim>,
    /// Whether what it makes, or drops, was there before it, where that is known.
    pub(crate) was_there: Option<bool>,
}

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

/// Examines a set.
pub fn analyze(set: &SourceSet, folder: &str, options: &LintOptions) -> Analysis {
    let mut known = Known::default();
    let mut analysis = Analysis::default();
    for migration in &set.migrations {
        let mut lint = lint::Pass::new(migration, folder, options);
        let up = script(&migration.up, Direction::Up, &mut known, &mut lint);
        known.mark();
        let down = script(&migration.down, Direction::Down, &mut known, &mut lint);
        known.rewind();
        analysis.findings.extend(lint.finish());
        analysis.migrations.push(AnalyzedMigration { version: migration.version, up, down });
    }
    analysis.findings.retain(|it| !it.is_settled(&known));
    analysis
}

/// Examines a script, and takes note of what it makes.
fn script(
    script: &SourceScript,
    direction: Direction,
    known: &mut Known,
    lint: &mut lint::Pass<'_>,
) -> Claimed {
    let mut fresh = Fresh::default();
    let mut examined = Vec::new();
    let mut claimed = Claimed::default();
    let read: Vec<Vec<Action>> = script.statements.iter().map(|it| read(script, it)).collect();
    fresh.find_gone(read.iter().flatten());
    for (index, actions) in read.into_iter().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        if actions.is_empty() {
            known.doubt(script.statements[index].range.of(&script.sql));
        }
        let is_unread = |it: &Action| may_be_about_any(&it.what, it.range.of(&script.sql));
        if actions.is_empty() || actions.iter().any(is_unread) {
            claimed.unread.push(number);
        }
        let mut own: Vec<Claim> = Vec::new();
        for action in actions {
            let mut claims = claims(&action, known);
            claims.retain(|it| !fresh.covers(it, known));
            let was_there = known.has(&action.what);
            let examined_one = Examined { statement: index, action, claims, was_there };
            lint.action(direction, &examined_one, &examined, known, &fresh);
            fresh.learn(&examined_one.action.what, known);
            known.learn(&examined_one.action.what);
            let sql = examined_one.action.range.of(&script.sql);
            if may_do_anything(&examined_one.action.what, sql) {
                known.doubt(sql);
            }
            own.extend(examined_one.claims.iter().cloned());
            examined.push(examined_one);
        }
        claimed.claims.extend(strongest(own).into_iter().map(|it| (number, it)));
    }
    lint.script(direction, examined, known, &fresh);
    claimed
}

/// One claim for each relation of a statement: the strongest lock and the hardest work.
fn strongest(claims: Vec<Claim>) -> Vec<Claim> {
    let mut found: Vec<Claim> = Vec::new();
    for claim in claims {
        match found.iter_mut().find(|it| it.relation == claim.relation && it.whose == claim.whose) {
            None => found.push(claim),
            Some(there) => {
                there.lock = there.lock.max(claim.lock);
                if (claim.work, claim.is_certain) > (there.work, there.is_certain) {
                    (there.work, there.is_certain) = (claim.work, claim.is_certain);
                }
            }
        }
    }
    found
}

impl Fresh {
    fn find_gone<'a>(&mut self, actions: impl Iterator<Item = &'a Action>) {
        for action in actions {
            match &action.what {
                What::DropTable { tables: gone, .. }
                | What::DropView { views: gone, .. }
                | What::DropMaterializedView { views: gone, .. }
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
    fn covers(&self, claim: &Claim, known: &Known) -> bool {
        let has = |it: &ObjectName| self.relations.contains(it);
        match claim.whose {
            // The one is made by the script, and others may be using the other.
            Whose::Referenced => {
                has(&claim.relation) && known.referenced_by(&claim.relation).into_iter().all(has)
            }
            _ => has(&claim.relation),
        }
    }

    fn learn(&mut self, what: &What, known: &Known) {
        match what {
            // Where it may be there already, others may be using it.
            What::CreateTable(it) if !known.tables.contains_key(&it.table) => {
                self.relations.insert(it.table.clone());
            }
            What::CreateTableAs { table, .. } => _ = self.relations.insert(table.clone()),
            What::CreateView { view, .. } | What::CreateMaterializedView { view, .. }
                if !known.views.contains_key(view) =>
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
                if self.relations.contains(table) =>
            {
                self.relations.insert(table.beside(to));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
