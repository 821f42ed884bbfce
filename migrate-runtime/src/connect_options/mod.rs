//! Where a database is, and how to get in: what psql would make of the same parameters.

mod keyword;
mod parse;
mod passfile;
#[cfg(feature = "backup")]
mod programs;
mod resolve;
mod service;
mod surroundings;
mod tls;
mod values;

use std::fmt;
use std::sync::Arc;

use tokio_postgres::config::{Host, SslMode};

use crate::error::Error;

pub use surroundings::Surroundings;
pub use tls::TlsMode;
pub(crate) use tls::TlsOptions;
#[cfg(any(feature = "backup", feature = "tls"))]
pub(crate) use tls::{RootCertificates, TlsVersion};

/// Where a database is, and how to get in.
///
/// Made of a connection string, with what psql looks at beside it ([`resolve`](ConnectOptions::resolve)),
/// or of a `postgres::Config`.
#[derive(Clone)]
pub struct ConnectOptions {
    pub(crate) config: postgres::Config,
    pub(crate) tls: TlsOptions,
    passwords: Vec<passfile::Entry>,
    password_source: Option<PasswordSource>,
    password_origin: Option<String>,
    tls_origin: Option<String>,
    /// Parameter, value, origin.
    tls_settings: Vec<(&'static str, String, String)>,
    warnings: Vec<String>,
    /// The host that alone is meant, of several.
    pub(crate) only: Option<usize>,
    /// The role that PostgreSQL's own programs take on.
    #[cfg(feature = "backup")]
    role: Option<String>,
}

/// Gets the password for one connection; the error says why there is none, without any secret.
type PasswordSource = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

impl ConnectOptions {
    /// Reads a URL or keywords by libpq's rules, and nothing else: no variable, no file of the user's.
    ///
    /// What cannot be read, or promises what cannot be kept, is an error of the kind
    /// [`Config`](crate::ErrorKind::Config); it never repeats a value.
    pub fn parse(text: &str) -> Result<ConnectOptions, Error> {
        resolve::resolve(text, &Surroundings::default())
    }

    /// As psql connects: the connection string (which may be empty), then the service, the `PG*` variables,
    /// the password file, and libpq's defaults.
    pub fn resolve(text: &str, surroundings: &Surroundings) -> Result<ConnectOptions, Error> {
        resolve::resolve(text, surroundings)
    }

    /// Asks for the password each time a connection is opened, as those that expire need it. It takes the
    /// place of any other password.
    #[must_use]
    pub fn with_password_from(
        mut self,
        source: impl Fn() -> Result<String, String> + Send + Sync + 'static,
    ) -> ConnectOptions {
        self.password_source = Some(Arc::new(source));
        self.password_origin = None;
        self
    }

    /// Without TLS there is no connection to a server over the network: `prefer` and `allow` become
    /// `require`. What was told not to be encrypted stays so.
    #[must_use]
    pub fn with_tls_required(mut self) -> ConnectOptions {
        if [TlsMode::Allow, TlsMode::Prefer].contains(&self.tls.mode) {
            self.tls.mode = TlsMode::Require;
        }
        self
    }

    /// How much of TLS was asked for.
    pub fn tls_mode(&self) -> TlsMode {
        self.tls.mode
    }

    /// Whether a network lies between us and one of the servers: no Unix socket, no loopback address.
    pub fn is_remote(&self) -> bool {
        let local = |name: &str| {
            let address = name.parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|it| it.is_loopback())
        };
        let addresses = self.config.get_hostaddrs();
        self.config.get_hosts().iter().enumerate().any(|(at, host)| {
            match (host, addresses.get(at)) {
                (_, Some(address)) => !address.is_loopback(),
                (Host::Tcp(name), None) => !local(name),
                #[cfg(unix)]
                (Host::Unix(_), None) => false,
            }
        })
    }

    /// Whether one of the hosts is reached over TCP.
    pub(crate) fn uses_tcp(&self) -> bool {
        let has_name = self.config.get_hosts().iter().any(|it| matches!(it, Host::Tcp(_)));
        has_name || !self.config.get_hostaddrs().is_empty()
    }

    /// Whether the password is asked for each time.
    pub(crate) fn asks_for_password(&self) -> bool {
        self.password_source.is_some()
    }

    /// Hosts, ports, role, database, and what else the client library knows. The password is not always
    /// among them.
    pub fn config(&self) -> &postgres::Config {
        &self.config
    }

    /// Where `sslmode` was set, for people; nothing where it is what the rest makes it.
    pub fn tls_origin(&self) -> Option<&str> {
        self.tls_origin.as_deref()
    }

    /// What else was said about proving who answers (`sslrootcert`, `channel_binding`): parameter, value, and
    /// where it was said, for people.
    pub fn tls_settings(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        self.tls_settings.iter().map(|(key, value, origin)| (*key, value.as_str(), origin.as_str()))
    }

    /// Where the password for the first host comes from, for people; nothing where there is none, or where
    /// the caller has it.
    pub fn password_origin(&self) -> Option<&str> {
        self.password_origin.as_deref()
    }

    /// What a person should know, a password file that others may read for example.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The password for one of the hosts, asked for now where it comes from somewhere.
    pub(crate) fn password_of(&self, host: usize) -> Result<Option<Vec<u8>>, String> {
        if let Some(source) = &self.password_source {
            return source().map(|it| Some(it.into_bytes()));
        }
        if let Some(password) = self.config.get_password() {
            return Ok(Some(password.to_vec()));
        }
        let config = &self.config;
        let ports = config.get_ports();
        let port = ports.get(host).or(ports.first()).copied().unwrap_or(5432).to_string();
        let name = match config.get_hosts().get(host) {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(folder)) if resolve::is_default_socket(folder) => {
                "localhost".to_owned()
            }
            #[cfg(unix)]
            Some(Host::Unix(folder)) => folder.display().to_string(),
            None => "localhost".to_owned(),
        };
        let user = config.get_user().unwrap_or_default();
        let place = [&*name, &*port, config.get_dbname().unwrap_or(user), user];
        Ok(passfile::find(&self.passwords, place).map(|it| it.as_bytes().to_vec()))
    }
}

/// A value among the options of a session.
pub(crate) fn escaped(value: &str) -> String {
    let mut made = String::with_capacity(value.len());
    for letter in value.chars() {
        if letter == '\\' || letter.is_ascii_whitespace() {
            made.push('\\');
        }
        made.push(letter);
    }
    made
}

impl From<postgres::Config> for ConnectOptions {
    fn from(config: postgres::Config) -> ConnectOptions {
        let mode = match config.get_ssl_mode() {
            SslMode::Disable => TlsMode::Disable,
            SslMode::Require => TlsMode::Require,
            _ => TlsMode::Prefer,
        };
        let tls = TlsOptions { mode, ..TlsOptions::default() };
        ConnectOptions {
            config,
            tls,
            passwords: Vec::new(),
            password_source: None,
            password_origin: None,
            tls_origin: None,
            tls_settings: Vec::new(),
            warnings: Vec::new(),
            only: None,
            #[cfg(feature = "backup")]
            role: None,
        }
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There may be a password in it.
        f.debug_struct("ConnectOptions").field("tls", &self.tls).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
