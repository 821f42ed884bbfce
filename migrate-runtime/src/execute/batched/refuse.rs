//! What ends a script at a statement that runs in batches, and what a person has to know of it.

use migrate_core::{Direction, Manner, StatementKind};

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
        if !self.look(work, number, &question)?.is_true(0) {
            return Ok(());
        }
        let (name, columns) = (&table.name, table.names());
        let message =
            format!("{name} has rows whose key ({columns}) is NULL, and no batch would have them");
        let hint = format!(
            "SELECT * FROM {name} WHERE ({columns}) IS NULL;   -- give them a key, or take another one"
        );
        Err(self.cannot_walk(work, number, (message, vec![hint])))
    }

    /// Rows that came behind the walk were not seen. Where a query verifies the outcome, it tells whether that matters.
    pub(super) fn warn_of_insertions(
        &mut self,
        work: &mut Work<'_>,
        passage: &Passage,
    ) -> Result<(), Failed> {
        let kind = work.step.statements()[passage.number].kind;
        let is_own = matches!(kind, StatementKind::Insert | StatementKind::Merge);
        if is_own || work.step.statements().iter().any(|it| it.manner == Manner::Verify) {
            return Ok(());
        }
        let question =
            format!("SELECT pg_catalog.pg_stat_get_tuples_inserted({})", passage.table.oid);
        let reply = self.look(work, passage.number, &question)?;
        let now = reply.first(0).and_then(|it| it.first()?.as_deref()?.parse::<u64>().ok());
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
        Err(self.stopped(work, passage, Outcome::Interrupted, message, &[]))
    }

    /// Ends a script at a batch with an error of ours; what was done stays, and the next run goes on.
    pub(super) fn stopped(
        &mut self,
        work: &mut Work<'_>,
        passage: &Passage,
        outcome: Outcome,
        message: String,
        hints: &[String],
    ) -> Failed {
        let (step, number) = (work.step, passage.number);
        let kind =
            if work.recorded.is_some() { ErrorKind::Unfinished } else { ErrorKind::LockTimeout };
        let state = describe::state(false, step, work.situation(self.done.len()));
        let mut error = Error::new(kind, message)
            .with_location(Some(describe::locate(step, Place { statement: number, byte: None })))
            .with_state(state)
            .with_hint(format!(
                "migration-cli {}   # goes on at statement {}",
                step.direction(),
                number + 1
            ));
        for hint in hints {
            error = error.with_hint(hint);
        }
        if work.recorded.is_some() {
            error = describe::with_way_back(error, step);
        }
        self.stop(work, outcome, error)
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
        let what = format!("{verb} migration {}_{}", step.version(), step.name());
        let kind = if work.recorded.is_some() { ErrorKind::Unfinished } else { ErrorKind::Sql };
        let state = describe::state(false, step, work.situation(self.done.len()));
        let mut error = Error::new(kind, format!("{what}: {message}"))
            .with_location(Some(describe::locate(step, Place { statement: number, byte: None })))
            .with_state(state);
        for hint in hints {
            error = error.with_hint(hint);
        }
        let again = format!("migration-cli {}   # once that is mended", step.direction());
        let mut error = error.with_hint(again);
        if work.recorded.is_some() {
            error = describe::with_way_back(error, step);
        }
        self.stop(work, Outcome::Failed, error)
    }

    pub(super) fn not_understood(&mut self, work: &mut Work<'_>, number: usize) -> Failed {
        self.cannot_walk(
            work,
            number,
            ("the server's answer makes no sense".to_owned(), Vec::new()),
        )
    }
}
