//! The folder of backups: who may read it, how much room there is, what is removed from it.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::Command;

use migrate_runtime::backup::{BackupId, Backups, Pruned};
use migrate_runtime::testing::search;
use migrate_runtime::{Error, ErrorKind, Event};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};
use tempfile::TempDir;

use super::{Bench, of_environment};
use crate::{migrator, three};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_folder_that_is_open_to_others_is_refused,
        a_folder_of_somebody_else_is_refused,
        a_folder_without_room_is_refused_before_anything_runs,
        indexes_need_no_room,
        a_disk_that_fills_up_leaves_nothing_behind,
        the_newest_are_kept,
        the_newest_good_one_is_never_removed,
        without_a_good_one_nothing_is_removed,
        other_environments_are_left_alone,
        other_databases_have_their_own_newest,
        what_nobody_knows_the_database_of_stays,
        what_is_being_read_is_not_removed,
        several_at_once_make_the_folder,
        an_interruption_ends_a_verification
    ]
}

fn a_folder_that_is_open_to_others_is_refused() {
    let bench = Bench::new();
    let id = bench.take().id.clone();
    let path = bench.path();
    for (mode, hint) in [
        (0o750, format!("chmod 700 {}", path.display())),
        (0o705, format!("chmod 700 {}", path.display())),
        (0o777, format!("migration-cli backup --backup-dir {}/backups   #", path.display())),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for error in [bench.try_to_take().unwrap_err(), bench.verify(&id).unwrap_err()] {
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 2), "{error:?}");
            let expected = format!("is open to others (mode {mode:o})");
            assert!(error.to_string().ends_with(&expected), "{error:?}");
            assert!(error.hints()[0].starts_with(&hint), "{error:?}");
        }
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(bench.folder_of(&id), fs::Permissions::from_mode(0o755)).unwrap();
    let error = bench.verify(&id).unwrap_err();
    assert!(error.to_string().contains("is open to others (mode 755)"), "{error:?}");
}

/// The account that runs this; only root gives files away.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

#[expect(clippy::print_stderr, reason = "a test that was not made is not one that passed")]
fn a_folder_of_somebody_else_is_refused() {
    if !is_root() {
        eprintln!("skipped: only root gives a folder away");
        return;
    }
    let bench = Bench::new();
    bench.take();
    chown(bench.path(), Some(65534), None).unwrap();
    let error = bench.try_to_take().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 2), "{error:?}");
    assert!(error.to_string().ends_with("belongs to another user (65534)"), "{error:?}");
}

/// A file system of a few megabytes.
struct Disk(TempDir);

impl Disk {
    /// Nothing where mounting is not permitted, and then says so.
    #[expect(clippy::print_stderr, reason = "a test that was not made is not one that passed")]
    fn mount(size: &str) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size},mode=700");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path());
        let output = command.output();
        if !output.as_ref().is_ok_and(|it| it.status.success()) {
            eprintln!("skipped: no small disk can be mounted, which takes root: {output:?}");
            return None;
        }
        Some(Disk(folder))
    }

    fn backups(&self) -> Backups {
        Backups::new(self.0.path().join("backups")).with_search(search())
    }

    fn names(&self) -> Vec<PathBuf> {
        super::files(&self.0.path().join("backups"))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.0.path()).output());
    }
}

/// What of a database may be in an archive.
const WITHOUT_INDEXES: &str = "SELECT pg_database_size(current_database()) - sum(relpages::bigint) * current_setting('block_size')::bigint
    FROM pg_class WHERE relkind = 'i'";

fn a_folder_without_room_is_refused_before_anything_runs() {
    let bench = Bench::new();
    let Some(disk) = Disk::mount("2m") else { return };
    let mut migrator = bench.migrator(&three()).on_event(|event| {
        assert!(!matches!(event, Event::BackupStarted { .. }), "{event:?}");
    });
    let error = migrator.backup(&disk.backups()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Io, 1), "{error:?}");
    let size = bench.database.text(WITHOUT_INDEXES);
    let text = error.to_string();
    assert!(text.starts_with("there is no room for a backup in "), "{error:?}");
    assert!(
        text.ends_with(&format!(
            " bytes are free, and the database has {size} without its indexes"
        )),
        "{error:?}"
    );
    assert_eq!(error.state(), Some("nothing was changed"));
    let names = disk.names().into_iter().map(|it| it.file_name().unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), [".gitignore"]);
}

fn indexes_need_no_room() {
    let bench = Bench::new();
    bench.database.execute("CREATE TABLE big AS SELECT n FROM generate_series(1, 200000) n");
    for name in ["a", "b", "c", "d"] {
        bench.database.execute(&format!("CREATE INDEX {name} ON big (n)"));
    }
    let Some(disk) = Disk::mount("22m") else { return };
    let size: u64 =
        bench.database.text("SELECT pg_database_size(current_database())").parse().unwrap();
    assert!(size > 22 << 20, "{size}");
    bench.migrator(&three()).backup(&disk.backups()).unwrap_or_else(|error| panic!("{error:?}"));
}

fn a_disk_that_fills_up_leaves_nothing_behind() {
    let bench = Bench::new();
    bench
        .database
        .execute("CREATE TABLE big AS SELECT md5(n::text) FROM generate_series(1, 50000) n");
    let Some(disk) = Disk::mount("64m") else { return };
    let filler = disk.0.path().join("filler");
    let mut migrator = bench.migrator(&three()).on_event(move |event| {
        if let Event::BackupStarted { .. } = event {
            // Somebody else is faster; a hundred kilobytes are left.
            let mut room = vec![0_u8; 64 << 20];
            while fs::write(&filler, &room).is_err() {
                room.truncate(room.len() - (100 << 10));
            }
            room.truncate(room.len() - (100 << 10));
            fs::write(&filler, &room).unwrap();
        }
    });
    let error: Error = migrator.backup(&disk.backups()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Program, 1), "{error:?}");
    assert_eq!(error.state(), Some("no backup was taken"));
    assert!(error.hints()[0].starts_with("df -h "), "{error:?}");
    let names: Vec<_> =
        disk.names().into_iter().map(|it| it.file_name().unwrap().to_owned()).collect();
    assert!(names.iter().all(|it| it.to_string_lossy().starts_with('.')), "{names:?}");
    // What comes next finds its place.
    fs::remove_file(disk.0.path().join("filler")).unwrap();
    let backup = bench.migrator(&three()).backup(&disk.backups()).unwrap();
    disk.backups().verify(&backup.id, &mut |_| {}).unwrap();
}

fn keep(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

#[track_caller]
fn prune(bench: &Bench, count: usize) -> Pruned {
    let pruned = bench.backups().prune(keep(count), "staging", &mut |_| {});
    pruned.unwrap_or_else(|error| panic!("{error:?}"))
}

/// So many backups, oldest first.
fn several(bench: &Bench, count: usize) -> Vec<BackupId> {
    (0..count).map(|_| bench.take().id.clone()).collect()
}

fn damage(bench: &Bench, id: &BackupId) {
    let archive = bench.folder_of(id).join("archive.dump");
    let mut bytes = fs::read(&archive).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(archive, bytes).unwrap();
}

fn the_newest_are_kept() {
    let bench = Bench::new();
    let ids = several(&bench, 4);
    assert_eq!(bench.listed(), ids);
    let pruned = prune(&bench, 5);
    assert_eq!((pruned.removed.len(), pruned.kept.len()), (0, 4));
    let pruned = prune(&bench, 2);
    assert_eq!(pruned.removed.iter().rev().collect::<Vec<_>>(), [&ids[0], &ids[1]]);
    assert_eq!(pruned.newest_good, [ids[3].clone()]);
    assert_eq!(bench.listed(), ids[2..]);
    assert_eq!(bench.names().len(), 2);
}

fn the_newest_good_one_is_never_removed() {
    let bench = Bench::new();
    let ids = several(&bench, 4);
    damage(&bench, &ids[3]);
    damage(&bench, &ids[2]);
    let mut warned = Vec::new();
    let pruned = bench.backups().prune(keep(1), "staging", &mut |event| {
        if let Event::Warning { message } = event {
            warned.push(message.clone());
        }
    });
    let pruned = pruned.unwrap();
    assert_eq!(pruned.newest_good, [ids[1].clone()]);
    assert_eq!(bench.listed(), [ids[1].clone(), ids[3].clone()]);
    assert_eq!(warned.len(), 3, "{warned:?}");
    assert!(warned[0].contains(ids[3].as_str()), "{warned:?}");
    assert_eq!(warned[2], format!("{} stays: the newer ones are damaged", ids[1]));
}

fn without_a_good_one_nothing_is_removed() {
    let bench = Bench::new();
    let ids = several(&bench, 3);
    for id in &ids {
        damage(&bench, id);
    }
    let error = bench.backups().prune(keep(1), "staging", &mut |_| {}).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DamagedBackup, 1), "{error:?}");
    assert_eq!(error.state(), Some("nothing was removed"));
    assert_eq!(bench.listed(), ids);
}

fn other_environments_are_left_alone() {
    let bench = Bench::new();
    several(&bench, 2);
    let mut other = bench.migrator(&three()).with_settings(of_environment("production"));
    let others: Vec<_> =
        (0..2).map(|_| other.backup(&bench.backups()).unwrap().id.clone()).collect();
    let pruned = prune(&bench, 1);
    assert_eq!(pruned.removed.len(), 1);
    assert_eq!(bench.listed()[1..], others);
}

fn other_databases_have_their_own_newest() {
    let bench = Bench::new();
    let other = TestDatabase::new();
    let mut migrator = migrator(&three(), &other).with_settings(of_environment("staging"));
    let only = migrator.backup(&bench.backups()).unwrap().id.clone();
    let ids = several(&bench, 3);
    let pruned = prune(&bench, 1);
    assert_eq!(pruned.removed, [ids[1].clone(), ids[0].clone()]);
    assert_eq!(pruned.newest_good, [ids[2].clone()]);
    assert_eq!(bench.listed(), [only, ids[2].clone()]);
}

fn what_nobody_knows_the_database_of_stays() {
    let bench = Bench::new();
    let ids = several(&bench, 3);
    fs::write(bench.folder_of(&ids[0]).join("manifest.json"), "{}").unwrap();
    let mut warned = Vec::new();
    let pruned = bench.backups().prune(keep(1), "staging", &mut |event| {
        if let Event::Warning { message } = event {
            warned.push(message.clone());
        }
    });
    let pruned = pruned.unwrap();
    assert_eq!((pruned.removed, pruned.kept), (vec![ids[1].clone()], vec![ids[2].clone()]));
    assert_eq!(pruned.unreadable, [ids[0].clone()]);
    assert!(warned[0].starts_with(&format!("{} stays: ", ids[0])), "{warned:?}");
    assert!(bench.listed().contains(&ids[0]));
}

fn what_is_being_read_is_not_removed() {
    let bench = Bench::new();
    let ids = several(&bench, 3);
    let read = bench.backups().open(&ids[0]).unwrap();
    let pruned = prune(&bench, 1);
    assert_eq!(pruned.removed, [ids[1].clone()]);
    assert_eq!(bench.listed(), [ids[0].clone(), ids[2].clone()]);
    drop(read);
    assert_eq!(prune(&bench, 1).removed, [ids[0].clone()]);
}

fn several_at_once_make_the_folder() {
    let bench = Bench::new();
    let start = |_| {
        let (mut migrator, backups) = (bench.migrator(&three()), bench.backups());
        std::thread::spawn(move || migrator.backup(&backups).unwrap().id.clone())
    };
    let mut taken: Vec<_> =
        (0..4).map(start).collect::<Vec<_>>().into_iter().map(|it| it.join().unwrap()).collect();
    let mut listed = bench.listed();
    taken.sort();
    listed.sort();
    assert_eq!(listed, taken);
}

fn an_interruption_ends_a_verification() {
    let bench = Bench::new();
    let id = bench.take().id.clone();
    let backups = bench.backups();
    backups.interrupt().interrupt();
    let error = backups.verify(&id, &mut |_| {}).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130), "{error:?}");
    assert_eq!(error.state(), Some("nothing was changed"));
}
