//! A connection to a database that lives as long as the connection.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::ops::{Deref, DerefMut};

use migrate_core::MigrationSet;
use postgres::{Client, Config, NoTls};

use super::database::TestDatabase;
use crate::error::{Error, ErrorKind};
use crate::migrator::Migrator;

/// A connection to an empty database of its own. Both are gone when it is dropped, also when the
/// test panics.
pub struct TestConnection {
    // Closed before the database is dropped: fields go in this order.
    client: Client,
    database: TestDatabase,
}

impl TestConnection {
    /// Makes a database and connects to it.
    pub fn open() -> Result<TestConnection, Error> {
        let database = TestDatabase::new()?;
        let connected = database.config().connect(NoTls);
        let client = connected.map_err(|error| {
            let message = format!("cannot connect to test database {}", database.name());
            Error::from_postgres(ErrorKind::Connect, message, error)
        })?;
        Ok(TestConnection { client, database })
    }

    /// As [`open`](TestConnection::open), for a test, which has failed without.
    ///
    /// # Panics
    ///
    /// When there is no server, or it makes no database. The message says what to install or to set.
    #[track_caller]
    pub fn establish() -> TestConnection {
        match TestConnection::open() {
            Ok(connection) => connection,
            Err(error) => panic!("there is no database for this test: {}", explain(&error)),
        }
    }

    /// How else to reach the database, for `postgres`.
    pub fn config(&self) -> Config {
        self.database.config()
    }

    /// How else to reach the database, for other programs. May hold a password.
    pub fn url(&self) -> &str {
        self.database.url()
    }

    /// The migrations of `set` on this database, with all that a [`Migrator`] can do.
    pub fn migrator(&self, set: &MigrationSet) -> Migrator {
        Migrator::new(set, self.config())
    }
}

impl Deref for TestConnection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for TestConnection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl fmt::Debug for TestConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestConnection").field("database", &self.database).finish_non_exhaustive()
    }
}

/// The message, the causes and the hints of an error, for somebody who sees nothing but a panic.
pub fn explain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        _ = write!(text, "\nCaused by: {it}");
        cause = it.source();
    }
    for hint in error.hints() {
        _ = write!(text, "\nHint: {hint}");
    }
    text
}
