//! Environments: which database a command works on, and whether changes there need consent.

use std::fmt;
use std::path::PathBuf;

use migrate_runtime::{ConnectOptions, Surroundings, postgres};
use postgres::config::Host;

use crate::config::{Config, EnvironmentConfig};
use crate::env_vars::{
    DATABASE_URL, ENVIRONMENT, EnvVars, MIGRATION_DATABASE_URL, Source, Sourced,
};
use crate::error::CommandError;
use crate::text::nearest;

/// The environment of a developer's machine, and the only one with an embedded database.
pub(crate) const DEVELOPMENT: &str = "development";

/// The environment that is protected without being told.
pub(crate) const PRODUCTION: &str = "production";

/// A named database and its protection.
pub(crate) struct Environment {
    /// Its name.
    pub(crate) name: String,
    /// Whether changes need consent.
    pub(crate) protected: bool,
    /// Where the name comes from, unless it is the default.
    pub(crate) named_by: Option<Source>,
    /// Why it is protected, or who says that it is not; nothing where nobody said anything.
    pub(crate) protected_by: Option<String>,
    /// The configuration file, if there is one.
    pub(crate) config: Option<PathBuf>,
    /// What the file says about it.
    pub(crate) section: EnvironmentConfig,
    url: Option<Sourced>,
    /// Where the file names a database of its own, that a variable has taken the place of.
    shadowed: Option<Source>,
    surroundings: Surroundings,
}

/// Where the database of an environment is.
#[derive(Debug)]
pub(crate) enum Database {
    /// On a server that was named.
    Server(Box<ConnectOptions>),
    /// In the folder of the project, managed by this program.
    Embedded,
}

/// What the command line says about the environment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Choice<'a> {
    /// `--env`
    pub(crate) name: Option<&'a str>,
    /// `--database-url`
    pub(crate) url: Option<&'a str>,
}

impl Environment {
    /// Decides: flag, environment variable, `.env`, `migration.toml`, default.
    pub(crate) fn choose(
        choice: Choice<'_>,
        vars: &EnvVars,
        config: &Config,
    ) -> Result<Environment, CommandError> {
        let flag = |value: &str, source| Sourced { value: value.into(), source };
        let name = match choice.name {
            Some(name) => Some(flag(name, Source::Flag("--env"))),
            None => vars.get(&ENVIRONMENT)?,
        };
        let (name, source) = match name {
            Some(it) => (it.value, Some(it.source)),
            None => (DEVELOPMENT.to_owned(), None),
        };
        check_name(&name, source.as_ref(), config)?;

        let section = config.environments.get(&name).cloned().unwrap_or_default();
        let url = match choice.url {
            // A variable that is not set, most likely: no other database may take its place.
            Some(url) if url.trim().is_empty() => {
                return Err(CommandError::usage("--database-url is empty, and names no database")
                    .with_hint("--database-url postgres://USER:PASSWORD@HOST:5432/DATABASE"));
            }
            Some(url) => Some(flag(url, Source::Flag("--database-url"))),
            None => match vars.first(&[&MIGRATION_DATABASE_URL, &DATABASE_URL])? {
                Some(url) => Some(url),
                None => in_file(&name, &section, config, vars)?.or_else(|| as_psql(vars)),
            },
        };
        let shadowed = match &url {
            Some(url) if url.source.is_variable() => {
                let own = in_file(&name, &section, config, vars).ok().flatten();
                own.filter(|it| it.value != url.value).map(|it| it.source)
            }
            _ => None,
        };
        // Protection can be added, never taken away: `protected = false` under production is a slip.
        let in_file = section.protected;
        let protected = name == PRODUCTION || in_file == Some(true);
        let protected_by = match &config.path {
            Some(path) if in_file == Some(protected) => {
                let key = format!("environments.{name}.protected");
                Some(Source::Config(key, path.clone()).brief())
            }
            _ => protected.then(|| "the name: production always is".to_owned()),
        };
        let config = config.path.clone();
        let mut surroundings = vars.surroundings()?;
        surroundings.origin = url.as_ref().map(|it| it.source.to_string());
        let named_by = source;
        Ok(Environment {
            name,
            protected,
            named_by,
            protected_by,
            config,
            section,
            url,
            shadowed,
            surroundings,
        })
    }

    /// Where the database is. Only `development` has one of its own.
    pub(crate) fn database(&self) -> Result<Database, CommandError> {
        match &self.url {
            Some(url) => {
                let options = ConnectOptions::resolve(&url.value, &self.surroundings)?;
                Ok(Database::Server(Box::new(self.with_password(options))))
            }
            None if self.may_embed() => Ok(Database::Embedded),
            None => Err(self.unconfigured()),
        }
    }

    /// Another server, which has nothing to do with the environment.
    pub(crate) fn elsewhere(&self, url: &Sourced) -> Result<ConnectOptions, CommandError> {
        let mut surroundings = self.surroundings.clone();
        surroundings.origin = Some(url.source.to_string());
        Ok(ConnectOptions::resolve(&url.value, &surroundings)?)
    }

    /// Whether the embedded database may be used at all.
    pub(crate) fn may_embed(&self) -> bool {
        self.name == DEVELOPMENT && !self.protected
    }

    /// Whether its database is the embedded one.
    pub(crate) fn is_embedded(&self) -> bool {
        self.url.is_none() && self.may_embed()
    }

    /// Where the URL was found, if there is one.
    pub(crate) fn url_source(&self) -> Option<&Source> {
        self.url.as_ref().map(|it| &it.source)
    }

    /// What somebody may not expect: a variable, of the application most likely, that comes before what the
    /// file says about this environment.
    pub(crate) fn warning(&self) -> Option<String> {
        let (url, own) = (self.url_source()?, self.shadowed.as_ref()?);
        Some(format!("{url} names the database, and comes before {own}"))
    }

    /// Whether a command prints the password. It belongs to the database that the same section of the file
    /// names: any other one does not get it.
    pub(crate) fn asks_for_password(&self) -> bool {
        let is_ours = match self.url_source() {
            Some(Source::Config(..)) => true,
            Some(Source::Variable(name) | Source::Dotenv(name, _)) => {
                self.section.url_env.as_deref() == Some(name)
            }
            _ => false,
        };
        self.section.password_command.is_some() && is_ours
    }

    /// A password that psql would find comes before what the file says.
    fn with_password(&self, options: ConnectOptions) -> ConnectOptions {
        let is_asked = options.password_origin().is_none() && self.asks_for_password();
        match self.section.password_command.clone().filter(|_| is_asked) {
            Some(command) => options.with_password_from(move || command.run()),
            None => options,
        }
    }

    fn unconfigured(&self) -> CommandError {
        let name = &self.name;
        let kind = if self.protected { "protected environment" } else { "environment" };
        let error = CommandError::config(format!("the {kind} `{name}` has no database"))
            .with_hint("export DATABASE_URL='postgres://USER:PASSWORD@HOST:5432/DATABASE'");
        let file = match &self.config {
            Some(path) => path.display().to_string(),
            None => "migration.toml".to_owned(),
        };
        error.with_hint(format!("or set `url` under [environments.{name}] in {file}"))
    }
}

/// Where the file says that the database is: without the pooler, if it says that too.
fn in_file(
    name: &str,
    section: &EnvironmentConfig,
    config: &Config,
    vars: &EnvVars,
) -> Result<Option<Sourced>, CommandError> {
    let Some(path) = &config.path else { return Ok(None) };
    let sourced = |key: &str, value: &str| Sourced {
        value: value.to_owned(),
        source: Source::Config(format!("environments.{name}.{key}"), path.clone()),
    };
    if let Some(url) = &section.direct_url {
        return Ok(Some(sourced("direct_url", url)));
    }
    if let Some(variable) = &section.url_env {
        if let Some(value) = vars.named(variable)? {
            // A name, and never a URL: the reader of the file sees to that.
            return Ok(Some(sourced(&format!("url_env ({variable})"), &value)));
        }
        if section.url.is_none() {
            let message = format!(
                "the environment variable {variable} is not set, and environments.{name}.url_env in {} names it",
                path.display()
            );
            return Err(CommandError::config(message).with_hint(format!(
                "export {variable}='postgres://USER:PASSWORD@HOST:5432/DATABASE'"
            )));
        }
    }
    Ok(section.url.as_ref().map(|it| sourced("url", it)))
}

/// What `PG*` variables alone name.
fn as_psql(vars: &EnvVars) -> Option<Sourced> {
    vars.names_database().map(|source| Sourced { value: String::new(), source })
}

/// A name that nobody configured is fine (a URL says the rest), unless it looks like a misspelt
/// protected one: then it would run without the protection.
fn check_name(name: &str, source: Option<&Source>, config: &Config) -> Result<(), CommandError> {
    let origin = source.map(|it| format!(" ({it})")).unwrap_or_default();
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        let message = format!("an environment's name has letters, digits, `-` and `_`{origin}");
        return Err(CommandError::config(message));
    }
    if name == DEVELOPMENT || name == PRODUCTION || config.environments.contains_key(name) {
        return Ok(());
    }
    let listed = config.environments.iter().filter(|(_, it)| it.protected == Some(true));
    let protected = listed.map(|(name, _)| name.as_str()).chain([PRODUCTION]);
    let prefix = |it: &&str| name.len() > 2 && it.starts_with(&name.to_lowercase());
    let alike = protected.clone().find(prefix).or_else(|| nearest(name, protected));
    let Some(alike) = alike else { return Ok(()) };
    let message = format!("the environment `{name}`{origin} is not configured, and may be a slip");
    Err(CommandError::config(message)
        .with_hint(format!("did you mean `--env {alike}`?"))
        .with_hint(format!("if not, add [environments.{name}] to migration.toml")))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// `app on db.example.com:5432 as deploy`: a database as people name it, without its password.
pub(crate) struct Described<'a>(pub(crate) &'a postgres::Config);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.0;
        let name = config.get_dbname().or(config.get_user()).unwrap_or("the default database");
        f.write_str(name)?;
        for (index, host) in config.get_hosts().iter().enumerate() {
            f.write_str(if index == 0 { " on " } else { ", " })?;
            let ports = config.get_ports();
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) if host.contains(':') => write!(f, "[{host}]:{port}")?,
                Host::Tcp(host) => write!(f, "{host}:{port}")?,
                Host::Unix(folder) => write!(f, "{}", folder.display())?,
            }
            // That one is dialled, whatever the name says.
            if let Some(address) = config.get_hostaddrs().get(index)
                && !matches!(host, Host::Tcp(host) if *host == address.to_string())
            {
                write!(f, " ({address})")?;
            }
        }
        match config.get_user() {
            Some(user) => write!(f, " as {user}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
