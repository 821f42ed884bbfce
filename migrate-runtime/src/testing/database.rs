//! A database for one test, on whichever server there is.

use std::fmt;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use migrate_core::{MigrationSet, Version};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};
use tokio::runtime::Handle;

use super::TEST_DATABASE_URL;
use super::migrated::Migrated;
use super::server::throw_away_server;
use super::url::with_database;
use crate::connect::{reason, server_name, translate};
use crate::error::{Error, ErrorKind};
use crate::migrator::outside_of_async;
use crate::quote::ident;

/// A database of its own; dropped, whoever is connected to it, at the end.
pub struct TestDatabase {
    name: String,
    url: String,
    config: Config,
    /// How to reach the server; names another database.
    server: Config,
}

impl TestDatabase {
    /// Makes an empty database on the server that `TEST_DATABASE_URL` leads to, or on the throw-away
    /// server of this process.
    pub fn new() -> Result<TestDatabase, Error> {
        refuse_async()?;
        on_server_for_tests(TestDatabase::on)
    }

    /// Makes an empty database on the server that `url` leads to. The database in it is left alone.
    ///
    /// Async code gets an error: the client blocks.
    pub fn on(url: &str) -> Result<TestDatabase, Error> {
        TestDatabase::made(url, |server, name| {
            create(&mut connect_to_any(server)?, server, name, "template0")
        })
    }

    /// As [`new`](TestDatabase::new), with the migrations of `set` run: up to and including `at`, or all of
    /// them.
    ///
    /// They run once on a server. What they made is kept as a template there, and every database is a copy
    /// of it; see [the module](crate::testing#a-migrated-database-for-each-test).
    pub fn migrated(set: &MigrationSet, at: Option<Version>) -> Result<TestDatabase, Error> {
        refuse_async()?;
        on_server_for_tests(|url| TestDatabase::migrated_on(url, set, at))
    }

    /// As [`migrated`](TestDatabase::migrated), on the server that `url` leads to.
    pub fn migrated_on(
        url: &str,
        set: &MigrationSet,
        at: Option<Version>,
    ) -> Result<TestDatabase, Error> {
        let state = Migrated::new(set, at)?;
        TestDatabase::made(url, |server, name| state.clone_to(server, name))
    }

    fn made(
        url: &str,
        make: impl FnOnce(&Config, &str) -> Result<(), Error>,
    ) -> Result<TestDatabase, Error> {
        refuse_async()?;
        let digits = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("migration_test_{}", &digits[..12]);
        let server = parsed(url)?;
        let mut config = server.clone();
        config.dbname(&name);
        make(&server, &name)?;
        Ok(TestDatabase { url: with_database(url, &name), name, config, server })
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
        outside_of_async(|| {
            let Ok(mut client) = connect_to_any(&self.server) else { return };
            let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            drop(client.batch_execute(&drop_it));
        });
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URLs may hold a password.
        f.debug_struct("TestDatabase").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Gives `make` the URL of the server that test databases are made on.
fn on_server_for_tests(
    make: impl FnOnce(&str) -> Result<TestDatabase, Error>,
) -> Result<TestDatabase, Error> {
    match std::env::var(TEST_DATABASE_URL).ok().filter(|it| !it.is_empty()) {
        Some(url) => make(&url).map_err(|error| match error.location() {
            // Another server would refuse the script as well.
            Some(_) => error,
            None => {
                error.with_hint(format!("unset {TEST_DATABASE_URL}   # uses a throw-away server"))
            }
        }),
        None => make(&throw_away_server()?),
    }
}

fn refuse_async() -> Result<(), Error> {
    if !is_async() {
        return Ok(());
    }
    let message = "the client for test databases blocks, and this is async code";
    Err(Error::new(ErrorKind::Impossible, message)
        .with_hint("#[test]   // instead of #[tokio::test]")
        .with_hint("tokio::task::spawn_blocking(|| { /* makes the connection */ }).await.unwrap()"))
}

/// Whether this thread is driving async code, where a client that blocks panics. A thread of
/// `spawn_blocking` belongs to a runtime too; what it lacks is a budget that ends.
fn is_async() -> bool {
    let mut context = Context::from_waker(Waker::noop());
    let mut is_over = || pin!(tokio::task::consume_budget()).poll(&mut context).is_pending();
    // The budget is counted in a byte.
    Handle::try_current().is_ok() && (0..=u8::MAX).any(|_| is_over())
}

/// Makes a database as a copy of another one.
pub(super) fn create(
    client: &mut Client,
    server: &Config,
    name: &str,
    template: &str,
) -> Result<(), Error> {
    let created = client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
    let Err(error) = created else { return Ok(()) };
    let kind = match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => ErrorKind::Privilege,
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => ErrorKind::Standby,
        Some(_) => ErrorKind::Sql,
        None => ErrorKind::ConnectionLost,
    };
    let message = format!("no test database can be made beside {}", place_of(server));
    let error = Error::from_postgres(kind, message, error);
    if kind != ErrorKind::Privilege {
        return Err(error);
    }
    let role = client.query_one("SELECT current_user::text", &[]);
    let role = role.and_then(|it| it.try_get::<_, String>(0));
    Err(match role {
        Ok(role) => error.with_hint(format!("ALTER ROLE {} CREATEDB;", ident(&role))),
        Err(_) => error,
    })
}

/// Connects to the database `postgres`; where there is none, or none for this role, to the one that
/// the URL names.
pub(super) fn connect_to_any(server: &Config) -> Result<Client, Error> {
    const ELSEWHERE: [SqlState; 3] = [
        SqlState::INVALID_CATALOG_NAME,
        SqlState::INSUFFICIENT_PRIVILEGE,
        // `pg_hba.conf` has a line for the other one alone.
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ];
    let mut postgres = server.clone();
    postgres.dbname("postgres");
    match postgres.connect(NoTls) {
        Err(error) if error.code().is_some_and(|it| ELSEWHERE.contains(it)) => connect(server),
        connected => connected.map_err(|error| refused(error, &postgres)),
    }
}

/// Connects, or says where that was not possible.
pub(super) fn connect(config: &Config) -> Result<Client, Error> {
    config.connect(NoTls).map_err(|error| refused(error, config))
}

/// An attempt that failed, as the rest of the library tells it: with the host, never the password.
fn refused(error: postgres::Error, config: &Config) -> Error {
    let place = place_of(config);
    if error.as_db_error().is_some() {
        let message = format!("{place} does not let us in");
        return Error::from_postgres(ErrorKind::Connect, message, error);
    }
    let source = std::io::Error::other(reason(&error));
    Error::new(ErrorKind::Connect, format!("cannot connect to {place}")).with_source(source)
}

pub(super) fn place_of(config: &Config) -> String {
    server_name(&translate(config, 0))
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
