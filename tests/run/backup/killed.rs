//! Killed at each step: what is left is never taken for a backup, and goes with the next one.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::OnceLock;

use migrate_runtime::Migrator;
use migrate_runtime::backup::Backups;
use migrate_runtime::fault::{self, Point};
use migrate_runtime::testing::search;
use migration_tests::harness::{self, Trial};
use migration_tests::{child, trials, wait_until};

use super::Bench;
use crate::three;

/// Every step, by the name of its trial, and whether it leaves a backup.
const STEPS: [(&str, Point, bool); 5] = [
    ("begun", Point::BackupBegun, false),
    ("dumped", Point::BackupDumped, false),
    ("read", Point::BackupRead, false),
    ("written", Point::BackupWritten, false),
    ("renamed", Point::BackupRenamed, true),
];

pub(crate) fn tests() -> Vec<Trial> {
    let trial = |(name, point, leaves): (&'static str, Point, bool)| {
        let full = format!("run::backup::killed::{name}");
        harness::trial(module_path!(), name, move || check(&full, point, leaves))
    };
    let steps = STEPS.into_iter().map(trial);
    steps.chain(trials![while_pg_dump_is_at_it, another_one_at_work_is_left_alone]).collect()
}

static STOP: OnceLock<Point> = OnceLock::new();

/// The run that is hit.
fn run(argument: &str, stop: Option<Point>) {
    if let Some(stop) = stop {
        STOP.set(stop).unwrap();
        fault::install(|point| {
            if STOP.get() == Some(&point) {
                child::signal("KILL", std::process::id());
            }
        });
    }
    let (url, folder) = argument.split_once(' ').unwrap();
    let backups = Backups::new(folder).with_search(search());
    Migrator::from_url(&three(), url).unwrap().backup(&backups).unwrap();
    panic!("it should have been killed");
}

fn check(trial: &str, point: Point, leaves: bool) {
    if let Some(argument) = child::argument() {
        return run(&argument, Some(point));
    }
    let bench = Bench::new();
    let argument = format!("{} {}", bench.database.url(), bench.path().display());
    let output = child::run(trial, &argument);
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&output.status),
        Some(9),
        "{output:?}"
    );

    let [left] = bench.names().try_into().unwrap();
    let listed = bench.listed();
    if leaves {
        assert_eq!(listed[0].as_str(), left);
        bench.verify(&listed[0]).unwrap();
        return;
    }
    assert!(left.ends_with(".partial") && listed.is_empty(), "{left} {listed:?}");
    // Whoever tidies up by hand, or by a job of every night, gets rid of it.
    let copy = bench.path().join(left.replace("-none-", "-copy-"));
    copy_folder(&bench.path().join(&left), &copy);
    let pruned = bench.backups().prune(NonZeroUsize::MIN, "staging", &mut |_| {}).unwrap();
    assert_eq!((pruned.swept, bench.names().len()), (2, 0));

    // And so does the next backup.
    child::run(trial, &argument);
    assert_eq!(bench.names().len(), 1);
    let backup = bench.take();
    assert_eq!(bench.names(), [backup.id.as_str()]);
    assert_eq!(bench.listed(), std::slice::from_ref(&backup.id));
    bench.verify(&backup.id).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

fn while_pg_dump_is_at_it() {
    if let Some(argument) = child::argument() {
        return run(&argument, None);
    }
    let bench = Bench::new();
    let mut blocker = bench.database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let argument = format!("{} {}", bench.database.url(), bench.path().display());
    let mut killed = child::spawn("run::backup::killed::while_pg_dump_is_at_it", &argument);
    let dumping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'pg_dump'";
    let waits = format!("{dumping} AND wait_event_type = 'Lock'");
    wait_until("pg_dump waits", || bench.database.text(&waits) == "1");
    killed.kill().unwrap();
    killed.wait().unwrap();
    let [left] = bench.names().try_into().unwrap();
    assert!(left.ends_with(".partial"), "{left}");
    assert_eq!(bench.listed().len(), 0);
    // It is still at it: nobody takes the file away under it.
    let prune = || bench.backups().prune(NonZeroUsize::MIN, "staging", &mut |_| {}).unwrap().swept;
    assert_eq!((prune(), bench.names().len()), (0, 1));
    // As soon as it has something to say, it notices that nobody listens.
    blocker.batch_execute("ROLLBACK").unwrap();
    wait_until("pg_dump has ended", || bench.database.text(dumping) == "0");
    wait_until("what it left can be swept", || prune() == 1);
    assert_eq!(bench.names(), [""; 0]);
}

fn another_one_at_work_is_left_alone() {
    let bench = Bench::new();
    let mut blocker = bench.database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let (backups, mut migrator) = (bench.backups(), bench.migrator(&three()));
    let first = std::thread::spawn(move || migrator.backup(&backups).unwrap().id.clone());
    wait_until("the first one has begun", || bench.path().exists() && bench.names().len() == 1);
    // Of another database, into the same folder.
    let other = migration_tests::TestDatabase::new();
    let second = Migrator::new(&three(), other.config()).backup(&bench.backups()).unwrap();
    assert_eq!(bench.listed(), std::slice::from_ref(&second.id));
    assert_eq!(bench.names().len(), 2);
    blocker.batch_execute("ROLLBACK").unwrap();
    let first = first.join().unwrap();
    bench.verify(&first).unwrap();
    assert_eq!(bench.listed().len(), 2);
}
