//! What is not as it was when it was taken, and is noticed: before anything is done with it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use migrate_runtime::ErrorKind;
use migrate_runtime::backup::{Backup, BackupId};
use migration_tests::harness::Trial;
use migration_tests::trials;

use super::Bench;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_truncated_archive_is_noticed,
        a_flipped_bit_is_noticed,
        an_archive_that_never_was_whole_is_noticed,
        every_field_of_a_manifest_counts,
        a_manifest_of_another_backup_is_noticed,
        a_manifest_of_a_newer_program_is_not_guessed_at,
        missing_files_are_noticed,
        a_file_of_a_folder_is_noticed,
        links_are_not_followed,
        a_wrong_id_is_no_backup,
        an_archive_of_a_newer_server_needs_a_newer_program
    ]
}

/// Does something to a good backup, of which `verify` then says that.
#[track_caller]
fn check(bench: &Bench, damage: impl FnOnce(&Path, &Backup), expected: &str) {
    check_one(bench, bench.take(), damage, expected);
}

#[track_caller]
fn check_one(bench: &Bench, backup: Backup, damage: impl FnOnce(&Path, &Backup), expected: &str) {
    damage(&bench.folder_of(&backup.id), &backup);
    let id = backup.id.clone();
    drop(backup);
    let error = bench.verify(&id).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DamagedBackup, 1), "{error:?}");
    assert!(format!("{error:?}").contains(expected), "{expected}\n{error:?}");
    assert_eq!(error.state(), Some("nothing was changed"), "{error:?}");
    // It is in the list all the same, where a person looks for it.
    assert!(bench.listed().contains(&id));
}

fn a_truncated_archive_is_noticed() {
    let bench = Bench::new();
    for cut in [1, 1000] {
        check(
            &bench,
            |_, backup| {
                let file = fs::OpenOptions::new().write(true).open(backup.archive()).unwrap();
                file.set_len(backup.manifest.archive.size_bytes - cut).unwrap();
            },
            "its archive has ",
        );
    }
    let empty = |_: &Path, backup: &Backup| fs::write(backup.archive(), "").unwrap();
    check(&bench, empty, "its archive has 0 bytes instead of ");
    let longer = |_: &Path, backup: &Backup| {
        let mut bytes = fs::read(backup.archive()).unwrap();
        bytes.push(0);
        fs::write(backup.archive(), bytes).unwrap();
    };
    check(&bench, longer, "its archive has ");
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn a_flipped_bit_is_noticed() {
    let bench = Bench::new();
    let backup = bench.take();
    let id = backup.id.clone();
    let archive = backup.archive();
    drop(backup);
    let length = fs::read(&archive).unwrap().len();
    for at in [0, 5, length / 2, length - 1] {
        flip(&archive, at);
        let error = bench.verify(&id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DamagedBackup, "{at}: {error:?}");
        assert!(error.to_string().ends_with("archive.dump is not what was written"), "{error:?}");
        flip(&archive, at);
        bench.verify(&id).unwrap();
    }
}

/// As whoever writes checksums for what was damaged before: by a disk, while it was written.
fn sum_again(folder: &Path) {
    let script = "sha256sum manifest.json archive.dump > SHA256SUMS";
    let output = Command::new("/bin/sh").args(["-c", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Changes the text of the manifest, with checksums that fit.
fn rewrite(folder: &Path, change: impl FnOnce(String) -> String) {
    let path = folder.join("manifest.json");
    let before = fs::read_to_string(&path).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after);
    fs::write(path, after).unwrap();
    sum_again(folder);
}

fn an_archive_that_never_was_whole_is_noticed() {
    let bench = Bench::new();
    check(
        &bench,
        |folder, backup| {
            let size = backup.manifest.archive.size_bytes;
            let file = fs::OpenOptions::new().write(true).open(backup.archive()).unwrap();
            // Its list of contents is whole.
            file.set_len(size - 200).unwrap();
            let output = Command::new("sha256sum").arg(backup.archive()).output().unwrap();
            let checksum = String::from_utf8(output.stdout).unwrap()[..64].to_owned();
            rewrite(folder, |text| {
                let text = text.replace(&backup.manifest.archive.checksum, &checksum);
                text.replace(&format!(": {size},"), &format!(": {},", size - 200))
            });
        },
        "pg_restore cannot read the archive to its end",
    );
}

fn every_field_of_a_manifest_counts() {
    let bench = Bench::new();
    let backup = bench.take();
    let id = backup.id.clone();
    drop(backup);
    let path = bench.folder_of(&id).join("manifest.json");
    let before = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = before.lines().collect();
    let mut changed = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        let other = match value.trim_end_matches(',') {
            "{" | "[" => continue,
            text if text.starts_with('"') => value.replacen('"', "\"x", 1),
            _ => format!("1{value}"),
        };
        let mut lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
        lines[at] = format!("{name}: {other}");
        fs::write(&path, lines.join("\n")).unwrap();
        let error = bench.verify(&id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DamagedBackup, "{line}: {error:?}");
        let expected = "its manifest is not the one that was written";
        assert!(error.to_string().ends_with(expected), "{line}: {error:?}");
        changed += 1;
    }
    // All of its own, and three of each of the three rows.
    assert_eq!(changed, 14 + 9 - 1, "{before}");
    fs::write(&path, before).unwrap();
    bench.verify(&id).unwrap();
}

fn a_manifest_of_another_backup_is_noticed() {
    let bench = Bench::new();
    let other = bench.take();
    let source = bench.folder_of(&other.id);
    let copied = |folder: &Path, _: &Backup| {
        for file in ["manifest.json", "archive.dump", "SHA256SUMS"] {
            fs::copy(source.join(file), folder.join(file)).unwrap();
        }
    };
    check(&bench, copied, &format!("it is that of {}", other.id));
    // Checksums that fit, of another archive.
    let changed = |folder: &Path, backup: &Backup| {
        let checksum = backup.manifest.archive.checksum.clone();
        rewrite(folder, |text| text.replace(&checksum, &"0".repeat(64)));
    };
    check(&bench, changed, "its manifest is of another archive");
}

fn a_manifest_of_a_newer_program_is_not_guessed_at() {
    let bench = Bench::new();
    check(
        &bench,
        |folder, _| rewrite(folder, |text| text.replace("\"form\": 1", "\"form\": 2")),
        "it is of form 2, and this program knows form 1: a newer one may read it",
    );
    check(
        &bench,
        |folder, _| rewrite(folder, |_| "nonsense".to_owned()),
        "its manifest cannot be used",
    );
}

fn missing_files_are_noticed() {
    let bench = Bench::new();
    let gone = |name: &'static str| {
        move |folder: &Path, _: &Backup| {
            fs::remove_file(folder.join(name)).unwrap();
        }
    };
    check(&bench, gone("manifest.json"), "it has no manifest");
    check(&bench, gone("SHA256SUMS"), "its checksums cannot be read");
    check(&bench, gone("archive.dump"), "its archive has 0 bytes instead of ");
    let nonsense = |folder: &Path, _: &Backup| {
        fs::write(folder.join("SHA256SUMS"), "nonsense\n").unwrap();
    };
    check(&bench, nonsense, "its checksums cannot be read");
    let empty = |folder: &Path, _: &Backup| fs::write(folder.join("SHA256SUMS"), "").unwrap();
    check(&bench, empty, "its manifest is not the one that was written");
}

fn a_file_of_a_folder_is_noticed() {
    let data = |backup: &Backup| {
        let entries = fs::read_dir(backup.archive()).unwrap().map(|it| it.unwrap().path());
        let mut files: Vec<_> = entries.filter(|it| !it.ends_with("toc.dat")).collect();
        files.sort();
        files.remove(0)
    };
    let bench = Bench::new();
    let check = |damage: &dyn Fn(&Path, &Backup), expected: &str| {
        check_one(&bench, bench.take_folder(), damage, expected);
    };
    check(&|_, backup| flip(&data(backup), 12), " is not what was written");
    check(&|_, backup| flip(&backup.archive().join("toc.dat"), 40), "archive/toc.dat is not what");
    check(&|_, backup| fs::remove_file(data(backup)).unwrap(), "its archive has ");
    // As many bytes, and one file more.
    check(
        &|_, backup| fs::write(backup.archive().join("more"), "").unwrap(),
        "archive/more is not",
    );
    let renamed = |_: &Path, backup: &Backup| {
        fs::rename(data(backup), backup.archive().join("9999.dat.gz")).unwrap();
    };
    check(&renamed, " is not what was written");
}

fn links_are_not_followed() {
    let bench = Bench::new();
    let aside = |name: &'static str| {
        move |folder: &Path, _: &Backup| {
            let target = folder.parent().unwrap().join("..").join("aside");
            fs::rename(folder.join(name), &target).unwrap();
            symlink(&target, folder.join(name)).unwrap();
        }
    };
    check(&bench, aside("manifest.json"), "it has no manifest");
    check(&bench, aside("SHA256SUMS"), "its checksums cannot be read");
    check(&bench, aside("archive.dump"), "its archive has ");

    // The backup, and the folder of all of them.
    let id = bench.take().id.clone();
    let aside = bench.folder.path().join("the-folder");
    for path in [bench.folder_of(&id), bench.path()] {
        fs::rename(&path, &aside).unwrap();
        symlink(&aside, &path).unwrap();
        let error = bench.verify(&id).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 2), "{error:?}");
        assert!(error.to_string().ends_with("is a symbolic link"), "{error:?}");
        fs::remove_file(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
        bench.verify(&id).unwrap();
    }
}

fn a_wrong_id_is_no_backup() {
    let bench = Bench::new();
    let backup = bench.take();
    for text in ["", "..", "../backups", "latest", "20261125T221530Z-../x-3f9c"] {
        let error = text.parse::<BackupId>().unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::NoSuchBackup, 2), "{text}");
        assert!(!error.to_string().contains("../x"), "{error:?}");
    }
    let missing: BackupId = "20261125T221530Z-staging-0000".parse().unwrap();
    let error = bench.verify(&missing).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::NoSuchBackup, 2), "{error:?}");
    assert_eq!(error.hints(), ["migration-cli backup list"]);
    // Half-made ones have a name that is no id.
    let partial = format!("{}.partial", backup.id);
    assert!(partial.parse::<BackupId>().is_err());
}

fn an_archive_of_a_newer_server_needs_a_newer_program() {
    let bench = Bench::new();
    let backup = bench.take();
    let id = backup.id.clone();
    let version = format!("\"pg_dump_version\": \"{}\"", backup.manifest.pg_dump_version);
    drop(backup);
    rewrite(&bench.folder_of(&id), |text| text.replace(&version, "\"pg_dump_version\": \"99.1\""));
    let error = bench.verify(&id).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::MissingProgram, 2), "{error:?}");
    assert!(error.to_string().starts_with("pg_restore is too old"), "{error:?}");
    assert!(error.hints()[0].contains("postgresql-client-99"), "{error:?}");
}
