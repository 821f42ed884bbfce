//! A connection URL for other programs, with another database in it.
//!
//! For `postgres` the parsed configuration is what counts. Other programs are stricter about what a URL
//! may hold as it is, so a password with a `/` leaves here in the spelling that all of them take.

use std::fmt::Write as _;

/// The URL, or the list of `key=value`, with another database in it. What is given has been parsed.
pub(super) fn with_database(url: &str, database: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // Of two equal keys, the last one counts.
        return format!("{url} dbname={database}");
    };
    // As `postgres` reads it: whatever stands before an `@` is user and password.
    let (credentials, rest) = match rest.split_once('@') {
        Some((credentials, rest)) => (format!("{}@", encoded(credentials)), rest),
        None => (String::new(), rest),
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = place.split_once('/').map_or(place, |(host, _)| host);
    let kept: Vec<_> = query.split('&').filter(|it| !it.starts_with("dbname=")).collect();
    let query = kept.join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{credentials}{host}/{database}{mark}{query}")
}

/// User and password; what is percent-encoded already stays.
fn encoded(credentials: &str) -> String {
    let mut text = String::new();
    for byte in credentials.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%".contains(&byte) {
            text.push(byte.into());
        } else {
            _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use postgres::Config;

    use super::*;
    use crate::connect::translate;

    #[test]
    fn another_database_takes_the_place_of_the_one_in_the_url() {
        check("postgresql://u:p%2F@h:5432/app", "postgresql://u:p%2F@h:5432/other");
        check("postgres://u@h", "postgres://u@h/other");
        check("postgres://u@/app?host=%2Ftmp&port=1", "postgres://u@/other?host=%2Ftmp&port=1");
        check("postgres://h?user=u", "postgres://h/other?user=u");
    }

    #[test]
    fn a_database_among_the_parameters_goes() {
        check("postgres://h/?dbname=app&user=u", "postgres://h/other?user=u");
        check("postgres://h?dbname=app", "postgres://h/other");
    }

    #[test]
    fn a_password_is_spelt_as_every_program_takes_it() {
        check("postgres://u:p/w@h/app", "postgres://u:p%2Fw@h/other");
        check("postgres://u:p?w#[ö]@h", "postgres://u:p%3Fw%23%5B%C3%B6%5D@h/other");
        check("postgres://u:p:w+@h/app?port=1", "postgres://u:p:w+@h/other?port=1");
    }

    #[test]
    fn in_a_list_of_keys_the_last_one_counts() {
        check("host=h dbname=app", "host=h dbname=app dbname=other");
        check("host=h password='p/w @'", "host=h password='p/w @' dbname=other");
    }

    /// What comes out leads to the same place as what went in, but for the database.
    #[track_caller]
    fn check(url: &str, expected: &str) {
        let changed = with_database(url, "other");
        assert_eq!(changed, expected);
        let (mut before, after): (Config, Config) =
            (url.parse().unwrap(), changed.parse().unwrap());
        before.dbname("other");
        assert!(translate(&after, 0) == translate(&before, 0), "{url} leads elsewhere");
    }
}
