//! New migrations: the name, the version, the two files.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use migrate_core::{Direction, FileName, Version};

use crate::error::CommandError;
use crate::new_file::write_new;
use crate::template;

/// Longer names make file names that some systems refuse.
const LONGEST_NAME: usize = 200;

/// Makes a migration's name of what a person typed: `Add Users` becomes `add_users`.
pub(crate) fn normalize(typed: &str) -> Result<String, CommandError> {
    let refuse = |why: String| {
        CommandError::usage(format!("`{}` makes no name: {why}", typed.escape_debug()))
            .with_hint("migration-cli create create_users_table")
    };
    let mut name = String::with_capacity(typed.len());
    let mut previous = ' ';
    for letter in typed.chars() {
        if letter.is_ascii_alphanumeric() {
            let hump = letter.is_ascii_uppercase() && previous.is_ascii_lowercase();
            if hump || (previous == '_' && !name.is_empty()) {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
            previous = letter;
        } else if letter.is_alphanumeric() {
            return Err(refuse(format!("it has a to z, 0 to 9 and underscores, not {letter}")));
        } else {
            previous = '_';
        }
    }
    match name.len() {
        0 => Err(refuse("nothing in it is a letter or a digit".to_owned())),
        1..=LONGEST_NAME => Ok(name),
        length => Err(refuse(format!("it has {length} characters, {LONGEST_NAME} are possible"))),
    }
}

/// The version of a new migration: now, or a second after the newest one there is.
fn next_version(now: DateTime, newest: Option<Version>) -> Result<Version, CommandError> {
    let now = version_of(now)?;
    let Some(newest) = newest.filter(|it| *it >= now) else { return Ok(now) };
    let later = time_of(newest).and_then(|it| it.checked_add(1.second()).ok());
    let none = || CommandError::usage(format!("there is no version after {newest}"));
    version_of(later.ok_or_else(none)?)
}

/// Whether a version lies so far ahead that its clock was wrong, or its author mistyped it.
pub(crate) fn is_far_ahead(version: Version, now: DateTime) -> bool {
    let tomorrow = now.saturating_add(1.day());
    time_of(version).is_some_and(|it| it > tomorrow)
}

/// The newest version in a folder; half a migration counts, and so does one with problems.
fn newest_version(folder: &Path) -> io::Result<Option<Version>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if !name.ends_with(".sql") {
            continue;
        }
        let version = name.split(['_', '.']).next().and_then(|it| it.parse().ok());
        newest = newest.max(version);
    }
    Ok(newest)
}

/// A migration that was just written.
pub(crate) struct NewMigration {
    /// Its scripts, up and down.
    pub(crate) files: [PathBuf; 2],
    /// The newest version before it.
    pub(crate) after: Option<Version>,
}

/// Writes both scripts under the next free version.
pub(crate) fn write_next(
    folder: &Path,
    name: &str,
    now: DateTime,
) -> Result<NewMigration, CommandError> {
    let unreadable =
        |error| CommandError::io(format!("cannot read the folder {}", folder.display()), &error);
    let lock = File::open(folder).map_err(unreadable)?;
    // Two that look at the same time would find the same version free. A file system without locks
    // is no reason to write nothing: the next build notices a version that was given twice.
    let _ = lock.lock();
    let after = newest_version(folder).map_err(unreadable)?;
    let files = write(folder, next_version(now, after)?, name)?;
    Ok(NewMigration { files, after })
}

/// Writes both scripts, and nothing over anything.
fn write(folder: &Path, version: Version, name: &str) -> Result<[PathBuf; 2], CommandError> {
    let template = template::render(name);
    let up = FileName { version, name: name.to_owned(), direction: Direction::Up };
    let (up, down) = (folder.join(up.to_string()), folder.join(up.twin().to_string()));
    let refused = |path: &Path, error| {
        CommandError::io(format!("cannot write {}", path.display()), &error)
            .with_state("nothing was written")
    };
    write_new(&up, template.up.as_bytes()).map_err(|error| refused(&up, error))?;
    if let Err(error) = write_new(&down, template.down.as_bytes()) {
        // Half a migration would not build; it was ours, and nobody has seen it yet.
        let _ = fs::remove_file(&up);
        return Err(refused(&down, error));
    }
    Ok([up, down])
}

pub(crate) fn version_of(time: DateTime) -> Result<Version, CommandError> {
    let text = time.strftime("%Y%m%d%H%M%S").to_string();
    text.parse().map_err(|error| {
        CommandError::usage("this machine's clock names no version").caused_by(&error)
    })
}

pub(crate) fn time_of(version: Version) -> Option<DateTime> {
    DateTime::strptime("%Y%m%d%H%M%S", version.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_what_was_typed() {
        #[track_caller]
        fn check(typed: &str, expected: Option<&str>) {
            let name = normalize(typed).ok();
            assert_eq!(name.as_deref(), expected, "{typed}");
            assert!(name.is_none_or(|it| migrate_core::is_migration_name(&it)));
        }

        check("Add Users", Some("add_users"));
        check("add_users", Some("add_users"));
        check("  add--users!  ", Some("add_users"));
        check("AddUserRoles", Some("add_user_roles"));
        check("addIBAN", Some("add_iban"));
        check("drop v2 tables", Some("drop_v2_tables"));
        check("__a__b__", Some("a_b"));
        check("../../etc/passwd", Some("etc_passwd"));
        check("", None);
        check(" -/. ", None);
        check("Überweisung", None);
        check(&"a".repeat(201), None);
    }

    #[test]
    fn versions_only_grow_and_are_real_seconds() {
        #[track_caller]
        fn check(newest: Option<&str>, expected: Option<&str>) {
            let now = jiff::civil::date(2024, 3, 20).at(12, 0, 0, 0);
            let version = next_version(now, newest.map(|it| it.parse().unwrap()));
            assert_eq!(version.ok().map(|it| it.to_string()).as_deref(), expected);
        }

        check(None, Some("20240320120000"));
        check(Some("20240320115959"), Some("20240320120000"));
        check(Some("20240320120000"), Some("20240320120001"));
        check(Some("20240320120059"), Some("20240320120100"));
        check(Some("20241231235959"), Some("20250101000000"));
        check(Some("20280228235959"), Some("20280229000000"));
        check(Some("99991231235959"), None);
    }

    #[test]
    fn a_version_may_be_a_day_ahead() {
        let now = jiff::civil::date(2024, 3, 20).at(12, 0, 0, 0);
        assert!(!is_far_ahead("20240321120000".parse().unwrap(), now));
        assert!(is_far_ahead("20240321120001".parse().unwrap(), now));
    }

    #[test]
    fn the_newest_version_counts_whatever_state_its_file_is_in() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(newest_version(folder.path()).unwrap(), None);
        for name in ["20240101000000_a.up.sql", "20250101000000_B.sql", "20990101000000_x.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let newest = newest_version(folder.path()).unwrap().unwrap();
        assert_eq!(newest.to_string(), "20250101000000");
    }

    #[test]
    fn a_version_is_given_once_however_many_ask_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let now = jiff::civil::date(2024, 3, 20).at(12, 0, 0, 0);
        let together = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (folder, together) = (folder.path(), &together);
                scope.spawn(move || {
                    together.wait();
                    write_next(folder, &format!("step_{number}"), now).unwrap();
                });
            }
        });
        let files = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
        let mut versions: Vec<_> = files.map(|it| it.to_str().unwrap()[..14].to_owned()).collect();
        versions.sort();
        let expected = (0..8).flat_map(|it| vec![format!("2024032012000{it}"); 2]);
        assert_eq!(versions, expected.collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_overwritten_and_no_half_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let version = "20240320000000".parse().unwrap();
        let down = folder.path().join("20240320000000_a.down.sql");
        fs::write(&down, "mine").unwrap();
        assert!(write(folder.path(), version, "a").is_err());
        assert_eq!(fs::read_to_string(&down).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
