//! The parameters of a connection, as libpq names them, and what becomes of each here.
//!
//! Source: <https://www.postgresql.org/docs/18/libpq-connect.html> and
//! <https://www.postgresql.org/docs/18/libpq-envars.html>.

/// A parameter of a connection.
pub(crate) struct Keyword {
    pub(crate) name: &'static str,
    /// The environment variable that stands in for it.
    pub(crate) variable: Option<&'static str>,
    pub(crate) fate: Fate,
}

/// What becomes of a parameter.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    /// It counts.
    Kept,
    /// It may be left out without anybody being worse off.
    Ignored,
    /// It promises something that cannot be kept, unless it has one of these values.
    Refused(&'static [&'static str]),
}

use Fate::{Ignored, Kept, Refused};

pub(crate) const KEYWORDS: [Keyword; 54] = [
    keyword("application_name", Some("PGAPPNAME"), Kept),
    keyword("channel_binding", Some("PGCHANNELBINDING"), Kept),
    keyword("client_encoding", Some("PGCLIENTENCODING"), Ignored),
    keyword("connect_timeout", Some("PGCONNECT_TIMEOUT"), Kept),
    keyword("dbname", Some("PGDATABASE"), Kept),
    keyword("fallback_application_name", None, Ignored),
    keyword("gssdelegation", Some("PGGSSDELEGATION"), Refused(&["0"])),
    keyword("gssencmode", Some("PGGSSENCMODE"), Refused(&["disable", "prefer"])),
    keyword("gsslib", Some("PGGSSLIB"), Ignored),
    keyword("host", Some("PGHOST"), Kept),
    keyword("hostaddr", Some("PGHOSTADDR"), Kept),
    keyword("keepalives", None, Kept),
    // The client library's own name for `keepalives_count`.
    keyword("keepalives_retries", None, Kept),
    keyword("keepalives_count", None, Kept),
    keyword("keepalives_idle", None, Kept),
    keyword("keepalives_interval", None, Kept),
    keyword("krbsrvname", Some("PGKRBSRVNAME"), Ignored),
    keyword("load_balance_hosts", Some("PGLOADBALANCEHOSTS"), Kept),
    keyword("max_protocol_version", Some("PGMAXPROTOCOLVERSION"), Ignored),
    keyword("min_protocol_version", Some("PGMINPROTOCOLVERSION"), Refused(&["3.0"])),
    keyword("oauth_client_id", None, Refused(&[])),
    keyword("oauth_client_secret", None, Refused(&[])),
    keyword("oauth_issuer", None, Refused(&[])),
    keyword("oauth_scope", None, Refused(&[])),
    keyword("options", Some("PGOPTIONS"), Kept),
    keyword("passfile", Some("PGPASSFILE"), Kept),
    keyword("password", Some("PGPASSWORD"), Kept),
    keyword("port", Some("PGPORT"), Kept),
    keyword("replication", None, Refused(&["false", "off", "no", "0"])),
    keyword("require_auth", Some("PGREQUIREAUTH"), Refused(&[])),
    keyword("requirepeer", Some("PGREQUIREPEER"), Refused(&[])),
    keyword("requiressl", Some("PGREQUIRESSL"), Kept),
    keyword("scram_client_key", None, Refused(&[])),
    keyword("scram_server_key", None, Refused(&[])),
    keyword("service", Some("PGSERVICE"), Kept),
    keyword("servicefile", Some("PGSERVICEFILE"), Kept),
    keyword("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION"), Kept),
    keyword("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION"), Kept),
    keyword("sslcert", Some("PGSSLCERT"), Kept),
    keyword("sslcertmode", Some("PGSSLCERTMODE"), Kept),
    keyword("sslcompression", Some("PGSSLCOMPRESSION"), Ignored),
    keyword("sslcrl", Some("PGSSLCRL"), Kept),
    keyword("sslcrldir", Some("PGSSLCRLDIR"), Refused(&[])),
    keyword("sslkey", Some("PGSSLKEY"), Kept),
    keyword("sslkeylogfile", None, Refused(&[])),
    keyword("sslmode", Some("PGSSLMODE"), Kept),
    keyword("sslnegotiation", Some("PGSSLNEGOTIATION"), Kept),
    keyword("sslpassword", None, Refused(&[])),
    keyword("sslrootcert", Some("PGSSLROOTCERT"), Kept),
    keyword("sslsni", Some("PGSSLSNI"), Kept),
    keyword("target_session_attrs", Some("PGTARGETSESSIONATTRS"), Kept),
    keyword("tcp_user_timeout", None, Kept),
    keyword("user", Some("PGUSER"), Kept),
    // A folder, not a parameter: where `pg_service.conf` lies for everybody.
    keyword("sysconfdir", Some("PGSYSCONFDIR"), Ignored),
];

const fn keyword(name: &'static str, variable: Option<&'static str>, fate: Fate) -> Keyword {
    Keyword { name, variable, fate }
}

/// The parameter of this name. `sysconfdir` has a variable alone.
pub(crate) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|it| it.name == name && name != "sysconfdir")
}
