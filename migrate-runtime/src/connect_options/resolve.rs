//! Makes the options of a connection of its parameters, by libpq's rules and defaults.

use std::path::Path;
use std::time::Duration;

use tokio_postgres::config::{
    ChannelBinding, LoadBalanceHosts, SslMode, SslNegotiation, TargetSessionAttrs,
};

use super::values::Values;
use super::{ConnectOptions, Surroundings, TlsMode, TlsOptions, passfile};
use crate::error::Error;

/// Where servers put their sockets: as Debian and Red Hat build them, and as they come from the source.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// As long as libpq waits at least.
const SHORTEST: i64 = 2;

/// In the place of no limit.
const LONGEST: Duration = Duration::from_hours(24);

pub(super) fn resolve(text: &str, around: &Surroundings) -> Result<ConnectOptions, Error> {
    let values = Values::gather(text, around)?;
    let tls = TlsOptions::read(&values)?;
    let mut config = postgres::Config::new();
    add_place(&mut config, &values)?;
    add_session(&mut config, &values)?;
    add_network(&mut config, &values)?;
    // What the client library is told about TLS is decided for each attempt.
    config.ssl_mode(match tls.mode {
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Allow | TlsMode::Prefer => SslMode::Prefer,
        _ => SslMode::Require,
    });
    if tls.direct {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    let mut options = ConnectOptions { tls, ..ConnectOptions::from(config) };
    options.tls_origin = values.origin("sslmode").map(str::to_owned);
    for key in ["sslrootcert", "channel_binding"] {
        if let (Some(value), Some(origin)) = (values.get(key), values.origin(key)) {
            options.tls_settings.push((key, value.to_owned(), origin.to_owned()));
        }
    }
    add_password(&mut options, &values);
    Ok(options)
}

/// Hosts, ports, role, database.
fn add_place(config: &mut postgres::Config, values: &Values<'_>) -> Result<(), Error> {
    let list = |key: &str| -> Vec<String> {
        let text = values.get(key).unwrap_or_default();
        if text.is_empty() {
            Vec::new()
        } else {
            text.split(',').map(|it| it.trim().to_owned()).collect()
        }
    };
    let (mut hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    if hosts.is_empty() && addresses.is_empty() {
        hosts.push(String::new());
    }
    if hosts.is_empty() {
        // The name that a certificate would be for.
        hosts.clone_from(&addresses);
    }
    if !addresses.is_empty() && addresses.len() != hosts.len() {
        return Err(values.refusal("hostaddr", "there are not as many addresses as hosts"));
    }
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err(values.refusal("port", "there are not as many ports as hosts"));
    }
    for port in &ports {
        let port = if port.is_empty() { Ok(5432) } else { port.parse() };
        config.port(port.ok().filter(|it| *it > 0).ok_or_else(|| values.wrong("port"))?);
    }
    let first_port = config.get_ports().first().copied().unwrap_or(5432);
    for (at, host) in hosts.iter().enumerate() {
        match (host.as_str(), addresses.get(at)) {
            // An address is no socket, whatever stands beside it.
            (host, Some(address)) if host.is_empty() || host.starts_with('/') => {
                config.host(address)
            }
            ("", None) => config.host(default_host(first_port)),
            (host, _) => config.host(host),
        };
    }
    for address in &addresses {
        config.hostaddr(address.parse().map_err(|_| values.wrong("hostaddr"))?);
    }
    let user = values.get("user").or(values.os_user());
    user.map(|it| config.user(it));
    values.get("dbname").or(user).map(|it| config.dbname(it));
    values.get("password").map(|it| config.password(it));
    Ok(())
}

/// Where a server is that nobody said anything of: at the socket that is there.
fn default_host(port: u16) -> &'static str {
    let socket = format!(".s.PGSQL.{port}");
    let there = SOCKETS.into_iter().find(|it| cfg!(unix) && Path::new(it).join(&socket).exists());
    there.unwrap_or("localhost")
}

/// Whether password files call this folder of sockets `localhost`.
pub(super) fn is_default_socket(folder: &Path) -> bool {
    SOCKETS.iter().any(|it| Path::new(it) == folder)
}

fn add_session(config: &mut postgres::Config, values: &Values<'_>) -> Result<(), Error> {
    values.get("application_name").map(|it| config.application_name(it));
    values.get("options").map(|it| config.options(it));
    let binding = [
        ("prefer", ChannelBinding::Prefer),
        ("disable", ChannelBinding::Disable),
        ("require", ChannelBinding::Require),
    ];
    config.channel_binding(values.choice("channel_binding", &binding)?);
    let wanted = [
        ("any", TargetSessionAttrs::Any),
        ("read-write", TargetSessionAttrs::ReadWrite),
        ("read-only", TargetSessionAttrs::ReadOnly),
        ("primary", TargetSessionAttrs::ReadWrite),
        ("standby", TargetSessionAttrs::ReadOnly),
    ];
    config.target_session_attrs(values.choice("target_session_attrs", &wanted)?);
    let order = [("disable", LoadBalanceHosts::Disable), ("random", LoadBalanceHosts::Random)];
    config.load_balance_hosts(values.choice("load_balance_hosts", &order)?);
    Ok(())
}

fn add_network(config: &mut postgres::Config, values: &Values<'_>) -> Result<(), Error> {
    let seconds = |key: &str| -> Result<Option<Duration>, Error> {
        let positive = values.number(key)?.and_then(|it| u64::try_from(it).ok());
        Ok(positive.filter(|it| *it > 0).map(Duration::from_secs))
    };
    if let Some(limit) = values.number("connect_timeout")? {
        let limit = match u64::try_from(limit.max(SHORTEST)) {
            Ok(seconds) if limit > 0 => Duration::from_secs(seconds),
            _ => LONGEST,
        };
        config.connect_timeout(limit);
    }
    config.keepalives(values.number("keepalives")? != Some(0));
    seconds("keepalives_idle")?.map(|it| config.keepalives_idle(it));
    seconds("keepalives_interval")?.map(|it| config.keepalives_interval(it));
    let count = values.number("keepalives_count")?.or(values.number("keepalives_retries")?);
    count.and_then(|it| u32::try_from(it).ok()).map(|it| config.keepalives_retries(it));
    let unacknowledged = values.number("tcp_user_timeout")?.and_then(|it| u64::try_from(it).ok());
    unacknowledged.map(|it| config.tcp_user_timeout(Duration::from_millis(it)));
    Ok(())
}

/// Where no password is given, what the password file says. As with libpq, one that cannot be used is no
/// error: perhaps none is needed.
fn add_password(options: &mut ConnectOptions, values: &Values<'_>) {
    if let Some(origin) = values.origin("password") {
        options.password_origin = Some(origin.to_owned());
        return;
    }
    let path = values.path("passfile").or_else(|| values.in_home(".pgpass"));
    let Some(path) = path else { return };
    match passfile::read(&path) {
        Ok(entries) => options.passwords = entries,
        Err(problem) => options.warnings.push(problem),
    }
    if matches!(options.password_of(0), Ok(Some(_))) {
        options.password_origin = Some(path.display().to_string());
    }
}
