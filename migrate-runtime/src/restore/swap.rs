//! The swap: the new database gets the name of the old one, and the old one another, in one transaction.
//!
//! A rename locks its database: nobody new gets in from then on, those who try wait, and it waits for
//! those who are connected, for five seconds. So nothing is closed to anybody by a setting that would
//! outlive us. Our own session in the old database, which holds the lock of the migrations, stays until
//! the rename holds its lock and nobody else is there: no runner gets in between, and whoever kills us at
//! any moment finds either the old database or the new one, each with everything.

use std::collections::BTreeSet;
use std::time::Duration;

use super::others::{self, Connected};
use super::side::Side;
use crate::connection::Connection;
use crate::deadline::{Deadline, Moment, server_millis};
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::quote::{fill, ident};
use crate::session::Session;
use crate::sqlstate;

/// What is swapped.
pub(super) struct Swap<'s> {
    pub(super) name: &'s str,
    /// The database that has the name now, and the name that it gets; nothing where there is none.
    pub(super) old: Option<(u32, &'s str)>,
    pub(super) new: (u32, &'s str),
    /// A name that nobody has.
    pub(super) passing: &'s str,
    /// Statements that belong to it: comments.
    pub(super) with_it: Vec<String>,
    pub(super) disconnect: bool,
    pub(super) backup: &'s str,
}

/// Who holds the lock of the migrations, or, where there is no database that could have one, who asks.
pub(super) enum Holder<'h, 'a> {
    Session(&'h mut Option<Session<'a>>),
    Elsewhere(&'h mut Connection<'a>),
}

const PAUSE: Duration = Duration::from_millis(5);
/// The pause before it is looked again whether everybody has left.
const LONG_PAUSE: Duration = Duration::from_millis(250);

/// Somebody has the database locked, or was connected to it for too long.
const PASSES: [&str; 2] = [sqlstate::LOCK_NOT_AVAILABLE, sqlstate::OBJECT_IN_USE];

/// What came of one attempt.
enum Attempt {
    Swapped,
    /// Others are there, who were not thrown out.
    Others(Vec<Connected>),
    /// Somebody is in the way whom we do not see, for now: the server gave up waiting.
    InTheWay(Error),
}

impl Swap<'_> {
    /// Swaps, and waits for others to leave before that, if they may not be thrown out.
    pub(super) fn run(&self, side: &mut Side, holder: &mut Holder<'_, '_>) -> Result<(), Error> {
        let wait = holder.asks()?.settings.wait;
        let deadline = Deadline::after(wait);
        let mut told: Vec<Connected> = Vec::new();
        loop {
            holder.asks()?.interrupt.check()?;
            let mut found = if self.disconnect { Vec::new() } else { self.others(holder.asks()?)? };
            if found.is_empty() {
                found = match self.attempt(side, holder, wait)? {
                    Attempt::Swapped => return Ok(()),
                    Attempt::InTheWay(error) if deadline.is_over() => return Err(error),
                    Attempt::InTheWay(_) => continue,
                    Attempt::Others(found) => found,
                };
            }
            if deadline.is_over() {
                return Err(others::refuse(self.name, &found, self.backup));
            }
            let connection = holder.asks()?;
            if told.iter().map(|it| it.pid).ne(found.iter().map(|it| it.pid)) {
                connection.tell(crate::progress::Event::Warning {
                    message: format!(
                        "waiting for others to leave {}: {}",
                        self.name,
                        others::list(&found)
                    ),
                });
                told = found;
            }
            connection.interrupt.sleep(LONG_PAUSE)?;
        }
    }

    fn others(&self, connection: &mut Connection<'_>) -> Result<Vec<Connected>, Error> {
        let old = self.old.map(|it| it.0);
        others::connected(connection, old.as_slice())
    }

    fn attempt(
        &self,
        side: &mut Side,
        holder: &mut Holder<'_, '_>,
        wait: Duration,
    ) -> Result<Attempt, Error> {
        let (message, pid) = (self.message(wait), side.pid);
        let what = "the databases cannot be renamed";
        let (answer, found) = std::thread::scope(|scope| {
            let renaming = scope.spawn(|| side.send(&message, what));
            let found = self.accompany(pid, holder, &|| renaming.is_finished());
            if !matches!(&found, Ok(None))
                && !renaming.is_finished()
                && let Ok(connection) = holder.asks()
            {
                cancel(connection, pid);
            }
            let answer = renaming.join();
            (answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), found)
        });
        match (answer, found) {
            (Ok(_), _) => Ok(Attempt::Swapped),
            (Err(_), Ok(Some(found))) => {
                side.roll_back();
                Ok(Attempt::Others(found))
            }
            (Err(_), Err(error)) | (Err(error), Ok(None)) => {
                side.roll_back();
                let passes = error.sqlstate().is_some_and(|it| PASSES.contains(&it));
                // Without the session that holds the lock of the migrations, there is no second attempt.
                if passes && holder.asks().is_ok() {
                    Ok(Attempt::InTheWay(error))
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Does, while the rename waits, what it waits for. Gives the others who would have to be thrown out
    /// for it.
    fn accompany(
        &self,
        pid: i32,
        holder: &mut Holder<'_, '_>,
        has_ended: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Connected>>, Error> {
        let wanted: BTreeSet<u32> =
            self.old.map(|it| it.0).into_iter().chain([self.new.0]).collect();
        let began = Moment::now();
        while !has_ended() {
            let Ok(connection) = holder.asks() else { break };
            connection.interrupt.check()?;
            let locked = locked(connection, pid)?;
            let locked: Vec<u32> = locked.intersection(&wanted).copied().collect();
            let found = others::connected(connection, &locked)?;
            if !found.is_empty() && self.disconnect {
                others::end(connection, &found)?;
            } else if found.iter().any(|it| it.oid != self.new.0 || began.age() > others::LEAVING) {
                return Ok(Some(found));
            } else if found.is_empty() && locked.len() == wanted.len() {
                fault::at(Point::RestoreBlocked);
                holder.leave();
                break;
            }
            holder.asks()?.interrupt.sleep(PAUSE)?;
        }
        Ok(None)
    }

    fn message(&self, wait: Duration) -> String {
        let (name, passing) = (ident(self.name), ident(self.passing));
        let mut statements = vec![
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE".to_owned(),
            // Whoever changes one of the databases is waited for as those are who are connected to it.
            format!("SET LOCAL lock_timeout = {}", server_millis(wait).max(1)),
            // The new one first: whoever looks at every database of a server is soon gone from it, and
            // nobody waits for the old one meanwhile.
            format!("ALTER DATABASE {} RENAME TO {passing}", ident(self.new.1)),
        ];
        if let Some((_, kept)) = self.old {
            statements.push(format!("ALTER DATABASE {name} RENAME TO {}", ident(kept)));
        }
        statements.push(format!("ALTER DATABASE {passing} RENAME TO {name}"));
        statements.extend(self.with_it.iter().cloned());
        statements.push("COMMIT".to_owned());
        statements.join(";\n")
    }
}

impl<'a> Holder<'_, 'a> {
    /// The connection that asks; there is none any more once the session has left.
    pub(super) fn asks(&mut self) -> Result<&mut Connection<'a>, Error> {
        match self {
            Holder::Session(Some(session)) => Ok(&mut *session),
            Holder::Session(None) => Err(Error::new(ErrorKind::Internal, "the session has ended")),
            Holder::Elsewhere(connection) => Ok(connection),
        }
    }

    /// Closes the session in the database that is renamed, if there is one.
    fn leave(&mut self) {
        if let Holder::Session(session) = self {
            session.take();
        }
    }
}

/// The databases that this session has locked.
fn locked(connection: &mut Connection<'_>, pid: i32) -> Result<BTreeSet<u32>, Error> {
    let message = fill(include_str!("swap.sql"), &[("pid", &pid.to_string())]);
    let reply = connection.ask(&message)?;
    let oid = |row: &[Option<String>]| row.first()?.as_deref()?.parse().ok();
    Ok(reply.of(0).filter_map(oid).collect())
}

fn cancel(connection: &mut Connection<'_>, pid: i32) {
    // If it is lost, the rename ends by itself: we are still connected.
    let _ = connection.send_last(&format!("SELECT pg_catalog.pg_cancel_backend({pid})"));
}
