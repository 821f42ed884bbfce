//! `force`: makes the history say what somebody knows to be true. No script runs.

use migrate_core::{MigrationSet, Version};

use crate::connection::Connection;
use crate::error::Error;
use crate::execute::{self, Wanted};
use crate::history::{History, Server};
use crate::plan::{HistoryChange, plan_force};
use crate::refuse::plan_changed;
use crate::session::Session;

/// What `force` is asked to do. Start from [`Force::to`] and assign fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Force {
    /// The newest migration that counts as run; all older ones of the set do too.
    pub version: Version,
    /// Why, for the log.
    pub reason: Option<String>,
    /// What was shown to a person, as [`Migrator::plan_force`](crate::Migrator::plan_force) gave it:
    /// any other difference is refused.
    pub agreed: Option<HistoryChange>,
}

/// What `force` did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Forced {
    /// The token of this run, as in `application_name` and in the log.
    pub token: String,
    /// The database.
    pub database: String,
    /// What was changed; empty when the history said so already.
    pub change: HistoryChange,
}

impl Force {
    /// Up to this version.
    pub fn to(version: Version) -> Force {
        Force { version, reason: None, agreed: None }
    }
}

/// Plans without the lock, as `read` saw the history, and again under it; writes only what was planned.
pub(crate) fn run(
    mut connection: Connection<'_>,
    set: &MigrationSet,
    (server, history): (Server, History),
    force: &Force,
) -> Result<Forced, Error> {
    let (token, database) = (connection.audit.token().to_owned(), server.database.clone());
    let planned = plan(set, (&server, &history), force).map_err(|it| connection.end(it))?;
    if planned.is_empty() {
        return Ok(Forced { token, database, change: planned });
    }
    let (mut session, history) = connection.lock(&server)?;
    let done = write(&mut session, set, &history, (force, planned));
    let change = done.map_err(|it| session.end(it))?;
    Ok(Forced { token, database, change })
}

fn plan(
    set: &MigrationSet,
    (server, history): (&Server, &History),
    force: &Force,
) -> Result<HistoryChange, Error> {
    let planned = plan_force(set, history, force.version)?;
    if planned.is_empty() {
        return Ok(planned);
    }
    if force.agreed.as_ref().is_some_and(|it| !it.same_as(&planned)) {
        return Err(plan_changed("the history has changed since the difference was shown"));
    }
    server.refuse_standby()?;
    Ok(planned)
}

fn write(
    session: &mut Session<'_>,
    set: &MigrationSet,
    history: &History,
    (force, planned): (&Force, HistoryChange),
) -> Result<HistoryChange, Error> {
    // The set has the version, or there would have been no plan before.
    let change = plan_force(set, history, force.version)?;
    if change.is_empty() {
        return Ok(change);
    }
    if !change.same_as(&planned) {
        let what = "another runner changed the history while this one waited for the lock";
        return Err(plan_changed(what));
    }
    session.set_up()?;
    let version = force.version;
    let what = format!("forcing the history to {version}");
    let command = format!("migration-cli force {version}");
    let reason = force.reason.as_deref();
    let wanted = Wanted { version, reason, what: &what, command: &command, is_last: true };
    let before = session.look_before(history)?;
    execute::force(session, &change, wanted)?;
    session.record_after(before);
    Ok(change)
}
