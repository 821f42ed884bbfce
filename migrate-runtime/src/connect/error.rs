//! Why no connection could be opened, for people.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::sqlstate;
use crate::tls;

/// Why no connection could be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    #[error("the I/O runtime does not start")]
    Runtime(#[from] std::io::Error),
    #[error("interrupted")]
    Interrupted,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct ConnectError {
    cause: Cause,
    /// Whether another attempt may succeed: the server is not there yet, or is starting.
    pub(super) passes: bool,
}

impl From<Cause> for ConnectError {
    fn from(cause: Cause) -> ConnectError {
        let passes = match &cause {
            Cause::Postgres(error) => match error.code() {
                Some(code) => sqlstate::NOT_YET.contains(&code.code()),
                None => is_io(error),
            },
            Cause::TimedOut(_) => true,
            Cause::Runtime(_) | Cause::Interrupted => false,
        };
        ConnectError { cause, passes }
    }
}

impl ConnectError {
    /// Whether it may go better with TLS, or without: the server speaks none, or its rules for this role
    /// and database want it otherwise.
    pub(super) fn is_about_tls(&self) -> bool {
        let Cause::Postgres(error) = &self.cause else { return false };
        let code = error.code().map(postgres::error::SqlState::code);
        is_tls(error) || code == Some(sqlstate::INVALID_AUTHORIZATION)
    }

    /// Whether the server has answered, and does not want us.
    pub(super) fn turns_away(&self) -> bool {
        let Cause::Postgres(error) = &self.cause else { return false };
        let code = error.code().map(postgres::error::SqlState::code);
        code.and_then(|it| it.get(..2)).is_some_and(|it| ["28", "3D"].contains(&it))
    }

    /// Whether it may be our settings that it does not like: poolers say so with many codes.
    pub(super) fn is_about_settings(&self) -> bool {
        let Cause::Postgres(error) = &self.cause else { return false };
        let code = error.code().map(postgres::error::SqlState::code);
        code.and_then(|it| it.get(..2)).is_some_and(|it| sqlstate::UNKNOWN_SETTING.contains(&it))
    }
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.cause {
            Cause::Postgres(error) => f.write_str(&reason(error)),
            cause => cause.fmt(f),
        }
    }
}

pub(super) fn describe(error: ConnectError, config: &Config, command: &str) -> Error {
    let server = server_name(config);
    match error.cause {
        Cause::Postgres(error) if error.as_db_error().is_some() => {
            let hints = let_in(&error, config, command);
            let made = Error::from_postgres(ErrorKind::Connect, format!("{server} does not let us in"), error);
            hints.into_iter().fold(made, Error::with_hint)
        }
        Cause::Postgres(error) if wants_password(&error) => {
            Error::new(ErrorKind::Connect, format!("{server} wants a password, and there is none"))
                .with_hint("PGPASSWORD, or a line HOST:PORT:DATABASE:USER:PASSWORD in ~/.pgpass, which only you may read")
        }
        Cause::Postgres(error) => {
            let source = std::io::Error::other(reason(&error));
            let about_tls = tls::hint(&error);
            let mut made = Error::new(ErrorKind::Connect, format!("cannot connect to {server}"))
                .with_source(source);
            if is_io(&error) {
                made = made.with_hint(format!("pg_isready{}   # is the server there?", place(config))).with_hint(
                    format!("migration-cli {command} --wait-for-db 30s   # for a server that is still starting"),
                );
            }
            about_tls.into_iter().fold(made, Error::with_hint)
        }
        Cause::Interrupted => Interrupt::error(),
        cause => {
            Error::new(ErrorKind::Connect, format!("cannot connect to {server}")).with_source(cause)
        }
    }
    .with_state("nothing was changed")
}

/// The ways in, where the server has answered.
fn let_in(error: &postgres::Error, config: &Config, command: &str) -> Vec<String> {
    let name = config.get_dbname().unwrap_or_default();
    let said = error.as_db_error().map(postgres::error::DbError::message).unwrap_or_default();
    let hint = match error.code().map(postgres::error::SqlState::code) {
        Some(sqlstate::INVALID_CATALOG_NAME) => {
            return vec![format!("createdb {name}   # with the same host and user")];
        }
        Some(sqlstate::TOO_MANY_CONNECTIONS) => {
            return vec![
                format!("migration-cli {command} --wait-for-db 30s   # waits until another session ends"),
                "SELECT usename, datname, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3;   -- whose are they?".to_owned(),
            ];
        }
        _ if said.contains("to set role") || said.starts_with("role \"") => {
            let user = config.get_user().unwrap_or_default();
            let role = said.split('"').nth(1).unwrap_or_default();
            return vec![format!(
                "GRANT {role} TO {user};   -- if it is there, and is to be worked as"
            )];
        }
        Some(sqlstate::INVALID_AUTHORIZATION) if said.contains("client certificate") => {
            "sslcert=FILE sslkey=FILE   # or ~/.postgresql/postgresql.crt and postgresql.key"
        }
        Some(sqlstate::INVALID_AUTHORIZATION) if said.contains("no encryption") => {
            "sslmode=verify-full sslrootcert=FILE   # it wants the connection encrypted"
        }
        _ => "psql, with the same host, user, password and database   # does it get in?",
    };
    vec![hint.to_owned()]
}

/// The client library says so in words alone.
fn wants_password(error: &postgres::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|it| it.to_string() == "password missing")
}

/// What the client library hides behind "error connecting to server".
pub(crate) fn reason(error: &postgres::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// The client library says no more of what kind its errors are.
fn is_tls(error: &postgres::Error) -> bool {
    error.to_string().starts_with("error performing TLS handshake")
}

fn is_io(error: &postgres::Error) -> bool {
    if is_tls(error) {
        return false;
    }
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<std::io::Error>) || error.is_closed()
}

/// Host and port as the options of PostgreSQL's programs.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => format!(" -h {host}"),
        #[cfg(unix)]
        Some(Host::Unix(path)) => format!(" -h {}", path.display()),
        None => String::new(),
    };
    format!("{host} -p {}", config.get_ports().first().copied().unwrap_or(5432))
}

/// Where the connection goes, without anything secret.
pub(crate) fn server_name(config: &Config) -> String {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => format!("{host}:{port}"),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.join(format!(".s.PGSQL.{port}")).display().to_string(),
        None => "a server without a host".to_owned(),
    };
    match config.get_dbname() {
        Some(name) => format!("database {name} on {host}"),
        None => format!("the server {host}"),
    }
}
