//! A new database beside the old one: made, filled, compared, and given its name. Until then the old one
//! serves, and whatever goes wrong, it stays.

use std::time::Duration;

use super::archived;
use super::job::{Job, step};
use super::marks::Marks;
use super::names;
use super::plan::{Restored, Way};
use super::properties::Properties;
use super::refuse;
use super::side::{Database, Side, databases};
use super::swap::{Holder, Swap};
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::History;
use crate::quote::{ident, literal};
use crate::transport::Keep;

/// What fails where a role may not do what the database was given by another one.
const CARRY: &str = "the properties of the database cannot be carried over";

/// What the new database is given.
enum Given {
    /// What the old one has.
    Old(Properties),
    /// The statements of the archive, of which the first one makes it.
    Archive(Vec<String>),
}

/// Makes the new database, and puts it into the place of the old one.
pub(super) fn run(job: &Job<'_>, holder: &mut Holder<'_, '_>) -> Result<Restored, Error> {
    let found = databases(holder.asks()?)?;
    let mut side = job.opener.side(&found, &job.database)?;
    if job.way == Way::Beside {
        // Somebody may make it anew, who began when it was not there.
        side.lock_name(&job.database)?;
    }
    for it in &found {
        let comment = it.comment.as_deref().unwrap_or_default();
        if names::is_unfinished(comment, &job.database) || was_just_made(job, it) {
            step(holder, format!("Dropping what an unfinished restore left: {}", it.name))?;
            side.drop_database(&it.name)?;
        }
    }
    let new = names::new_one(&job.database, job.token());
    let made = make(job, holder, &mut side, &new);
    let (oid, done) = match made {
        Ok((oid, given)) => (Some(oid), complete(job, holder, &mut side, (&new, oid), &given)),
        Err(error) => (None, Err(error)),
    };
    let Err(error) = done else {
        return Ok(job.restored());
    };
    settle(job, &mut side, (&new, oid), error)
}

/// Whether this is what a restore has made that was killed before it could mark it.
fn was_just_made(job: &Job<'_>, database: &Database) -> bool {
    if database.comment.is_some() || !names::is_new_one(&database.name, &job.database) {
        return false;
    }
    // What is of no use to anybody is empty, as it is right after it was made.
    let message = "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid >= 16384)";
    let link = job.opener.open(Some(&database.name), Duration::ZERO, job.interrupt);
    let reply = link.ok().and_then(|mut it| it.ask(message).ok());
    reply.is_some_and(|it| it.is_true(0))
}

/// Where something went wrong, nothing is left of the new database, unless it has its name already.
fn settle(
    job: &Job<'_>,
    side: &mut Side,
    (new, oid): (&str, Option<u32>),
    error: Error,
) -> Result<Restored, Error> {
    let is_lost = error.kind() == ErrorKind::ConnectionLost && oid.is_some();
    // Asked for the first time, this waits until the server is there again.
    if is_lost && job.opener.who_has_the_name(&job.database).is_ok_and(|it| it == oid) {
        return Ok(job.restored());
    }
    let untouched = job.untouched();
    let dropped = side.drop_database(new).or_else(|_| {
        job.opener.again(side)?;
        side.drop_database(new)
    });
    if is_lost {
        // Whoever drops it has waited for a rename that was still on its way: it is over now.
        match job.opener.who_has_the_name(&job.database) {
            Ok(it) if it == oid => return Ok(job.restored()),
            Ok(_) if dropped.is_ok() => {}
            Ok(_) | Err(_) => {
                return Err(error.with_state(job.in_doubt()).with_hint("migration-cli status"));
            }
        }
    }
    if dropped.is_ok() {
        return Err(error.with_state(format!("{untouched}; nothing is left of the new database")));
    }
    let hint = format!("DROP DATABASE {};   -- or let the next restore do it", ident(new));
    Err(error.with_state(format!("{untouched}; the new database {new} is left")).with_hint(hint))
}

/// Makes the empty database, marked as what it is.
fn make(
    job: &Job<'_>,
    holder: &mut Holder<'_, '_>,
    side: &mut Side,
    new: &str,
) -> Result<(u32, Given), Error> {
    step(holder, format!("Making the database {new}"))?;
    let given = match job.look.oid {
        Some(_) => Given::Old(side.properties(&job.database)?),
        None => Given::Archive(archived::statements(
            &job.work().of_database()?,
            (&job.backup.manifest.database, new),
            job.look.major,
        )),
    };
    let create = match &given {
        Given::Old(old) => old.create(new),
        Given::Archive(statements) => statements
            .first()
            .cloned()
            .ok_or_else(|| refuse::error("the archive does not say how its database was made"))?,
    };
    side.send(&create, "a new database cannot be made")?;
    fault::at(Point::RestoreMade);
    let comment = literal(&names::unfinished_comment(&job.database, job.backup.id.as_str()));
    let mark = format!("COMMENT ON DATABASE {} IS {comment}", ident(new));
    let marked =
        side.send(&mark, "the new database cannot be marked").and_then(|_| side.oid_of(new));
    if marked.is_err() {
        // Without its mark, nobody would know later what it is.
        side.drop_database(new)?;
    }
    let oid = marked?;
    fault::at(Point::RestoreCreated);
    if let Given::Old(old) = &given {
        side.together(&old.rights(new), "the rights on the database cannot be given again")?;
        // Some of it would be in the way of filling it; what this role may not carry over is found out now.
        side.try_out(&old.carry_over(new), CARRY).map_err(|it| {
            it.with_hint(format!(
                "migration-cli restore {} --in-place   # the database keeps its properties",
                job.backup.id
            ))
        })?;
    }
    Ok((oid, given))
}

fn complete(
    job: &Job<'_>,
    holder: &mut Holder<'_, '_>,
    side: &mut Side,
    (new, oid): (&str, u32),
    given: &Given,
) -> Result<(), Error> {
    step(holder, format!("Restoring {} into {new}", job.backup.id))?;
    if job.programs.understood {
        job.work().fill(new, job.wanted.jobs)?;
    } else {
        let mut link = job.opener.open(Some(new), Duration::ZERO, job.interrupt)?;
        super::replace::fill(job, &mut link)?;
    }
    fault::at(Point::RestoreFilled);
    step(holder, "Comparing it with the backup".to_owned())?;
    let marks = Marks::for_job(job, holder.asks()?)?;
    compare(job, new, marks.as_ref())?;
    let what = CARRY;
    let with_it = match given {
        Given::Old(old) => {
            side.together(&old.carry_over(new), what)?;
            let differences = old.differences(&side.properties(new)?);
            if !differences.is_empty() {
                return Err(refuse::error(format!("{what}: {}", differences.join("; "))));
            }
            let time = &job.look.digits;
            let id = job.backup.id.as_str();
            let kept = names::kept_comment(&job.database, id, time, old.comment());
            let mut with_it = old.complete(&job.database);
            with_it.push(format!("COMMENT ON DATABASE {} IS {}", ident(&job.kept), literal(&kept)));
            with_it
        }
        Given::Archive(statements) => {
            let (comments, others): (Vec<String>, Vec<String>) =
                statements[1..].iter().cloned().partition(|it| archived::is_comment(it));
            side.together(&others, what)?;
            let name = &job.database;
            let comments = comments.iter().map(|it| archived::renamed(it, new, name));
            let none = format!("COMMENT ON DATABASE {} IS NULL", ident(name));
            std::iter::once(none).chain(comments).collect()
        }
    };
    fault::at(Point::RestoreCompared);
    holder.asks()?.interrupt.check()?;
    step(holder, format!("Putting it into the place of {}", job.database))?;
    let swap = Swap {
        name: &job.database,
        old: job.look.oid.map(|it| (it, job.kept.as_str())),
        new: (oid, new),
        passing: &names::passing(&job.database, job.token()),
        with_it,
        disconnect: job.wanted.disconnect,
        backup: job.backup.id.as_str(),
    };
    swap.run(side, holder)?;
    fault::at(Point::RestoreSwapped);
    Ok(())
}

/// What was restored is what is in the backup; then it gets its statistics and its row of the log.
fn compare(job: &Job<'_>, new: &str, marks: Option<&Marks>) -> Result<(), Error> {
    let mut link = job.opener.open(Some(new), Duration::ZERO, job.interrupt)?;
    if let Some(expected) = &job.backup.manifest.history {
        let reply = link.ask(&job.opener.store.read());
        let mut reply =
            reply.map_err(|it| refuse::failed(it, "the restored history cannot be read"))?;
        let found = History::parse(reply.take(2)).unwrap_or_default();
        super::compare::history(expected, &found.rows)?;
    }
    let work = job.work();
    let (expected, found) = (work.contents()?, work.contents_of(Some(new))?);
    super::compare::contents(expected, found, (work.programs.alike, &job.backup.id))?;
    // Without statistics, the first who use it would wait for plans that were made blindly.
    let analyzed = link.send(super::ANALYZE, Keep::All);
    analyzed.map_err(|it| refuse::failed(it, "the new database cannot be analysed"))?;
    let schema = &job.opener.store.schema;
    let written = marks.map(|it| it.write(schema, &mut |message| link.send(message, Keep::All)));
    written.transpose().map_err(|it| refuse::failed(it, "the environment cannot be noted"))?;
    // There may be no log.
    let _ = link.send_last(&job.row());
    Ok(())
}
