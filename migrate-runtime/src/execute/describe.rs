//! What a failed step says: place, cause, the state of the database, the way out. And its log row.

use std::fmt::Write as _;

use migrate_core::{Direction, line_text, place_of};

use super::Transactions;
use super::message::Place;
use crate::audit::{Entry, Outcome};
use crate::error::{Error, ErrorKind, Location};
use crate::interrupt::Interrupt;
use crate::plan::Step;
use crate::session::Session;
use crate::sqlstate;
use crate::transport::{Failure, FailureCause};

/// How far a step had come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Situation {
    /// It was rolled back as a whole.
    Transactional { done: usize, transactions: Transactions },
    /// It runs statement by statement, and no statement has had an effect.
    Untouched { done: usize },
    /// It runs statement by statement: those before `statement` (from 0) are done, it is in doubt.
    Begun { done: usize, statement: usize },
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
    let interrupted = session.interrupt.is_asked();
    let lost = is_lost(&failure);
    let kind = match code.as_deref() {
        _ if interrupted => ErrorKind::Interrupted,
        _ if lost => ErrorKind::ConnectionLost,
        _ if matches!(situation, Situation::Begun { .. }) => ErrorKind::Unfinished,
        Some(code) => kind_of(code, place.is_some()),
        None => ErrorKind::Sql,
    };
    let message = message(kind, code.as_deref(), step, situation);
    let error = match failure.error {
        FailureCause::Postgres(error) => Error::from_postgres(kind, message, error),
        FailureCause::Abandoned => Interrupt::error(),
    };
    let error = error
        .with_location(place.map(|it| locate(step, it)))
        .with_state(state(kind, step, situation));
    let error = hints(error, kind, code.as_deref(), step, situation);
    log(session, step, &error, if interrupted { Outcome::Interrupted } else { Outcome::Failed });
    error
}

fn kind_of(code: &str, in_script: bool) -> ErrorKind {
    match code {
        sqlstate::GUARD_NOT_LOCKED => ErrorKind::Pooler,
        sqlstate::GUARD_OTHER_RUNNER => ErrorKind::LockHeld,
        sqlstate::GUARD_ALREADY => ErrorKind::PlanChanged,
        _ if sqlstate::RETRIED.contains(&code) => ErrorKind::LockTimeout,
        sqlstate::READ_ONLY_SQL_TRANSACTION if !in_script => ErrorKind::Standby,
        sqlstate::INSUFFICIENT_PRIVILEGE => ErrorKind::Privilege,
        _ => ErrorKind::Sql,
    }
}

fn message(kind: ErrorKind, code: Option<&str>, step: &Step, situation: Situation) -> String {
    let migration = format!("migration {}_{}", step.version(), step.name());
    let verb = match step.direction() {
        Direction::Up => "running",
        Direction::Down => "reverting",
    };
    match (kind, situation) {
        (ErrorKind::Interrupted, _) => format!("interrupted while {verb} {migration}"),
        (ErrorKind::ConnectionLost, _) => {
            format!("the connection was lost while {verb} {migration}")
        }
        (ErrorKind::Pooler, _) => {
            format!("{verb} {migration}: the connection is not the one that holds the lock")
        }
        (ErrorKind::LockHeld, _) => format!("{verb} {migration}: another runner is at it"),
        (ErrorKind::PlanChanged, _) => {
            format!("{verb} {migration}: somebody else changed the history meanwhile")
        }
        (ErrorKind::LockTimeout, _) => {
            format!("{verb} {migration}: locks of others were in the way until the deadline")
        }
        (_, Situation::Begun { statement, .. }) => {
            format!("{verb} {migration} failed at statement {}", statement + 1)
        }
        _ if code == Some(sqlstate::GUARD_LEFT) => {
            format!("{verb} {migration}: its script ended the transaction or gave the lock back")
        }
        _ => format!("{verb} {migration} failed"),
    }
}

fn state(kind: ErrorKind, step: &Step, situation: Situation) -> String {
    let migration = format!("{}_{}", step.version(), step.name());
    let (verb, done) = match (step.direction(), situation) {
        (
            Direction::Up,
            Situation::Transactional { done, .. }
            | Situation::Untouched { done }
            | Situation::Begun { done, .. },
        ) => ("ran", done),
        (
            Direction::Down,
            Situation::Transactional { done, .. }
            | Situation::Untouched { done }
            | Situation::Begun { done, .. },
        ) => ("were reverted", done),
    };
    let before = match done {
        0 => String::new(),
        1 => format!("1 migration {} before it; ", verb.replace("were", "was")),
        _ => format!("{done} migrations {verb} before it; "),
    };
    match situation {
        Situation::Transactional { transactions: Transactions::OneForAll, .. }
            if kind != ErrorKind::ConnectionLost =>
        {
            "nothing was changed: all migrations share one transaction".to_owned()
        }
        Situation::Transactional { .. } if kind == ErrorKind::ConnectionLost => {
            format!("{before}whether {migration} was committed, the history tells")
        }
        Situation::Transactional { .. } | Situation::Untouched { .. } => {
            format!("{before}nothing of {migration} was changed")
        }
        Situation::Begun { statement: 0, .. } => {
            format!("{before}{migration} is unfinished: its first statement is in doubt")
        }
        Situation::Begun { statement, .. } => {
            let mut state = before;
            let _ = write!(state, "{migration} is unfinished: ");
            let done = if statement == 1 {
                "statement 1 is".to_owned()
            } else {
                format!("statements 1 to {statement} are")
            };
            let _ = write!(state, "{done} done, statement {} is in doubt", statement + 1);
            state
        }
    }
}

fn hints(
    error: Error,
    kind: ErrorKind,
    code: Option<&str>,
    step: &Step,
    situation: Situation,
) -> Error {
    let command = step.direction();
    match kind {
        ErrorKind::Interrupted if !matches!(situation, Situation::Begun { .. }) => {
            return error.with_hint(format!("migration-cli {command}"));
        }
        ErrorKind::ConnectionLost | ErrorKind::PlanChanged | ErrorKind::LockHeld => {
            return error.with_hint("migration-cli status");
        }
        ErrorKind::Pooler => {
            return error.with_hint(
                "export MIGRATION_DATABASE_URL='postgres://…'   # to the server itself, or to a pooler in session mode",
            );
        }
        ErrorKind::LockTimeout => {
            return error.with_hint(format!("migration-cli {command} --lock-deadline 30m"));
        }
        _ => {}
    }
    if matches!(situation, Situation::Begun { .. }) {
        return error
            .with_hint("migration-cli status   # then finish or undo that statement by hand")
            .with_hint(format!(
                "DELETE FROM _migrations_progress WHERE version = '{}';   -- once the database is as before the script",
                step.version()
            ));
    }
    let file = step.file();
    let error = match code {
        Some(sqlstate::ACTIVE_SQL_TRANSACTION | sqlstate::INVALID_TRANSACTION_TERMINATION) => error
            .with_hint(format!("put `-- migrate:no-transaction` into the first line of {file}")),
        Some(sqlstate::QUERY_CANCELED) => error.with_hint(format!(
            "put `-- migrate:statement-timeout 10min` into the first line of {file}"
        )),
        Some(sqlstate::INSUFFICIENT_PRIVILEGE) => {
            error.with_hint("grant the right, or connect with a role that has it")
        }
        _ => error,
    };
    error.with_hint(format!("migration-cli {command}   # after mending {file} and building again"))
}

fn locate(step: &Step, place: Place) -> Location {
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

fn is_lost(failure: &Failure) -> bool {
    let closed = match &failure.error {
        FailureCause::Postgres(error) => error.as_db_error().is_none(),
        FailureCause::Abandoned => true,
    };
    closed || failure.sqlstate().is_some_and(|it| sqlstate::SESSION_ENDED.contains(&it))
}

fn log(session: &mut Session<'_>, step: &Step, error: &Error, outcome: Outcome) {
    let message = error.server_message().map_or_else(|| error.to_string(), str::to_owned);
    session.log(&Entry {
        version: Some(step.version()),
        direction: Some(step.direction()),
        outcome,
        started_at: "pg_catalog.now()",
        sqlstate: error.sqlstate(),
        message: Some(&message),
        detail: "{}",
    });
}
