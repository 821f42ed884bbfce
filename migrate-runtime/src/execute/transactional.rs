//! Scripts in a transaction: one message holds the script, its guards and its rows.

use std::time::Duration;

use super::cause::is_lost;
use super::describe::{Progress, Situation, describe, interrupted};
use super::frame::Shared;
use super::overlapped::{Ahead, Neighbours};
use super::patience::{Attempt, Attempts};
use super::phrase::{WORTH, Wording, mentions};
use super::{Execution, Failed, Frame, Message};
use crate::connection::DEALLOCATE;
use crate::fault::{self, Point};
use crate::plan::Step;
use crate::progress::Event;
use crate::transport::{Failure, Keep, Reply};
use crate::waits::Waits;

impl Execution<'_, '_> {
    /// Runs steps with one message: the first of those that are on their way, or one that is made here. `first`
    /// is the place of the first step in the plan. After a failure nothing is on its way any more.
    pub(super) fn run_together(
        &mut self,
        steps: &[Step],
        first: usize,
        ahead: &mut Ahead<'_>,
    ) -> Result<(), Failed> {
        let mut attempts = Attempts::new(self.session.settings);
        // Which of them it is that waits, the answer tells.
        self.session.waits = Waits::of(steps[0].version());
        let mut frame = self.frame.clone();
        let mut in_full = false;
        loop {
            frame.retries = attempts.made();
            let (message, answer) = ahead.pop_front().unzip();
            let message = if let Some(message) = message {
                message
            } else {
                self.check_interrupt(&steps[0], first, self.rolled_back())?;
                // One that failed has made the session forget the names.
                let again = in_full || attempts.made() > 0;
                let wording = if again { Wording::InFull } else { self.wording(steps) };
                let how = (Neighbours::default(), wording);
                self.compose(&frame, (steps, first), how, &attempts)
            };
            let results = message.results();
            let limits = attempts.limits(steps[0].script());
            let (wanted, looks) = (Keep::Only(&results), attempts.pace(limits));
            let attempt = message.attempt();
            let failure = match self.session.answer_watched(message.text(), answer, wanted, looks) {
                Ok(reply) => {
                    fault::at(Point::ReplyRead);
                    self.session.released = self.is_last(first + steps.len() - 1);
                    self.all_finished(steps, first, &reply, &message);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            let behind = ahead.len();
            self.session.drain(ahead.drain(..).map(|it| it.1));
            self.session.forget_script();
            self.knows_names = false;
            let completed = failure.completed.unwrap_or(0);
            let is_committed = message.is_committed(completed);
            if is_committed {
                self.all_finished(steps, first, &failure.reply, &message);
            } else if message.misses_names(&failure, steps) {
                in_full = true;
                if message.has_run_any(completed) {
                    self.tell_repetition(&steps[message.step_at(completed)]);
                }
                continue;
            } else if let Some(next) = self.again(&mut attempts, &attempt, &failure) {
                let situation = self.rolled_back();
                self.wait_for_locks(&steps[0], &failure, next, (first, situation))?;
                continue;
            }
            let located = message.locate(failure.completed, position(&failure), steps);
            let index = located.map_or_else(|| message.step_at(completed), |it| it.0);
            let place = located.map(|it| it.1);
            let in_doubt = if is_lost(&failure) { behind } else { 0 };
            let mut situation = Situation { in_doubt, ..self.rolled_back() };
            if is_committed {
                situation.progress = Progress::Committed;
            }
            let error = describe(self.session, &steps[index], place, failure, situation);
            return Err(Failed { in_doubt, ..Failed::new(first + index, error) });
        }
    }

    /// The message of some steps, which share a transaction.
    pub(super) fn compose<'f>(
        &self,
        frame: &'f Frame,
        (steps, first): (&[Step], usize),
        (neighbours, wording): (Neighbours<'_>, Wording),
        attempts: &Attempts,
    ) -> Message<'f> {
        let mut message = Message::new(frame);
        message.wording = wording;
        message.begin();
        if wording == Wording::InFull && self.is_named {
            // Those around it that are said by name leave what is prepared.
            message.push(DEALLOCATE);
        }
        if let Some(before) = neighbours.before {
            message.after(before);
        }
        for (index, step) in steps.iter().enumerate() {
            if index > 0 && frame.shared.is_some_and(|it| it.may_defer) {
                // The end of the step before made every constraint immediate.
                message.push(include_str!("defer.sql"));
            }
            message.is_last = index + 1 == steps.len();
            message.step(step, attempts.limits(step.script()));
        }
        if let (true, [.., last]) = (neighbours.is_followed, steps) {
            message.note_done(last);
        }
        message.commit();
        if self.is_last(first + steps.len() - 1) {
            message.unlock();
        }
        message
    }

    /// What is to be known of steps that share a message. To make constraints wait again costs a look through all that
    /// there are, for every step. One that nobody saw here is looked at when all of it is committed, or not.
    pub(super) fn share(&mut self, steps: &[Step]) -> Shared {
        let is_new = steps.iter().any(|it| mentions(it.sql(), &["deferrable", "deferred"]));
        // For few of them, the question costs more than it saves.
        if is_new || steps.len() < WORTH {
            return Shared { may_defer: true };
        }
        // What goes wrong here, the message itself tells.
        let found = self.session.send(include_str!("may_defer.sql"), Keep::All);
        Shared { may_defer: found.map_or(true, |it| it.is_true(0)) }
    }

    /// What a script did to statements of ours is not seen in its text, and so it was sent in vain.
    fn tell_repetition(&mut self, step: &Step) {
        let (version, name) = (step.version(), step.name());
        let message = format!(
            "{version}_{name} has changed, without words for it in its text, what the session knew of statements of ours: its transaction was rolled back, and is sent again"
        );
        self.session.tell(Event::Warning { message });
    }

    fn all_finished(&mut self, steps: &[Step], first: usize, reply: &Reply, message: &Message<'_>) {
        for (offset, (step, part)) in steps.iter().zip(message.parts()).enumerate() {
            self.finished(step, first + offset, reply, part.result);
        }
    }

    pub(super) fn rolled_back(&self) -> Situation {
        let progress = Progress::RolledBack(self.transactions);
        Situation { done: self.done.len(), in_doubt: 0, progress }
    }

    pub(super) fn check_interrupt(
        &mut self,
        step: &Step,
        index: usize,
        situation: Situation,
    ) -> Result<(), Failed> {
        if self.session.interrupt.is_asked() {
            // The log is ours, and not that of the role which a script may have become.
            self.session.come_back();
            return Err(Failed::new(index, interrupted(self.session, step, situation)));
        }
        Ok(())
    }

    /// Whether to send a message again that failed.
    pub(super) fn again(
        &self,
        attempts: &mut Attempts,
        attempt: &Attempt,
        failure: &Failure,
    ) -> Option<(u32, Duration)> {
        let next = attempts.again(failure, attempt, &self.session.waits);
        next.filter(|_| !self.session.interrupt.is_asked())
    }

    /// Lets those through who queued behind the attempt that failed.
    pub(super) fn wait_for_locks(
        &mut self,
        step: &Step,
        failure: &Failure,
        (attempt, pause): (u32, Duration),
        (index, situation): (usize, Situation),
    ) -> Result<(), Failed> {
        self.session.waits.retries = attempt;
        self.session.tell(Event::Retrying {
            version: step.version().to_owned(),
            attempt,
            sqlstate: failure.sqlstate().unwrap_or_default().to_owned(),
            pause,
        });
        // An interruption ends the pause, and is told here.
        self.session.pause(pause);
        self.check_interrupt(step, index, situation)
    }
}

/// Where in the message the server found the error, in characters from 1.
pub(super) fn position(failure: &Failure) -> Option<u32> {
    use postgres::error::ErrorPosition;

    use crate::transport::FailureCause;

    let FailureCause::Postgres(error) = &failure.error else { return None };
    match error.as_db_error()?.position()? {
        ErrorPosition::Original(position) => Some(*position),
        ErrorPosition::Internal { .. } => None,
    }
}

impl Failed {
    pub(super) fn new(index: usize, error: crate::error::Error) -> Failed {
        Failed { index, in_doubt: 0, error: Box::new(error) }
    }
}
