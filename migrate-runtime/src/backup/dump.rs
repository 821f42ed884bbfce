//! Takes a backup: everything of one snapshot, which the history beside it is of too.
//!
//! The name that makes it a backup comes last. What is interrupted before that is never taken for one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::archive::{self, Files};
use super::facts::{Facts, facts, not_understood};
use super::folder::{self, Folder, Partial};
use super::id::BackupId;
use super::manifest::{Archive, FORM, Format, Manifest, Ran, Sum, write_sums};
use super::programs::{Found, Program, find};
use super::run::{Ended, Run, run};
use super::{Backup, Backups, MANIFEST, SUMS};
use crate::connect_options::ConnectOptions;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::Row;
use crate::pooler;
use crate::progress::{BackupStep, BackupSummary, Event};

/// What has to be there before anything begins.
#[derive(Debug)]
pub(crate) struct Ready {
    folder: Folder,
    dump: Found,
    restore: Found,
}

/// Finds the programs for the server, and makes the folder.
pub(crate) fn prepare(backups: &Backups, connection: &mut Connection<'_>) -> Result<Ready, Error> {
    refuse_pooling(connection)?;
    let reply =
        connection.ask("SELECT pg_catalog.current_setting('server_version_num')::int / 10000")?;
    let major = reply.first(0).and_then(|it| it.first()?.as_deref()?.parse().ok());
    let major = major.ok_or_else(not_understood)?;
    let dump = find(&backups.search, Program::PgDump, major)?;
    // What reads it has to be as new as what wrote it.
    let restore = find(&backups.search, Program::PgRestore, dump.major)?;
    let folder = Folder::open_or_make(&backups.folder)?;
    Ok(Ready { folder, dump, restore })
}

/// `pg_dump` sets what its session needs, and other clients would get that session after it.
fn refuse_pooling(connection: &mut Connection<'_>) -> Result<(), Error> {
    connection.refuse_pooling().map_err(|error| match error.kind() {
        ErrorKind::Pooler => Error::new(
            ErrorKind::Pooler,
            "a pooler hands our statements to more than one session of the server (transaction pooling), and pg_dump would leave its settings behind on one of them",
        )
        .with_state("nothing was changed")
        .with_hint(pooler::HINT),
        _ => error,
    })
}

/// Takes a backup over the connection given, which is in no transaction, before and after.
pub(crate) fn take(
    backups: &Backups,
    ready: &Ready,
    connection: &mut Connection<'_>,
    options: &ConnectOptions,
) -> Result<Backup, Error> {
    let taken = take_one(backups, ready, connection, options);
    taken.map_err(|error| match error.state() {
        None => error.with_state("no backup was taken"),
        Some(_) => error,
    })
}

fn take_one(
    backups: &Backups,
    ready: &Ready,
    connection: &mut Connection<'_>,
    options: &ConnectOptions,
) -> Result<Backup, Error> {
    let facts = facts(connection);
    let dumped = facts.and_then(|facts| {
        let partial = dump(backups, ready, connection, options, &facts)?;
        Ok((facts, partial))
    });
    // The archive has the snapshot already: without this connection, there is nothing to be rolled back.
    let _ = connection.send_last("ROLLBACK");
    let (facts, partial) = dumped?;
    let made = describe(backups, ready, connection, &facts, &partial)?;
    let id: BackupId = made.id.parse()?;
    partial.finish()?;
    let backup = backups.open(&id)?;
    connection.tell(Event::BackedUp { backup: summary(&backup.manifest) });
    Ok(backup)
}

/// What is said about a backup in a line.
pub(super) fn summary(manifest: &Manifest) -> BackupSummary {
    BackupSummary {
        id: manifest.id.clone(),
        created_at: manifest.created_at.clone(),
        size_bytes: manifest.archive.size_bytes,
        checksum: manifest.archive.checksum.clone(),
    }
}

/// Everything up to an archive that is on disk.
fn dump<'f>(
    backups: &Backups,
    ready: &'f Ready,
    connection: &mut Connection<'_>,
    options: &ConnectOptions,
    facts: &Facts,
) -> Result<Partial<'f>, Error> {
    let free = ready.folder.free_space()?;
    let total = facts.database_bytes;
    if free < facts.data_bytes {
        return Err(no_room(&backups.folder, free, facts.data_bytes));
    }
    let environment = connection.settings.identity.environment.as_deref().unwrap_or_default();
    let random = uuid::Uuid::new_v4().simple().to_string();
    let id = BackupId::new(&facts.time, environment, &random[..4]);
    connection.tell(Event::BackupStarted { id: id.to_string(), database_bytes: total });
    let partial = ready.folder.begin(id)?;
    fault::at(Point::BackupBegun);
    let format = backups.format();
    let archive = partial.path().join(format.file());
    if format == Format::Custom {
        folder::make_empty(&archive).map_err(|it| folder::cannot("make", &archive, it))?;
    }
    let lock_timeout = connection.settings.lock_deadline.as_millis().clamp(1, i32::MAX as u128);
    let mut args = vec![
        format!("--format={}", format.as_str()),
        format!("--snapshot={}", facts.snapshot),
        format!("--lock-wait-timeout={lock_timeout}"),
        // Where we have died, it ends with the next thing that it says.
        "--verbose".to_owned(),
    ];
    args.extend(backups.jobs.map(|it| format!("--jobs={it}")));
    let mut args: Vec<OsString> = args.into_iter().map(OsString::from).collect();
    let mut file = OsString::from("--file=");
    file.push(&archive);
    args.push(file);
    let connect = Some((options, None));
    let it = Run { program: &ready.dump, args, connect, hold: partial.lock() };
    let step = BackupStep::Dumping;
    let ended = run(it, connection.interrupt, &mut || {
        let done = archive::size(&archive);
        (connection.tell)(Event::BackupProgress { step, done, total });
    });
    ended.map_err(|it| failed(it, &ready.dump, facts, &archive))?;
    fault::at(Point::BackupDumped);
    archive::settle(&archive)?;
    Ok(partial)
}

fn no_room(path: &Path, free: u64, total: u64) -> Error {
    let path = path.display();
    let message = format!(
        "there is no room for a backup in {path}: {free} bytes are free, and the database has {total} without its indexes"
    );
    Error::new(ErrorKind::Io, message)
        .with_state("nothing was changed")
        .with_hint("migration-cli backup list   # what may go?")
        .with_hint("migration-cli backup --backup-dir DIR   # on a larger disk")
}

fn failed(ended: Ended, program: &Found, facts: &Facts, archive: &Path) -> Error {
    let text = match &ended {
        Ended::Failed { why } => why.clone(),
        _ => String::new(),
    };
    let error = ended.into_error(program, "pg_dump failed");
    if error.kind() == ErrorKind::Privilege {
        let role = &facts.role;
        return error.with_hint(format!(
            "GRANT pg_read_all_data TO {role};   -- a backup reads every table; or take it as their owner"
        ));
    }
    // It limits the statements that lock the tables.
    if text.contains("due to statement timeout") || text.contains("due to lock timeout") {
        return error.with_hint(
            "migration-cli backup --lock-deadline 30m   # waits longer for whoever has a table locked",
        );
    }
    if text.contains("No space left on device") || text.contains("Disk quota exceeded") {
        let folder = archive.parent().and_then(Path::parent).unwrap_or(archive);
        return error.with_hint(format!("df -h {}   # there is no room left", folder.display()));
    }
    error
}

/// Reads the archive back as a whole, and writes what there is to know about it.
fn describe(
    backups: &Backups,
    ready: &Ready,
    connection: &mut Connection<'_>,
    facts: &Facts,
    partial: &Partial<'_>,
) -> Result<Manifest, Error> {
    let format = backups.format();
    let path = partial.path().join(format.file());
    let interrupt = connection.interrupt;
    let tell = &mut connection.tell;
    let mut tell = |step, done, total| tell(Event::BackupProgress { step, done, total });
    archive::read_back(&path, &ready.restore, interrupt, partial.lock(), &mut tell)?;
    fault::at(Point::BackupRead);
    let files = Files::of(&path, format, interrupt, &mut tell)?;
    let identity = &connection.settings.identity;
    let history = facts.history.as_ref().map(|rows| {
        let ran = |it: &Row| Ran {
            version: it.version.clone(),
            name: it.name.clone(),
            checksum: it.checksum.clone(),
        };
        rows.iter().map(ran).collect()
    });
    let manifest = Manifest {
        form: FORM,
        id: partial.id().to_string(),
        created_at: facts.time.clone(),
        environment: identity.environment.clone(),
        database: facts.database.clone(),
        server_version: facts.server_version.clone(),
        database_bytes: facts.database_bytes,
        pg_dump_version: ready.dump.version.clone(),
        application: identity.application.clone(),
        archive: Archive { format, size_bytes: files.size, checksum: files.checksum().to_string() },
        schema: connection.settings.schema.clone(),
        history,
    };
    let text = manifest.write();
    let mut sums =
        vec![Sum { checksum: archive::checksum(text.as_bytes()), name: MANIFEST.into() }];
    sums.extend(files.sums);
    let write = |name: &str, text: &str| {
        let path: PathBuf = partial.path().join(name);
        folder::write_new(&path, text.as_bytes()).map_err(|it| folder::cannot("write", &path, it))
    };
    write(MANIFEST, &text)?;
    write(SUMS, &write_sums(&sums))?;
    folder::sync(partial.path())?;
    Ok(manifest)
}
