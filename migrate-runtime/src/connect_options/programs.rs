//! The same connection, for PostgreSQL's own programs.

use std::time::Duration;

use tokio_postgres::config::{ChannelBinding, Host, TargetSessionAttrs};

use super::{ConnectOptions, RootCertificates, TlsVersion, escaped};
use crate::connect::translate;
use crate::error::{Error, ErrorKind};

impl ConnectOptions {
    /// The parameters, as libpq names them: all but the password.
    pub(crate) fn keywords(&self) -> Vec<(&'static str, String)> {
        let mut found = self.place();
        found.extend(self.encryption());
        found.extend(self.keepalives());
        found
    }

    /// The same, to another database of the server.
    pub(crate) fn with_database(&self, name: &str) -> ConnectOptions {
        let mut other = self.clone();
        other.config.dbname(name);
        // A file may have a password for the database that was asked for alone.
        if self.password_source.is_none()
            && let (Ok(None), Ok(Some(password))) = (other.password(), self.password())
        {
            other.config.password(password);
        }
        other
    }

    /// The database that is asked for: as with libpq, that of the user's name where none is.
    pub(crate) fn database(&self) -> String {
        let name = self.config.get_dbname().or(self.config.get_user());
        name.unwrap_or_default().to_owned()
    }

    /// To the same server, as the same role: another connection may lead elsewhere, where there are several
    /// hosts.
    pub(crate) fn pinned(&self, host: usize, role: Option<&str>) -> ConnectOptions {
        let role = role.map(str::to_owned);
        ConnectOptions { only: Some(host), role, ..self.clone() }
    }

    fn place(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        // As with libpq, one port may serve all hosts.
        let wanted = |at: usize, count: usize| self.only.is_none_or(|it| it == at || count == 1);
        let list = |all: Vec<String>| {
            let count = all.len();
            let all = all.into_iter().enumerate().filter(|(at, _)| wanted(*at, count));
            Some(all.map(|it| it.1).collect::<Vec<_>>().join(",")).filter(|it| !it.is_empty())
        };
        let host = |it: &Host| match it {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        };
        let text = |it: Option<&str>| it.map(str::to_owned);
        let attrs = match config.get_target_session_attrs() {
            TargetSessionAttrs::ReadWrite => Some("read-write"),
            TargetSessionAttrs::ReadOnly => Some("read-only"),
            _ => None,
        };
        let role = self.role.as_deref().map(|it| format!("-c role={}", escaped(it)));
        let options = config.get_options().map(str::to_owned).into_iter().chain(role);
        let options = Some(options.collect::<Vec<_>>().join(" ")).filter(|it| !it.is_empty());
        let limit = config.get_connect_timeout().map(|it| it.as_secs().to_string());
        let found = [
            ("host", list(config.get_hosts().iter().map(host).collect())),
            ("hostaddr", list(config.get_hostaddrs().iter().map(ToString::to_string).collect())),
            ("port", list(config.get_ports().iter().map(ToString::to_string).collect())),
            ("user", text(config.get_user())),
            ("dbname", text(config.get_dbname())),
            ("options", options),
            ("target_session_attrs", text(attrs)),
            ("connect_timeout", limit),
        ];
        found.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// A server that vanishes is noticed as it is over a connection of ours.
    fn keepalives(&self) -> Vec<(&'static str, String)> {
        let made = translate(&self.config, 0);
        let seconds = |it: Duration| it.as_secs().to_string();
        let limit = made.get_tcp_user_timeout().map(|it| it.as_millis().to_string());
        let found = [
            ("keepalives", Some(u8::from(made.get_keepalives()).to_string())),
            ("keepalives_idle", Some(seconds(made.get_keepalives_idle()))),
            ("keepalives_interval", made.get_keepalives_interval().map(seconds)),
            ("keepalives_count", made.get_keepalives_retries().map(|it| it.to_string())),
            ("tcp_user_timeout", limit),
        ];
        found.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    fn encryption(&self) -> Vec<(&'static str, String)> {
        let tls = &self.tls;
        let path = |it: &std::path::Path| it.display().to_string();
        let version = |it: TlsVersion| match it {
            TlsVersion::V1_2 => "TLSv1.2".to_owned(),
            TlsVersion::V1_3 => "TLSv1.3".to_owned(),
        };
        let root = tls.root.as_ref().map(|it| match it {
            RootCertificates::System => "system".to_owned(),
            RootCertificates::File(file) => path(file),
        });
        let binding = match self.config.get_channel_binding() {
            ChannelBinding::Disable => Some("disable".to_owned()),
            ChannelBinding::Require => Some("require".to_owned()),
            _ => None,
        };
        let found = [
            ("sslmode", Some(tls.mode.as_str().to_owned())),
            ("sslrootcert", root),
            ("sslcrl", tls.revoked.as_deref().map(path)),
            ("sslcert", tls.certificate.as_deref().map(path)),
            ("sslkey", tls.key.as_deref().map(path)),
            ("ssl_min_protocol_version", tls.oldest.map(version)),
            ("ssl_max_protocol_version", tls.newest.map(version)),
            ("sslsni", tls.hide_name.then(|| "0".to_owned())),
            ("sslnegotiation", tls.direct.then(|| "direct".to_owned())),
            ("channel_binding", binding),
        ];
        found.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// The password that a connection is opened with now.
    pub(crate) fn password(&self) -> Result<Option<Vec<u8>>, Error> {
        self.password_of(self.only.unwrap_or(0)).map_err(|reason| {
            Error::new(ErrorKind::Connect, "there is no password")
                .with_source(std::io::Error::other(reason))
                .with_state("nothing was changed")
        })
    }
}
