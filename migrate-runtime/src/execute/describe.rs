//! What a failed step says: place, cause, the state of the database, the way out. And its log row.

use std::fmt::Write as _;

use migrate_core::{Direction, Manner, line_text, place_of};

use super::Transactions;
use super::cause::{self, kind_of};
use super::message::Place;
use crate::error::{Error, ErrorKind, Location};
use crate::history::Batched;
use crate::plan::Step;
use crate::session::Session;
use crate::sqlstate;
use crate::transport::Failure;

/// How far a run had come when a step failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// How many steps were done before.
    pub(super) done: usize,
    /// How many steps behind it were on their way when the connection was lost.
    pub(super) in_doubt: usize,
    pub(super) progress: Progress,
}

/// How far the step itself had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It runs in a transaction, which was rolled back as a whole.
    RolledBack(Transactions),
    /// It was committed, and then the end of the answer was lost.
    Committed,
    /// It runs statement by statement, and no statement has had an effect.
    Untouched,
    /// It runs statement by statement: those before this one (from 0) are done.
    Begun {
        statement: usize,
        /// Whether nobody but the catalogs knows what came of this one.
        in_doubt: bool,
        /// How far this one has come, where it runs in batches.
        batched: Option<Batched>,
    },
}

/// Turns a failure into an error, and writes it to the log.
pub(super) fn describe(
    session: &mut Session<'_>,
    step: &Step,
    place: Option<Place>,
    failure: Failure,
    situation: Situation,
) -> Error {
    let code = failure.sqlstate().map(str::to_owned);
    let lost = cause::is_lost(&failure);
    let kind = match cause::kind(session, &failure) {
        kind @ (ErrorKind::Interrupted | ErrorKind::ConnectionLost) => kind,
        // Nothing is wrong with the script: what came between has to end, or to be looked at.
        kind if code.as_deref().is_some_and(|it| sqlstate::GUARDED.contains(&it)) => kind,
        _ if matches!(situation.progress, Progress::Begun { .. }) || step.reverts_half() => {
            ErrorKind::Unfinished
        }
        kind => kind,
    };
    let mut message = message(kind, code.as_deref(), step, situation.progress);
    if code.as_deref().is_some_and(|it| sqlstate::RETRIED.contains(&it)) {
        let attempts = session.waits.retries + 1;
        let plural = if attempts == 1 { "" } else { "s" };
        message = format!("{message} ({attempts} attempt{plural})");
    }
    let error = cause::error(kind, message, failure);
    let state = match code.as_deref() {
        Some(sqlstate::GUARD_ENDED) => ended(step, situation),
        _ => state(lost, step, situation),
    };
    let error = error.with_location(place.map(|it| locate(step, it))).with_state(state);
    let error = hints(error, step, situation.progress, &session.server.role);
    let error = in_the_way(session, error);
    if situation.progress == Progress::Committed { error } else { log(session, step, error) }
}

/// What an interruption between two messages says; it is written to the log too.
pub(super) fn interrupted(session: &mut Session<'_>, step: &Step, situation: Situation) -> Error {
    let kind = ErrorKind::Interrupted;
    let error = Error::new(kind, message(kind, None, step, situation.progress))
        .with_state(state(false, step, situation));
    let error = hints(error, step, situation.progress, &session.server.role);
    let error = in_the_way(session, error);
    log(session, step, error)
}

/// Names those whose locks were in the way, and how to end the first of them.
fn in_the_way(session: &Session<'_>, error: Error) -> Error {
    let gave_up = error.sqlstate().is_some_and(|it| sqlstate::RETRIED.contains(&it));
    if !(gave_up || error.is_interrupted()) {
        return error;
    }
    let blockers = session.waits.blockers.clone();
    let error = match blockers.iter().find_map(|it| it.pid) {
        Some(pid) => error.with_hint(format!(
            "SELECT pg_terminate_backend({pid});   -- once it is certain that nobody needs that session"
        )),
        None => error,
    };
    error.with_blockers(blockers)
}

fn message(kind: ErrorKind, code: Option<&str>, step: &Step, progress: Progress) -> String {
    let verb = match step.direction() {
        Direction::Up => "running",
        Direction::Down => "reverting",
    };
    let what = format!("{verb} migration {}_{}", step.version(), step.name());
    if code == Some(sqlstate::NOT_TRUE) {
        return format!("{what}: what its script verifies is not true");
    }
    match progress {
        Progress::Begun { statement, .. } if kind == ErrorKind::Unfinished => {
            match step.statements().get(statement) {
                Some(_) => format!("{what} failed at statement {}", statement + 1),
                None => format!("{what} failed when it was to be entered into the history"),
            }
        }
        _ if code == Some(sqlstate::GUARD_LEFT) => {
            format!("{what}: its script gave the lock back")
        }
        _ if code == Some(sqlstate::GUARD_ENDED) => {
            format!("{what}: its script ended the transaction")
        }
        _ => cause::words(kind, &what),
    }
}

pub(super) fn state(lost: bool, step: &Step, situation: Situation) -> String {
    let migration = format!("{}_{}", step.version(), step.name());
    let before = before(situation.done, step.direction());
    match situation.progress {
        Progress::Committed => match behind(situation.in_doubt) {
            None => format!("{before}{migration} was committed"),
            Some(behind) => format!(
                "{before}{migration} was committed; what became of {behind}, the history tells"
            ),
        },
        Progress::Begun { statement, .. } if lost => format!(
            "{before}how far {migration} came after statement {statement}, the history and its progress tell"
        ),
        Progress::Untouched if lost => {
            format!("{before}how far {migration} came, the history and its progress tell")
        }
        Progress::Begun { statement, in_doubt, batched } => {
            format!("{before}{}", unfinished(&migration, step, statement, (in_doubt, batched)))
        }
        _ if lost => match behind(situation.in_doubt) {
            None => format!("{before}whether {migration} was committed, the history tells"),
            Some(behind) => format!(
                "{before}whether {migration} and {behind} were committed, the history tells"
            ),
        },
        Progress::RolledBack(_) | Progress::Untouched if step.reverts_half() => {
            format!(
                "{before}nothing of {migration} was reverted, and it is as unfinished as before"
            )
        }
        Progress::RolledBack(Transactions::OneForAll) => {
            "nothing was changed: all migrations share one transaction".to_owned()
        }
        Progress::RolledBack(Transactions::OneEach) | Progress::Untouched => {
            format!("{before}nothing of {migration} was changed")
        }
    }
}

/// As [`state`], of a step whose script has ended the transaction that it was in.
fn ended(step: &Step, situation: Situation) -> String {
    let before = before(situation.done, step.direction());
    format!(
        "{before}what was done until {}_{} ended the transaction is committed or rolled back as its script says, and the rest was rolled back: the history does not have it",
        step.version(),
        step.name()
    )
}

/// Those that were on their way behind a step.
fn behind(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("the one after it".to_owned()),
        count => Some(format!("the {count} after it")),
    }
}

/// What had been done before a step, as the beginning of a sentence.
pub(crate) fn before(done: usize, direction: Direction) -> String {
    match (done, direction) {
        (0, _) => String::new(),
        (1, Direction::Up) => "1 migration ran before it; ".to_owned(),
        (1, Direction::Down) => "1 migration was reverted before it; ".to_owned(),
        (done, Direction::Up) => format!("{done} migrations ran before it; "),
        (done, Direction::Down) => format!("{done} migrations were reverted before it; "),
    }
}

/// How far a script outside a transaction came: the statements before this one (from 0) are done.
pub(crate) fn unfinished(
    migration: &str,
    step: &Step,
    statement: usize,
    (in_doubt, batched): (bool, Option<Batched>),
) -> String {
    let mut state = format!("{migration} is unfinished: ");
    match statement {
        0 => {}
        1 => state.push_str("statement 1 is done, "),
        _ => {
            let _ = write!(state, "statements 1 to {statement} are done, ");
        }
    }
    if statement == step.statements().len() {
        state.push_str("its row in the history is missing");
        return state;
    }
    if let Some(batched) = batched {
        let _ = write!(state, "statement {} has done {batched}", statement + 1);
        return state;
    }
    // What may run in a transaction was rolled back; the others may have done a part of their work.
    let how = if in_doubt { "in doubt" } else { "not" };
    let _ = write!(state, "statement {} is {how}", statement + 1);
    state
}

fn hints(error: Error, step: &Step, progress: Progress, role: &str) -> Error {
    let error = ways_on(error, step, progress, role);
    match progress {
        Progress::Begun { in_doubt: false, .. } => with_way_back(error, step),
        Progress::RolledBack(_) | Progress::Untouched => with_way_on(error, step),
        _ => error,
    }
}

/// What is half done, and was not reverted, may go on instead.
pub(super) fn with_way_on(error: Error, step: &Step) -> Error {
    if step.reverts_half() {
        return error.with_hint("migration-cli up   # goes on with it instead");
    }
    error
}

/// What has begun in batches may be taken back instead.
pub(super) fn with_way_back(error: Error, step: &Step) -> Error {
    let has_batch = step.statements().iter().any(|it| it.manner == Manner::Batch);
    let is_reversible = step.undo().is_some_and(|it| it.directives().irreversible.is_none());
    if has_batch && is_reversible {
        return error.with_hint("migration-cli down   # takes back what it has done");
    }
    error
}

fn ways_on(error: Error, step: &Step, progress: Progress, role: &str) -> Error {
    let command = format!("migration-cli {}", step.direction());
    let (goes_on, has_begun) = match progress {
        Progress::Begun { statement, .. } if statement < step.statements().len() => {
            (format!("goes on at statement {}", statement + 1), true)
        }
        Progress::Begun { .. } => ("enters it into the history".to_owned(), true),
        _ => (String::new(), false),
    };
    // What is in the way of begun work is what the server names.
    let kind = match error.kind() {
        ErrorKind::Unfinished => error.sqlstate().map_or(ErrorKind::Sql, kind_of),
        kind => kind,
    };
    let remark = if has_begun { format!("   # {goes_on}") } else { String::new() };
    if let Some(hint) = cause::way_out(kind, &command, role) {
        return match kind {
            ErrorKind::LockTimeout => error.with_hint(hint + &remark),
            ErrorKind::Privilege if has_begun => {
                error.with_hint(hint).with_hint(format!("{command}{remark}"))
            }
            _ => error.with_hint(hint),
        };
    }
    match kind {
        ErrorKind::Interrupted => error.with_hint(format!("{command}{remark}")),
        ErrorKind::ConnectionLost => error.with_hint("migration-cli status"),
        _ if is_table_of_ours(&error) => {
            error.with_hint("migration-cli repair   # makes the table again that is missing")
        }
        _ if error.sqlstate() == Some(sqlstate::DISK_FULL) => {
            error.with_hint(format!("{command}   # once the server has room again"))
        }
        _ if has_begun => after_mending_begun(error, step, &goes_on),
        _ => after_mending(error, step),
    }
}

/// A statement of ours names its tables with their schema, in whatever language the server complains.
fn is_table_of_ours(error: &Error) -> bool {
    error.sqlstate() == Some(sqlstate::UNDEFINED_TABLE)
        && error.server_message().is_some_and(|it| it.contains("._migrations_"))
}

fn after_mending(error: Error, step: &Step) -> Error {
    let (command, file) = (step.direction(), step.file());
    let error = match error.sqlstate() {
        Some(sqlstate::ACTIVE_SQL_TRANSACTION | sqlstate::INVALID_TRANSACTION_TERMINATION) => error
            .with_hint(format!("put `-- migrate:no-transaction` into the first line of {file}")),
        Some(sqlstate::GUARD_ENDED) => {
            error.with_hint("migration-cli verify   # tells what of it is in the schema")
        }
        Some(sqlstate::QUERY_CANCELED) => error.with_hint(format!(
            "put `-- migrate:statement-timeout 10min` into the first line of {file}"
        )),
        _ => error,
    };
    error.with_hint(format!("migration-cli {command}   # after mending {file} and building again"))
}

/// A statement that began and was edited runs only when somebody says so.
fn after_mending_begun(error: Error, step: &Step, goes_on: &str) -> Error {
    let (command, file) = (step.direction(), step.file());
    let error = error.with_hint(format!(
        "migration-cli {command}   # {goes_on}, once what was in its way is mended"
    ));
    if error.location().is_none() || !step.is_embedded() {
        return error;
    }
    // The database kept the down script that began, and takes another one only when told.
    let mended = format!("after mending {file} and building again");
    error.with_hint(match command {
        Direction::Up => format!("migration-cli repair --retry   # {mended}"),
        Direction::Down => format!("migration-cli repair --update-checksums --retry   # {mended}"),
    })
}

pub(super) fn locate(step: &Step, place: Place) -> Location {
    let sql = step.sql();
    let statement = step.statements().get(place.statement);
    let start = statement.map_or(0, |it| it.range.start as usize);
    let found = place_of(sql, place.byte.unwrap_or(start));
    Location {
        file: step.file().to_owned(),
        line: found.line,
        column: place.byte.map(|_| found.column),
        source_line: line_text(sql, found.line).to_owned(),
        statement: place.statement + 1,
    }
}

/// The row of the log that says how a step ended.
fn log(session: &mut Session<'_>, step: &Step, error: Error) -> Error {
    session.log_error(Some(step.version()), Some(step.direction()), error)
}
