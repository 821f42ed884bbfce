//! Decides what to run, and in which order.
//!
//! Pure: no database, no clock, no output. Every rule about order is written, and tested, in this
//! folder alone; the executor obeys the [`Plan`] it is given.

mod force;
mod refusal;
mod resume;
mod step;

use std::collections::HashMap;

use migrate_core::{Direction, Migration, MigrationSet, Mode, Version};

use crate::config::{Down, Limit, ScriptSource, Up};
use crate::drift::{self, Compared, Drift};
use crate::history::{History, Row, StoredScript};
use crate::mend::Repair;

pub(crate) use force::plan_force;
pub use force::{Accepted, HistoryChange, Removed};
pub(crate) use refusal::Refusal;
use resume::{Asked, half_done, resumed};
pub(crate) use resume::{Resume, around, may_take_back};
pub use step::Step;
pub(crate) use step::StepScript;

/// The scripts to run, first to last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Whether migrations run or are reverted.
    pub direction: Direction,
    /// Empty when the database is already where it should be.
    pub steps: Vec<Step>,
}

/// Plans the migrations that have not run yet, oldest first; one that began comes before them.
pub(crate) fn plan_up(set: &MigrationSet, history: &History, up: &Up) -> Result<Plan, Refusal> {
    let begun = resumed(set, history, &[], (Asked::Run(Direction::Up), None))?;
    let Compared { drift, mut pending } = drift::compare(set, history);
    let edited = pick(&drift, |it| matches!(it, Drift::Edited { .. }));
    if !edited.is_empty() {
        return Err(Refusal::Edited(edited));
    }
    let begun_version: Option<Version> = begun.as_ref().and_then(|it| it.version().parse().ok());
    if let Some(version) = begun_version {
        // A stable sort: the others keep their order.
        pending.sort_by_key(|it| it.version != version);
    }
    let planned = limit_up(set, pending, up.limit)?;
    if begun_version.is_some_and(|begun| !planned.iter().any(|it| it.version == begun)) {
        return Err(Refusal::Unfinished(Box::new(history.unfinished[0].clone())));
    }

    // Two branches were merged in the "wrong" order. Running the older migration now would give
    // this database another history than a fresh one gets, so a person has to decide.
    let late = pick(
        &drift,
        |it| matches!(it, Drift::OutOfOrder { version, .. } if planned.iter().any(|it| it.version == *version)),
    );
    if !late.is_empty() && !up.allow_out_of_order {
        return Err(Refusal::OutOfOrder(late));
    }
    let others = planned.into_iter().filter(|it| Some(it.version) != begun_version);
    let others = others.map(|it| Step::up(it, set.folder()));
    let steps: Vec<Step> = begun.into_iter().chain(others).collect();
    refuse_mixed(&steps, up)?;
    Ok(Plan { direction: Direction::Up, steps })
}

/// Plans the revert of what ran last, newest first; a revert that began comes before them.
pub(crate) fn plan_down(
    set: &MigrationSet,
    history: &History,
    stored: &[StoredScript],
    down: &Down,
) -> Result<Plan, Refusal> {
    let asked = (Asked::Run(Direction::Down), down.use_script);
    let half = half_done(set, history)?;
    let begun = match half {
        Some(step) => Some(step),
        None => resumed(set, history, stored, asked)?,
    };
    // What has not run to its end has no row: it is the first that goes, and counts as one.
    let is_half = begun.as_ref().is_some_and(Step::reverts_half);
    let rows = limit_down(history.newest_first(), down.limit, usize::from(is_half))?;
    let is_begun = |row: &Row| begun.as_ref().is_some_and(|it| it.version() == row.version);
    if begun.is_some() && !is_half && !rows.first().is_some_and(|it| is_begun(it)) {
        return Err(Refusal::Unfinished(Box::new(history.unfinished[0].clone())));
    }
    let others = rows.into_iter().filter(|it| !is_begun(it));
    let stored: HashMap<_, _> = stored.iter().map(|it| (it.version.as_str(), it)).collect();
    let stored = |row: &Row| stored.get(row.version.as_str()).copied();
    let others = others.map(|row| step_down(set, row, stored(row), down.use_script));
    let steps = begun.clone().map(Ok).into_iter().chain(others);
    Ok(Plan { direction: Direction::Down, steps: steps.collect::<Result<_, _>>()? })
}

/// The versions whose kept scripts a revert may want, often few of a long history; nothing where it may be any of them.
pub(crate) fn wanted_scripts<'h>(history: &'h History, down: &Down) -> Option<Vec<&'h str>> {
    if matches!(down.limit, Limit::All) {
        return None;
    }
    let rows = limit_down(history.newest_first(), down.limit, 0).ok()?;
    let begun = history.unfinished.iter().map(|it| it.version.as_str());
    Some(rows.iter().map(|it| it.version.as_str()).chain(begun).collect())
}

/// Plans to go on with unfinished work, whichever way it went; nothing where there is none.
pub(crate) fn plan_repair(
    set: &MigrationSet,
    history: &History,
    stored: &[StoredScript],
    repair: &Repair,
) -> Result<Option<Plan>, Refusal> {
    let step = resumed(set, history, stored, (Asked::Repair(repair), None))?;
    Ok(step.map(|it| Plan { direction: it.direction(), steps: vec![it] }))
}

impl Plan {
    /// Whether every step is one of `planned`: what a person or a caller has agreed to.
    pub(crate) fn is_part_of(&self, planned: &Plan) -> bool {
        self.steps.iter().all(|it| planned.steps.iter().any(|other| other.same_as(it)))
    }

    /// Whether both do the same.
    pub(crate) fn same_as(&self, other: &Plan) -> bool {
        self.direction == other.direction
            && self.steps.len() == other.steps.len()
            && self.is_part_of(other)
    }

    /// Takes out what the history says is done: somebody did it since this was planned.
    pub(crate) fn take_done(&mut self, history: &History) -> Vec<Step> {
        let (done, left) = self.steps.drain(..).partition(|it| it.is_done(history));
        self.steps = left;
        done
    }
}

fn limit_up(
    set: &MigrationSet,
    mut pending: Vec<&'static Migration>,
    limit: Limit,
) -> Result<Vec<&'static Migration>, Refusal> {
    match limit {
        Limit::All => {}
        Limit::Steps(count) => pending.truncate(count.get()),
        Limit::To(version) if set.get(version).is_none() => {
            return Err(Refusal::NoSuchMigration { version, nearest: nearest(set, version) });
        }
        Limit::To(version) => pending.retain(|it| it.version <= version),
    }
    Ok(pending)
}

/// The rows that go, behind as many migrations as are `begun` and have none.
fn limit_down(mut rows: Vec<&Row>, limit: Limit, begun: usize) -> Result<Vec<&Row>, Refusal> {
    let have = rows.len() + begun;
    match limit {
        Limit::All => {}
        // One is what is reverted unless told: where nothing has run, nothing is to be done.
        Limit::Steps(count) if count.get() > have.max(1) => {
            return Err(Refusal::TooMany { asked: count.get(), have });
        }
        Limit::Steps(count) => rows.truncate(count.get() - begun),
        Limit::To(version) => {
            let stays = rows.iter().position(|it| it.version == version.to_string());
            rows.truncate(stays.ok_or(Refusal::HasNotRun(version))?);
        }
    }
    Ok(rows)
}

/// The script in the binary and the one that the database kept are normally the same. Where they
/// are not, nobody but a person knows which one undoes what is there.
fn step_down(
    set: &MigrationSet,
    row: &Row,
    stored: Option<&StoredScript>,
    preferred: Option<ScriptSource>,
) -> Result<Step, Refusal> {
    let version: Option<Version> = row.version.parse().ok();
    let embedded = version.and_then(|it| set.get(it));
    let step = match (embedded, stored, preferred) {
        (Some(migration), Some(stored), None) if !same_down(migration, stored) => {
            return Err(Refusal::ScriptDiffers(row.version.clone()));
        }
        (Some(migration), None, None) if migration.up.checksum != *row.checksum => {
            return Err(Refusal::Edited(vec![Drift::edited(row, migration)]));
        }
        (Some(migration), _, None | Some(ScriptSource::Embedded)) => {
            Step::down(row, migration, set.folder())
        }
        (_, Some(stored), None | Some(ScriptSource::Stored)) => Step::down_stored(row, stored),
        _ => return Err(Refusal::NoDownScript { version: row.version.clone(), wanted: preferred }),
    };
    match step.script().irreversible() {
        Some(reason) => Err(Refusal::Irreversible {
            version: row.version.clone(),
            name: row.name.clone(),
            reason: reason.to_owned(),
        }),
        None => Ok(step),
    }
}

pub(crate) fn same_down(migration: &Migration, stored: &StoredScript) -> bool {
    let embedded = &migration.down;
    match &stored.checksum {
        Some(checksum) => embedded.checksum == **checksum,
        None => embedded.directives().irreversible.is_some(),
    }
}

fn refuse_mixed(steps: &[Step], up: &Up) -> Result<(), Refusal> {
    let standalone = steps.iter().filter(|it| it.mode() == Mode::Standalone);
    let files: Vec<String> = standalone.map(|it| it.file().to_owned()).collect();
    if up.single_transaction && !files.is_empty() {
        return Err(Refusal::CannotShareTransaction(files));
    }
    Ok(())
}

fn pick(drift: &[Drift], wanted: impl Fn(&Drift) -> bool) -> Vec<Drift> {
    drift.iter().filter(|it| wanted(it)).cloned().collect()
}

/// The version that was probably meant.
pub(crate) fn nearest(set: &MigrationSet, version: Version) -> Option<Version> {
    set.iter().map(|it| it.version).min_by_key(|it| it.get().abs_diff(version.get()))
}

#[cfg(test)]
mod half_tests;
#[cfg(test)]
mod tests;
