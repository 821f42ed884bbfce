//! The ways to the hosts of a connection: in which order, with which settings, with and without TLS.

use std::sync::mpsc;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode};

use super::error::{ConnectError, server_name};
use crate::config::Settings;
use crate::connect_options::{ConnectOptions, TlsMode, TlsOptions, escaped};
use crate::deadline::{Deadline, server_millis};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::tls::{Connector, connector};
use crate::transport::Link;

/// A server that vanishes without a word is noticed after a minute. Left alone, an idle connection
/// never asks for it, or after two hours, and one that sends tries for a quarter of an hour.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVES_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVES_RETRIES: u32 = 3;
const TCP_USER_TIMEOUT: Duration = Duration::from_mins(1);

/// What the client library has where nobody chose: it cannot be told from a choice of the same.
const LIBRARY_IDLE: Duration = Duration::from_hours(2);

/// How long our own statements wait for a lock.
const OWN_LOCKS: Duration = Duration::from_secs(2);

/// How to connect to one host.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) config: Config,
    pub(crate) tls: Connector,
    options: ConnectOptions,
    pub(crate) host: usize,
}

impl Way {
    /// With a password that is good now.
    pub(super) fn renewed(mut self) -> Result<Way, String> {
        if let Some(password) = self.options.password_of(self.host)? {
            self.config.password(password);
        }
        Ok(self)
    }
}

/// How long a password that was asked for is good, at least.
const FRESH: Duration = Duration::from_mins(1);

/// How long it may take to ask for one.
const ASKING: Duration = Duration::from_mins(1);

/// How often it is looked whether somebody interrupts.
const LOOK: Duration = Duration::from_millis(20);

/// With a password that is good now. What is asked for it may take its time, or never answer.
fn renewed(way: Way, interrupt: &Interrupt) -> Result<Result<Way, String>, Error> {
    if !way.options.asks_for_password() {
        return Ok(way.renewed());
    }
    let (sender, answer) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens any more where somebody has interrupted.
        let _ = sender.send(way.renewed());
    });
    let deadline = Deadline::after(ASKING);
    loop {
        let answered = answer.recv_timeout(LOOK);
        // A signal from the terminal ends what is asked, too.
        if interrupt.is_asked() {
            return Err(Interrupt::error().with_state("nothing was changed"));
        }
        match answered {
            Ok(renewed) => return Ok(renewed),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Ok(Err("what was asked for it has ended without an answer".to_owned()));
            }
            Err(mpsc::RecvTimeoutError::Timeout) if deadline.is_over() => {
                return Ok(Err(format!("no answer within {} s", ASKING.as_secs())));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
    }
}

/// How to connect to each host, in the order in which they are tried.
pub(super) struct Ways<'a> {
    options: &'a ConnectOptions,
    settings: &'a Settings,
    token: &'a str,
    tls: Connector,
    /// Host by host; the password is asked for when it is needed.
    made: Vec<(usize, Option<Way>)>,
    timeout: Duration,
    /// Until when a password that was asked for is good.
    fresh: Deadline,
}

impl<'a> Ways<'a> {
    pub(super) fn new(
        options: &'a ConnectOptions,
        settings: &'a Settings,
        token: &'a str,
    ) -> Result<Ways<'a>, Error> {
        let config = &options.config;
        let hosts = config.get_hosts().len().max(config.get_hostaddrs().len()).max(1);
        let mut made: Vec<(usize, Option<Way>)> = (0..hosts).map(|it| (it, None)).collect();
        if let Some(only) = options.only {
            made.retain(|it| it.0 == only);
        } else if config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            made.rotate_left(uuid::Uuid::new_v4().as_bytes()[0] as usize % hosts);
        }
        // Over sockets alone, nobody needs a certificate.
        let over_tcp = options.uses_tcp() && options.tls.mode > TlsMode::Disable;
        let tls = if over_tcp { connector(&options.tls) } else { connector(&TlsOptions::none()) };
        let tls = tls.map_err(|it| it.with_state("nothing was changed"))?;
        let timeout = config.get_connect_timeout().copied().unwrap_or(settings.connect_timeout);
        Ok(Ways { options, settings, token, tls, made, timeout, fresh: Deadline::after(FRESH) })
    }

    /// Tries the hosts one by one, each with the whole time: a silent one must not use up that of the next.
    pub(super) fn open(
        &mut self,
        interrupt: &Interrupt,
    ) -> Result<Result<Link, (ConnectError, Config)>, Error> {
        let mut failed = None;
        if self.options.asks_for_password() && self.fresh.is_over() {
            self.made.iter_mut().for_each(|it| it.1 = None);
            self.fresh = Deadline::after(FRESH);
        }
        for at in 0..self.made.len() {
            let plain = self.way(at, interrupt)?;
            match self.open_host(&plain, interrupt) {
                Ok(link) => return Ok(Ok(link)),
                Err(error) => {
                    // As with libpq: who was turned away does not show the password to the next one.
                    let is_final = error.turns_away();
                    failed = Some((error, plain.config));
                    if is_final || interrupt.is_asked() {
                        break;
                    }
                }
            }
        }
        Ok(Err(failed.expect("there is at least one host")))
    }

    /// With and without TLS, where both will do.
    fn open_host(&self, plain: &Way, interrupt: &Interrupt) -> Result<Link, ConnectError> {
        let modes = attempts(self.options.tls.mode, &plain.config);
        let (last, firsts) = modes.split_last().expect("there is at least one");
        for mode in firsts {
            match self.attempt(plain, *mode, interrupt) {
                Err(error) if error.is_about_tls() => {}
                opened => return opened,
            }
        }
        self.attempt(plain, *last, interrupt)
    }

    /// With settings of the session. A pooler may refuse them, and passes none on.
    fn attempt(
        &self,
        plain: &Way,
        mode: SslMode,
        interrupt: &Interrupt,
    ) -> Result<Link, ConnectError> {
        let mut plain = plain.clone();
        plain.config.ssl_mode(mode);
        let mut told = plain.clone();
        told.config.options(session_options(&plain.config, self.settings, self.token));
        match Link::open(&told, self.timeout, interrupt) {
            // A role has to be taken on from the beginning, or not at all.
            Err(error) if error.is_about_settings() && self.settings.role.is_none() => {
                Link::open(&plain, self.timeout, interrupt)
            }
            opened => opened,
        }
    }

    fn way(&mut self, at: usize, interrupt: &Interrupt) -> Result<Way, Error> {
        let (host, made) = &mut self.made[at];
        if let Some(way) = made {
            return Ok(way.clone());
        }
        let config = prepare(&self.options.config, *host, self.settings, self.token);
        let way = Way { config, tls: self.tls.clone(), options: self.options.clone(), host: *host };
        let server = server_name(&way.config);
        let way = renewed(way, interrupt)?.map_err(|reason| {
            Error::new(ErrorKind::Connect, format!("there is no password for {server}"))
                .with_source(std::io::Error::other(reason))
                .with_state("nothing was changed")
        })?;
        Ok(made.insert(way).clone())
    }
}

/// Whether a Unix socket leads to it. An address comes before any name of a host.
fn is_socket(config: &Config) -> bool {
    #[cfg(unix)]
    let is_unix = matches!(config.get_hosts().first(), Some(Host::Unix(_)));
    #[cfg(not(unix))]
    let is_unix = false;
    is_unix && config.get_hostaddrs().is_empty()
}

/// What is tried with one host: TLS where it is asked for, and never over a Unix socket.
fn attempts(mode: TlsMode, config: &Config) -> &'static [SslMode] {
    use SslMode::{Disable, Prefer, Require};
    if is_socket(config) {
        return &[Disable];
    }
    match mode {
        TlsMode::Disable => &[Disable],
        TlsMode::Allow => &[Disable, Require],
        // A server may have it, and refuse it for this role and database.
        TlsMode::Prefer => &[Prefer, Disable],
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => &[Require],
    }
}

fn session_options(plain: &Config, settings: &Settings, token: &str) -> String {
    let theirs = plain.get_options().unwrap_or_default();
    // The longest that a statement waits on its own: one that takes a script back to what it was found
    // with (RESET ALL) shall not wait for ever either.
    let lock_timeout = server_millis(OWN_LOCKS);
    // As a setting of the session, RESET ROLE comes back to it.
    let role = settings.role.as_deref().map(|it| format!(" -c role={}", escaped(it)));
    let role = role.unwrap_or_default();
    // What a role has as its limits is meant for applications, and would end our own statements. The
    // last one is known by whoever asks whether it is this session that answers.
    format!(
        "-c statement_timeout=0 -c lock_timeout={lock_timeout} -c idle_in_transaction_session_timeout=0 {theirs}{role} -c migrate.run={token}"
    )
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
