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
use crate::schema_file::{Format, Place as SchemaPlace, SchemaConfig};
use crate::text::{nearest, parse_duration};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "migration.toml";

const TOP_KEYS: [&str; 7] = [
    "drift",
    "environments",
    "lint",
    "postgres_version",
    "schema",
    "schema_format",
    "schema_views",
];
const ENVIRONMENT_KEYS: [&str; 16] = [
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
    "max_batch_time",
    "max_replication_lag",
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
    /// `schema`, `schema_format` and `schema_views`.
    pub(crate) schema: SchemaConfig,
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
    /// How long statements that run in batches may take in one run.
    pub(crate) max_batch_time: Option<Duration>,
    /// How far behind a standby may be before batches wait for it.
    pub(crate) max_replication_lag: Option<Duration>,
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
        let Config { path, environments, drift, schema } = self;
        f.debug_struct("Config")
            .field("path", path)
            .field("environments", environments)
            .field("drift", drift)
            .field("schema", schema)
            .finish()
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
        match key.get_ref().as_ref() {
            "environments" => {
                for (name, value) in file.table(value, "environments")? {
                    let environment = file.environment(name.get_ref(), value)?;
                    config.environments.insert(name.get_ref().to_string(), environment);
                }
            }
            "drift" => config.drift = DriftConfig::read(&file, value)?,
            "schema" => config.schema.place = Some(file.schema_place(value)?),
            "schema_format" => config.schema.format = Some(file.schema_format(value)?),
            "schema_views" => config.schema.views = Some(file.schema_views(value)?),
            _ => {}
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
            "max_batch_time" => environment.max_batch_time = time()?,
            "max_replication_lag" => environment.max_replication_lag = time()?,
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

    /// Relative to the file that says it, wherever the program is started.
    fn schema_place(&self, value: &Value) -> Result<SchemaPlace, CommandError> {
        if value.get_ref().as_bool() == Some(false) {
            return Ok(SchemaPlace::Nowhere);
        }
        // One without an ending is the schema of the history, most likely.
        let is_file = |it: &&str| Path::new(it).extension().is_some();
        let path = value.get_ref().as_str().filter(is_file).ok_or_else(|| {
            self.error(value.span(), "schema must be the name of a file, or false")
                .with_hint("schema = \"migrations/schema.rs\"")
                .with_hint("the schema of the history is `schema` under [environments.NAME]")
        })?;
        let folder = self.path.parent().unwrap_or(Path::new(""));
        Ok(SchemaPlace::File(folder.join(path)))
    }

    fn schema_views(&self, value: &Value) -> Result<bool, CommandError> {
        let wrong = || self.error(value.span(), "schema_views must be true or false");
        value.get_ref().as_bool().ok_or_else(wrong)
    }

    fn schema_format(&self, value: &Value) -> Result<Format, CommandError> {
        let word = value.get_ref().as_str().unwrap_or_default();
        Format::parse(word).ok_or_else(|| {
            let known = Format::words().collect::<Vec<_>>().join(", ");
            let error = self.error(value.span(), format!("schema_format must be one of: {known}"));
            match nearest(word, Format::words()) {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error,
            }
        })
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
#[path = "config_tests.rs"]
mod tests;
