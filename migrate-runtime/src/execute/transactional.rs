//! Scripts in a transaction: one message holds the script, its guards and its rows.

use std::time::{Duration, Instant};

use super::describe::{Situation, describe};
use super::{Execution, Failed, Message, Transactions};
use crate::connection::jittered;
use crate::plan::Step;
use crate::progress::Event;
use crate::sqlstate;
use crate::transport::{Failure, Keep};

/// Attempts to get past the locks of others, until a deadline.
pub(super) struct Attempts {
    made: u32,
    deadline: Instant,
    pause: Duration,
}

impl Execution<'_, '_> {
    /// Runs steps with one message. `first` is the place of the first one in the plan.
    pub(super) fn run_together(&mut self, steps: &[Step], first: usize) -> Result<(), Failed> {
        let mut attempts =
            Attempts::new(self.session.settings.lock_timeout, self.session.settings.lock_deadline);
        let (mut steps, mut first) = (steps, first);
        for (offset, step) in steps.iter().enumerate() {
            self.started(step, first + offset);
        }
        let frame = self.frame.clone();
        loop {
            self.session.interrupt.check().map_err(|error| {
                Failed::new(first, error.with_state("nothing more was changed"))
            })?;
            let message = compose(&frame, steps, self.transactions);
            let results = message.results();
            let failure = match self.session.send(message.text(), Keep::Only(&results)) {
                Ok(reply) => {
                    for (offset, (step, part)) in steps.iter().zip(message.parts()).enumerate() {
                        self.finished(step, first + offset, &reply, part.result);
                    }
                    return Ok(());
                }
                Err(failure) => failure,
            };
            self.session.roll_back();
            let completed = failure.completed.unwrap_or(0);
            let committed = message.committed(completed);
            for (offset, (step, part)) in
                steps.iter().zip(message.parts()).take(committed).enumerate()
            {
                self.finished(step, first + offset, &failure.reply, part.result);
            }
            if attempts.may_go_on(&failure, self.session.interrupt.is_asked()) {
                (steps, first) = (&steps[committed..], first + committed);
                self.wait_for_locks(&steps[0], &failure, &mut attempts, first)?;
                continue;
            }
            let located = message.locate(failure.completed, position(&failure), steps);
            let index = located.map_or_else(|| message.step_at(completed), |it| it.0);
            let step = &steps[index];
            let place = located.map(|it| it.1);
            let situation =
                Situation::Transactional { done: self.done.len(), transactions: self.transactions };
            let error = describe(self.session, step, place, failure, situation);
            return Err(Failed::new(first + index, error));
        }
    }

    pub(super) fn wait_for_locks(
        &mut self,
        step: &Step,
        failure: &Failure,
        attempts: &mut Attempts,
        index: usize,
    ) -> Result<(), Failed> {
        attempts.made += 1;
        let pause = jittered(attempts.pause);
        self.session.tell(Event::Retrying {
            version: step.version().to_owned(),
            attempt: attempts.made,
            sqlstate: failure.sqlstate().unwrap_or_default().to_owned(),
            pause,
        });
        let slept = self.session.interrupt.sleep(pause);
        slept.map_err(|error| Failed::new(index, error.with_state("nothing more was changed")))
    }
}

fn compose<'f>(frame: &'f super::Frame, steps: &[Step], transactions: Transactions) -> Message<'f> {
    let mut message = Message::new(frame);
    match transactions {
        Transactions::OneForAll => {
            message.begin();
            for step in steps {
                message.step(step, &[]);
            }
            message.commit();
        }
        Transactions::OneEach => {
            for step in steps {
                message.begin();
                message.step(step, &[]);
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

impl Attempts {
    /// An attempt takes as long as its lock timeout; the pauses are five times that, so that whoever
    /// queued behind us gets through.
    pub(super) fn new(lock_timeout: Duration, deadline: Duration) -> Attempts {
        let pause = (lock_timeout * 5).clamp(Duration::from_millis(50), Duration::from_secs(5));
        Attempts { made: 0, deadline: Instant::now() + deadline, pause }
    }

    pub(super) fn may_go_on(&self, failure: &Failure, interrupted: bool) -> bool {
        let passes = failure.sqlstate().is_some_and(|it| sqlstate::RETRIED.contains(&it));
        passes && !interrupted && Instant::now() < self.deadline
    }
}

impl Failed {
    pub(super) fn new(index: usize, error: crate::error::Error) -> Failed {
        Failed { index, error: Box::new(error) }
    }
}
