//! Every environment variable that the program reads, declared once, and the `.env` file beside them.
//!
//! `.env` is parsed, never loaded: the process's own environment stays as it was.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use migrate_runtime::Surroundings;

use crate::error::CommandError;

/// An environment variable.
pub(crate) struct EnvVar {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is for, as `--help` says it.
    doc: &'static str,
    /// Whether `.env` may set it.
    dotenv: bool,
}

/// The environment to work on.
pub(crate) const ENVIRONMENT: EnvVar =
    EnvVar { name: "MIGRATION_ENV", doc: "The environment, as --env", dotenv: true };

/// The database, when it should not be the application's own setting.
pub(crate) const MIGRATION_DATABASE_URL: EnvVar = EnvVar {
    name: "MIGRATION_DATABASE_URL",
    doc: "The database, before DATABASE_URL: for a direct connection beside a pooler",
    dotenv: true,
};

/// The database.
pub(crate) const DATABASE_URL: EnvVar =
    EnvVar { name: "DATABASE_URL", doc: "The database, as --database-url", dotenv: true };

/// Where `check` makes its database.
pub(crate) const MIGRATION_SCRATCH_URL: EnvVar = EnvVar {
    name: "MIGRATION_SCRATCH_URL",
    doc: "The server where `check` makes its database, as --scratch-url",
    dotenv: true,
};

/// Where the embedded database finds its server.
pub(crate) const PG_BIN: EnvVar = EnvVar {
    name: "PG_BIN",
    doc: "The folder of PostgreSQL's server binaries, for the embedded database",
    dotenv: true,
};

/// Where programs are found.
pub(crate) const PATH: EnvVar = EnvVar {
    name: "PATH",
    doc: "Searched for PostgreSQL's server binaries after PG_BIN",
    dotenv: false,
};

/// No colours; read by the libraries that write to the terminal.
const NO_COLOR: EnvVar =
    EnvVar { name: "NO_COLOR", doc: "When set, output has no colours", dotenv: false };

/// Colours in a pipe; read by the libraries that write to the terminal.
const CLICOLOR_FORCE: EnvVar = EnvVar {
    name: "CLICOLOR_FORCE",
    doc: "When set, output has colours in a pipe too, unless NO_COLOR is set",
    dotenv: false,
};

/// As `NO_COLOR`, by the other convention; read by the libraries that write to the terminal.
const CLICOLOR: EnvVar =
    EnvVar { name: "CLICOLOR", doc: "When it is 0, output has no colours", dotenv: false };

/// Colours whatever the terminal says of itself; read by the libraries that write to the terminal.
const CI: EnvVar =
    EnvVar { name: "CI", doc: "When set, any terminal counts as one with colours", dotenv: false };

/// The width of help; read by the library that writes it.
const COLUMNS: EnvVar = EnvVar {
    name: "COLUMNS",
    doc: "How wide help may be where there is no terminal",
    dotenv: false,
};

/// Where a panic was; read by the standard library.
const RUST_BACKTRACE: EnvVar =
    EnvVar { name: "RUST_BACKTRACE", doc: "When it is 1, a bug says where it is", dotenv: false };

/// What the log shows; read by `env_logger`.
pub(crate) const RUST_LOG: EnvVar = EnvVar {
    name: "RUST_LOG",
    doc: "What the log on stderr shows, as in `debug` or `migrate_runtime=trace`",
    dotenv: false,
};

/// What the terminal can do.
pub(crate) const TERM: EnvVar =
    EnvVar { name: "TERM", doc: "When it is `dumb`, there is no progress bar", dotenv: false };

/// Where libpq's files of the user lie.
const HOME: EnvVar = EnvVar {
    name: "HOME",
    doc: "Where .pgpass, .pg_service.conf and .postgresql/ are",
    dotenv: false,
};

/// What psql reads; the library that connects knows them one by one.
const PG: &str = "PGHOST, PGPORT, …";
const PG_DOC: &str = "As psql reads them: PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE …";

/// Those that name a database; the others only say more about one.
const NAMING: [&str; 4] = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"];

const ALL: [&EnvVar; 15] = [
    &ENVIRONMENT,
    &MIGRATION_DATABASE_URL,
    &DATABASE_URL,
    &MIGRATION_SCRATCH_URL,
    &PG_BIN,
    &PATH,
    &NO_COLOR,
    &CLICOLOR,
    &CLICOLOR_FORCE,
    &CI,
    &COLUMNS,
    &TERM,
    &RUST_LOG,
    &RUST_BACKTRACE,
    &HOME,
];

/// The environment variables of this process, and those of `.env` below them.
pub(crate) struct EnvVars {
    process: HashMap<&'static str, OsString>,
    dotenv: HashMap<String, String>,
    dotenv_path: PathBuf,
    /// Those of libpq, in the process.
    libpq: BTreeMap<&'static str, OsString>,
}

/// A value, and where it came from. Not `Debug`: the value may be a URL with its password.
#[derive(Clone)]
pub(crate) struct Sourced {
    /// The value.
    pub(crate) value: String,
    /// Where it came from.
    pub(crate) source: Source,
}

/// Where a value came from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A flag of the command line.
    Flag(&'static str),
    /// A variable of the process.
    Variable(&'static str),
    /// A variable in a `.env` file.
    Dotenv(&'static str, PathBuf),
    /// A key of `migration.toml`.
    Config(String, PathBuf),
}

impl EnvVars {
    /// Reads the process's environment, and the nearest `.env` from `folder` upwards.
    pub(crate) fn load(folder: &Path) -> Result<EnvVars, CommandError> {
        let process = ALL.iter().filter_map(|it| Some((it.name, std::env::var_os(it.name)?)));
        let found = folder.ancestors().map(|it| it.join(".env")).find(|it| it.is_file());
        let dotenv = found.as_deref().map(read_dotenv).transpose()?.unwrap_or_default();
        let libpq = Surroundings::variable_names()
            .filter_map(|it| Some((it, std::env::var_os(it)?)))
            .collect();
        Ok(EnvVars {
            process: process.collect(),
            dotenv,
            dotenv_path: found.unwrap_or_default(),
            libpq,
        })
    }

    /// The value of a variable; an empty one counts as not set.
    pub(crate) fn get(&self, var: &EnvVar) -> Result<Option<Sourced>, CommandError> {
        Ok(self.in_process(var)?.or_else(|| self.in_dotenv(var)))
    }

    /// The first of several variables that is set: all of them in the process, then all in `.env`.
    pub(crate) fn first(&self, vars: &[&EnvVar]) -> Result<Option<Sourced>, CommandError> {
        for var in vars {
            if let Some(found) = self.in_process(var)? {
                return Ok(Some(found));
            }
        }
        Ok(vars.iter().find_map(|it| self.in_dotenv(it)))
    }

    /// The value in the process, whatever bytes it has.
    pub(crate) fn raw(&self, var: &EnvVar) -> Option<OsString> {
        self.process.get(var.name).filter(|it| !it.is_empty()).cloned()
    }

    /// The `.env` file, if there is one.
    pub(crate) fn dotenv_file(&self) -> Option<&Path> {
        Some(self.dotenv_path.as_path()).filter(|it| !it.as_os_str().is_empty())
    }

    /// A variable that the configuration names.
    pub(crate) fn named(&self, name: &str) -> Result<Option<String>, CommandError> {
        match std::env::var_os(name).filter(|it| !it.is_empty()) {
            Some(value) => value.into_string().map(Some).map_err(|_| not_utf8(name)),
            None => Ok(self.dotenv.get(name).filter(|it| !it.is_empty()).cloned()),
        }
    }

    /// What psql looks at.
    pub(crate) fn surroundings(&self) -> Result<Surroundings, CommandError> {
        let mut found = Surroundings::default();
        for name in Surroundings::variable_names() {
            let process = self.libpq.get(name).filter(|it| !it.is_empty()).cloned();
            let process = process.map(|it| it.into_string().map_err(|_| not_utf8(name)));
            let value = process.transpose()?.or_else(|| self.dotenv.get(name).cloned());
            if let Some(value) = value.filter(|it| !it.is_empty()) {
                found.variables.insert(name.to_owned(), value);
            }
        }
        found.home = self.raw(&HOME).map(PathBuf::from);
        found.os_user = whoami::username().ok();
        Ok(found)
    }

    /// The first variable of psql's that names a database, if one is set.
    pub(crate) fn names_database(&self) -> Option<Source> {
        NAMING.into_iter().find_map(|name| {
            if self.libpq.get(name).is_some_and(|it| !it.is_empty()) {
                return Some(Source::Variable(name));
            }
            let there = self.dotenv.get(name).is_some_and(|it| !it.is_empty());
            there.then(|| Source::Dotenv(name, self.dotenv_path.clone()))
        })
    }

    fn in_process(&self, var: &EnvVar) -> Result<Option<Sourced>, CommandError> {
        let Some(value) = self.raw(var) else { return Ok(None) };
        let value = value.into_string().map_err(|_| not_utf8(var.name))?;
        Ok(Some(Sourced { value, source: Source::Variable(var.name) }))
    }

    fn in_dotenv(&self, var: &EnvVar) -> Option<Sourced> {
        let value = self.dotenv.get(var.name).filter(|it| var.dotenv && !it.is_empty())?;
        let source = Source::Dotenv(var.name, self.dotenv_path.clone());
        Some(Sourced { value: value.clone(), source })
    }

    #[cfg(test)]
    pub(crate) fn of(process: &[(&'static str, &str)], dotenv: &[(&str, &str)]) -> EnvVars {
        EnvVars {
            process: process.iter().map(|(name, value)| (*name, (*value).into())).collect(),
            dotenv: dotenv.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            dotenv_path: PathBuf::from(".env"),
            libpq: process.iter().map(|(name, value)| (*name, (*value).into())).collect(),
        }
    }
}

fn not_utf8(name: &str) -> CommandError {
    CommandError::config(format!("the environment variable {name} is not UTF-8"))
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => f.write_str(flag),
            Source::Variable(name) => write!(f, "the environment variable {name}"),
            Source::Dotenv(name, path) => write!(f, "{name} in {}", path.display()),
            Source::Config(key, path) => write!(f, "{key} in {}", path.display()),
        }
    }
}

impl Source {
    /// Whether it is an environment variable, of the process or of `.env`.
    pub(crate) fn is_variable(&self) -> bool {
        matches!(self, Source::Variable(_) | Source::Dotenv(..))
    }

    /// In a word or two, for a table: files by their name alone.
    pub(crate) fn brief(&self) -> String {
        let name = |it: &Path| it.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match self {
            Source::Flag(flag) => (*flag).to_owned(),
            Source::Variable(variable) => (*variable).to_owned(),
            Source::Dotenv(variable, path) => format!("{}: {variable}", name(path)),
            Source::Config(key, path) => format!("{}: {key}", name(path)),
        }
    }
}

/// The list at the end of `--help`.
pub(crate) fn help() -> String {
    let width = ALL.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let list = |dotenv: bool| {
        let vars = ALL.iter().filter(|it| it.dotenv == dotenv);
        let lines = vars.map(|it| format!("\n  {:width$}  {}", it.name, it.doc));
        lines.collect::<Vec<_>>().concat()
    };
    format!(
        "Environment variables, also read from a .env file:{}\n  {PG:width$}  {PG_DOC}\n\nEnvironment variables:{}",
        list(true),
        list(false)
    )
}

/// Other programs read `.env` too, by looser rules: a line that cannot be read is an error only where
/// it is one of ours. Messages never repeat the line, which may hold a password.
fn read_dotenv(path: &Path) -> Result<HashMap<String, String>, CommandError> {
    let unreadable =
        |error| CommandError::config(format!("cannot read {}", path.display())).caused_by(&error);
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let mut found = HashMap::new();
    for (name, value) in dotenvy::from_read_iter(text.as_bytes()).filter_map(Result::ok) {
        found.entry(name).or_insert(value);
    }
    let missing = |it: &&&EnvVar| it.dotenv && !found.contains_key(it.name);
    let written = |var: &EnvVar| text.lines().any(|line| names(line, var.name));
    match ALL.iter().filter(missing).find(|it| written(it)) {
        Some(var) => Err(CommandError::config(format!(
            "{} is not written as NAME=value or NAME=\"value\" in {}",
            var.name,
            path.display()
        ))),
        None => Ok(found),
    }
}

fn names(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    line.strip_prefix(name).is_some_and(|it| it.trim_start().starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_comes_before_the_file_and_our_own_url_first() {
        #[track_caller]
        fn check(
            process: &[(&'static str, &str)],
            dotenv: &[(&str, &str)],
            expected: Option<&str>,
        ) {
            let vars = EnvVars::of(process, dotenv);
            let found = vars.first(&[&MIGRATION_DATABASE_URL, &DATABASE_URL]).unwrap();
            assert_eq!(found.map(|it| it.value).as_deref(), expected);
        }

        let (ours, app) = (MIGRATION_DATABASE_URL.name, DATABASE_URL.name);
        check(&[(app, "a")], &[(ours, "b")], Some("a"));
        check(&[(app, "a"), (ours, "c")], &[(ours, "b")], Some("c"));
        check(&[(app, "")], &[(app, "d"), (ours, "b")], Some("b"));
        check(&[], &[(app, "d")], Some("d"));
        check(&[], &[], None);
    }

    #[test]
    fn what_names_a_database_to_psql_names_it_here() {
        #[track_caller]
        fn check(
            process: &[(&'static str, &str)],
            dotenv: &[(&str, &str)],
            expected: Option<&str>,
        ) {
            let found = EnvVars::of(process, dotenv).names_database();
            assert_eq!(found.map(|it| it.brief()).as_deref(), expected);
        }

        check(&[("PGDATABASE", "d"), ("PGSERVICE", "")], &[], Some("PGDATABASE"));
        check(&[("PGUSER", "u"), ("PGPASSWORD", "p"), ("PGPORT", "1")], &[], None);
        check(&[], &[("PGHOST", "h")], Some(".env: PGHOST"));
    }

    #[test]
    fn a_line_that_is_not_ours_may_be_odd() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "ODD=a b c\nexport DATABASE_URL=\"postgres://h/d\"\n").unwrap();
        assert_eq!(read_dotenv(&path).unwrap()["DATABASE_URL"], "postgres://h/d");

        std::fs::write(&path, "DATABASE_URL=postgres://u:canary canary@h/d\n").unwrap();
        let error = read_dotenv(&path).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
