//! Carries out the script of `pg_restore --clean` over the session that holds the lock of the migrations, in
//! the transaction that is open there.
//!
//! Not by `pg_restore` itself: it would go on if we were killed, and it gives up at the first thing that
//! cannot be dropped on its own, such as the primary key of a partition. What cannot be dropped is tried
//! again here when the rest is gone.

use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader};

use super::fill::Cleaning;
use super::job::Job;
use super::others;
use super::refuse::{self, failed};
use super::script::{Piece, Script};
use crate::connection::Wire;
use crate::deadline::{Deadline, server_millis};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::progress::Event;
use crate::session::Session;
use crate::sqlstate;
use crate::transport::{CopyError, Failure, FailureCause, Keep, Link, Reply};

/// How long a statement waits for a lock before it is looked who is there.
const ATTEMPT: std::time::Duration = std::time::Duration::from_millis(500);

/// Takes back what failed [in a savepoint](in_savepoint), and nothing else of the transaction.
pub(super) const TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT migrate;\nRELEASE SAVEPOINT migrate";

/// A statement that may fail without the transaction.
pub(super) fn in_savepoint(statement: &str) -> String {
    format!("SAVEPOINT migrate;\n{statement};\nRELEASE SAVEPOINT migrate")
}

/// Carries it out in the transaction that is open.
pub(super) fn run(job: &Job<'_>, session: &mut Session<'_>) -> Result<(), Error> {
    with_script(job, Cleaning::First, |script| Replacing::new(job, session).run(script))
}

/// Fills an empty database, for programs that are too new for its server to do that themselves.
pub(super) fn fill(job: &Job<'_>, link: &mut Link) -> Result<(), Error> {
    with_script(job, Cleaning::Never, |mut script| {
        while let Some(piece) = script.next().map_err(|it| cannot_read(&it))? {
            job.interrupt.check()?;
            match piece {
                Piece::Statement(statement) if is_ours(&statement, job.look.major) => {}
                Piece::Statement(statement) => {
                    refuse_encoding(&statement)?;
                    let sent = link.send(&statement, Keep::Only(&[]));
                    sent.map_err(|it| failed(it, &told(&statement)))?;
                }
                Piece::Copy(statement) => copy(link, &statement, &mut script)?,
            }
        }
        Ok(())
    })
}

/// Reads the script from the program that writes it.
fn with_script(
    job: &Job<'_>,
    cleaning: Cleaning,
    carry_out: impl FnOnce(Script<BufReader<PipeReader>>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (reader, writer) = std::io::pipe().map_err(|it| cannot_read(&it))?;
    let writer = File::from(std::os::fd::OwnedFd::from(writer));
    let work = job.work();
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let written = work.script(cleaning, &writer);
            // Its end is the end of the script.
            drop(writer);
            written
        });
        // Dropped with the reader, the pipe ends the program.
        let read = carry_out(Script::new(BufReader::new(reader)));
        let written = writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match (read, written) {
            (Ok(()), written) => written,
            // A script that ends too early fails for that reason.
            (Err(error), Err(cause)) if error.kind() == ErrorKind::Io => Err(cause),
            (Err(error), _) => Err(error),
        }
    })
}

fn copy(link: &mut Link, statement: &str, script: &mut Script<impl BufRead>) -> Result<(), Error> {
    link.copy_in(statement, &mut || script.data()).map_err(|error| match error {
        CopyError::Postgres(error) => {
            let (completed, reply) = (None, Reply::default());
            let error = FailureCause::Postgres(error);
            failed(Failure { error, completed, reply }, &told(statement))
        }
        CopyError::Data(error) => cannot_read(&error),
        CopyError::Interrupted => Interrupt::error(),
    })
}

struct Replacing<'r, 'j, 'a> {
    job: &'r Job<'j>,
    session: &'r mut Session<'a>,
    deadline: Deadline,
    /// What could not be dropped yet, and why.
    left: Vec<(String, Error)>,
}

impl<'r, 'j, 'a> Replacing<'r, 'j, 'a> {
    fn new(job: &'r Job<'j>, session: &'r mut Session<'a>) -> Replacing<'r, 'j, 'a> {
        let deadline = Deadline::after(session.settings.lock_deadline);
        Replacing { job, session, deadline, left: Vec::new() }
    }

    fn run(mut self, mut script: Script<impl BufRead>) -> Result<(), Error> {
        while let Some(piece) = script.next().map_err(|it| cannot_read(&it))? {
            self.session.interrupt.check()?;
            match piece {
                Piece::Statement(statement) if is_ours(&statement, self.job.look.major) => {}
                Piece::Statement(statement) if is_setting(&statement) => {
                    refuse_encoding(&statement)?;
                    self.make(&statement)?;
                }
                Piece::Statement(statement) if !script.is_making => {
                    if let Err(error) = self.drop_it(&statement)? {
                        self.left.push((statement, error));
                    }
                }
                Piece::Statement(statement) => {
                    self.end_dropping()?;
                    self.make(&statement)?;
                }
                Piece::Copy(statement) => self.copy(&statement, &mut script)?,
            }
        }
        Ok(())
    }

    /// Before anything is made, everything has to be gone.
    fn end_dropping(&mut self) -> Result<(), Error> {
        loop {
            let before = self.left.len();
            if before == 0 {
                return Ok(());
            }
            for (statement, _) in std::mem::take(&mut self.left) {
                if let Err(error) = self.drop_it(&statement)? {
                    self.left.push((statement, error));
                }
            }
            if self.left.len() == before {
                return self.left.drain(..).next().map_or(Ok(()), |(_, error)| Err(error));
            }
        }
    }

    /// Tries to drop something; whoever is in the way is waited for, or ended.
    fn drop_it(&mut self, statement: &str) -> Result<Result<(), Error>, Error> {
        loop {
            let message = in_savepoint(statement);
            let Err(failure) = self.session.send(&message, Keep::Only(&[])) else {
                return Ok(Ok(()));
            };
            if !goes_on(&failure) {
                return Err(self.failed(failure, statement));
            }
            let is_blocked = failure.sqlstate().is_some_and(|it| sqlstate::RETRIED.contains(&it));
            let error = self.failed(failure, statement);
            self.session.ask(TO_SAVEPOINT)?;
            if !is_blocked {
                return Ok(Err(error));
            }
            self.wait_for_others(error)?;
        }
    }

    fn wait_for_others(&mut self, error: Error) -> Result<(), Error> {
        let Job { database, backup, wanted, look, .. } = self.job;
        let found = others::connected(self.session, look.oid.as_slice())?;
        if wanted.disconnect {
            others::end(self.session, &found)?;
        }
        if self.deadline.is_over() {
            let refused = others::refuse(database, &found, backup.id.as_str());
            return Err(if found.is_empty() { error } else { refused.with_source(error) });
        }
        if !wanted.disconnect && !found.is_empty() {
            let message = format!("waiting for others: {}", others::list(&found));
            self.session.tell(Event::Warning { message });
        }
        Ok(())
    }

    fn make(&mut self, statement: &str) -> Result<(), Error> {
        let sent = self.session.send(statement, Keep::Only(&[]));
        sent.map(drop).map_err(|it| self.failed(it, statement))
    }

    fn copy(&mut self, statement: &str, script: &mut Script<impl BufRead>) -> Result<(), Error> {
        let Wire::Own(link) = &mut self.session.wire else {
            return Err(Error::new(ErrorKind::Internal, "a lent connection restores nothing"));
        };
        copy(link, statement, script)
    }

    fn failed(&self, failure: Failure, statement: &str) -> Error {
        if self.session.interrupt.is_asked() {
            return Interrupt::error();
        }
        failed(failure, &told(statement))
    }
}

/// The settings of a session that carries out a script; statements wait for locks only so long.
pub(super) fn begin() -> String {
    let limit = server_millis(ATTEMPT);
    let longer = "SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'";
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n{longer};\nSET LOCAL lock_timeout = {limit}"
    )
}

/// What was to be done, in a line.
fn told(statement: &str) -> String {
    let line = statement.lines().next().unwrap_or_default();
    let line: String = line.chars().take(100).collect();
    format!("the archive cannot be restored: {line}")
}

/// Whether the transaction is still there.
fn goes_on(failure: &Failure) -> bool {
    let code = failure.sqlstate().unwrap_or_default();
    let ends = code.is_empty() || sqlstate::SESSION_ENDED.contains(&code);
    !ends && code != sqlstate::QUERY_CANCELED
}

/// The transaction and the waiting for locks are ours, and what an older server does not know is nobody's.
fn is_ours(statement: &str, server: u32) -> bool {
    let is_unknown = server < 17 && statement.starts_with("SET transaction_timeout ");
    let is_transaction = ["BEGIN", "COMMIT"].contains(&statement);
    is_unknown || is_transaction || statement.starts_with("SET lock_timeout ")
}

fn is_setting(statement: &str) -> bool {
    statement.starts_with("SET ") || statement.starts_with("SELECT pg_catalog.set_config(")
}

/// The client library speaks UTF-8 alone.
fn refuse_encoding(statement: &str) -> Result<(), Error> {
    let encoding = statement.strip_prefix("SET client_encoding = ").map(|it| it.trim_matches('\''));
    match encoding {
        Some(encoding) if encoding != "UTF8" => {
            let message =
                format!("an archive in {encoding} can only be restored into a new database");
            Err(refuse::error(message))
        }
        _ => Ok(()),
    }
}

fn cannot_read(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("what pg_restore writes cannot be read: {error}"))
}
