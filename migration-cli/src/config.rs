//! `migration.toml`: found from the working directory upwards, read by hand so that a mistake is named
//! with its line and nothing in the file is ever repeated in a message, since URLs hold passwords.

mod drift;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use migrate_core::{LintOptions, OptionsError, Place, place_of};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) use drift::DriftConfig;

use crate::error::CommandError;
use crate::text::{nearest, parse_duration};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "migration.toml";

const TOP_KEYS: [&str; 4] = ["environments", "drift", "lint", "postgres_version"];
const ENVIRONMENT_KEYS: [&str; 14] = [
    "url",
    "url_env",
    "direct_url",
    "password_command",
    "protected",
    "schema",
    "role",
    "lock_timeout",
    "lock_deadline",
    "statement_timeout",
    "wait",
    "wait_for_db",
    "backup_dir",
    "allow_out_of_order",
];

/// What the file says.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// Where the file lies, if there is one.
    pub(crate) path: Option<PathBuf>,
    /// `[environments.NAME]`.
    pub(crate) environments: BTreeMap<String, EnvironmentConfig>,
    /// `[drift]`.
    pub(crate) drift: DriftConfig,
}

/// One `[environments.NAME]`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct EnvironmentConfig {
    /// Where the database is.
    pub(crate) url: Option<String>,
    /// The environment variable that says where.
    pub(crate) url_env: Option<String>,
    /// Where the database is without the pooler that applications use.
    pub(crate) direct_url: Option<String>,
    /// What prints the password, once for every connection.
    pub(crate) password_command: Option<PasswordCommand>,
    /// Whether changes need consent.
    pub(crate) protected: Option<bool>,
    /// The schema of the history.
    pub(crate) schema: Option<String>,
    /// The role that everything is done as.
    pub(crate) role: Option<String>,
    /// How long one attempt waits for a lock on a table.
    pub(crate) lock_timeout: Option<Duration>,
    /// How long a migration is attempted while locks are in the way.
    pub(crate) lock_deadline: Option<Duration>,
    /// How long one statement may run.
    pub(crate) statement_timeout: Option<Duration>,
    /// How long to wait while another runner is at work.
    pub(crate) wait: Option<Duration>,
    /// How long to keep trying while the server cannot be reached.
    pub(crate) wait_for_db: Option<Duration>,
    /// Where backups are kept.
    pub(crate) backup_dir: Option<PathBuf>,
    /// Whether `up` also runs what is older than the newest migration that has run.
    pub(crate) allow_out_of_order: Option<bool>,
}

/// A program that prints a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum PasswordCommand {
    /// A line for the shell.
    Shell(String),
    /// The program and its arguments.
    Program(Vec<String>),
}

/// URLs and commands may hold passwords.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { path, environments, drift } = self;
        let mut shown = f.debug_struct("Config");
        shown.field("path", path).field("environments", environments).field("drift", drift).finish()
    }
}

impl fmt::Debug for EnvironmentConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protected = &self.protected;
        f.debug_struct("EnvironmentConfig").field("protected", protected).finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCommand").finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the file that was named, or the nearest one from `folder` upwards; none is fine.
    pub(crate) fn load(folder: &Path, named: Option<&Path>) -> Result<Config, CommandError> {
        let found = match named {
            Some(path) => Some(folder.join(path)),
            None => folder.ancestors().map(|it| it.join(FILE_NAME)).find(|it| it.is_file()),
        };
        let Some(path) = found else { return Ok(Config::default()) };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            CommandError::config(format!("cannot read {}", path.display())).caused_by(&error)
        })?;
        parse(&text, &path)
    }
}

fn parse(text: &str, path: &Path) -> Result<Config, CommandError> {
    let file = Reader { text, path };
    // Only the parser's own words are used: its `Display` prints the line, which may hold a password.
    let table = DeTable::parse(text)
        .map_err(|error| file.error(error.span().unwrap_or_default(), "this is not TOML"))?;
    // For the build; a mistake is told here too.
    LintOptions::read(text).map_err(|error| file.lint_error(error))?;
    let mut config = Config { path: Some(path.to_owned()), ..Config::default() };
    for (key, value) in table.get_ref() {
        file.known(key, &TOP_KEYS, "migration.toml")?;
        if key.get_ref() == "drift" {
            config.drift = DriftConfig::read(&file, value)?;
        }
        if key.get_ref() != "environments" {
            continue;
        }
        for (name, value) in file.table(value, "environments")? {
            let environment = file.environment(name.get_ref(), value)?;
            config.environments.insert(name.get_ref().to_string(), environment);
        }
    }
    Ok(config)
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
    fn environment(&self, name: &str, value: &Value) -> Result<EnvironmentConfig, CommandError> {
        let section = format!("environments.{name}");
        let mut environment = EnvironmentConfig::default();
        for (key, value) in self.table(value, &section)? {
            self.known(key, &ENVIRONMENT_KEYS, &format!("[{section}]"))?;
            self.setting(&mut environment, key.get_ref(), value, &section)?;
        }
        Ok(environment)
    }

    fn setting(
        &self,
        environment: &mut EnvironmentConfig,
        key: &str,
        value: &Value,
        section: &str,
    ) -> Result<(), CommandError> {
        let wrong =
            |kind: &str| self.error(value.span(), format!("{section}.{key} must be {kind}"));
        let text = || -> Result<Option<String>, CommandError> {
            let text = value.get_ref().as_str().ok_or_else(|| wrong("a string"))?;
            Ok(Some(text.to_owned()).filter(|it| !it.is_empty()))
        };
        let flag = || value.get_ref().as_bool().map(Some).ok_or_else(|| wrong("true or false"));
        let time = || {
            let text = value.get_ref().as_str();
            let time = text.and_then(|it| parse_duration(it).ok());
            time.map(Some).ok_or_else(|| wrong("a time, as in \"100ms\", \"30s\" or \"5m\""))
        };
        match key {
            "url" => environment.url = text()?,
            "url_env" => {
                environment.url_env = text()?;
                if environment.url_env.as_deref().is_some_and(|it| !is_variable(it)) {
                    // A URL, most likely.
                    return Err(wrong("the name of an environment variable")
                        .with_hint(format!("write it as `url` under [{section}] if it is one")));
                }
            }
            "direct_url" => environment.direct_url = text()?,
            "schema" => environment.schema = text()?,
            "role" => environment.role = text()?,
            "protected" => environment.protected = flag()?,
            "allow_out_of_order" => environment.allow_out_of_order = flag()?,
            "lock_timeout" => environment.lock_timeout = time()?,
            "lock_deadline" => environment.lock_deadline = time()?,
            "statement_timeout" => environment.statement_timeout = time()?,
            "wait" => environment.wait = time()?,
            "wait_for_db" => environment.wait_for_db = time()?,
            // Relative to the file that says it, wherever the program is started.
            "backup_dir" => {
                let folder = self.path.parent().unwrap_or(Path::new(""));
                environment.backup_dir = text()?.map(|it| folder.join(it));
            }
            _ => {
                let command = password_command(value.get_ref());
                environment.password_command =
                    Some(command.ok_or_else(|| wrong("a string, or a list of strings"))?);
            }
        }
        Ok(())
    }

    fn table<'v, 'i>(
        &self,
        value: &'v Value<'i>,
        section: &str,
    ) -> Result<&'v DeTable<'i>, CommandError> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.error(value.span(), format!("[{section}] must be a table")))
    }

    fn known(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        keys: &[&str],
        section: &str,
    ) -> Result<(), CommandError> {
        let name = key.get_ref().as_ref();
        if keys.contains(&name) {
            return Ok(());
        }
        let error = self.error(key.span(), format!("unknown key `{name}` in {section}"));
        Err(match nearest(name, keys.iter().copied()) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint(format!("known keys: {}", keys.join(", "))),
        })
    }

    fn lint_error(&self, error: OptionsError) -> CommandError {
        let (file, place) = (self.path.display().to_string(), error.place);
        let command = CommandError::config(error.message).at(file, place.line, Some(place.column));
        match error.help {
            Some(help) => command.with_hint(help),
            None => command,
        }
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> CommandError {
        let Place { line, column, .. } = place_of(self.text, span.start.min(self.text.len()));
        let file = self.path.display().to_string();
        CommandError::config(message).at(file, line, Some(column))
    }
}

fn is_variable(name: &str) -> bool {
    let plain = name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    plain && !name.starts_with(|it: char| it.is_ascii_digit())
}

fn password_command(value: &DeValue<'_>) -> Option<PasswordCommand> {
    if let Some(line) = value.as_str() {
        return Some(PasswordCommand::Shell(line.to_owned())).filter(|_| !line.trim().is_empty());
    }
    let words = value.as_array()?.iter().map(|it| it.get_ref().as_str().map(str::to_owned));
    let words = words.collect::<Option<Vec<String>>>()?;
    Some(PasswordCommand::Program(words.clone())).filter(|_| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_read() {
        let text = "[environments.staging]\nurl = 'postgres://h/d'\n[environments.live]\nprotected = true\n";
        let config = parse(text, Path::new(FILE_NAME)).unwrap();
        let url = Some("postgres://h/d".into());
        let staging = EnvironmentConfig { url, ..EnvironmentConfig::default() };
        assert_eq!(config.environments["staging"], staging);
        assert_eq!(config.environments["live"].protected, Some(true));
        assert_eq!(parse("", Path::new(FILE_NAME)).unwrap().environments.len(), 0);
    }

    #[test]
    fn what_is_no_drift_is_read() {
        let text = "[drift]\nrecord = false\nignore = ['audit.*']\nignore_partitions_of = []\n";
        let drift = parse(text, Path::new(FILE_NAME)).unwrap().drift;
        assert_eq!((drift.record, drift.ignore), (Some(false), Some(vec!["audit.*".to_owned()])));
        assert_eq!((drift.ignore_grants, drift.ignore_partitions_of), (None, Some(Vec::new())));
    }

    #[test]
    fn what_is_debugged_has_no_secrets() {
        let url = "'postgres://u:canary@h/d'";
        let commands = ["'echo canary'", "['echo', 'canary']"];
        for command in commands {
            let text = format!(
                "[environments.live]\nurl = {url}\ndirect_url = {url}\npassword_command = {command}\n"
            );
            let config = parse(&text, Path::new(FILE_NAME)).unwrap();
            let shown = format!("{config:?}");
            assert!(shown.contains("live") && !shown.contains("canary"), "{shown}");
            let command = config.environments["live"].password_command.as_ref().unwrap();
            assert!(!format!("{command:?}").contains("canary"));
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place_and_without_secrets() {
        #[track_caller]
        fn check(text: &str, place: (u32, u32), message: &str, hint: &str) {
            let error = parse(text, Path::new(FILE_NAME)).unwrap_err();
            let shown = format!("{error:?}");
            assert!(!shown.contains("canary"), "{shown}");
            assert!(error.message.contains(message), "{shown}");
            assert!(error.hints.iter().any(|it| it.contains(hint)) || hint.is_empty(), "{shown}");
            let found = error.place.as_ref().unwrap();
            assert_eq!((found.line, found.column), (place.0, Some(place.1)), "{text}");
        }

        let near = "[environments.live]\nprotcted = true\n";
        check(near, (2, 1), "unknown key `protcted` in [environments.live]", "`protected`");
        check("[environment.live]\n", (1, 2), "unknown key `environment`", "`environments`");
        check("colour = 1\n", (1, 1), "unknown key `colour`", "known keys: environments, drift");
        check("[lint]\ndeny = ['drop-tabel']", (2, 9), "no rule `drop-tabel`", "`drop-table`");
        check("environments = 'postgres://u:canary@h'", (1, 16), "must be a table", "");
        check("[environments]\nlive = 'canary'", (2, 8), "must be a table", "");
        let quoted = "[environments.live]\nprotected = 'canary'\n";
        check(quoted, (2, 13), "environments.live.protected must be true or false", "");
        check("[environments.live]\nurl = 7\n", (2, 7), "url must be a string", "");
        let url = "[environments.live]\nurl_env = 'postgres://u:canary@h/d'\n";
        check(url, (2, 11), "url_env must be the name of an environment variable", "`url` under");
        check("[environments.live]\nurl = postgres://u:canary@h\n", (2, 7), "not TOML", "");
        let near = "[drift]\nignore_grant = ['*']";
        check(near, (2, 1), "unknown key `ignore_grant` in [drift]", "`ignore_grants`");
        check("[drift]\nrecord = 'yes'", (2, 10), "drift.record must be true or false", "");
        check("[drift]\nignore = 'a'", (2, 10), "drift.ignore must be a list of patterns", "");
        check("[drift]\nignore = ['']", (2, 10), "drift.ignore must be a list of patterns", "");
        check("[environments.live]\nurl = 'canary\n", (2, 14), "not TOML", "");
    }
}
