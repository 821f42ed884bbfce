//! What ends a script at a statement that runs in batches, and what a person has to know of it.

use std::time::Duration;

use migrate_core::{Direction, Manner, StatementKind};

use super::look;
use super::passage::Passage;
use super::table::{Table, Wrong};
use crate::audit::Outcome;
use crate::error::{Error, ErrorKind};
use crate::execute::message::Place;
use crate::execute::standalone::Work;
use crate::execute::{Execution, Failed, describe};
use crate::progress::Event;

impl Execution<'_, '_> {
    /// No range has the rows without a key.
    pub(super) fn refuse_rows_without_key(
        &mut self,
        work: &mut Work<'_>,
        number: usize,
        table: &Table,
    ) -> Result<(), Failed> {
        let Some(question) = table.without_key() else { return Ok(()) };
        if !look::is_true(&self.look(work, number, &question)?) {
            return Ok(());
        }
        let (name, columns) = (&table.name, table.names());
        let message =
            format!("{name} has rows whose key ({columns}) is NULL, and no batch would have them");
        let hint = format!(
            "SELECT * FROM {name} WHERE {};   -- give them a key, or take another one",
            table.has_no_key()
        );
        Err(self.cannot_walk(work, number, (message, vec![hint])))
    }

    /// Rows that came behind the walk were not seen. Where a query verifies the outcome, it tells whether that matters.
    pub(super) fn warn_of_insertions(
        &mut self,
        work: &mut Work<'_>,
        passage: &Passage,
    ) -> Result<(), Failed> {
        let statements = work.step.statements();
        let verifies = statements.iter().any(|it| it.manner == Manner::Verify);
        // What the script inserts itself is counted too, late.
        if verifies || statements.iter().any(|it| may_insert(it.kind)) {
            return Ok(());
        }
        let question = format!("SELECT {}", passage.table.insertions());
        let now = self.look(work, passage.number, &question)?;
        let now = now.first().and_then(|it| it.first()?.as_deref()?.parse::<u64>().ok());
        let inserted = now.unwrap_or_default().saturating_sub(passage.cursor.inserted);
        if inserted > 0 {
            let (name, columns) = (&passage.table.name, passage.table.names());
            let rows = if inserted == 1 { "1 row was" } else { &format!("{inserted} rows were") };
            self.session.tell(Event::Warning {
                message: format!(
                    "{rows} inserted into {name} while the batches ran: with a key ({columns}) behind the last batch they were seen, with one before it they were not; a query under `-- migrate:verify` tells whether any is left"
                ),
            });
        }
        Ok(())
    }

    /// Ends a run between two batches that has used the time it was given.
    pub(super) fn check_batch_time(
        &mut self,
        work: &mut Work<'_>,
        passage: &Passage,
    ) -> Result<(), Failed> {
        let began = self.session.batches.began();
        let limit = self.session.settings.max_batch_time;
        // A run that came that far does one at least: else a short time would never get anywhere.
        if limit.is_zero() || began.age() < limit || !self.session.batches.has_any() {
            return Ok(());
        }
        let step = work.step;
        let message = format!(
            "migration {}_{} stopped between two batches, as the limit for their time says",
            step.version(),
            step.name()
        );
        let (number, kind) = (passage.number, ErrorKind::Unfinished);
        let hints = vec![goes_on(work, number)];
        let ending = Ending { outcome: Outcome::Interrupted, kind, message, hints };
        Err(self.stop_at(work, number, ending))
    }

    /// The time that is left for batches.
    pub(super) fn batch_time_left(&mut self) -> Duration {
        let limit = self.session.settings.max_batch_time;
        let used = self.session.batches.began().age();
        if limit.is_zero() { Duration::MAX } else { limit.saturating_sub(used) }
    }

    /// Ends a script whose rows cannot be walked.
    pub(super) fn cannot_walk(
        &mut self,
        work: &mut Work<'_>,
        number: usize,
        (message, hints): Wrong,
    ) -> Failed {
        let step = work.step;
        let verb = if step.direction() == Direction::Up { "running" } else { "reverting" };
        let message = format!("{verb} migration {}_{}: {message}", step.version(), step.name());
        let again = format!("migration-cli {}   # once that is mended", step.direction());
        let hints = hints.into_iter().chain([again]).collect();
        self.stop_at(
            work,
            number,
            Ending { outcome: Outcome::Failed, kind: ErrorKind::Sql, message, hints },
        )
    }

    pub(super) fn not_understood(&mut self, work: &mut Work<'_>, number: usize) -> Failed {
        let wrong = ("the server's answer makes no sense".to_owned(), Vec::new());
        self.cannot_walk(work, number, wrong)
    }

    /// Ends a script at a batch with an error of ours; what was done stays.
    pub(super) fn stop_at(&mut self, work: &mut Work<'_>, number: usize, ending: Ending) -> Failed {
        let step = work.step;
        let is_begun = work.recorded.is_some() || step.reverts_half();
        let kind = if is_begun { ErrorKind::Unfinished } else { ending.kind };
        let state = describe::state(false, step, work.situation(self.done.len()));
        let place = Place { statement: number, byte: None };
        let error = Error::new(kind, ending.message)
            .with_location(Some(describe::locate(step, place)))
            .with_state(state);
        let error = ending.hints.into_iter().fold(error, Error::with_hint);
        let error = match work.recorded {
            Some(_) => describe::with_way_back(error, step),
            None => describe::with_way_on(error, step),
        };
        self.stop(work, ending.outcome, error)
    }
}

/// Why a script ends at a batch.
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    /// Where nothing of the script is there yet.
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    pub(super) hints: Vec<String>,
}

/// The hint that the script goes on where it stopped, if it has begun.
pub(super) fn goes_on(work: &Work<'_>, number: usize) -> String {
    let direction = work.step.direction();
    match work.recorded {
        Some(_) => format!("migration-cli {direction}   # goes on at statement {}", number + 1),
        None => format!("migration-cli {direction}"),
    }
}

fn may_insert(kind: StatementKind) -> bool {
    use StatementKind::{Call, Copy, Do, Insert, Merge, Other, Select};
    matches!(kind, Call | Copy | Do | Insert | Merge | Other | Select)
}
