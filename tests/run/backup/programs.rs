//! Which `pg_dump` is taken, what it is told and what it is not, and how it ends.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use migrate_runtime::backup::{Backups, Search};
use migrate_runtime::testing::search;
use migrate_runtime::{ErrorKind, Event, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, child, trials, wait_until};
use tempfile::TempDir;

use super::{Bench, files};
use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        none_is_told_with_the_name_of_its_package,
        without_pg_restore_none_is_taken,
        one_that_is_too_old_is_told_with_its_version,
        the_servers_own_version_comes_first_and_then_the_next_newer,
        what_fails_is_told_in_its_own_words,
        the_password_is_in_no_argument_and_no_environment,
        no_variable_of_the_caller_decides,
        an_interruption_ends_it_and_leaves_nothing
    ]
}

/// A program that is a shell script. Written by a shell: while this process has it open, nobody can run it.
fn write_program(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let write = "printf '%s\n' '#!/bin/sh' \"$2\" > \"$1\" && chmod 700 \"$1\"";
    let args = [OsString::from("sh"), path.into(), script.into()];
    assert!(Command::new("/bin/sh").args(["-c", write]).args(args).status().unwrap().success());
}

fn real(name: &str) -> PathBuf {
    search().find().unwrap().program(name)
}

/// A folder with a `pg_dump` of ours, and the real `pg_restore`.
fn folder_with(script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_program(&folder.path().join("pg_dump"), script);
    let restore = format!("exec '{}' \"$@\"", real("pg_restore").display());
    write_program(&folder.path().join("pg_restore"), &restore);
    folder
}

fn backups_with(bench: &Bench, pg_bin: &Path) -> Backups {
    let search = Search { pg_bin: Some(pg_bin.to_owned()), ..Search::default() };
    Backups::new(bench.path()).with_search(search)
}

fn none_is_told_with_the_name_of_its_package() {
    let bench = Bench::new();
    let empty = tempfile::tempdir().unwrap();
    let major = bench.database.server().major();
    let nowhere = Search { path: Some(empty.path().into()), well_known: vec![], pg_bin: None };
    let elsewhere = Search { pg_bin: Some(empty.path().to_owned()), ..nowhere.clone() };
    let folder = empty.path().display();
    for (search, message) in [
        (nowhere, "pg_dump is not installed, or not where it is looked for".to_owned()),
        (elsewhere, format!("there is no pg_dump in {folder}, which PG_BIN names")),
    ] {
        let backups = Backups::new(bench.path()).with_search(search);
        let error = bench.migrator(&three()).backup(&backups).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::MissingProgram, 2), "{error:?}");
        assert_eq!(error.to_string(), message);
        assert_eq!(error.state(), Some("nothing was changed"));
        let package = format!("sudo apt-get install postgresql-client-{major} ");
        assert!(error.hints()[0].starts_with(&package), "{error:?}");
        // Not even a folder was made for it.
        assert!(!bench.path().exists());
    }
}

fn without_pg_restore_none_is_taken() {
    let bench = Bench::new();
    let folder = folder_with(&format!("exec '{}' \"$@\"", real("pg_dump").display()));
    fs::remove_file(folder.path().join("pg_restore")).unwrap();
    let error = bench.migrator(&three()).backup(&backups_with(&bench, folder.path())).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::MissingProgram, 2), "{error:?}");
    assert!(error.to_string().starts_with("there is no pg_restore in "), "{error:?}");
    assert!(!bench.path().exists());
}

fn one_that_is_too_old_is_told_with_its_version() {
    let bench = Bench::new();
    let folder = folder_with("echo 'pg_dump (PostgreSQL) 9.6.24'");
    let error = bench.migrator(&three()).backup(&backups_with(&bench, folder.path())).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::MissingProgram, 2), "{error:?}");
    let (major, place) = (bench.database.server().major(), folder.path().display());
    let expected = format!(
        "pg_dump is too old for this server of version {major}: there is 9.6.24 in {place}"
    );
    assert_eq!(error.to_string(), expected);
    assert!(!bench.path().exists());
}

fn the_servers_own_version_comes_first_and_then_the_next_newer() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let own = bench.database.server().major();
    let add = |major: u32| {
        let place = folder.path().join(major.to_string());
        let script = format!(
            "if [ \"$1\" = --version ]; then echo 'it (PostgreSQL) {major}.3'; else exec {{}} \"$@\"; fi"
        );
        for name in ["pg_dump", "pg_restore"] {
            let script = script.replace("{}", real(name).to_str().unwrap());
            write_program(&place.join(name), &script);
        }
        place
    };
    let taken_with = |folders: &[&PathBuf]| {
        let path = std::env::join_paths(folders).unwrap();
        let search = Search { pg_bin: None, path: Some(path), well_known: vec![] };
        let backups = Backups::new(bench.path()).with_search(search);
        let backup = bench.migrator(&three()).backup(&backups);
        backup.unwrap_or_else(|error| panic!("{error:?}")).manifest.pg_dump_version.clone()
    };
    let (older, same, newer, newest) = (add(own - 1), add(own), add(own + 1), add(own + 2));
    assert_eq!(taken_with(&[&older, &newest, &newer, &same]), format!("{own}.3"));
    assert_eq!(taken_with(&[&older, &newest, &newer]), format!("{}.3", own + 1));
    assert_eq!(taken_with(&[&newest]), format!("{}.3", own + 2));
}

fn what_fails_is_told_in_its_own_words() {
    let bench = Bench::new();
    let major = bench.database.server().major();
    let folder = folder_with(&format!(
        "[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {major}.1' && exit
         echo 'pg_dump: reading schemas' >&2
         echo 'pg_dump: error: the dog ate it' >&2
         echo 'pg_dump: detail: all of it' >&2
         exit 1"
    ));
    let error = bench.migrator(&three()).backup(&backups_with(&bench, folder.path())).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Program, 1), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "the dog ate it\ndetail: all of it");
    assert_eq!(bench.names(), [""; 0]);

    // One that is killed, as by the system where memory is short.
    let folder = folder_with(&format!(
        "[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {major}.1' && exit
         echo 'pg_dump: reading schemas' >&2
         kill -9 $$"
    ));
    let error = bench.migrator(&three()).backup(&backups_with(&bench, folder.path())).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Program, 1), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "signal: 9 (SIGKILL); it last said: pg_dump: reading schemas");
    assert_eq!(bench.names(), [""; 0]);

    // One that makes half of it, and says that all is well.
    let folder = folder_with(&format!(
        "[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {major}.1' && exit
         for it in \"$@\"; do case \"$it\" in --file=*) file=\"${{it#--file=}}\";; esac; done
         '{}' \"$@\" || exit
         head -c $(($(wc -c < \"$file\") - 200)) \"$file\" > \"$file.half\"
         cat \"$file.half\" > \"$file\"; rm \"$file.half\"",
        real("pg_dump").display()
    ));
    let error = bench.migrator(&three()).backup(&backups_with(&bench, folder.path())).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DamagedBackup, 1), "{error:?}");
    assert_eq!(error.state(), Some("no backup was taken"));
    assert_eq!(bench.names(), [""; 0]);
}

/// Writes down what others can see of it, and then is the real one.
fn spy(bench: &Bench, notes: &Path) -> TempDir {
    let (major, notes) = (bench.database.server().major(), notes.display());
    folder_with(&format!(
        "[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {major}.1' && exit
         tr '\\0' '\\n' < /proc/$$/cmdline >> {notes}
         echo >> {notes}
         tr '\\0' '\\n' < /proc/$$/environ >> {notes}
         exec '{}' \"$@\"",
        real("pg_dump").display()
    ))
}

const CANARY: &str = "c4n4ry";

fn the_password_is_in_no_argument_and_no_environment() {
    let bench = Bench::new();
    let notes = bench.folder.path().join("notes");
    let folder = spy(&bench, &notes);
    let role = bench.database.role("reader", "");
    bench.database.execute(&format!(
        "GRANT pg_read_all_data TO {0}; ALTER ROLE {0} PASSWORD '{CANARY}'",
        role.name
    ));
    let mut config = role.tcp.clone();
    config.password(CANARY);
    let mut migrator = Migrator::new(&three(), config);
    let taken = migrator.backup(&backups_with(&bench, folder.path()));
    let backup = taken.unwrap_or_else(|error| panic!("{error:?}"));
    let seen = fs::read_to_string(&notes).unwrap();
    assert!(seen.contains(&format!("user='{}'", role.name)), "{seen}");
    assert!(seen.contains("\nPGPASSFILE="), "{seen}");
    assert!(!seen.contains(CANARY), "{seen}");
    for file in files(bench.folder.path()) {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(CANARY.len()).any(|it| it == CANARY.as_bytes());
        assert!(!found, "{}", file.display());
    }
    assert!(!format!("{backup:?}").contains(CANARY));
}

/// In a child, since the environment is that of the whole process.
fn no_variable_of_the_caller_decides() {
    if let Some(argument) = child::argument() {
        let (url, folder) = argument.split_once(' ').unwrap();
        let backups = Backups::new(folder).with_search(search());
        Migrator::from_url(&three(), url).unwrap().backup(&backups).unwrap();
        return;
    }
    let bench = Bench::new();
    let other = TestDatabase::new();
    let argument = format!("{} {}", bench.database.url(), bench.path().display());
    let name = "run::backup::programs::no_variable_of_the_caller_decides";
    let mut command = child::command(name, &argument);
    for (name, value) in [
        ("PGDATABASE", other.name()),
        ("PGHOST", "nowhere.invalid"),
        ("PGPORT", "1"),
        ("PGUSER", "nobody"),
        ("PGPASSWORD", CANARY),
        ("PGSERVICE", "nothing"),
        ("PGSSLMODE", "verify-full"),
        ("PGOPTIONS", "-c nonsense=1"),
        ("PGPASSFILE", "/nonsense"),
    ] {
        command.env(name, value);
    }
    child::assert_success(command.spawn().unwrap());
    let backup = bench.backups().open(&bench.listed()[0]).unwrap();
    assert_eq!(backup.manifest.database, bench.database.name());
}

fn an_interruption_ends_it_and_leaves_nothing() {
    let bench = Bench::new();
    let mut blocker = bench.database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let mut migrator = bench.migrator(&three()).on_event(|event| {
        assert!(!matches!(event, Event::BackedUp { .. }), "{event:?}");
    });
    let interrupt = migrator.interrupt();
    let backups = bench.backups();
    let running = std::thread::spawn(move || migrator.backup(&backups));
    let dumping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'pg_dump'";
    let waits = format!("{dumping} AND wait_event_type = 'Lock'");
    wait_until("pg_dump waits", || bench.database.text(&waits) == "1");
    interrupt.interrupt();
    let error = running.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130), "{error:?}");
    assert_eq!(error.state(), Some("no backup was taken"));
    assert_eq!(bench.names(), [""; 0]);
    wait_until("its session has ended", || bench.database.text(dumping) == "0");
    blocker.batch_execute("ROLLBACK").unwrap();
    let log = "SELECT outcome FROM _migrations_log WHERE command = 'backup'";
    assert_eq!(bench.database.text(log), "interrupted");
}
