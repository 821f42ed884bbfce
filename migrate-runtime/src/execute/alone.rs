//! A statement that PostgreSQL refuses in a transaction: marked ahead, sent alone, and marked as done.

use migrate_core::StatementKind;

use super::message::Place;
use super::patience::Attempts;
use super::pieces::single;
use super::standalone::{Ran, Runs, Work, as_ourselves};
use super::transactional::position;
use super::{Execution, Failed, Message};
use crate::fault::{self, Point};
use crate::plan::Step;
use crate::quote::fill;
use crate::sqlstate;
use crate::transport::{Failure, Keep};

/// The script may have a limit of its own, which comes back after a statement that ran alone.
pub(super) const NOTE_LOCK_TIMEOUT: &str = "SELECT pg_catalog.set_config('migrate.lock_timeout', pg_catalog.current_setting('lock_timeout'), false)";

/// Whether it leaves nothing behind when it gives up waiting for a lock, and may run again. A concurrent
/// build leaves an invalid index; of a procedure that commits, nobody knows what it did, and what it waits
/// for is its own affair.
fn may_give_up(kind: StatementKind) -> bool {
    use StatementKind::{Cluster, ClusterAll, Reindex, ReindexAll, Vacuum};
    matches!(kind, Cluster | ClusterAll | Reindex | ReindexAll | Vacuum)
}

impl Execution<'_, '_> {
    /// A statement that cannot share a transaction with its mark: the mark is written ahead.
    pub(super) fn run_alone(&mut self, work: &mut Work<'_>, number: usize) -> Result<Ran, Failed> {
        let frame = self.frame.clone();
        let mut ahead = Message::new(&frame);
        ahead.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        as_ourselves(&mut ahead, |it| {
            it.guard(work.step);
            work.mark(it, number, Runs::Alone);
        });
        ahead.push(NOTE_LOCK_TIMEOUT);
        ahead.push("SET lock_timeout = 0");
        // Last, so that nothing can fail after it: what is marked is known here.
        ahead.commit();
        self.say(work, ahead.text())?;
        (work.recorded, work.in_doubt) = (Some(number), true);
        if self.session.interrupt.is_asked() {
            self.take_back(work);
            self.check_interrupt(work.step, work.index, work.situation(self.done.len()))?;
        }
        self.send_alone(work, number)?;
        fault::at(Point::ReplyRead);
        self.check_made(work, number)?;
        self.mark_done(work, number)?;
        Ok(Ran::Alone)
    }

    fn send_alone(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let (frame, step) = (self.frame.clone(), work.step);
        let mut attempts = Attempts::new(self.session.settings);
        let gives_up = may_give_up(step.statements()[number].kind);
        loop {
            let limits = attempts.limits(step.script());
            let piece = single(step, number, limits);
            if gives_up {
                self.say(work, &format!("SET lock_timeout = '{}ms'", piece.limit))?;
            }
            let mut message = Message::new(&frame);
            message.script(step, &[piece], piece.limit);
            let looks = attempts.pace(limits);
            let attempt = message.attempt();
            let sent = self.session.send_watched(message.text(), Keep::Only(&[]), looks);
            let Err(failure) = sent else { return Ok(()) };
            if gives_up && let Some(next) = self.again(&mut attempts, &attempt, &failure) {
                let situation = work.situation(self.done.len());
                self.wait_for_locks(step, &failure, next, (work.index, situation))?;
                continue;
            }
            self.note_failure(work, &failure);
            let steps = std::slice::from_ref(step);
            let place = message.locate(Some(0), position(&failure), steps).map(|it| it.1);
            if position(&failure).is_some() {
                // It did not get past the analysis: the statement never began.
                self.take_back(work);
            }
            return Err(self.fail(work, place, failure));
        }
    }

    /// The statement that brings the limit for locks back, after one that ran alone.
    pub(super) fn limit_again(&self, step: &Step) -> String {
        let value = format!("'{}ms'", self.limits(step).tables);
        fill(include_str!("lock_timeout_again.sql"), &[("default", &value)])
    }

    /// Moves the mark behind a statement that ran alone.
    pub(super) fn mark_done(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let frame = self.frame.clone();
        let mut after = Message::new(&frame);
        after.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        // Before the mark, which keeps the settings of the session.
        after.push(&self.limit_again(work.step));
        as_ourselves(&mut after, |it| work.mark(it, number + 1, Runs::InTransaction));
        after.commit();
        // Also after an interruption: the statement is done, and the database has to know.
        if let Err(failure) = self.session.send_last(after.text()) {
            let place = Place { statement: number, byte: None };
            return Err(self.fail(work, Some(place), failure));
        }
        (work.recorded, work.in_doubt) = (Some(number + 1), false);
        Ok(())
    }

    /// The server has answered that a statement failed which ran alone: what looks like its effect was
    /// there before it. If this cannot be written, the statement stays in doubt, which is true as well.
    fn note_failure(&mut self, work: &Work<'_>, failure: &Failure) {
        let answered = failure.sqlstate().is_some_and(|it| !sqlstate::SESSION_ENDED.contains(&it));
        if !answered {
            return;
        }
        self.session.come_back();
        let note = self.frame.about(work.step, include_str!("failed.sql"));
        let _ = self.session.send_last(&format!("BEGIN READ WRITE;\n{note};\nCOMMIT"));
    }

    /// Takes the mark of a statement back that never began: that of the first one goes, any other one says
    /// so. If that fails, the mark stays, and a person decides: no harm.
    fn take_back(&mut self, work: &mut Work<'_>) {
        self.session.come_back();
        // Without its mark, nobody would know of a migration that has no row either.
        let goes = work.recorded == Some(0) && !work.step.reverts_half();
        let sql = match work.recorded {
            Some(0) if goes => work.forget(&self.frame.store.schema),
            _ => self.frame.about(work.step, include_str!("not_begun.sql")),
        };
        if self.session.send_last(&format!("BEGIN READ WRITE;\n{sql};\nCOMMIT")).is_ok() {
            work.recorded = work.recorded.filter(|_| !goes);
            work.in_doubt = false;
        }
    }
}
