//! Going on with work outside a transaction that began and did not end. Pure.

use migrate_core::{Checksum, Direction, Manner, Migration, MigrationSet, Mode, Statement};

use super::step::Step;
use super::{Refusal, step_down};
use crate::config::{Decision, ScriptSource};
use crate::history::{History, StoredScript, Unfinished};
use crate::mend::Repair;

/// Where a script goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resume {
    pub(crate) work: Unfinished,
    /// What a person says about the statement that is in doubt.
    pub(crate) decision: Option<Decision>,
}

/// Who asks: a run goes on with what it is about, `repair` with whatever there is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'a> {
    Run(Direction),
    Repair(&'a Repair),
}

/// The step that goes on with unfinished work, if there is any.
pub(super) fn resumed(
    set: &MigrationSet,
    history: &History,
    stored: &[StoredScript],
    (asked, preferred): (Asked<'_>, Option<ScriptSource>),
) -> Result<Option<Step>, Refusal> {
    let work = match history.unfinished.as_slice() {
        [] => return Ok(None),
        [work] => work,
        list => return Err(Refusal::UnfinishedMany(list.to_vec())),
    };
    let decision = match asked {
        Asked::Run(direction) if direction != work.direction => {
            return Err(Refusal::Unfinished(Box::new(work.clone())));
        }
        Asked::Run(_) => None,
        Asked::Repair(repair) => repair.decision,
    };
    let step = match work.direction {
        Direction::Up => Step::up(embedded(set, work)?, set.folder()),
        Direction::Down => {
            let rows = history.newest_first();
            let row = rows.into_iter().find(|it| it.version == work.version);
            if row.is_none() && work.half {
                let migration = embedded(set, work)?;
                return resuming(Step::down_half(migration, set.folder()), work, decision)
                    .map(Some);
            }
            let row = row.ok_or_else(|| Refusal::UnfinishedElsewhere(Box::new(work.clone())))?;
            let kept = stored.iter().find(|it| it.version == row.version);
            let of = |source| step_down(set, row, kept, source);
            match (of(preferred), asked) {
                (
                    Err(differs @ (Refusal::ScriptDiffers(_) | Refusal::Edited(_))),
                    Asked::Repair(repair),
                ) => begun_down(of, work, repair).ok_or(differs)?,
                (step, _) => step?,
            }
        }
    };
    resuming(step, work, decision).map(Some)
}

fn resuming(step: Step, work: &Unfinished, decision: Option<Decision>) -> Result<Step, Refusal> {
    refuse_changed(&step, work, decision)?;
    Ok(step.resuming(Resume { work: work.clone(), decision }))
}

/// The migration of this binary that is unfinished.
fn embedded(set: &MigrationSet, work: &Unfinished) -> Result<&'static Migration, Refusal> {
    let migration = work.version.parse().ok().and_then(|it| set.get(it));
    migration.ok_or_else(|| Refusal::UnfinishedElsewhere(Box::new(work.clone())))
}

/// The step that takes back a migration with batches which has begun and not ended. Of other scripts, nobody knows
/// which of their statements their down script can take back.
pub(super) fn half_done(set: &MigrationSet, history: &History) -> Result<Option<Step>, Refusal> {
    let [work] = history.unfinished.as_slice() else { return Ok(None) };
    if history.rows.iter().any(|it| it.version == work.version) {
        return Ok(None);
    }
    let Some(migration) = half(set, work) else { return Ok(None) };
    refuse_changed(&Step::up(migration, set.folder()), work, None)?;
    let step = Step::down_half(migration, set.folder());
    match step.script().irreversible() {
        Some(reason) => Err(Refusal::IrreversibleHalf {
            version: work.version.clone(),
            name: migration.name.to_owned(),
            reason: reason.to_owned(),
        }),
        None => Ok(Some(step)),
    }
}

fn half(set: &MigrationSet, work: &Unfinished) -> Option<&'static Migration> {
    let has_batch = |it: &&Migration| it.up.statements.iter().any(|it| it.manner == Manner::Batch);
    let is_known = work.direction == Direction::Up && work.alone != Some(true);
    let migration = work.version.parse().ok().and_then(|it| set.get(it));
    migration.filter(|it| is_known && has_batch(it))
}

/// Whether `down` takes back what has begun.
pub(crate) fn may_take_back(set: &MigrationSet, work: &Unfinished) -> bool {
    half(set, work).is_some_and(|it| it.down.directives().irreversible.is_none())
}

/// Where there are two down scripts: the one that is about to be accepted, else the one that began.
fn begun_down(
    of: impl Fn(Option<ScriptSource>) -> Result<Step, Refusal>,
    work: &Unfinished,
    repair: &Repair,
) -> Option<Step> {
    if repair.update_checksums {
        return of(Some(ScriptSource::Embedded)).ok();
    }
    let sources = [ScriptSource::Stored, ScriptSource::Embedded].into_iter();
    let mut steps = sources.filter_map(|it| of(Some(it)).ok());
    steps.find(|it| refuse_changed(it, work, None).is_ok())
}

/// What stands before a statement of a script, from 0, and the statement; all of it, and nothing, behind the last one.
pub(crate) fn around<'s>(
    sql: &'s str,
    statements: &[Statement],
    index: usize,
) -> (&'s str, Option<&'s str>) {
    let statement = statements.get(index).map(|it| it.range);
    let start = statement.map_or(sql.len(), |it| it.start as usize);
    (&sql[..start], statement.map(|it| it.of(sql)))
}

/// The statement that began has to be the one that goes on, and what came before it is done: it has to be
/// there still. A person may decide about the statement itself, and about nothing else.
fn refuse_changed(
    step: &Step,
    work: &Unfinished,
    decision: Option<Decision>,
) -> Result<(), Refusal> {
    let index = work.index();
    let (before, now) = around(step.sql(), step.statements(), index);
    let is_same = |text: &str, checksum: &str| Checksum::of(text).to_string() == checksum;
    let same_before = work.done.as_ref().is_none_or(|it| is_same(before, it));
    let complete = work.is_complete() && index == step.statements().len();
    let same = match now {
        Some(now) => is_same(now, &work.statement_checksum) || decision == Some(Decision::Retry),
        None => complete,
    };
    if same && same_before && step.mode() == Mode::Standalone {
        return Ok(());
    }
    Err(Refusal::UnfinishedChanged {
        work: Box::new(work.clone()),
        file: step.file().to_owned(),
        now: (same_before && !complete).then(|| now.unwrap_or_default().to_owned()),
    })
}
