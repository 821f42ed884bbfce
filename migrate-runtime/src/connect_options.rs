//! Where a database is, and how to get in.

use std::fmt;

#[cfg(feature = "backup")]
use tokio_postgres::config::Host;

#[cfg(feature = "backup")]
use crate::error::Error;

/// Where a database is, and how to get in.
///
/// Made from a `postgres::Config`.
#[derive(Clone)]
pub struct ConnectOptions {
    pub(crate) config: postgres::Config,
}

impl ConnectOptions {
    /// The parameters that PostgreSQL's own programs connect with, as libpq names them: all but the password.
    #[cfg(feature = "backup")]
    pub(crate) fn keywords(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let joined = |it: Vec<String>| Some(it.join(",")).filter(|it| !it.is_empty());
        let host = |it: &Host| match it {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        };
        let text = |it: Option<&str>| it.map(str::to_owned);
        let found = [
            ("host", joined(config.get_hosts().iter().map(host).collect())),
            ("hostaddr", joined(config.get_hostaddrs().iter().map(ToString::to_string).collect())),
            ("port", joined(config.get_ports().iter().map(ToString::to_string).collect())),
            ("user", text(config.get_user())),
            ("dbname", text(config.get_dbname())),
            ("options", text(config.get_options())),
        ];
        found.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// The password that a connection is opened with now.
    #[cfg(feature = "backup")]
    pub(crate) fn password(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.config.get_password().map(<[u8]>::to_vec))
    }
}

impl From<postgres::Config> for ConnectOptions {
    fn from(config: postgres::Config) -> ConnectOptions {
        ConnectOptions { config }
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There may be a password in it.
        f.debug_struct("ConnectOptions").finish_non_exhaustive()
    }
}
