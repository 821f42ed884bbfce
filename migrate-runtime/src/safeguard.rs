//! What a run does before its first step, so that there is a way back.

use crate::connection::Connection;
use crate::error::Error;
use crate::history::History;
use crate::session::Session;

/// What hints call the program.
const PROGRAM: &str = "migration-cli";

/// Done once, under the lock, and only when there is something to run.
pub(crate) trait Safeguard: Send + Sync {
    /// Fails where it could not be done: before the lock is taken, and anything else is.
    fn prepare(&self, connection: &mut Connection<'_>) -> Result<(), Error>;

    /// Does it; nothing, where it was done for the same history already.
    fn take(&self, session: &mut Session<'_>, history: &History) -> Result<(), Error>;

    /// The id of the backup that was taken.
    fn taken(&self) -> Option<String>;
}

/// Tells the way back from what failed after a backup was taken.
pub(crate) fn with_way_back(error: Error, safeguard: Option<&dyn Safeguard>) -> Error {
    match safeguard.and_then(Safeguard::taken) {
        Some(id) => error.with_hint(format!(
            "{PROGRAM} restore {id} --confirm   # the database as it was before this run"
        )),
        None => error,
    }
}
