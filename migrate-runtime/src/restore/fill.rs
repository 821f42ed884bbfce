//! What PostgreSQL's own programs do for a restore: they fill a database, and list what is in it.

use std::ffi::OsString;
use std::fs::File;
use std::num::NonZeroUsize;

use super::contents::Contents;
use super::scratch::Scratch;
use super::side::Opener;
use crate::backup::programs::{Found, Program, find};
use crate::backup::run::{Run, run};
use crate::backup::{Backup, Search};
use crate::error::{Error, ErrorKind};
use crate::installed::major_of;
use crate::interrupt::Interrupt;

/// The programs that understand both the archive and the server.
pub(super) struct Programs {
    restore: Found,
    dump: Found,
    /// Whether they list things as the one did that made the archive, of a server like this one.
    pub(super) alike: bool,
    /// Whether the server knows every setting that `pg_restore` begins with.
    pub(super) understood: bool,
}

/// Whether a script drops what it is about to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cleaning {
    First,
    Never,
}

/// What a program works on.
pub(super) struct Work<'w> {
    pub(super) programs: &'w Programs,
    pub(super) backup: &'w Backup,
    pub(super) opener: &'w Opener,
    pub(super) interrupt: &'w Interrupt,
}

impl Programs {
    /// For an archive and a server of that major version.
    pub(super) fn find(search: &Search, backup: &Backup, server: u32) -> Result<Programs, Error> {
        let archive = backup.major()?;
        let restore = find(search, Program::PgRestore, server.max(archive))?;
        let dump = find(search, Program::PgDump, server)?;
        let alike = dump.major == archive && of_server(backup) == Some(server);
        // From 17 on it sets one more, on every server.
        let understood = server >= 17 || restore.major < 17;
        Ok(Programs { restore, dump, alike, understood })
    }
}

/// The major version of the server that a backup was taken of.
pub(super) fn of_server(backup: &Backup) -> Option<u32> {
    major_of(&backup.manifest.server_version)?.parse().ok()
}

impl Work<'_> {
    /// Fills an empty database.
    pub(super) fn fill(&self, database: &str, jobs: Option<NonZeroUsize>) -> Result<(), Error> {
        let mut args = vec!["--exit-on-error".into()];
        args.extend(jobs.map(|it| format!("--jobs={it}").into()));
        args.push(self.backup.archive().into());
        let program = &self.programs.restore;
        let connect = Some((&self.opener.options, Some(database)));
        let done = run(Run { program, args, connect, hold: None }, self.interrupt, &mut || {});
        done.map_err(|it| as_failed(it.into_error(program, "the archive cannot be restored")))
    }

    /// Writes the archive as a script.
    pub(super) fn script(&self, cleaning: Cleaning, to: &File) -> Result<(), Error> {
        let options: &[&str] = match cleaning {
            Cleaning::First => &["--clean", "--if-exists", "--file=-"],
            Cleaning::Never => &["--file=-"],
        };
        let mut args: Vec<OsString> = options.iter().map(OsString::from).collect();
        args.push(self.backup.archive().into());
        self.write(args, to)
    }

    /// What is in the archive.
    pub(super) fn contents(&self) -> Result<Contents, Error> {
        Ok(Contents::parse(&self.list(&self.backup.archive(), &["--schema-only"])?))
    }

    /// What is in a database.
    pub(super) fn contents_of(&self, database: Option<&str>) -> Result<Contents, Error> {
        let (program, scratch) = (&self.programs.dump, scratch()?);
        let args =
            ["--format=custom", "--schema-only", "--compress=0"].map(OsString::from).to_vec();
        let connect = Some((&self.opener.options, database));
        let dump = Run { program, args, connect, hold: Some(&scratch.file) };
        let done = run(dump, self.interrupt, &mut || {});
        done.map_err(|it| as_failed(it.into_error(program, "the schema cannot be read")))?;
        Ok(Contents::parse(&self.list(scratch.path(), &["--schema-only"])?))
    }

    /// The statements that make the database of the archive, with all that it had outside of its dump.
    pub(super) fn of_database(&self) -> Result<String, Error> {
        let archive = self.backup.archive();
        let list = Contents::of_database(&self.list(&archive, &["--create"])?);
        let mut wanted = scratch()?;
        let written = std::io::Write::write_all(&mut wanted.file, list.as_bytes());
        written.map_err(|it| cannot_keep(&it))?;
        let mut use_list = OsString::from("--use-list=");
        use_list.push(wanted.path());
        self.tell(vec!["--create".into(), use_list, "--file=-".into(), archive.into()])
    }

    fn list(&self, archive: &std::path::Path, options: &[&str]) -> Result<String, Error> {
        let mut args: Vec<OsString> = vec!["--list".into()];
        args.extend(options.iter().map(OsString::from));
        args.push(archive.into());
        self.tell(args)
    }

    /// What `pg_restore` says about an archive.
    fn tell(&self, args: Vec<OsString>) -> Result<String, Error> {
        let scratch = scratch()?;
        self.write(args, &scratch.file)?;
        scratch.text().map_err(|it| cannot_keep(&it))
    }

    fn write(&self, args: Vec<OsString>, to: &File) -> Result<(), Error> {
        let program = &self.programs.restore;
        let written = Run { program, args, connect: None, hold: Some(to) };
        let done = run(written, self.interrupt, &mut || {});
        done.map_err(|it| as_failed(it.into_error(program, "the archive cannot be read")))
    }
}

/// What a program says is about the restore.
fn as_failed(error: Error) -> Error {
    if error.kind() == ErrorKind::Program { error.of_kind(ErrorKind::RestoreFailed) } else { error }
}

fn scratch() -> Result<Scratch, Error> {
    Scratch::new().map_err(|it| cannot_keep(&it))
}

fn cannot_keep(error: &std::io::Error) -> Error {
    let message = format!("what PostgreSQL's programs say cannot be kept: {error}");
    Error::new(ErrorKind::Io, message)
}
