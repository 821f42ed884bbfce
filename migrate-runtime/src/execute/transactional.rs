//! Scripts in a transaction: one message holds the script, its guards and its rows.

use std::time::Duration;

use super::describe::{Progress, Situation, describe, interrupted};
use super::patience::{Attempt, Attempts};
use super::{Execution, Failed, Message, Transactions};
use crate::fault::{self, Point};
use crate::plan::Step;
use crate::progress::Event;
use crate::transport::{Failure, Keep, Reply};
use crate::waits::Waits;

impl Execution<'_, '_> {
    /// Runs steps with one message. `first` is the place of the first one in the plan.
    pub(super) fn run_together(&mut self, steps: &[Step], first: usize) -> Result<(), Failed> {
        let mut attempts = Attempts::new(self.session.settings);
        let (mut steps, mut first) = (steps, first);
        for (offset, step) in steps.iter().enumerate() {
            self.started(step, first + offset);
        }
        // Which of them it is that waits, the answer tells.
        self.session.waits = Waits::of(steps[0].version());
        let mut frame = self.frame.clone();
        loop {
            let situation = self.rolled_back();
            self.check_interrupt(&steps[0], first, situation)?;
            let is_last =
                self.before + first + steps.len() == self.total && self.session.unlocks_early();
            frame.retries = attempts.made();
            let mut message = compose(&frame, steps, self.transactions, &attempts);
            if is_last {
                message.unlock();
            }
            let results = message.results();
            let limits = attempts.limits(steps[0].script());
            let (wanted, looks) = (Keep::Only(&results), attempts.pace(limits));
            let attempt = message.attempt();
            let failure = match self.session.send_watched(message.text(), wanted, looks) {
                Ok(reply) => {
                    fault::at(Point::ReplyRead);
                    self.session.released = is_last;
                    self.all_finished(steps, first, &reply, &message);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            self.session.forget_script();
            let completed = failure.completed.unwrap_or(0);
            let committed = message.committed(completed);
            self.all_finished(&steps[..committed], first, &failure.reply, &message);
            if committed < steps.len()
                && let Some(next) = self.again(&mut attempts, &attempt, &failure)
            {
                (steps, first) = (&steps[committed..], first + committed);
                let situation = self.rolled_back();
                self.wait_for_locks(&steps[0], &failure, next, (first, situation))?;
                continue;
            }
            let located = message.locate(failure.completed, position(&failure), steps);
            let index = located.map_or_else(|| message.step_at(completed), |it| it.0);
            let mut situation = self.rolled_back();
            if committed == steps.len() {
                situation = Situation { progress: Progress::Committed, ..situation };
            }
            let place = located.map(|it| it.1);
            let error = describe(self.session, &steps[index], place, failure, situation);
            return Err(Failed::new(first + index, error));
        }
    }

    fn all_finished(&mut self, steps: &[Step], first: usize, reply: &Reply, message: &Message<'_>) {
        for (offset, (step, part)) in steps.iter().zip(message.parts()).enumerate() {
            self.finished(step, first + offset, reply, part.result);
        }
    }

    fn rolled_back(&self) -> Situation {
        Situation { done: self.done.len(), progress: Progress::RolledBack(self.transactions) }
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

fn compose<'f>(
    frame: &'f super::Frame,
    steps: &[Step],
    transactions: Transactions,
    attempts: &Attempts,
) -> Message<'f> {
    let limits = |step: &Step| attempts.limits(step.script());
    let mut message = Message::new(frame);
    match transactions {
        Transactions::OneForAll => {
            message.begin();
            for (index, step) in steps.iter().enumerate() {
                if index > 0 {
                    // The end of the step before made every constraint immediate.
                    message.push(include_str!("defer.sql"));
                }
                message.step(step, limits(step), &[]);
            }
            message.commit();
        }
        Transactions::OneEach => {
            for step in steps {
                message.begin();
                message.step(step, limits(step), &[]);
                message.commit();
            }
        }
    }
    message
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
        Failed { index, error: Box::new(error) }
    }
}
