//! Runs the steps of a plan on a session, in order.

mod alone;
mod batched;
mod cause;
mod describe;
mod force;
mod frame;
mod framed;
mod made;
mod message;
mod overlapped;
mod patience;
mod phrase;
mod pieces;
mod resume;
mod standalone;
mod transactional;
mod undo;
mod verdict;

use migrate_core::{Direction, Mode};

use crate::deadline::Moment;
use crate::error::{Error, ErrorKind};
use crate::history::time;
use crate::plan::{Plan, Step};
use crate::progress::Event;
use crate::run::{Done, PartialRun};
use crate::session::Session;
use crate::transport::Reply;

pub(crate) use describe::{before, unfinished};
pub(crate) use force::{Wanted, force};
use frame::Frame;
use message::Message;
use overlapped::Ahead;

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
    /// How many steps the run has, with those that were done before this session.
    total: usize,
    /// How many were done before this session.
    before: usize,
    /// Whether the phrases of ours are to have names, and whether the server knows them.
    is_named: bool,
    knows_names: bool,
    done: &'s mut Vec<Done>,
}

/// A step that failed: its place in the plan, and why.
struct Failed {
    index: usize,
    /// How many of those behind it were on their way, and nobody knows what became of them.
    in_doubt: usize,
    error: Box<Error>,
}

/// Why a run ended before its plan did.
pub(crate) enum Broken {
    /// For good.
    Failed(Error),
    /// The connection was lost: over another one, the database tells exactly what that means for the step
    /// on its way, and the rest may run.
    Lost(Error),
}

/// Runs a plan, and adds what was done to what had been done before. After a failure, all of it is
/// part of the error.
pub(crate) fn run(
    session: &mut Session<'_>,
    plan: &Plan,
    transactions: Transactions,
    done: &mut Vec<Done>,
) -> Result<(), Broken> {
    let frame = frame(session);
    let before = done.len();
    let total = before + plan.steps.len();
    let in_transactions = plan.steps.iter().filter(|it| it.mode() != Mode::Standalone).count();
    let is_named = session.is_own() && in_transactions >= phrase::WORTH;
    let mut execution = Execution {
        session,
        frame,
        transactions,
        total,
        before,
        is_named,
        knows_names: false,
        done,
    };
    let Err(Failed { index, in_doubt, error }) = execution.run(&plan.steps) else { return Ok(()) };
    let is_done = |it: &&Step| execution.done.iter().any(|done| done.version == it.version());
    // The answer may be lost after the commit: then nothing has failed.
    let failed = plan.steps.get(index).filter(|it| !is_done(it));
    let name = |it: &Step| (it.version().to_owned(), it.name().to_owned());
    let begun = match transactions {
        Transactions::OneEach => index + 1 + in_doubt,
        Transactions::OneForAll => 0,
    };
    let not_run = plan.steps[begun..].iter().map(|it| it.version().to_owned());
    let error = error.with_partial(PartialRun {
        token: execution.frame.audit.token().to_owned(),
        done: execution.done.clone(),
        failed: failed.map(name),
        not_run: not_run.collect(),
    });
    // What became of the step, the history tells, and of a script outside a transaction its progress and
    // the catalogs do.
    Err(match error.kind() {
        ErrorKind::ConnectionLost => Broken::Lost(error),
        _ => Broken::Failed(error),
    })
}

/// What the messages of one run have in common.
fn frame(session: &Session<'_>) -> Frame {
    let parts = (session.store.clone(), session.audit.clone());
    let cleanup = session.cleanup.clone();
    Frame::new(parts, session.key, &session.server, session.settings, cleanup)
}

impl Execution<'_, '_> {
    fn run(&mut self, steps: &[Step]) -> Result<(), Failed> {
        if self.transactions == Transactions::OneForAll {
            self.frame.shared = (steps.len() > 1).then(|| self.share(steps));
            self.name_phrases(steps);
            for (index, step) in steps.iter().enumerate() {
                self.started(step, index);
            }
            return self.run_together(steps, 0, &mut Ahead::new());
        }
        let mut index = 0;
        while let Some(step) = steps.get(index) {
            index += match step.mode() {
                Mode::Standalone => self.run_standalone(step, index).map(|()| 1)?,
                _ => self.run_overlapped(&steps[index..], index)?,
            };
        }
        Ok(())
    }

    /// Whether the step at this place is the last one, and its message gives the lock back.
    fn is_last(&self, index: usize) -> bool {
        self.before + index + 1 == self.total && self.session.unlocks_early()
    }

    fn started(&mut self, step: &Step, index: usize) {
        self.session.began = Moment::now();
        self.session.batches.migration(step.version());
        self.session.tell(Event::Started {
            index: self.before + index + 1,
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
        self.frame.audit.note_done(&done);
        let (index, total) = (self.before + index + 1, self.total);
        self.session.tell(Event::Finished { index, total, done });
    }
}
