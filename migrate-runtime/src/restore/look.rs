//! What the server says before anything is decided about a restore, and what is decided. Reads only.

use super::plan::{Restore, Way};
use super::refuse::failed;
use crate::backup::Backup;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::quote::{fill, literal};
use crate::transport::Keep;

/// What the server says of itself, of our role and of the database.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub(super) struct Look {
    pub(super) major: u32,
    role: String,
    is_superuser: bool,
    may_create: bool,
    /// The database's number; nothing where there is none.
    pub(super) oid: Option<u32>,
    /// Whether the database is ours to rename.
    owns: bool,
    owner: String,
    /// Now, as fourteen digits and as the server writes it.
    pub(super) digits: String,
    pub(super) now: String,
    standby: bool,
    prepared: Option<String>,
    pub(super) slots: Option<String>,
}

impl Look {
    pub(super) fn at(connection: &mut Connection<'_>, database: &str) -> Result<Look, Error> {
        let message = fill(include_str!("look.sql"), &[("name", &literal(database))]);
        let reply = connection.send(&message, Keep::All);
        let reply =
            reply.map_err(|it| failed(it, "the server cannot be asked about its databases"))?;
        let look = reply.first(0).and_then(Look::parse);
        look.ok_or_else(|| Error::new(ErrorKind::Internal, "the server's answer makes no sense"))
    }

    fn parse(cells: &[Option<String>]) -> Option<Look> {
        let cell = |at: usize| cells.get(at).cloned().flatten();
        let is_true = |at: usize| cell(at).as_deref() == Some("t");
        let version: u32 = cell(0)?.parse().ok()?;
        Some(Look {
            major: version / 10_000,
            role: cell(1)?,
            is_superuser: is_true(2),
            may_create: is_true(3),
            oid: cell(4).and_then(|it| it.parse().ok()),
            owns: is_true(5),
            owner: cell(6).unwrap_or_default(),
            digits: cell(7)?,
            now: cell(8)?,
            standby: is_true(9),
            prepared: cell(10),
            slots: cell(11),
        })
    }

    pub(super) fn role(&self) -> &str {
        &self.role
    }

    /// How the database is restored, and why not beside the old one.
    pub(super) fn way(&self, wanted: &Restore) -> Result<(Way, Option<String>), Error> {
        let role = &self.role;
        let why = if self.is_superuser {
            None
        } else if !self.may_create {
            Some(format!("the role {role} may not create databases"))
        } else if !self.owns {
            Some(format!("the database belongs to {}, and not to the role {role}", self.owner))
        } else {
            None
        };
        match (self.oid, why) {
            (None, Some(why)) => {
                let message = format!("there is no such database, and {why}");
                Err(Error::new(ErrorKind::Privilege, message)
                    .with_state("nothing was changed")
                    .with_hint(format!("ALTER ROLE {role} CREATEDB;")))
            }
            (None, None) => Ok((Way::Anew, None)),
            (Some(_), why) if wanted.in_place || why.is_some() => Ok((Way::InPlace, why)),
            (Some(_), _) => Ok((Way::Beside, None)),
        }
    }

    /// What cannot be restored here at all. The environments are what the caller calls it, and what the
    /// database says of itself.
    pub(super) fn refuse(
        &self,
        database: &str,
        environments: [Option<&str>; 2],
        backup: &Backup,
        wanted: &Restore,
    ) -> Result<(), Error> {
        let impossible =
            |it: String| Error::new(ErrorKind::Impossible, it).with_state("nothing was changed");
        if self.standby {
            let message = "the server is a standby: it is read-only";
            return Err(Error::new(ErrorKind::Standby, message).with_state("nothing was changed"));
        }
        let manifest = &backup.manifest;
        let newest = super::fill::of_server(backup);
        if let Some(newest) = newest.filter(|it| *it > self.major) {
            return Err(impossible(format!(
                "the backup {} is of PostgreSQL {newest}, and this server is of version {}: what is newer it does not understand",
                backup.id, self.major
            ))
            .with_hint("migration-cli backup list   # is there one of this server's version?"));
        }
        let is_beside = matches!(self.way(wanted), Ok((Way::Beside, _)));
        if let Some(prepared) = self.prepared.as_ref().filter(|_| is_beside) {
            return Err(impossible(format!(
                "prepared transactions are open in the database, and keep it as it is: {prepared}"
            ))
            .with_hint("ROLLBACK PREPARED 'gid';   -- or COMMIT PREPARED, in that database"));
        }
        let theirs = manifest.environment.as_deref();
        let mut others = environments.into_iter().flatten();
        let other = theirs.and_then(|theirs| others.find(|it| *it != theirs));
        if (manifest.database != database || other.is_some()) && !wanted.other_database {
            let of = |it: Option<&str>| it.map(|it| format!(" (environment {it})"));
            return Err(impossible(format!(
                "the backup {} is of database {}{}, and not of {database}{}",
                backup.id,
                manifest.database,
                of(theirs).unwrap_or_default(),
                of(other).unwrap_or_default()
            ))
            .with_hint(format!(
                "migration-cli restore {} --other-database   # replaces {database} by it all the same",
                backup.id
            )));
        }
        Ok(())
    }

    /// What a person should know before.
    pub(super) fn warnings(&self, way: Way) -> Vec<String> {
        let slots = self.slots.as_ref().filter(|_| way == Way::Beside);
        let slots = slots
            .map(|it| format!("replication slots stay with the database that is replaced: {it}"));
        slots.into_iter().collect()
    }
}
