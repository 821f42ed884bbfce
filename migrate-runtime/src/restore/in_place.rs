//! In the database as it is, in one transaction: what the archive has is dropped and made again; what came
//! later stays.

use super::job::Job;
use super::marks::Marks;
use super::others;
use super::plan::Restored;
use super::refuse::{self, failed};
use super::replace::{self, TO_SAVEPOINT, in_savepoint};
use crate::connection::Wire;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::History;
use crate::progress::Event;
use crate::quote::fill;
use crate::session::Session;
use crate::transport::{Failure, FailureCause, Keep};

/// What happened since the backup is in the log alone, which is no part of what is restored.
const KEEP_LOG: &str =
    "CREATE TEMPORARY TABLE _migrations_log_kept ON COMMIT DROP AS TABLE {schema}._migrations_log";
const LOG_AGAIN: &str = include_str!("log_again.sql");

/// Replaces the contents, and holds the lock of the migrations meanwhile.
pub(super) fn run(job: &Job<'_>, session: &mut Session<'_>) -> Result<Restored, Error> {
    if let Err(error) = replaced(job, session) {
        // Not even a session that was ended leaves anything.
        session.roll_back();
        let _ = session.send_last("RESET ALL");
        let error =
            if session.interrupt.is_asked() { crate::interrupt::Interrupt::error() } else { error };
        return Err(explain(job, error).with_state(job.untouched()));
    }
    let Wire::Own(link) = &mut session.wire else {
        return Err(Error::new(ErrorKind::Internal, "a lent connection restores nothing"));
    };
    link.send_to_its_end("COMMIT").map_err(|it| doubt(job, it))?;
    fault::at(Point::RestoreSwapped);
    // A setting of the script's must not reach anything after it.
    let _ = session.send_last("RESET ALL");
    Ok(job.restored())
}

/// Everything but the end of the transaction.
fn replaced(job: &Job<'_>, session: &mut Session<'_>) -> Result<(), Error> {
    session.interrupt.check()?;
    if job.wanted.disconnect {
        let found = others::connected(session, job.look.oid.as_slice())?;
        others::end(session, &found)?;
    }
    session.tell(Event::Restoring { step: format!("Restoring {} in place", job.backup.id) });
    let marks = Marks::for_job(job, session)?;
    session.ask(&replace::begin())?;
    // Where the history is not of our making, or none, there is no log.
    let has_log = session.server.layout.is_some() && about_log(job, session, KEEP_LOG)?;
    replace::run(job, session)?;
    fault::at(Point::RestoreFilled);
    if has_log {
        about_log(job, session, LOG_AGAIN)?;
    }
    session.tell(Event::Restoring { step: "Comparing it with the backup".to_owned() });
    compare(job, session)?;
    let analyzed = session.send(super::ANALYZE, Keep::All);
    analyzed.map_err(|it| failed(it, "the database cannot be analysed"))?;
    if let Some(marks) = marks {
        let schema = &job.opener.store.schema;
        let written = marks.write(schema, &mut |message| session.send(message, Keep::All));
        written.map_err(|it| failed(it, "the environment cannot be noted"))?;
    }
    // There may be no log.
    if session.send(&in_savepoint(&job.row()), Keep::All).is_err() {
        session.ask(TO_SAVEPOINT)?;
    }
    fault::at(Point::RestoreCompared);
    session.interrupt.check()
}

/// Keeps the rows of the log that are no part of the backup, if our role may; says whether it did.
fn about_log(job: &Job<'_>, session: &mut Session<'_>, statement: &str) -> Result<bool, Error> {
    let statement = fill(statement, &[("schema", &job.opener.store.schema)]);
    let Err(failure) = session.send(&in_savepoint(&statement), Keep::All) else { return Ok(true) };
    let error = failed(failure, "the rows of the log since the backup cannot be kept");
    if error.kind() == ErrorKind::ConnectionLost || error.is_interrupted() {
        return Err(error);
    }
    session.ask(TO_SAVEPOINT)?;
    let why = error.server_message().unwrap_or_default();
    session.tell(Event::Warning { message: format!("{error}: {why}") });
    Ok(false)
}

/// Where the answer to a COMMIT never came.
fn doubt(job: &Job<'_>, failure: Failure) -> Error {
    let is_abandoned = matches!(failure.error, FailureCause::Abandoned);
    let error = failed(failure, "the restored database could not be committed");
    if !is_abandoned && error.kind() != ErrorKind::ConnectionLost {
        return error.with_state(job.untouched());
    }
    let database = &job.database;
    let state = format!(
        "database {database} is what it was before, or restored, as a whole; the connection was lost before the server said which"
    );
    error.with_state(state).with_hint("migration-cli status")
}

/// What depends on what is to be replaced, and is not in the backup, keeps it.
fn explain(job: &Job<'_>, error: Error) -> Error {
    const DEPENDENT_OBJECTS: &str = "2BP01";
    if error.sqlstate() != Some(DEPENDENT_OBJECTS) {
        return error;
    }
    let role = job.look.role();
    error.with_hint(format!(
        "ALTER ROLE {role} CREATEDB;   -- then a new database takes the place of this one, whatever came after the backup"
    ))
}

fn compare(job: &Job<'_>, session: &mut Session<'_>) -> Result<(), Error> {
    let Some(expected) = &job.backup.manifest.history else { return Ok(()) };
    let message = session.store.rows().to_owned();
    let reply = session.send(&message, Keep::All);
    let mut reply =
        reply.map_err(|it| refuse::failed(it, "the restored history cannot be read"))?;
    let found = History::parse(reply.take(0)).unwrap_or_default();
    super::compare::history(expected, &found.rows)
}
