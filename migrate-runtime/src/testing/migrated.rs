//! The migrated state: made once on a server, as a template, and copied for each test.
//!
//! A template is named by what it holds and by whom it belongs to, so it never has to be updated, and every
//! process that tests the same migrations on the same server finds it, one after the other or at once. It
//! gets its name when it is whole; until then its maker holds a lock, and others wait. Nobody can connect
//! to it: a database that somebody is connected to cannot be copied.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use migrate_core::{Checksum, MigrationSet, Version};
use postgres::error::SqlState;
use postgres::{Client, Config};

use super::database::{connect_to_any, create, place_of};
use crate::config::{Limit, Settings, Up};
use crate::error::{Error, ErrorKind};
use crate::history::LAYOUT;
use crate::migrator::Migrator;
use crate::plan::nearest;
use crate::quote::{ident, literal};

/// How often what was there a moment ago may be gone.
const ATTEMPTS: usize = 5;

/// The state that the migrations of a set lead to, or some of them.
pub(super) struct Migrated<'s> {
    set: &'s MigrationSet,
    limit: Limit,
    /// Of everything that decides what is in the database.
    checksum: String,
}

/// What there is of the template.
struct Found {
    name: String,
    is_there: bool,
    comment: String,
    /// Whether the template has another comment.
    is_comment_old: bool,
    /// What the copy lacks.
    statements: String,
}

impl<'s> Migrated<'s> {
    pub(super) fn new(set: &'s MigrationSet, at: Option<Version>) -> Result<Migrated<'s>, Error> {
        if let Some(at) = at.filter(|it| set.get(*it).is_none()) {
            return Err(no_such_migration(set, at));
        }
        let mut text = format!("{} {LAYOUT}\n", env!("CARGO_PKG_VERSION"));
        for it in set.iter().filter(|it| at.is_none_or(|at| it.version <= at)) {
            let (up, down) = (it.up.checksum, it.down.checksum);
            // The database keeps the down scripts.
            _ = writeln!(text, "{}_{} {up} {down}", it.version, it.name);
        }
        let limit = at.map_or(Limit::All, Limit::To);
        Ok(Migrated { set, limit, checksum: Checksum::of(&text).to_string() })
    }

    /// Makes the database `name`, a copy of the template, which is made where there is none yet.
    pub(super) fn clone_to(&self, server: &Config, name: &str) -> Result<(), Error> {
        let mut client = connect_to_any(server)?;
        for _ in 0..ATTEMPTS {
            let found = self.look(&mut client, name).map_err(|it| unexpected(it, server))?;
            if !found.is_there {
                self.make(&mut client, server, name)?;
                continue;
            }
            match create(&mut client, server, name, &found.name) {
                Ok(()) => return complete(&mut client, server, &found, name),
                // Somebody has swept it away.
                Err(it) if it.sqlstate() == Some(SqlState::UNDEFINED_DATABASE.code()) => {}
                Err(it) if it.sqlstate() == Some(SqlState::OBJECT_IN_USE.code()) => {
                    let hint = format!(
                        "DROP DATABASE {} WITH (FORCE);   -- the next test makes it again",
                        found.name
                    );
                    return Err(it.with_hint(hint));
                }
                Err(it) => return Err(it),
            }
        }
        let message = format!(
            "the template for tests beside {} vanishes as soon as it is made",
            place_of(server)
        );
        Err(Error::new(ErrorKind::InUse, message))
    }

    fn look(&self, client: &mut Client, name: &str) -> Result<Found, postgres::Error> {
        let row = client.query_one(include_str!("look.sql"), &[&self.checksum, &name])?;
        Ok(Found {
            name: row.try_get(0)?,
            is_there: row.try_get(1)?,
            comment: row.try_get(2)?,
            is_comment_old: row.try_get(3)?,
            statements: row.try_get(4)?,
        })
    }

    /// Makes the template, unless somebody else has by the time that the lock is ours.
    fn make(&self, client: &mut Client, server: &Config, name: &str) -> Result<(), Error> {
        let locked = self.lock(client, name).and_then(|()| self.look(client, name));
        let found = locked.map_err(|it| unexpected(it, server))?;
        let made = if found.is_there { Ok(()) } else { self.make_alone(client, server, &found) };
        let unlocked = client.batch_execute("SELECT pg_catalog.pg_advisory_unlock_all()");
        made.and(unlocked.map_err(|it| unexpected(it, server)))
    }

    fn lock(&self, client: &mut Client, name: &str) -> Result<(), postgres::Error> {
        let found = self.look(client, name)?;
        // Others may need as long as the migrations take.
        client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
        client.execute(include_str!("lock.sql"), &[&found.name]).map(|_| ())
    }

    /// Makes the template while nobody else does.
    fn make_alone(&self, client: &mut Client, server: &Config, found: &Found) -> Result<(), Error> {
        // Scripts that failed fail again, and a test is not to take the longer the more of them there are.
        static FAILED: Mutex<Vec<(String, Error)>> = Mutex::new(Vec::new());
        let place = format!("{} on {}", found.name, place_of(server));
        let failed = || FAILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = failed().iter().find(|it| it.0 == place) {
            return Err(error.again());
        }
        sweep(client).map_err(|it| unexpected(it, server))?;
        let new = format!("{}_new", found.name);
        create(client, server, &new, "template0")?;
        let made = self
            .fill(server, &new)
            .and_then(|()| finish(client, &new, found).map_err(|it| unexpected(it, server)));
        made.inspect_err(|error| {
            drop_database(client, &new);
            if error.location().is_some() {
                failed().push((place, error.again()));
            }
        })
    }

    fn fill(&self, server: &Config, new: &str) -> Result<(), Error> {
        let mut config = server.clone();
        config.dbname(new);
        let up = Up { limit: self.limit, ..Up::default() };
        let settings = Settings { record_schema: false, ..Settings::default() };
        Migrator::new(self.set, config).with_settings(settings).run_up(&up).map(|_| ())
    }
}

/// Gives a template that is whole its name, and all that comes with it, in one step.
fn finish(client: &mut Client, new: &str, found: &Found) -> Result<(), postgres::Error> {
    let Found { name, comment, .. } = found;
    client.batch_execute(&format!(
        "ALTER DATABASE {new} ALLOW_CONNECTIONS false; \
         COMMENT ON DATABASE {new} IS {}; \
         ALTER DATABASE {new} RENAME TO {name}",
        literal(comment)
    ))
}

/// Gives the copy what a template does not pass on, and notes that the template was used.
fn complete(client: &mut Client, server: &Config, found: &Found, name: &str) -> Result<(), Error> {
    if found.is_comment_old {
        // Where it fails, the next test tries again.
        let comment = literal(&found.comment);
        drop(client.batch_execute(&format!("COMMENT ON DATABASE {} IS {comment}", found.name)));
    }
    client.batch_execute(&found.statements).map_err(|error| {
        drop_database(client, name);
        unexpected(error, server)
    })
}

/// Drops what nobody will use any more.
fn sweep(client: &mut Client) -> Result<(), postgres::Error> {
    for row in client.query(include_str!("sweep.sql"), &[])? {
        drop_database(client, row.try_get(0)?);
    }
    Ok(())
}

/// Drops it, whoever is connected. What stays is swept another time.
fn drop_database(client: &mut Client, name: &str) {
    drop(client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", ident(name))));
}

fn unexpected(error: postgres::Error, server: &Config) -> Error {
    let kind =
        if error.as_db_error().is_some() { ErrorKind::Sql } else { ErrorKind::ConnectionLost };
    Error::from_postgres(
        kind,
        format!("no template for tests can be made beside {}", place_of(server)),
        error,
    )
}

fn no_such_migration(set: &MigrationSet, version: Version) -> Error {
    let error =
        Error::new(ErrorKind::NoSuchVersion, format!("this set has no migration {version}"));
    match nearest(set, version).and_then(|it| set.get(it)) {
        Some(it) => {
            error.with_hint(format!("at = \"{}\"   # {}, the nearest", it.version, it.name))
        }
        None => error.with_hint("migration-cli create NAME   # the set is empty"),
    }
}
