//! Finds the PostgreSQL server binaries that are installed on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{DevDatabaseError, Failure};
use crate::installed::{Search, library_path, major_of, version_of};

/// A folder with the programs of one PostgreSQL version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// Holds `initdb` and `postgres`.
    pub folder: PathBuf,
    /// The full version, as in `15.18`.
    pub version: String,
    /// The part that a data folder is bound to, as in `15`.
    pub major: String,
}

impl Search {
    /// The server that a new database is made with.
    pub fn find(&self) -> Result<Binaries, DevDatabaseError> {
        Ok(self.preferred()?)
    }

    /// The preferred server.
    pub(super) fn preferred(&self) -> Result<Binaries, Failure> {
        let found = self.candidates().find_map(|folder| Binaries::inspect(&folder));
        found.ok_or_else(|| self.nothing())
    }

    /// A server that can open a data folder of the given major version.
    pub(super) fn of_major(&self, major: &str) -> Result<Binaries, Failure> {
        let mut others = Vec::new();
        for folder in self.candidates() {
            match Binaries::inspect(&folder) {
                Some(found) if found.major == major => return Ok(found),
                Some(found) if !others.contains(&found.version) => others.push(found.version),
                _ => {}
            }
        }
        if others.is_empty() && self.named().is_some() {
            return Err(self.nothing());
        }
        Err(Failure::NoSuchVersion { major: major.to_owned(), found: others })
    }

    fn nothing(&self) -> Failure {
        if let Some(folder) = self.named() {
            return Failure::PgBin(folder.to_owned());
        }
        Failure::NoServer(self.path_folders().chain(self.well_known.iter().cloned()).collect())
    }
}

impl Binaries {
    /// Looks whether `folder` holds a server that runs on this machine.
    ///
    /// Follows links: `/usr/local/bin/postgres` may be one, and the other programs of the version
    /// are beside its target.
    pub fn inspect(folder: &Path) -> Option<Binaries> {
        let postgres = folder.join("postgres").canonicalize().ok()?;
        let folder = postgres.parent()?.to_owned();
        if !folder.join("initdb").is_file() {
            return None;
        }
        let mut command = Command::new(&postgres);
        command.env_clear().env("LC_ALL", "C").arg("--version");
        command.envs(library_path(&folder));
        let output = command.output().ok().filter(|it| it.status.success())?;
        let version = version_of(&String::from_utf8_lossy(&output.stdout))?.to_owned();
        let major = major_of(&version)?.to_owned();
        Some(Binaries { folder, version, major })
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The environment without which the programs do not start.
    pub(super) fn environment(&self) -> Option<(&'static str, PathBuf)> {
        library_path(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_found_lists_every_place() {
        let root = tempfile::tempdir().unwrap();
        let empty = root.path().to_owned();
        let search = Search {
            pg_bin: None,
            path: Some(empty.clone().into()),
            well_known: vec![empty.join("*")],
        };
        let Err(Failure::NoServer(looked)) = search.preferred() else { panic!("found one") };
        assert_eq!(looked, [empty.clone(), empty.join("*")]);
    }

    #[test]
    fn a_wrong_pg_bin_is_an_error_and_not_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let search = Search { pg_bin: Some(root.path().to_owned()), ..Search::default() };
        assert!(matches!(search.preferred(), Err(Failure::PgBin(_))));
        assert!(matches!(search.of_major("15"), Err(Failure::PgBin(_))));
    }
}
