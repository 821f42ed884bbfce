//! A disk that is full, and has room again: a small file system in memory, which holds a tablespace.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use migrate_runtime::backup::Backups;
use migrate_runtime::testing::search;
use migrate_runtime::{Error, ErrorKind, MigrationSet, Restore};
use migration_tests::harness::Trial;
use migration_tests::{Server, TestDatabase, set, trials};
use tempfile::TempDir;

use super::resume::assert_finished;
use crate::{migrator, names};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_full_disk_changes_nothing_of_its_script,
        an_index_that_a_full_disk_left_invalid_is_built_again,
        a_restore_that_a_full_disk_ends_changes_nothing
    ]
}

/// A file system of a few megabytes, mounted for a server.
struct Disk(TempDir);

impl Disk {
    /// Nothing where mounting is not permitted, and then says so.
    #[expect(clippy::print_stderr, reason = "a test that was not made is not one that passed")]
    fn mount(server: &Server) -> Option<Disk> {
        // In `/tmp`, which the server's account can reach.
        let folder = tempfile::Builder::new().prefix("migration-disk-").tempdir_in("/tmp").unwrap();
        let owner = fs::metadata(server.socket()).unwrap().uid();
        let options = format!("size=4m,mode=700,uid={owner}");
        if let Err(why) = mount(&["-t", "tmpfs", "-o", &options, "tmpfs"], folder.path()) {
            eprintln!("skipped: no small disk can be mounted, which takes root: {why}");
            return None;
        }
        Some(Disk(folder))
    }

    fn grow(&self) {
        mount(&["-o", "remount,size=128m"], self.0.path()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The server may still hold files of it open.
        drop(Command::new("umount").arg("--lazy").arg(self.0.path()).output());
    }
}

fn mount(arguments: &[&str], folder: &Path) -> Result<(), String> {
    let output = Command::new("mount").args(arguments).arg(folder).output();
    let output = output.map_err(|it| it.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// Three migrations, of which the second needs more room than there is, and then has it.
#[track_caller]
fn check(script: &str, told: impl FnOnce(&Error, &TestDatabase)) {
    // A server of its own: one that lost a tablespace is of no use to others.
    let server: &'static Server = Box::leak(Box::new(Server::own()));
    let Some(disk) = Disk::mount(server) else { return };
    let set: MigrationSet = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", script, "SELECT 1"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    let database = TestDatabase::on(server);
    let place = disk.0.path().display();
    database.execute(&format!("CREATE TABLESPACE small LOCATION '{place}'"));
    database.execute(
        "CREATE TABLE source AS SELECT n, md5(n::text) AS text FROM generate_series(1, 150000) n",
    );
    let error = migrator(&set, &database).up().unwrap_err();
    assert_eq!(error.sqlstate(), Some("53100"), "{error:?}");
    assert!(error.server_message().unwrap().ends_with("No space left on device"), "{error:?}");
    assert_eq!(names(&error.partial().unwrap().done), ["one"]);
    told(&error, &database);

    disk.grow();
    let run = migrator(&set, &database).up().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(names(&run.done), ["two", "three"]);
    assert_finished(&database, 3);
    assert_eq!(database.text("SELECT count(*), count(DISTINCT n) FROM big"), "150000|150000");
    let there = "SELECT count(*) FROM pg_class WHERE reltablespace =
        (SELECT oid FROM pg_tablespace WHERE spcname = 'small') AND relname IN ('big', 'big_text')";
    assert_eq!(database.text(there), "1");
    // While it is still there to be dropped.
    database.execute("DROP TABLE big");
    database.execute("DROP TABLESPACE small");
}

fn a_full_disk_changes_nothing_of_its_script() {
    let script = "CREATE TABLE big (n int, text text) TABLESPACE small;
INSERT INTO big SELECT n, text FROM source";
    check(script, |error, database| {
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Sql, 1));
        let state = "1 migration ran before it; nothing of 20260101000002_two was changed";
        assert_eq!(error.state(), Some(state));
        assert_eq!(error.location().unwrap().line, 2);
        assert_eq!(error.hints(), ["migration-cli up   # once the server has room again"]);
        assert_eq!(database.text("SELECT to_regclass('big') IS NULL"), "t");
        assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");
    });
}

fn an_index_that_a_full_disk_left_invalid_is_built_again() {
    let script = "-- migrate:no-transaction
CREATE TABLE big AS SELECT n, text FROM source;
CREATE INDEX CONCURRENTLY IF NOT EXISTS big_text ON big (text) TABLESPACE small";
    check(script, |error, database| {
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Unfinished, 8));
        let state = "1 migration ran before it; 20260101000002_two is unfinished: statement 1 is done, statement 2 is in doubt";
        assert_eq!(error.state(), Some(state));
        assert_eq!(error.hints(), ["migration-cli up   # once the server has room again"]);
        let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'big_text'::regclass";
        assert_eq!(database.text(valid), "f");
    });
}

fn a_restore_that_a_full_disk_ends_changes_nothing() {
    let server: &'static Server = Box::leak(Box::new(Server::own()));
    let Some(disk) = Disk::mount(server) else { return };
    let database = TestDatabase::on(server);
    let place = disk.0.path().display();
    database.execute(&format!("CREATE TABLESPACE small LOCATION '{place}'"));
    // There is room for it once, and not for another one beside it.
    let migrations = set(&[(
        "20260101000001_rows",
        "CREATE TABLE rows TABLESPACE small AS SELECT n, md5(n::text) AS text FROM generate_series(1, 35000) n",
        "DROP TABLE rows",
    )]);
    let mut migrator = migrator(&migrations, &database);
    migrator.up().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let backups = Backups::new(folder.path().join("backups")).with_search(search());
    let wanted = Restore::of(migrator.backup(&backups).unwrap().id.clone());
    let error = migrator.run_restore(&backups, &wanted).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::RestoreFailed, 1), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("No space left on device"), "{cause}");
    assert!(error.state().unwrap().ends_with("nothing is left of the new database"), "{error:?}");
    assert_eq!(database.text("SELECT count(*) FROM rows"), "35000");
    disk.grow();
    migrator.run_restore(&backups, &wanted).unwrap();
    assert_eq!(database.text("SELECT count(*) FROM rows"), "35000");
}
