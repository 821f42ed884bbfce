//! `restore`: a backup takes the place of a database.
//!
//! The backup is proved first. Then a new database is made beside the old one (`beside`), filled and
//! compared, and gets its name in one transaction (`swap`); the old one is kept under another. A role that
//! may make no database restores in one transaction in the old one (`in_place`). Whatever fails, and
//! whenever we are killed, the old database is there, whole, and lets everybody in.

mod archived;
mod beside;
mod compare;
mod contents;
mod fill;
mod in_place;
mod job;
mod kept;
mod look;
mod marks;
mod names;
mod others;
mod plan;
mod properties;
mod refuse;
mod replace;
mod scratch;
mod script;
mod side;
mod swap;

use crate::backup::{Backup, BackupId, Backups};
use crate::call::Call;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::history::Server;
use crate::lock::LockKey;
use crate::migrator::Migrator;
use crate::refuse::plan_changed;
use crate::sqlstate;

pub use self::kept::Kept;
pub use self::others::Connected;
pub use self::plan::{Restore, RestorePlan, Restored, Way};

use self::fill::Programs;
use self::job::Job;
use self::look::Look;
use self::side::Opener;
use self::swap::Holder;

/// What somebody else has locked is analysed already, or belongs to the whole server.
const ANALYZE: &str = "ANALYZE (SKIP_LOCKED)";

/// What all of this is called in messages and in the log.
const COMMAND: &str = "restore";

/// Where somebody is connected to when the database is not there.
const ELSEWHERE: [&str; 2] = ["postgres", "template1"];

impl Migrator {
    /// What [`run_restore`](Migrator::run_restore) would do now. Changes nothing, takes no lock, and looks
    /// at no archive.
    pub fn plan_restore(
        &mut self,
        backups: &Backups,
        wanted: &Restore,
    ) -> Result<RestorePlan, Error> {
        let backup = backups.open(&wanted.backup)?;
        self.wherever(|mut connection, call, gone| {
            let decided = decide(&mut connection, call, gone, &backup, wanted)?;
            let Decided { look, database, way, why_in_place, .. } = decided;
            let others = others::staying(&mut connection, look.oid)?;
            let mut stays = Vec::new();
            if way == Way::InPlace {
                let opener = opener(&connection)?;
                let programs = Programs::find(backups.search(), &backup, look.major)?;
                let (programs, interrupt) = (&programs, connection.interrupt);
                let work = fill::Work { programs, backup: &backup, opener: &opener, interrupt };
                let untouched = |it: Error| it.with_state("nothing was changed");
                let archived = work.contents().map_err(untouched)?;
                stays = work.contents_of(None).map_err(untouched)?.without(&archived);
            }
            Ok(RestorePlan {
                manifest: backup.manifest.clone(),
                database,
                way,
                why_in_place,
                others,
                stays,
                warnings: look.warnings(way),
            })
        })
    }

    /// Restores a backup. Until it is there as a whole, the database stays what it was.
    pub fn run_restore(&mut self, backups: &Backups, wanted: &Restore) -> Result<Restored, Error> {
        self.wherever(|mut connection, call, gone| {
            let (server, job) = match job(&mut connection, call, gone, (backups, wanted)) {
                Ok(ready) => ready,
                // The log is that of the database, which another one does not have.
                Err(error) if gone.is_none() => return Err(connection.end(error)),
                Err(error) => return Err(error),
            };
            carry_out(&job, connection, &server)
        })
    }

    /// The databases that restores of this backup have replaced, and that are still there.
    pub fn kept_by_restore(&mut self, id: &BackupId) -> Result<Vec<Kept>, Error> {
        self.wherever(|mut connection, call, gone| {
            let database = name_of(&mut connection, call, gone)?;
            kept::find(&mut connection, &database, id)
        })
    }

    /// Drops databases that restores of this backup have replaced, as they were found before. Gives their
    /// names.
    pub fn drop_kept(&mut self, id: &BackupId, kept: &[Kept]) -> Result<Vec<String>, Error> {
        self.wherever(|mut connection, call, gone| {
            let database = name_of(&mut connection, call, gone)?;
            kept::drop_all(&mut connection, &database, id, kept)
        })
    }

    /// Connects to the database, or, where it is gone, to another one of its server: then its name is
    /// handed in.
    fn wherever<T: Send>(
        &mut self,
        work: impl Fn(Connection<'_>, &Call<'_>, Option<&str>) -> Result<T, Error> + Send + Sync,
    ) -> Result<T, Error> {
        let is_gone = |it: &Error| {
            it.kind() == ErrorKind::Connect && it.sqlstate() == Some(sqlstate::INVALID_CATALOG_NAME)
        };
        let gone = match self.call(COMMAND, |connection, call| work(connection, call, None)) {
            Err(error) if is_gone(&error) => error,
            done => return done,
        };
        let name = self.options().database();
        for other in ELSEWHERE.into_iter().filter(|it| *it != name) {
            let options = self.options().with_database(other);
            let work =
                |connection: Connection<'_>, call: &Call<'_>| work(connection, call, Some(&name));
            match self.call_to(&options, COMMAND, work) {
                Err(error) if error.kind() == ErrorKind::Connect => {}
                done => return done,
            }
        }
        Err(gone)
    }
}

fn opener(connection: &Connection<'_>) -> Result<Opener, Error> {
    Ok(Opener::of(connection, connection.here()?))
}

/// The database that this is about, as the server calls it.
fn name_of(
    connection: &mut Connection<'_>,
    call: &Call<'_>,
    gone: Option<&str>,
) -> Result<String, Error> {
    Ok(match gone {
        Some(name) => name.to_owned(),
        None => call.read(connection)?.0.database,
    })
}

/// Everything that is asked and proved before anything is done.
fn job<'j, 'c: 'j, 'w: 'j>(
    connection: &mut Connection<'c>,
    call: &Call<'_>,
    gone: Option<&str>,
    (backups, wanted): (&Backups, &'w Restore),
) -> Result<(Server, Job<'j>), Error> {
    let backup = backups.open(&wanted.backup)?;
    let Decided { server, look, database, way, .. } =
        decide(connection, call, gone, &backup, wanted)?;
    if wanted.agreed.is_some_and(|it| it != way) {
        return Err(plan_changed("the database would be restored in another way than was shown"));
    }
    if !wanted.disconnect {
        let found = others::staying(connection, look.oid)?;
        if !found.is_empty() {
            let error = others::refuse(&database, &found, wanted.backup.as_str());
            return Err(error.with_state("nothing was changed"));
        }
    }
    let programs = Programs::find(backups.search(), &backup, look.major)?;
    let (tell, interrupt) = (&mut *connection.tell, connection.interrupt);
    backup.verify(backups.search(), interrupt, &mut |event| tell(event.clone()))?;
    let opener = opener(connection)?;
    let found = side::databases(connection)?;
    let is_taken = |name: &str| found.iter().any(|it| it.name == name);
    let kept = names::kept(&database, &look.digits, is_taken);
    Ok((server, Job { wanted, backup, programs, opener, interrupt, look, way, database, kept }))
}

/// What the server and the backup say, before anything is done.
struct Decided {
    server: Server,
    look: Look,
    database: String,
    way: Way,
    why_in_place: Option<String>,
}

fn decide(
    connection: &mut Connection<'_>,
    call: &Call<'_>,
    gone: Option<&str>,
    backup: &Backup,
    wanted: &Restore,
) -> Result<Decided, Error> {
    let (server, _) = call.read(connection)?;
    // What comes takes its time, and this connection says nothing meanwhile.
    connection.stay()?;
    let database = gone.map_or(server.database.clone(), str::to_owned);
    let look = Look::at(connection, &database)?;
    // Another one, which we are connected to because this one is gone, says nothing about it.
    let noted = server.environment.as_deref().filter(|_| gone.is_none());
    let environments = [connection.settings.identity.environment.as_deref(), noted];
    look.refuse(&database, environments, backup, wanted)?;
    if gone.is_some() && look.oid.is_some() {
        return Err(plan_changed("the database was not there, and is now"));
    }
    let (way, why_in_place) = look.way(wanted)?;
    Ok(Decided { server, look, database, way, why_in_place })
}

/// Under the lock of the migrations, where there is a database that could have one.
fn carry_out(
    job: &Job<'_>,
    mut connection: Connection<'_>,
    server: &Server,
) -> Result<Restored, Error> {
    crate::fault::at(crate::fault::Point::RestoreChecked);
    let done = match job.way {
        Way::Anew => {
            lock_name(&mut connection, &job.database)?;
            beside::run(job, &mut Holder::Elsewhere(&mut connection))
        }
        Way::Beside => {
            let mut session = Some(connection.lock(server)?.0);
            beside::run(job, &mut Holder::Session(&mut session))
        }
        Way::InPlace => in_place::run(job, &mut connection.lock(server)?.0),
    };
    let done = done.map_err(|error| {
        // What fails before anything was made says nothing about the database.
        let error = if error.state().is_some() { error } else { error.with_state(job.untouched()) };
        if job.way != Way::Anew {
            job.log_failure(&error);
        }
        job.with_way_out(error)
    })?;
    job.note_done();
    Ok(done)
}

/// Where there is no database, there is no lock of its migrations either: another restore must not take what
/// this one makes for something that was left.
fn lock_name(connection: &mut Connection<'_>, database: &str) -> Result<(), Error> {
    let is_locked = connection.ask(&name_key(database).try_lock())?.is_true(0);
    if is_locked { Ok(()) } else { Err(name_is_locked(database)) }
}

/// The lock of a name, in another database than the one that has it.
fn name_key(database: &str) -> LockKey {
    LockKey::of(&format!("restore of {database}"))
}

fn name_is_locked(database: &str) -> Error {
    let message = format!("another restore of {database} is at work");
    Error::new(ErrorKind::LockHeld, message)
        .with_state("nothing was changed")
        .with_hint("migration-cli status   # is the database there by now?")
}
