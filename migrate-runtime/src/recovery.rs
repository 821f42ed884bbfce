//! The run under the lock, and what it does about a lost connection.
//!
//! A new connection takes the lock, which the old one held until the server noticed, and the history
//! then tells exactly what was committed. What was counts as done, and what is left of the plan goes on:
//! nothing that was not agreed to, and nothing for ever.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use migrate_core::{Direction, Mode};

use crate::call::{Call, Request};
use crate::config::{Down, Limit, Up};
use crate::error::{Error, ErrorKind};
use crate::execute::{self, Broken, Transactions, before, unfinished};
use crate::extras::committed_by;
use crate::history::History;
use crate::plan::{Plan, Step};
use crate::progress::Event;
use crate::recording::Before;
use crate::refuse::plan_changed;
use crate::run::{Done, PartialRun};
use crate::session::Session;

/// How often the connection may be lost over one and the same step. Once happens; twice, as a cluster
/// fails over and back, too. A script that brings the server down does it every time, and all
/// applications with it.
const LOSSES: u32 = 3;

/// A version, the statement that its progress names, and how many rows of it are done in batches.
type Place = (String, u32, u64);

/// A run on its way.
struct Course {
    /// What is left.
    plan: Plan,
    transactions: Transactions,
    done: Vec<Done>,
    /// What the history must still say: version and time of the rows that nobody was to take away.
    known: Vec<(String, Option<SystemTime>)>,
    was_told: bool,
    /// What was being done when the connection was lost last, and how often it was lost over that.
    stuck: Option<(Place, u32)>,
}

impl Call<'_> {
    /// Plans again under the lock, and runs what was planned before.
    pub(crate) fn run_locked(
        &self,
        (mut session, mut history): (Session<'_>, History),
        planned: Option<&Plan>,
        request: Request<'_>,
    ) -> Result<Vec<Done>, Error> {
        let mut losses = 0;
        let (plan, before) = loop {
            let plan = self.plan_again(&mut session, &history, planned, request);
            let plan = plan.and_then(|it| self.safeguard(&mut session, &history, it));
            match plan.and_then(|it| look_before(&mut session, &history, it)) {
                Err(error) if losses < LOSSES && session.may_reopen(&error) => {
                    losses += 1;
                    (session, history) = session.reopen(&error)?;
                }
                plan => break plan.map_err(|it| session.end(it))?,
            }
        };
        let transactions = match request {
            Request::Up(up) if up.single_transaction => Transactions::OneForAll,
            _ => Transactions::OneEach,
        };
        let mut course = Course::new(plan, &history, transactions);
        while !course.plan.steps.is_empty() {
            let lost = match course.run(&mut session) {
                Ok(()) => break,
                Err(Broken::Lost(error)) if session.may_reopen(&error) => error,
                Err(Broken::Lost(error)) => return Err(session.end(error)),
                Err(Broken::Failed(error)) => {
                    let error = session.end(error);
                    if course.has_changed() {
                        session.record_after(before);
                    }
                    return Err(error);
                }
            };
            session = self.recover(session, &mut course, lost, request)?;
        }
        session.record_after(before);
        Ok(course.done)
    }

    fn plan_again(
        &self,
        session: &mut Session<'_>,
        history: &History,
        planned: Option<&Plan>,
        request: Request<'_>,
    ) -> Result<Plan, Error> {
        let server = session.server.clone();
        let plan = self.plan(session, &server, history, request)?;
        let plan = plan?;
        if self.agreed.is_some_and(|it| !plan.steps.is_empty() && !plan.same_as(it)) {
            return Err(plan_changed("there is something else to do than what was agreed to"));
        }
        let agreed = match planned {
            Some(planned) => plan.is_part_of(planned),
            // There was no plan while another runner was at work. What is pending may run; what would be
            // reverted now is not what was there to revert.
            None => plan.steps.is_empty() || matches!(request, Request::Up(_)),
        };
        if agreed {
            return Ok(plan);
        }
        Err(plan_changed("another runner changed the history while this one waited for the lock"))
    }

    /// Before the first step of a plan that has one.
    fn safeguard(
        &self,
        session: &mut Session<'_>,
        history: &History,
        plan: Plan,
    ) -> Result<Plan, Error> {
        match self.safeguard.filter(|_| !plan.steps.is_empty()) {
            Some(safeguard) => safeguard.take(session, history).map(|()| plan),
            None => Ok(plan),
        }
    }

    /// Comes back to a session, and to a plan of what is left.
    fn recover<'s>(
        &self,
        mut session: Session<'s>,
        course: &mut Course,
        lost: Error,
        request: Request<'_>,
    ) -> Result<Session<'s>, Error> {
        let step = course.next().map(|it| it.version().to_owned());
        let mut losses = 0;
        let history = loop {
            let history;
            (session, history) = match session.reopen(&lost) {
                Ok(opened) => opened,
                Err(error) => return Err(in_doubt(error, lost)),
            };
            course.refuse_forgotten(&history, &self.token).map_err(|it| session.end(it))?;
            match self.look(&mut session, &history, course, request) {
                Ok(()) => break history,
                Err(error) if losses < LOSSES && session.may_reopen(&error) => losses += 1,
                Err(error) => {
                    return Err(session.end(course.stopped(error, &history, &self.token)));
                }
            }
        };
        if course.count_loss(step, &history) < LOSSES {
            return Ok(session);
        }
        let error = course.stopped(lost, &history, &self.token);
        let state = error.state().unwrap_or_default();
        let state = format!("{state}, and the connection was lost {LOSSES} times over it");
        Err(course.log(&mut session, error.with_state(state)))
    }

    /// Finds out what was committed, and plans what is left.
    fn look(
        &self,
        session: &mut Session<'_>,
        history: &History,
        course: &mut Course,
        request: Request<'_>,
    ) -> Result<(), Error> {
        let committed = committed_by(session, &self.token)?;
        let found = course.found(history, committed.as_deref());
        let total = course.done.len() + found.len() + course.plan.steps.len();
        for done in found {
            let index = course.done.len() + 1;
            course.finish(done.clone());
            session.audit.note_done(&done);
            session.tell(Event::Finished { index, total, done });
        }
        let Some(left) = NonZeroUsize::new(course.plan.steps.len()) else { return Ok(()) };
        let limit = Limit::Steps(left);
        let planned = Some(&course.plan);
        let plan = match request {
            Request::Up(up) => {
                let rest = Up { limit, ..up.clone() };
                self.plan_again(session, history, planned, Request::Up(&rest))?
            }
            Request::Down(down) => {
                let rest = Down { limit, ..down.clone() };
                self.plan_again(session, history, planned, Request::Down(&rest))?
            }
        };
        // Somebody else may have come between.
        let is_first = course.done.is_empty();
        course.plan = if is_first { self.safeguard(session, history, plan)? } else { plan };
        Ok(())
    }
}

impl Course {
    fn new(plan: Plan, history: &History, transactions: Transactions) -> Course {
        let goes = |version: &str| plan.steps.iter().any(|it| it.version() == version);
        let stays = history.rows.iter().filter(|it| !goes(&it.version));
        let known = stays.map(|it| (it.version.clone(), it.applied_at)).collect();
        let (done, was_told, stuck) = (Vec::new(), false, None);
        Course { plan, transactions, done, known, was_told, stuck }
    }

    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Broken> {
        match session.set_up() {
            Err(error) if error.kind() == ErrorKind::ConnectionLost => {
                return Err(Broken::Lost(error));
            }
            made => made.map_err(Broken::Failed)?,
        }
        if !self.was_told {
            self.was_told = true;
            let (total, direction) = (self.plan.steps.len(), self.plan.direction);
            session.tell(Event::Planned { total, direction });
        }
        let before = self.done.len();
        let result = execute::run(session, &self.plan, self.transactions, &mut self.done);
        for done in self.done.split_off(before) {
            self.finish(done);
        }
        result
    }

    fn finish(&mut self, done: Done) {
        if done.direction == Direction::Up {
            self.known.push((done.version.clone(), done.applied_at));
        }
        self.done.push(done);
    }

    /// Whether something of it may be there although it failed.
    fn has_changed(&self) -> bool {
        let stays = |it: &Step| it.mode() == Mode::Standalone;
        !self.done.is_empty() || self.was_told && self.next().is_some_and(stays)
    }

    /// The step that is on its way.
    fn next(&self) -> Option<&Step> {
        let is_done = |it: &Step| self.done.iter().any(|done| done.version == it.version());
        self.plan.steps.iter().find(|it| !is_done(it))
    }

    /// Takes what the history has out of the plan; gives what of it this run has committed although the
    /// answer was lost. The rest was somebody else's, who came between.
    fn found(&mut self, history: &History, committed: Option<&[(String, Duration)]>) -> Vec<Done> {
        let mut found = Vec::new();
        for step in self.plan.take_done(history) {
            let version = step.version();
            let entry = committed.map(|it| it.iter().find(|entry| entry.0 == version));
            let is_told = self.done.iter().any(|it| it.version == version);
            if is_told || entry == Some(None) {
                continue;
            }
            let row = history.rows.iter().rev().find(|it| it.version == version);
            let logged = entry.flatten().map(|it| it.1).unwrap_or_default();
            found.push(Done {
                version: version.to_owned(),
                name: step.name().to_owned(),
                direction: step.direction(),
                checksum: step.checksum().to_owned(),
                execution_time: row.map_or(logged, |it| it.execution_time),
                applied_at: row.and_then(|it| it.applied_at),
            });
        }
        found
    }

    /// After a failover to a standby that lagged, commits may be gone, and after a crash where they
    /// were not waited for; and the same name may lead to another server.
    fn refuse_forgotten(&mut self, history: &History, token: &str) -> Result<(), Error> {
        let is_there = |version: &str, applied_at| {
            history.rows.iter().any(|it| it.version == version && it.applied_at == applied_at)
        };
        let Some((gone, _)) = self.known.iter().find(|it| !is_there(&it.0, it.1)) else {
            return Ok(());
        };
        let message = format!(
            "the history does not say any more that migration {gone} ran: another server answers, one that lost what was committed, or somebody reverted it"
        );
        let did = self.done.len();
        self.done
            .retain(|it| it.direction == Direction::Down || is_there(&it.version, it.applied_at));
        let kept = self.done.len();
        let state = format!("the history knows {kept} of the {did} migrations that this run did");
        let error = Error::new(ErrorKind::PlanChanged, message).with_hint("migration-cli status");
        Err(self.with_partial(error.with_state(state), token))
    }

    /// Counts a loss over `step`; a step that was done in the end, that another one follows, or that has come
    /// further since, is no obstacle.
    fn count_loss(&mut self, step: Option<String>, history: &History) -> u32 {
        let next = self.next().map(|it| it.version().to_owned());
        let Some(step) = step.filter(|it| next.as_ref() == Some(it)) else {
            self.stuck = None;
            return 0;
        };
        let work = history.unfinished.iter().find(|it| it.version == step);
        let statement = work.map_or(0, |it| it.statement);
        let rows = work.and_then(|it| it.batched).map_or(0, |it| it.rows);
        let place = (step, statement, rows);
        let before = self.stuck.take().filter(|it| it.0 == place).map_or(0, |it| it.1);
        self.stuck = Some((place, before + 1));
        before + 1
    }

    /// What an error says after the history was read.
    fn stopped(&self, error: Error, history: &History, token: &str) -> Error {
        let before = before(self.done.len(), self.plan.direction);
        let state = match (self.next(), self.transactions) {
            (Some(_), Transactions::OneForAll) => {
                "nothing was changed: all migrations share one transaction".to_owned()
            }
            (Some(step), Transactions::OneEach) => {
                let name = format!("{}_{}", step.version(), step.name());
                let begun = history.unfinished.iter().find(|it| it.version == step.version());
                let of_it = match begun {
                    Some(work) => {
                        let in_doubt = work.alone == Some(true);
                        unfinished(&name, step, work.index(), (in_doubt, work.batched))
                    }
                    None => format!("nothing of {name} was changed"),
                };
                format!("{before}{of_it}")
            }
            (None, _) => format!("{before}nothing is left to do"),
        };
        self.with_partial(error.with_state(state), token)
    }

    fn with_partial(&self, error: Error, token: &str) -> Error {
        let (token, done) = (token.to_owned(), self.done.clone());
        let failed = self.next().map(|it| (it.version().to_owned(), it.name().to_owned()));
        let is_done = |it: &Step| done.iter().any(|done| done.version == it.version());
        let left = self.plan.steps.iter().filter(|it| !is_done(it));
        let begun = usize::from(self.transactions == Transactions::OneEach);
        let not_run = left.skip(begun).map(|it| it.version().to_owned()).collect();
        error.with_partial(PartialRun { token, done, failed, not_run })
    }

    fn log(&self, session: &mut Session<'_>, error: Error) -> Error {
        let step = self.next();
        session.log_error(step.map(Step::version), step.map(Step::direction), error)
    }
}

/// What was there, where something of it is about to change.
fn look_before(
    session: &mut Session<'_>,
    history: &History,
    plan: Plan,
) -> Result<(Plan, Before), Error> {
    let before =
        if plan.steps.is_empty() { Before::nothing() } else { session.look_before(history)? };
    Ok((plan, before))
}

/// What is said when the history could not be read again: what the first loss said, and why.
fn in_doubt(error: Error, lost: Error) -> Error {
    let state = lost.state().unwrap_or_default().to_owned();
    if [ErrorKind::Connect, ErrorKind::ConnectionLost].contains(&error.kind()) {
        let cause = std::error::Error::source(&error).map(|it| format!(": {it}"));
        return lost.with_state(format!("{state}; {error}{}", cause.unwrap_or_default()));
    }
    let partial = lost.partial().cloned();
    let error = error.with_state(state);
    match partial {
        Some(partial) => error.with_partial(partial),
        None => error,
    }
}
