//! Runs the steps of a plan on a session, one message after the other.

mod describe;
mod force;
mod message;
mod resume;
mod standalone;
mod transactional;
mod undo;
mod verdict;

use migrate_core::{Direction, Mode};

use crate::error::Error;
use crate::history::time;
use crate::plan::{Plan, Step};
use crate::progress::Event;
use crate::run::{Done, PartialRun};
use crate::session::Session;
use crate::transport::Reply;

pub(crate) use force::{Wanted, force};
use message::{Frame, Message};

pub(crate) use undo::keep_script;

/// Which steps share a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transactions {
    /// One for each step.
    OneEach,
    /// One for all: everything happens or nothing.
    OneForAll,
}

/// A run in progress.
struct Execution<'s, 'a> {
    session: &'s mut Session<'a>,
    frame: Frame,
    transactions: Transactions,
    total: usize,
    done: Vec<Done>,
}

/// A step that failed: its place in the plan, and why.
struct Failed {
    index: usize,
    error: Box<Error>,
}

/// Runs a plan. What was done before a failure is part of the error.
pub(crate) fn run(
    session: &mut Session<'_>,
    plan: &Plan,
    transactions: Transactions,
) -> Result<Vec<Done>, Error> {
    let parts = (session.store.clone(), session.audit.clone());
    let cleanup = session.cleanup.clone();
    let frame = Frame::new(parts, session.key, &session.server, session.settings, cleanup);
    let total = plan.steps.len();
    session.tell(Event::Planned { total, direction: plan.direction });
    let mut execution = Execution { session, frame, transactions, total, done: Vec::new() };
    match execution.run(&plan.steps) {
        Ok(()) => Ok(execution.done),
        Err(Failed { index, error }) => {
            let is_done =
                |it: &&Step| execution.done.iter().any(|done| done.version == it.version());
            // The answer may be lost after the commit: then nothing has failed.
            let failed = plan.steps.get(index).filter(|it| !is_done(it));
            let name = |it: &Step| (it.version().to_owned(), it.name().to_owned());
            let begun = match transactions {
                Transactions::OneEach => index + 1,
                Transactions::OneForAll => 0,
            };
            let not_run = plan.steps[begun..].iter().map(|it| it.version().to_owned());
            Err(error.with_partial(PartialRun {
                token: execution.frame.audit.token().to_owned(),
                done: execution.done,
                failed: failed.map(name),
                not_run: not_run.collect(),
            }))
        }
    }
}

impl Execution<'_, '_> {
    fn run(&mut self, steps: &[Step]) -> Result<(), Failed> {
        if self.transactions == Transactions::OneForAll {
            return self.run_together(steps, 0);
        }
        for (index, step) in steps.iter().enumerate() {
            match step.mode() {
                Mode::Standalone => self.run_standalone(step, index)?,
                _ => self.run_together(std::slice::from_ref(step), index)?,
            }
        }
        Ok(())
    }

    fn started(&mut self, step: &Step, index: usize) {
        self.session.tell(Event::Started {
            index: index + 1,
            total: self.total,
            version: step.version().to_owned(),
            name: step.name().to_owned(),
            direction: step.direction(),
            mode: step.mode(),
        });
    }

    /// Notes that a step is done; the server told the times in the answer to `statement`.
    fn finished(&mut self, step: &Step, index: usize, reply: &Reply, statement: usize) {
        let cells = reply.first(statement).unwrap_or_default();
        let millis = cells.first().and_then(|it| it.as_deref()?.parse().ok()).unwrap_or(0);
        let done = Done {
            version: step.version().to_owned(),
            name: step.name().to_owned(),
            direction: step.direction(),
            checksum: step.checksum().to_owned(),
            execution_time: std::time::Duration::from_millis(millis),
            applied_at: match step.direction() {
                Direction::Up => time(cells, 1),
                Direction::Down => None,
            },
        };
        self.done.push(done.clone());
        self.session.tell(Event::Finished { index: index + 1, total: self.total, done });
    }
}
