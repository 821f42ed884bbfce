//! How much of TLS is asked for, and with which certificates.
//!
//! Source: <https://www.postgresql.org/docs/18/libpq-ssl.html>.

use std::path::PathBuf;

use super::values::Values;
use crate::error::Error;

/// How much of TLS is asked for (`sslmode`), the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsMode {
    /// None.
    Disable,
    /// Where the server insists.
    Allow,
    /// Where the server has it.
    #[default]
    Prefer,
    /// Always, whoever answers.
    Require,
    /// And the server's certificate is of an authority that is known.
    VerifyCa,
    /// And the certificate is for the host that was asked for.
    VerifyFull,
}

/// With which certificates, and how.
#[derive(Clone, Debug, Default)]
#[cfg_attr(
    not(any(feature = "backup", feature = "tls")),
    expect(dead_code, reason = "who cannot encrypt reads the mode alone")
)]
pub(crate) struct TlsOptions {
    pub(crate) mode: TlsMode,
    pub(crate) root: Option<RootCertificates>,
    pub(crate) revoked: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) oldest: Option<TlsVersion>,
    pub(crate) newest: Option<TlsVersion>,
    pub(crate) hide_name: bool,
    /// Without asking first, as servers from version 17 on understand it.
    pub(crate) direct: bool,
}

/// Which authorities are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RootCertificates {
    /// Those of the operating system.
    System,
    File(PathBuf),
}

/// What rustls speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TlsVersion {
    V1_2,
    V1_3,
}

const MODES: [(&str, TlsMode); 6] = [
    ("prefer", TlsMode::Prefer),
    ("disable", TlsMode::Disable),
    ("allow", TlsMode::Allow),
    ("require", TlsMode::Require),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyFull),
];

const VERSIONS: [(&str, Option<TlsVersion>); 4] = [
    ("TLSv1.2", Some(TlsVersion::V1_2)),
    ("TLSv1.3", Some(TlsVersion::V1_3)),
    // Less is asked for than is given.
    ("TLSv1", None),
    ("TLSv1.1", None),
];

impl TlsMode {
    /// As `sslmode` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            TlsMode::Disable => "disable",
            TlsMode::Allow => "allow",
            TlsMode::Prefer => "prefer",
            TlsMode::Require => "require",
            TlsMode::VerifyCa => "verify-ca",
            TlsMode::VerifyFull => "verify-full",
        }
    }
}

impl TlsOptions {
    /// For what is not encrypted.
    pub(crate) fn none() -> TlsOptions {
        TlsOptions { mode: TlsMode::Disable, ..TlsOptions::default() }
    }

    pub(super) fn read(values: &Values<'_>) -> Result<TlsOptions, Error> {
        let root = match values.path("sslrootcert") {
            Some(path) if path.as_os_str() == "system" => Some(RootCertificates::System),
            Some(path) => Some(RootCertificates::File(path)),
            None => values.in_home(".postgresql/root.crt").map(RootCertificates::File),
        };
        let direct = values.choice("sslnegotiation", &[("postgres", false), ("direct", true)])?;
        let mode = mode(values, root.as_ref(), direct)?;
        let oldest = match values.get("ssl_min_protocol_version") {
            Some(_) => values.choice("ssl_min_protocol_version", &VERSIONS)?,
            None => None,
        };
        let newest = match values.get("ssl_max_protocol_version") {
            Some(_) => values.choice("ssl_max_protocol_version", &VERSIONS[..2])?,
            None => None,
        };
        let sends = values.choice("sslcertmode", &[("allow", true), ("disable", false)])?;
        let file = |key: &str, usual: &str| values.path(key).or_else(|| values.in_home(usual));
        let certificate = file("sslcert", ".postgresql/postgresql.crt").filter(|_| sends);
        let key = file("sslkey", ".postgresql/postgresql.key").filter(|_| certificate.is_some());
        if newest.is_some() && oldest > newest {
            let what = "the oldest version of TLS is newer than the newest";
            return Err(values.refusal("ssl_min_protocol_version", what));
        }
        Ok(TlsOptions {
            mode,
            root,
            revoked: values.path("sslcrl").or_else(|| values.in_home(".postgresql/root.crl")),
            certificate,
            key,
            oldest,
            newest,
            hide_name: values.choice("sslsni", &[("1", false), ("0", true)])?,
            direct,
        })
    }
}

fn mode(
    values: &Values<'_>,
    root: Option<&RootCertificates>,
    direct: bool,
) -> Result<TlsMode, Error> {
    let given = values.get("sslmode").is_some();
    let system = root == Some(&RootCertificates::System);
    let mode = match values.choice("sslmode", &MODES)? {
        TlsMode::Prefer if !given && values.get("requiressl") == Some("1") => TlsMode::Require,
        TlsMode::Prefer if !given && system => TlsMode::VerifyFull,
        mode => mode,
    };
    if system && mode < TlsMode::VerifyFull {
        // Anybody can get a certificate of those for a name of their own.
        let what = "sslrootcert=system proves nothing without sslmode=verify-full";
        return Err(values.refusal("sslmode", what).with_hint("write sslmode=verify-full"));
    }
    if direct && mode < TlsMode::Require {
        let what = "sslnegotiation=direct needs sslmode=require or more";
        return Err(values.refusal("sslnegotiation", what).with_hint("write sslmode=verify-full"));
    }
    // As with libpq: whoever has a list of authorities means it.
    Ok(if mode == TlsMode::Require && root.is_some() { TlsMode::VerifyCa } else { mode })
}
