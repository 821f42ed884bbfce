//! A connection to a database that lives as long as the connection.

use std::fmt;
use std::ops::{Deref, DerefMut};

use migrate_core::{MigrationSet, Version};
use postgres::{Client, Config};

use super::database::{TestDatabase, connect};
use crate::error::Error;
use crate::migrator::{Migrator, outside_of_async};

/// A connection to a database of its own, empty or migrated. Both are gone when it is dropped, also when the
/// test panics.
pub struct TestConnection {
    /// There until the end.
    inner: Option<Inner>,
}

struct Inner {
    // Closed before the database is dropped: fields go in this order.
    client: Client,
    database: TestDatabase,
}

impl TestConnection {
    /// Makes a database and connects to it. Async code gets an error: the client blocks.
    pub fn open() -> Result<TestConnection, Error> {
        TestConnection::to(TestDatabase::new()?)
    }

    /// As [`open`](TestConnection::open), with the migrations of `set` run, up to and including `at`, or all
    /// of them: a copy of what the first test has made ([`TestDatabase::migrated`]).
    pub fn migrated(set: &MigrationSet, at: Option<Version>) -> Result<TestConnection, Error> {
        TestConnection::to(TestDatabase::migrated(set, at)?)
    }

    fn to(database: TestDatabase) -> Result<TestConnection, Error> {
        let client = connect(&database.config())?;
        Ok(TestConnection { inner: Some(Inner { client, database }) })
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
            Err(error) => panic!("there is no database for this test: {error:?}"),
        }
    }

    /// How else to reach the database, for `postgres`.
    pub fn config(&self) -> Config {
        self.inner().database.config()
    }

    /// How else to reach the database, for other programs. May hold a password.
    pub fn url(&self) -> &str {
        self.inner().database.url()
    }

    /// The migrations of `set` on this database, with all that a [`Migrator`] can do.
    pub fn migrator(&self, set: &MigrationSet) -> Migrator {
        Migrator::new(set, self.config())
    }

    fn inner(&self) -> &Inner {
        self.inner.as_ref().expect(THERE)
    }
}

const THERE: &str = "the connection is there until it is dropped";

impl Drop for TestConnection {
    fn drop(&mut self) {
        // Closing blocks, and a connection that `spawn_blocking` made may be dropped in async code.
        let inner = self.inner.take();
        outside_of_async(|| drop(inner));
    }
}

impl Deref for TestConnection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.inner().client
    }
}

impl DerefMut for TestConnection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.inner.as_mut().expect(THERE).client
    }
}

impl fmt::Debug for TestConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestConnection")
            .field("database", &self.inner().database)
            .finish_non_exhaustive()
    }
}
