//! The database URL, or the keywords in its place: what this version cannot keep is said by name,
//! before any server is asked.

use std::str::FromStr;

use migrate_runtime::postgres;

use crate::env_vars::Sourced;
use crate::error::CommandError;
use crate::text::nearest;

/// What the client library understands.
const SUPPORTED: [&str; 19] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslmode",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// What psql understands beside that, about TLS.
const TLS: [&str; 12] = [
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslpassword",
    "sslrootcert",
    "sslsni",
];

/// And about everything else.
const OTHERS: [&str; 16] = [
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives_count",
    "krbsrvname",
    "max_protocol_version",
    "min_protocol_version",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "service",
    "servicefile",
];

struct Parameter<'a> {
    key: &'a str,
    value: &'a str,
    /// What looks like a parameter may be the end of a password that was not encoded or quoted.
    doubtful: bool,
}

/// The parser's own error is dropped: it quotes what it could not read, a password for example.
pub(crate) fn parse(url: &Sourced) -> Result<postgres::Config, CommandError> {
    let read = |text: &str| postgres::Config::from_str(text).map_err(|_| not_valid(url));
    if is_url(&url.value) && has_second_at(&url.value) {
        // The client library ends the password at the first `@`: the rest of it would be the host.
        return Err(not_valid(url));
    }
    let found = match query(&url.value) {
        Some((before, query)) => {
            // Where a password has a `?`, this is what fails, and the rest is no query.
            read(before)?;
            in_query(query)
        }
        None if is_url(&url.value) => Vec::new(),
        None => in_keywords(&url.value),
    };
    for parameter in &found {
        check(parameter, url)?;
    }
    read(&url.value)
}

fn not_valid(url: &Sourced) -> CommandError {
    CommandError::config(format!("the database URL is not valid ({})", url.source))
        .with_hint("write it as postgres://USER:PASSWORD@HOST:5432/DATABASE")
        .with_hint("in a password, write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F")
}

/// Before the parameters, which may hold one.
fn has_second_at(url: &str) -> bool {
    let parameters = url.rfind('@').and_then(|at| url[at..].find('?').map(|it| at + it));
    url[..parameters.unwrap_or(url.len())].matches('@').count() > 1
}

fn check(parameter: &Parameter<'_>, url: &Sourced) -> Result<(), CommandError> {
    let Parameter { key, value, doubtful } = *parameter;
    let needs_tls = match (key, value) {
        ("sslmode", "require" | "verify-ca" | "verify-full")
        | ("sslnegotiation", "direct")
        | ("channel_binding", "require") => Some(format!("{key}={value}")),
        ("sslmode", "disable" | "prefer") => return Ok(()),
        ("sslmode", _) => {
            let message = format!("the value of `sslmode` is not known ({})", url.source);
            return Err(
                CommandError::config(message).with_hint("write sslmode=disable or sslmode=prefer")
            );
        }
        _ if TLS.contains(&key) => Some(key.to_owned()),
        _ => None,
    };
    if let Some(what) = needs_tls {
        let message = "this version connects without TLS, and cannot keep";
        return Err(CommandError::config(format!("{message} `{what}` ({})", url.source))
            .with_hint(
                "write sslmode=prefer or sslmode=disable, over a trusted network or a local tunnel",
            ));
    }
    if SUPPORTED.contains(&key) {
        return Ok(());
    }
    let named = OTHERS.contains(&key) || (!doubtful && is_word(key));
    let which = if named { format!("parameter `{key}`") } else { "a parameter".to_owned() };
    let error = CommandError::config(format!(
        "{which} of the database URL is not one that this version understands ({})",
        url.source
    ));
    Err(match nearest(key, SUPPORTED).filter(|_| named) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None if named => error.with_hint(format!("leave `{key}` out")),
        None => error.with_hint(
            "leave it out, or if it belongs to the password, write & as %26, = as %3D, ? as %3F",
        ),
    })
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

fn is_url(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|it| text.starts_with(it))
}

/// Splits `postgres://USER:PASSWORD@HOST/DATABASE?QUERY`: the first `@` ends the password, as the
/// client library reads it.
fn query(url: &str) -> Option<(&str, &str)> {
    let host = url.find('@').unwrap_or_default();
    let at = host + url[host..].find('?')?;
    is_url(url).then(|| (&url[..at], &url[at + 1..]))
}

/// `KEY=VALUE&KEY=VALUE`
fn in_query(query: &str) -> Vec<Parameter<'_>> {
    let pairs = query.split('&').filter_map(|it| it.split_once('='));
    pairs.map(|(key, value)| Parameter { key, value, doubtful: query.contains('@') }).collect()
}

/// `KEY=VALUE KEY='VALUE'`: up to the first that is none.
fn in_keywords(text: &str) -> Vec<Parameter<'_>> {
    let mut found: Vec<Parameter<'_>> = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('\'') {
            Some(quoted) => split_at_end(quoted, |it| it == '\''),
            None => split_at_end(after, char::is_whitespace),
        };
        let doubtful = found.iter().any(|it| it.key == "password");
        found.push(Parameter { key: key.trim(), value, doubtful });
        rest = after;
    }
    found
}

/// Splits a value from what follows it; a backslash takes the meaning of the next character away.
fn split_at_end(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        if !escaped && ends(letter) {
            return (&text[..at], &text[at + letter.len_utf8()..]);
        }
        escaped = !escaped && letter == '\\';
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env_vars::Source;

    fn parsed(url: &str) -> Result<postgres::Config, CommandError> {
        parse(&Sourced { value: url.to_owned(), source: Source::Variable("DATABASE_URL") })
    }

    #[test]
    fn what_is_understood_is_taken() {
        #[track_caller]
        fn check(url: &str) {
            let config = parsed(url).unwrap();
            assert_eq!((config.get_user(), config.get_dbname()), (Some("u"), Some("d")), "{url}");
        }

        check("postgres://u:p@h/d");
        check("postgresql://u@h/d?sslmode=disable&connect_timeout=3");
        check("postgres://u:p?sslrootcert=x@h/d?sslmode=prefer");
        check("host=h user=u dbname=d sslmode=prefer password='a sslmode=require'");
        check(r"host = h user=u dbname = 'd' password='a\' sslrootcert=x'");
        check(r"host=h user=u password=a\ sslkey=x dbname=d");
    }

    #[test]
    fn what_is_not_understood_is_named() {
        #[track_caller]
        fn check(url: &str, message: &str, hint: &str) {
            let error = parsed(url).unwrap_err();
            assert!(error.message.starts_with(message), "{error:?}");
            assert!(error.message.ends_with("(the environment variable DATABASE_URL)"), "{url}");
            assert!(error.hints[0].contains(hint), "{error:?}");
            assert_eq!(error.kind.exit_code(), 2);
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }

        let no_tls =
            |it: &str| format!("this version connects without TLS, and cannot keep `{it}`");
        for mode in ["require", "verify-ca", "verify-full"] {
            let kept = no_tls(&format!("sslmode={mode}"));
            check(&format!("postgres://u:canary@h/d?sslmode={mode}"), &kept, "sslmode=prefer");
            check(&format!("host=h password=canary sslmode={mode}"), &kept, "sslmode=prefer");
            check(&format!("host=h sslmode = '{mode}' user=u"), &kept, "local tunnel");
        }
        let key = "postgres://u:canary@h/d?sslmode=prefer&sslrootcert=/canary.pem";
        check(key, &no_tls("sslrootcert"), "sslmode=prefer");
        check("host=h channel_binding=require", &no_tls("channel_binding=require"), "sslmode=");
        check("postgres://h?sslmode=canary", "the value of `sslmode` is not known", "disable");

        check("postgres://h/d?pgbouncer=canary", "parameter `pgbouncer` of", "leave `pgbouncer`");
        check("postgres://h/d?ssl_mode=canary", "parameter `ssl_mode` of", "`sslmode`?");
        check("host=h password=canary gssencmode=x", "parameter `gssencmode` of", "leave");
        check("host=h schema=canary", "parameter `schema` of", "leave `schema` out");
    }

    #[test]
    fn a_password_with_an_at_sign_is_not_taken_for_a_host() {
        for url in [
            "postgres://app:x@canary@127.0.0.1:1/app",
            "postgres://app:x@/canary@127.0.0.1:1/app",
            "postgres://app:x@canary?y=1@127.0.0.1/app?sslmode=prefer",
            "postgres://u:p@1?canary=x@h/d",
        ] {
            let error = parsed(url).unwrap_err();
            assert!(error.hints.iter().any(|it| it.contains("%40")), "{error:?}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
        assert!(parsed("postgres://app:x%40y@127.0.0.1:1/app").is_ok());
        assert!(parsed("postgres://app@h/app?application_name=a@b").is_err(), "to be encoded too");
    }

    #[test]
    fn what_may_be_the_end_of_a_password_is_not_named() {
        #[track_caller]
        fn check(url: &str) {
            let error = parsed(url).unwrap_err();
            assert!(error.message.starts_with("a parameter of the database URL"), "{error:?}");
            assert!(error.hints[0].contains("password"), "{error:?}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }

        check("host=h password=a canary=x");
        check("host=h password=a 'canary=x");
        check("postgres://h/d?%63anary%=x");
    }
}
