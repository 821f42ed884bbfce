//! Poolers between us and the server.
//!
//! One that hands our statements to more than one session (transaction pooling) leaves the lock behind on
//! one of them, and the settings of a script on another. It looks just like a server, and as long as
//! nobody else is there, it gives us the same session again and again. What gives it away: it does not
//! pass on a setting of our own that we connect with, and two connections see the same session.

use crate::connection::{Connection, Wire};
use crate::error::{Error, ErrorKind};

/// How often both connections are asked. A busy pooler gives them different sessions for a while.
const QUESTIONS: u32 = 5;

impl Connection<'_> {
    /// Refuses a pooler that does not keep us on one session, before there is anything to leave behind.
    pub(crate) fn refuse_pooling(&mut self) -> Result<(), Error> {
        let Some(pid) = self.behind_pooler else { return Ok(()) };
        for _ in 0..QUESTIONS {
            let Wire::Own(link) = &mut self.wire else { return Ok(()) };
            let beside = link.pid_beside();
            self.interrupt.check()?;
            let beside = beside.map_err(|reason| {
                refusal("a pooler is between us and the server, and whether it keeps us on one session cannot be told without a second connection")
                    .with_source(std::io::Error::other(reason))
            })?;
            let reply = self.ask("SELECT pg_catalog.pg_backend_pid()")?;
            let now = reply.first(0).and_then(|it| it.first()?.as_deref()?.parse().ok());
            if beside == pid || now != Some(pid) {
                return Err(refusal(
                    "a pooler hands our statements to more than one session of the server (transaction pooling), and the lock of the migrations would stay behind on one of them",
                ));
            }
        }
        Ok(())
    }
}

fn refusal(message: &str) -> Error {
    Error::new(ErrorKind::Pooler, message).with_state("nothing was changed").with_hint(HINT)
}

/// The way out.
pub(crate) const HINT: &str = "export MIGRATION_DATABASE_URL='postgres://…'   # to the server itself, or to a pooler in session mode";
