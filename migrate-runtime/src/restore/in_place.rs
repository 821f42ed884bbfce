//! In the database as it is, in one transaction: what the archive has is dropped and made again; what came
//! later stays.

use super::job::Job;
use super::others::{self, Connected};
use super::plan::Restored;
use super::refuse;
use crate::deadline::{Deadline, Moment};
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::History;
use crate::interrupt::Interrupt;
use crate::progress::Event;
use crate::session::Session;
use crate::transport::Keep;

/// Replaces the contents, and holds the lock of the migrations meanwhile.
pub(super) fn run(job: &Job<'_>, session: &mut Session<'_>) -> Result<Restored, Error> {
    let untouched = |error: Error| error.with_state(job.untouched());
    session.interrupt.check().map_err(untouched)?;
    let found = others::connected(session, job.look.oid.as_slice()).map_err(untouched)?;
    if job.wanted.disconnect {
        others::end(session, &found).map_err(untouched)?;
    }
    session.tell(Event::Restoring { step: format!("Restoring {} in place", job.backup.id) });
    replace(job, session).map_err(|error| explain(job, error).with_state(job.untouched()))?;
    fault::at(Point::RestoreFilled);
    let state = "the backup was restored in place, and is committed";
    session.tell(Event::Restoring { step: "Comparing it with the backup".to_owned() });
    compare(job, session).map_err(|error| error.with_state(state))?;
    let analyzed = session.send("ANALYZE", Keep::All);
    analyzed
        .map_err(|it| refuse::failed(it, "the database cannot be analysed").with_state(state))?;
    // There may be no log.
    let _ = session.send_last(&job.row());
    Ok(job.restored())
}

/// Runs the program, and looks on: whoever is in its way is ended, or waited for until the deadline.
fn replace(job: &Job<'_>, session: &mut Session<'_>) -> Result<(), Error> {
    let deadline = Deadline::after(session.settings.lock_deadline);
    // The program is stopped for another reason too, so that it gets a handle of its own.
    let stop = Interrupt::default();
    let mut told: Vec<Connected> = Vec::new();
    let mut blocked = None;
    let mut failed = None;
    let mut tick = || {
        let look = look_on(job, session, &mut told);
        match look {
            Ok(0) => blocked = None,
            Ok(_) => {
                blocked.get_or_insert_with(Moment::now);
            }
            Err(error) => failed = failed.take().or(Some(error)),
        }
        let is_late = blocked.is_some() && deadline.is_over();
        if is_late {
            failed = failed
                .take()
                .or_else(|| Some(others::refuse(&job.database, &told, job.backup.id.as_str())));
        }
        if failed.is_some() || session.interrupt.is_asked() {
            stop.interrupt();
        }
    };
    let done = job.work().replace(&stop, &mut tick);
    match (done, failed) {
        (Err(error), Some(failed)) if error.is_interrupted() => Err(failed),
        (done, _) => done,
    }
}

/// Gives how many are in the way.
fn look_on(
    job: &Job<'_>,
    session: &mut Session<'_>,
    told: &mut Vec<Connected>,
) -> Result<usize, Error> {
    let found = others::in_the_way(session)?;
    if job.wanted.disconnect {
        others::end(session, &found)?;
        return Ok(0);
    }
    if !found.is_empty() && told.iter().map(|it| it.pid).ne(found.iter().map(|it| it.pid)) {
        let message = format!("waiting for others: {}", others::list(&found));
        session.tell(Event::Warning { message });
        told.clone_from(&found);
    }
    Ok(found.len())
}

/// What depends on what is to be replaced, and is not in the backup, keeps it.
fn explain(job: &Job<'_>, error: Error) -> Error {
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    if error.kind() != ErrorKind::RestoreFailed || !cause.contains("depend on it") {
        return error;
    }
    let role = job.look.role();
    error.with_hint(format!(
        "ALTER ROLE {role} CREATEDB;   -- then a new database takes the place of this one, whatever came after the backup"
    ))
}

fn compare(job: &Job<'_>, session: &mut Session<'_>) -> Result<(), Error> {
    let Some(expected) = &job.backup.manifest.history else { return Ok(()) };
    let message = job.opener.store.read();
    let reply = session.send(&message, Keep::All);
    let reply = reply.map_err(|it| refuse::failed(it, "the restored history cannot be read"))?;
    let found = History::parse(reply.of(2)).unwrap_or_default();
    super::compare::history(expected, &found.rows)
}
