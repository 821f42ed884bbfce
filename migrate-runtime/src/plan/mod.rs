//! Decides what to run, and in which order.
//!
//! Pure: no database, no clock, no output. Every rule about order is written, and tested, in this
//! folder alone; the executor obeys the [`Plan`] it is given.

mod refusal;
mod step;

use migrate_core::{Direction, Migration, MigrationSet, Mode, Version};

use crate::config::{Down, Limit, ScriptSource, Up};
use crate::drift::{self, Drift};
use crate::history::{History, Row, StoredScript};

pub(crate) use refusal::Refusal;
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

/// Plans the migrations that have not run yet, oldest first.
pub(crate) fn plan_up(set: &MigrationSet, history: &History, up: &Up) -> Result<Plan, Refusal> {
    refuse_unfinished(history)?;
    let drift = drift::compare(set, history);
    let edited = pick(&drift, |it| matches!(it, Drift::Edited { .. }));
    if !edited.is_empty() {
        return Err(Refusal::Edited(edited));
    }
    let pending = drift::pending(set, history);
    let planned = limit_up(set, pending, up.limit)?;

    // Two branches were merged in the "wrong" order. Running the older migration now would give
    // this database another history than a fresh one gets, so a person has to decide.
    let late = pick(
        &drift,
        |it| matches!(it, Drift::OutOfOrder { version, .. } if planned.iter().any(|it| it.version == *version)),
    );
    if !late.is_empty() && !up.allow_out_of_order {
        return Err(Refusal::OutOfOrder(late));
    }
    let steps: Vec<Step> = planned.into_iter().map(|it| Step::up(it, set.folder())).collect();
    refuse_mixed(&steps, up)?;
    Ok(Plan { direction: Direction::Up, steps })
}

/// Plans the revert of what ran last, newest first.
pub(crate) fn plan_down(
    set: &MigrationSet,
    history: &History,
    stored: &[StoredScript],
    down: &Down,
) -> Result<Plan, Refusal> {
    refuse_unfinished(history)?;
    let rows = limit_down(history.newest_first(), down.limit)?;
    let steps = rows.into_iter().map(|row| step_down((set, history), row, stored, down.use_script));
    Ok(Plan { direction: Direction::Down, steps: steps.collect::<Result<_, _>>()? })
}

impl Plan {
    /// Whether every step is one of `planned`: what a person or a caller has agreed to.
    pub(crate) fn is_part_of(&self, planned: &Plan) -> bool {
        self.steps.iter().all(|it| planned.steps.iter().any(|other| other.same_as(it)))
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

fn limit_down(mut rows: Vec<&Row>, limit: Limit) -> Result<Vec<&Row>, Refusal> {
    match limit {
        Limit::All => {}
        // One is what is reverted unless told: where nothing has run, nothing is to be done.
        Limit::Steps(count) if count.get() > rows.len().max(1) => {
            return Err(Refusal::TooMany { asked: count.get(), have: rows.len() });
        }
        Limit::Steps(count) => rows.truncate(count.get()),
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
    (set, history): (&MigrationSet, &History),
    row: &Row,
    stored: &[StoredScript],
    preferred: Option<ScriptSource>,
) -> Result<Step, Refusal> {
    let version: Option<Version> = row.version.parse().ok();
    let embedded = version.and_then(|it| set.get(it));
    let stored = stored.iter().find(|it| it.version == row.version);
    let step = match (embedded, stored, preferred) {
        (Some(migration), Some(stored), None) if !same_down(migration, stored) => {
            return Err(Refusal::ScriptDiffers(row.version.clone()));
        }
        (Some(migration), None, None) if migration.up.checksum.to_string() != row.checksum => {
            return Err(Refusal::Edited(vec![Drift::edited(row, migration, history)]));
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
        Some(checksum) => *checksum == embedded.checksum.to_string(),
        None => embedded.directives.irreversible.is_some(),
    }
}

fn refuse_unfinished(history: &History) -> Result<(), Refusal> {
    match history.unfinished.first() {
        Some(first) => Err(Refusal::Unfinished(first.clone())),
        None => Ok(()),
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
mod tests;
