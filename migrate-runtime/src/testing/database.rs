//! An empty database for one test, on whichever server there is.

use std::fmt;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};

use super::TEST_DATABASE_URL;
use super::server::throw_away_server;
use crate::error::{Error, ErrorKind};

/// A database of its own; dropped, whoever is connected to it, at the end.
pub struct TestDatabase {
    name: String,
    url: String,
    config: Config,
    /// The URL of the server, which names another database.
    server: String,
}

impl TestDatabase {
    /// Makes an empty database on the server that `TEST_DATABASE_URL` leads to, or on the throw-away
    /// server of this process.
    pub fn new() -> Result<TestDatabase, Error> {
        match std::env::var(TEST_DATABASE_URL).ok().filter(|it| !it.is_empty()) {
            Some(url) => TestDatabase::on(&url).map_err(|error| {
                error.with_hint(format!("unset {TEST_DATABASE_URL}   # uses a throw-away server"))
            }),
            None => TestDatabase::on(&throw_away_server()?),
        }
    }

    /// Makes an empty database on the server that `url` leads to. The database in it is left alone.
    pub fn on(url: &str) -> Result<TestDatabase, Error> {
        let digits = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("migration_test_{}", &digits[..12]);
        let url_of_new = with_database(url, &name);
        let config = parsed(&url_of_new)?;
        maintain(url, &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(TestDatabase { name, url: url_of_new, config, server: url.to_owned() })
    }

    /// The name of the database, a plain identifier.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How to reach it, for `postgres`.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// How to reach it, for any PostgreSQL program. May hold a password.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A test that has passed does not fail because its server went first.
        drop(maintain(
            &self.server,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        ));
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URLs may hold a password.
        f.debug_struct("TestDatabase").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs one statement on the server that `url` leads to.
fn maintain(url: &str, sql: &str) -> Result<(), Error> {
    connect(url)?.batch_execute(sql).map_err(|error| {
        let lacks_right = error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
        let message = "the server refuses to make a test database";
        let error = Error::from_postgres(ErrorKind::Privilege, message, error);
        if lacks_right { error.with_hint("ALTER ROLE \"role of the URL\" CREATEDB") } else { error }
    })
}

/// Connects to the database `postgres`; where there is none, to the one that the URL names.
fn connect(url: &str) -> Result<Client, Error> {
    let connected = match parsed(&with_database(url, "postgres"))?.connect(NoTls) {
        Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {
            parsed(url)?.connect(NoTls)
        }
        connected => connected,
    };
    connected.map_err(|error| {
        Error::from_postgres(ErrorKind::Connect, "cannot connect to the server for tests", error)
    })
}

fn parsed(url: &str) -> Result<Config, Error> {
    // What does not parse is not repeated: it may hold a password.
    let config: Result<Config, _> = url.parse();
    let mut config = config.map_err(|_| {
        Error::new(ErrorKind::Config, "the URL of the server for tests does not parse").with_hint(
            format!("{TEST_DATABASE_URL}=postgresql://USER:PASSWORD@HOST:5432/postgres cargo test"),
        )
    })?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    Ok(config)
}

/// The URL, or the list of `key=value`, with another database in it.
fn with_database(url: &str, database: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // Of two equal keys, the last one counts.
        return format!("{url} dbname={database}");
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = place.split_once('/').map_or(place, |(host, _)| host);
    let kept: Vec<_> = query.split('&').filter(|it| !it.starts_with("dbname=")).collect();
    let query = kept.join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{host}/{database}{mark}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn in_a_list_of_keys_the_last_one_counts() {
        check("host=h dbname=app", "host=h dbname=app dbname=other");
    }

    #[track_caller]
    fn check(url: &str, expected: &str) {
        let changed = with_database(url, "other");
        assert_eq!(changed, expected);
        assert_eq!(parsed(&changed).unwrap().get_dbname(), Some("other"));
    }
}
