//! The places where PostgreSQL's programs are installed on this machine.
//!
//! Reads no environment: what `PG_BIN` and `PATH` say is handed in, and so is the list of places
//! where packages put a server, which makes every rule here testable on any machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where to look for PostgreSQL's programs.
#[derive(Clone, Debug)]
pub struct Search {
    /// The folder that `PG_BIN` names. When given, and not empty, nothing else is looked at.
    pub pg_bin: Option<PathBuf>,
    /// The value of `PATH`.
    pub path: Option<OsString>,
    /// Where packages put servers, the preferred place first. One `*` in a component stands for
    /// anything, and of several matches the highest version comes first.
    pub well_known: Vec<PathBuf>,
}

const WELL_KNOWN: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/local/lib/postgresql*/bin",
    // Clients without a server.
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/libpq/bin",
];

impl Default for Search {
    fn default() -> Search {
        let well_known = WELL_KNOWN.iter().map(PathBuf::from).collect();
        Search { pg_bin: None, path: None, well_known }
    }
}

impl Search {
    /// Every folder worth a look, the preferred one first. Lazy: a later place, and the program
    /// that would have to be asked for it, matters only when the earlier ones are empty.
    pub(crate) fn candidates(&self) -> Box<dyn Iterator<Item = PathBuf> + '_> {
        if let Some(folder) = self.named() {
            return Box::new(std::iter::once(folder.to_owned()));
        }
        let pg_config = self.path_folders().find_map(|folder| bindir(&folder.join("pg_config")));
        let well_known = self.well_known.iter().flat_map(|pattern| expand(pattern));
        Box::new(self.path_folders().chain(pg_config).chain(well_known))
    }

    pub(crate) fn named(&self) -> Option<&Path> {
        self.pg_bin.as_deref().filter(|it| !it.as_os_str().is_empty())
    }

    pub(crate) fn path_folders(&self) -> impl Iterator<Item = PathBuf> {
        let path = self.path.clone().unwrap_or_default();
        // A relative entry would make the choice depend on where the command was typed.
        let folders: Vec<_> = env::split_paths(&path).filter(|it| it.is_absolute()).collect();
        folders.into_iter()
    }
}

/// A server that was unpacked rather than installed has its libraries beside it, where the loader
/// does not look by itself.
pub(crate) fn library_path(folder: &Path) -> Option<(&'static str, PathBuf)> {
    let libraries = folder.parent()?.join("lib");
    let is_libpq = |it: &fs::DirEntry| it.file_name().to_string_lossy().starts_with("libpq.so");
    let beside = fs::read_dir(&libraries).ok()?.flatten().any(|it| is_libpq(&it));
    beside.then_some(("LD_LIBRARY_PATH", libraries))
}

fn bindir(pg_config: &Path) -> Option<PathBuf> {
    let output = Command::new(pg_config).arg("--bindir").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(text.trim())).filter(|it| it.is_absolute())
}

/// The version in the answer to `--version`: `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`.
pub(crate) fn version_of(text: &str) -> Option<&str> {
    text.split_once("(PostgreSQL) ")?.1.split_whitespace().next()
}

/// What `PG_VERSION` in a data folder says for this version; before 10 it had two numbers.
pub(crate) fn major_of(version: &str) -> Option<&str> {
    let not_a_digit = |it: char| !it.is_ascii_digit();
    let end = version.find(not_a_digit).unwrap_or(version.len());
    let first: u32 = version[..end].parse().ok()?;
    if first >= 10 {
        return Some(&version[..end]);
    }
    let second = &version[end + 1..];
    let length = second.find(not_a_digit).unwrap_or(second.len());
    Some(&version[..end + 1 + length])
}

/// The existing paths that match a pattern, the highest number first.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut matches = vec![PathBuf::new()];
    for component in pattern.components() {
        let text = component.as_os_str().to_string_lossy();
        let Some((before, after)) = text.split_once('*') else {
            matches = matches.iter().map(|it| it.join(component)).collect();
            continue;
        };
        matches = matches.iter().flat_map(|it| children(it, before, after)).collect();
    }
    matches.retain(|it| it.is_dir());
    matches
}

fn children(folder: &Path, before: &str, after: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.file_name());
    let mut found: Vec<(Vec<u32>, PathBuf)> = names
        .filter_map(|name| {
            let text = name.to_string_lossy();
            let middle = text.strip_prefix(before)?.strip_suffix(after)?;
            let numbers = middle.split('.').map(|it| it.parse().unwrap_or(0)).collect();
            Some((numbers, folder.join(&name)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_server_prints() {
        check("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(("15.18", "15")));
        check("postgres (PostgreSQL) 9.6.24\n", Some(("9.6.24", "9.6")));
        check("postgres (PostgreSQL) 18beta2\n", Some(("18beta2", "18")));
        check("postgres (PostgreSQL) 19devel\n", Some(("19devel", "19")));
        check("command not found\n", None);
    }

    #[track_caller]
    fn check(printed: &str, expected: Option<(&str, &str)>) {
        let version = version_of(printed);
        assert_eq!(version.and_then(|it| Some((it, major_of(it)?))), expected);
    }

    #[test]
    fn a_star_gives_the_highest_version_first() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9.6", "10", "15", "readme"] {
            fs::create_dir_all(root.path().join(version).join("bin")).unwrap();
        }
        fs::create_dir(root.path().join("17")).unwrap();

        let expected = ["15", "10", "9.6", "readme"].map(|it| root.path().join(it).join("bin"));
        assert_eq!(expand(&root.path().join("*").join("bin")), expected);
    }

    #[test]
    fn a_star_may_be_a_part_of_a_name() {
        let root = tempfile::tempdir().unwrap();
        for name in ["pgsql-14", "pgsql-16", "other"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        let expected = ["pgsql-16", "pgsql-14"].map(|it| root.path().join(it));
        assert_eq!(expand(&root.path().join("pgsql-*")), expected);
    }
}
