//! The one place that opens connections.
//!
//! TLS and keepalives belong here: everything above asks for a [`Link`] and does not know how it
//! came about.

use std::time::Duration;

use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

use crate::config::Settings;
use crate::connect_options::ConnectOptions;
use crate::deadline::{Deadline, server_millis};
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::interrupt::Interrupt;
use crate::progress::Event;
use crate::sqlstate;
use crate::transport::Link;

/// The pause between two attempts to reach a server that does not answer yet.
const PAUSE: Duration = Duration::from_millis(250);

/// A server that vanishes without a word is noticed after a minute. Left alone, an idle connection
/// never asks for it, or after two hours, and one that sends tries for a quarter of an hour.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVES_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVES_RETRIES: u32 = 3;
const TCP_USER_TIMEOUT: Duration = Duration::from_mins(1);

/// What the client library has where nobody chose: it cannot be told from a choice of the same.
const LIBRARY_IDLE: Duration = Duration::from_hours(2);

/// Opens a connection, again and again until `wait_for_db` is over.
pub(crate) fn connect(
    options: &ConnectOptions,
    settings: &Settings,
    (token, command): (&str, &str),
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(Event),
) -> Result<Link, Error> {
    let config = &options.config;
    let hosts = config.get_hosts().len().max(config.get_hostaddrs().len()).max(1);
    let candidates: Vec<Candidate> =
        (0..hosts).map(|it| Candidate::new(config, it, settings, token)).collect();
    let deadline = Deadline::after(settings.wait_for_db);
    loop {
        let (error, config) = match open(&candidates, settings.connect_timeout, interrupt) {
            Ok(link) => {
                fault::at(Point::Connected);
                return Ok(link);
            }
            Err(failed) => failed,
        };
        // The first attempt is always made, and without waiting it is the only one.
        if !error.passes || settings.wait_for_db.is_zero() || deadline.is_over() {
            return Err(describe(error, config, command));
        }
        tell(Event::WaitingForDatabase { reason: error.to_string() });
        interrupt.sleep(PAUSE)?;
    }
}

/// Tries the hosts one by one, each with the whole time: a silent one must not use up that of the next.
fn open<'c>(
    candidates: &'c [Candidate],
    timeout: Duration,
    interrupt: &Interrupt,
) -> Result<Link, (ConnectError, &'c Config)> {
    let mut failed = None;
    for Candidate { told, plain } in candidates {
        let opened = match Link::open(told, NoTls, timeout, interrupt) {
            Err(error) if error.is_about_settings() => Link::open(plain, NoTls, timeout, interrupt),
            opened => opened,
        };
        match opened {
            Ok(link) => return Ok(link),
            Err(error) => failed = Some((error, plain)),
        }
        if interrupt.is_asked() {
            break;
        }
    }
    Err(failed.expect("there is at least one host"))
}

/// How long our own statements wait for a lock.
const OWN_LOCKS: Duration = Duration::from_secs(2);

/// How long a second connection may take over something: what it is to look at may be gone by then.
pub(crate) const BESIDE: Duration = Duration::from_secs(5);

/// Opens a second connection like the first one, on the same runtime.
pub(crate) async fn open_beside(config: Config) -> Result<Client, String> {
    let opening = async {
        let (client, connection) = config.connect(NoTls).await?;
        // What goes wrong with it, the next message says.
        tokio::spawn(async { drop(connection.await) });
        let limit = format!("SET statement_timeout = '{}s'", BESIDE.as_secs());
        client.batch_execute(&limit).await?;
        Ok(client)
    };
    match tokio::time::timeout(BESIDE, opening).await {
        Ok(opened) => opened.map_err(|it: postgres::Error| reason(&it)),
        Err(_) => Err(format!("no connection within {} s", BESIDE.as_secs())),
    }
}

/// How to connect to one host.
struct Candidate {
    /// With settings of the session. A pooler may refuse them, and passes none on.
    told: Config,
    plain: Config,
}

impl Candidate {
    fn new(config: &postgres::Config, host: usize, settings: &Settings, token: &str) -> Candidate {
        let plain = prepare(config, host, settings, token);
        let mut told = plain.clone();
        let theirs = plain.get_options().unwrap_or_default();
        // The longest that a statement waits on its own: one that takes a script back to what it was found
        // with (RESET ALL) shall not wait for ever either.
        let lock_timeout = server_millis(OWN_LOCKS);
        // What a role has as its limits is meant for applications, and would end our own statements. The
        // last one is known by whoever asks whether it is this session that answers.
        told.options(format!(
            "-c statement_timeout=0 -c lock_timeout={lock_timeout} -c idle_in_transaction_session_timeout=0 {theirs} -c migrate.run={token}"
        ));
        Candidate { told, plain }
    }
}

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
    passes: bool,
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
    /// Whether it may be our settings that it does not like: poolers say so with many codes.
    fn is_about_settings(&self) -> bool {
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

fn describe(error: ConnectError, config: &Config, command: &str) -> Error {
    let server = server_name(config);
    match error.cause {
        Cause::Postgres(error) if error.as_db_error().is_some() => {
            let name = config.get_dbname().unwrap_or_default();
            let hints = match error.code().map(postgres::error::SqlState::code) {
                Some(sqlstate::INVALID_CATALOG_NAME) => vec![format!("createdb {name}   # with the same host and user")],
                Some(sqlstate::TOO_MANY_CONNECTIONS) => vec![
                    format!("migration-cli {command} --wait-for-db 30s   # waits until another session ends"),
                    "SELECT usename, datname, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3;   -- whose are they?".to_owned(),
                ],
                _ => vec!["psql, with the same host, user, password and database   # does it get in?".to_owned()],
            };
            let made = Error::from_postgres(ErrorKind::Connect, format!("{server} does not let us in"), error);
            hints.into_iter().fold(made, Error::with_hint)
        }
        Cause::Postgres(error) => {
            let source = std::io::Error::other(reason(&error));
            let mut made = Error::new(ErrorKind::Connect, format!("cannot connect to {server}"))
                .with_source(source);
            if is_io(&error) {
                made = made.with_hint(format!("pg_isready{}   # is the server there?", place(config))).with_hint(
                    format!("migration-cli {command} --wait-for-db 30s   # for a server that is still starting"),
                );
            }
            made
        }
        Cause::Interrupted => Interrupt::error(),
        cause => {
            Error::new(ErrorKind::Connect, format!("cannot connect to {server}")).with_source(cause)
        }
    }
    .with_state("nothing was changed")
}

/// What the client library hides behind "error connecting to server".
pub(crate) fn reason(error: &postgres::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

fn is_io(error: &postgres::Error) -> bool {
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

/// The caller's configuration for one of its hosts, with our name on it.
fn prepare(config: &postgres::Config, host: usize, settings: &Settings, token: &str) -> Config {
    let mut prepared = translate(config, host);
    let application = settings.identity.application.as_deref();
    let application = application.or(config.get_application_name()).unwrap_or("migrate-runtime");
    // The server keeps 63 bytes, and the token at the end is what tells runs apart.
    let room = 62 - token.len();
    let name: String = application.chars().filter(char::is_ascii).take(room).collect();
    prepared.application_name(format!("{name}/{token}"));
    prepared
}

/// `postgres::Config` wraps the configuration of `tokio_postgres` and does not hand it out.
pub(crate) fn translate(config: &postgres::Config, host: usize) -> Config {
    let mut made = Config::new();
    config.get_user().map(|it| made.user(it));
    config.get_password().map(|it| made.password(it));
    config.get_dbname().map(|it| made.dbname(it));
    config.get_options().map(|it| made.options(it));
    match config.get_hosts().get(host) {
        Some(Host::Tcp(name)) => {
            made.host(name);
        }
        #[cfg(unix)]
        Some(Host::Unix(path)) => {
            made.host_path(path);
        }
        None => {}
    }
    config.get_hostaddrs().get(host).map(|it| made.hostaddr(*it));
    // As with libpq, one port may serve all hosts.
    let ports = config.get_ports();
    ports.get(host).or(ports.first()).map(|it| made.port(*it));
    config.get_connect_timeout().map(|it| made.connect_timeout(*it));
    let idle = config.get_keepalives_idle();
    // The client library leaves all of these alone on a Unix socket, which has no network to fail.
    made.tcp_user_timeout(config.get_tcp_user_timeout().copied().unwrap_or(TCP_USER_TIMEOUT))
        .keepalives(config.get_keepalives())
        .keepalives_idle(if idle == LIBRARY_IDLE { KEEPALIVES_IDLE } else { idle })
        .keepalives_interval(config.get_keepalives_interval().unwrap_or(KEEPALIVES_INTERVAL))
        .keepalives_retries(config.get_keepalives_retries().unwrap_or(KEEPALIVES_RETRIES));
    made.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs());
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Idle, interval, retries, user timeout, in seconds.
    #[track_caller]
    fn check(url: &str, expected: (bool, u64, u64, u32, u64)) {
        let made = translate(&url.parse().unwrap(), 0);
        let seconds = |it: Option<Duration>| it.unwrap().as_secs();
        let found = (
            made.get_keepalives(),
            made.get_keepalives_idle().as_secs(),
            seconds(made.get_keepalives_interval()),
            made.get_keepalives_retries().unwrap(),
            seconds(made.get_tcp_user_timeout().copied()),
        );
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn a_vanished_server_is_noticed_in_a_minute_unless_the_caller_says_otherwise() {
        check("postgres://db/app", (true, 30, 10, 3, 60));
        check("postgres://db/app?keepalives_idle=5&keepalives_retries=9", (true, 5, 10, 9, 60));
        check("postgres://db/app?keepalives=0&tcp_user_timeout=7", (false, 30, 10, 3, 7));
        check("postgres://db/app?keepalives_interval=1", (true, 30, 1, 3, 60));
    }
}
