//! Helpers for tests of your own migrations: a database for each test, empty or migrated, and the two
//! directions.
//!
//! ```toml
//! [dev-dependencies]
//! migrate-runtime = { version = "0.1", features = ["testing"] }
//! ```
//!
//! ```
//! # /*
//! static MIGRATIONS: MigrationSet = embed_migrations!("migrations");
//!
//! #[cfg(test)]
//! # */
//! # static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("../migrations");
//! mod tests {
//!     migrate_runtime::testing::harness!(crate::MIGRATIONS);
//!
//! # /*
//!     #[test]
//! # */
//! # pub
//!     fn migrations_run_and_are_reverted() {
//!         let mut conn = establish_test_connection();
//!         run_migration_up(&mut conn).unwrap();
//!         conn.batch_execute("INSERT INTO roles (name) VALUES ('clerk')").unwrap();
//!         run_migration_down(&mut conn).unwrap();
//!     }
//! }
//! # fn main() { tests::migrations_run_and_are_reverted() }
//! ```
//!
//! # A migrated database for each test
//!
//! Most tests are about what the migrations have made. `#[migration_test]` gives each of them a database in
//! which they ran, or ran up to a version:
//!
//! ```
//! # /*
//! static MIGRATIONS: MigrationSet = embed_migrations!("migrations");
//!
//! #[cfg(test)]
//! # */
//! # static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("../migrations");
//! mod tests {
//!     use migrate_runtime::testing::{TestConnection, migration_test};
//!
//!     #[migration_test]
//!     fn names_of_roles_are_unique(db: &mut TestConnection) {
//!         let insert = "INSERT INTO roles (name) VALUES ('clerk')";
//!         db.execute(insert, &[]).unwrap();
//!         db.execute(insert, &[]).unwrap_err();
//!     }
//!
//!     #[migration_test(at = "20240320000000")]
//!     fn later_migrations_keep_the_roles(db: &mut TestConnection) {
//!         db.execute("INSERT INTO roles (name) VALUES ('clerk')", &[]).unwrap();
//!         db.migrator(&crate::MIGRATIONS).up().unwrap();
//!         assert_eq!(db.query("TABLE roles", &[]).unwrap().len(), 1);
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! The migrations run once: for the first test of a server that needs them. What they have made is kept on the
//! server as a template, and each test has a copy of it, with the settings and rights that migrations gave to the
//! database as a whole. A second test costs a `CREATE DATABASE … TEMPLATE`, however many migrations there are.
//! Where one fails, each test fails with its whole error, and nothing is kept. Without the attribute,
//! [`TestConnection::migrated`] does the same.
//!
//! A template is called `migration_template_` and sixteen digits, which stand for the migrations with both of
//! their scripts, the role, and the version of this crate: it is never out of date, and several processes
//! share it. Nobody can connect to it. One that was not used for seven days is dropped when the role makes
//! another, and so is what processes that were killed have left behind. `DROP DATABASE` by hand is always
//! possible, since the next test makes it again.
//!
//! A throw-away server takes its templates along. So where each test is a process of its own, as with nextest,
//! the migrations run for every one of them, unless `TEST_DATABASE_URL` leads all of them to one server.
//!
//! # Every migration can be reverted
//!
//! One line proves it, as `migration-cli check` does (see [`check`](crate::check)):
//!
//! ```
//! # static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("../migrations");
//! # /*
//! #[test]
//! fn every_migration_can_be_reverted() {
//! # */
//!     migrate_runtime::testing::assert_reversible(&MIGRATIONS);
//! # /*
//! }
//! # */
//! ```
//!
//! # Where the databases are
//!
//! With `TEST_DATABASE_URL`, on the server to which it leads. The role needs `CREATEDB`. Nothing in
//! the database that the URL names is read or changed. Every database is called `migration_test_` and
//! twelve digits; those of a process that was killed stay behind, the empty ones to be dropped by hand.
//!
//! Without it, on a throw-away server that the process makes from the installed PostgreSQL (`PG_BIN`,
//! `PATH`, the usual places) when the first test asks for a database. It has no TCP port, flushes
//! nothing to disk, and is gone when the process is, however that ends. What `initdb` made is kept in
//! `target/` and copied, so that the next process starts in a moment.
//!
//! # Async services
//!
//! The connection is a [`postgres::Client`], which blocks. In async code `establish_test_connection()`
//! panics and says so; the test of a service that is async itself makes it outside, in a plain `#[test]`
//! or by `tokio::task::spawn_blocking`, and gives the service the URL:
//!
//! ```no_run
//! # /*
//! mod tests {
//! # */
//! # static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("../migrations");
//! # mod tests {
//! # async fn serve(url: &str) {}
//!     migrate_runtime::testing::harness!(crate::MIGRATIONS);
//!
//! # /*
//!     #[tokio::test]
//! # */
//! # pub
//!     async fn the_service_answers() {
//!         let conn = tokio::task::spawn_blocking(|| {
//!             let mut conn = establish_test_connection();
//!             run_migration_up(&mut conn).unwrap();
//!             conn.batch_execute("INSERT INTO roles (name) VALUES ('clerk')").unwrap();
//!             conn
//!         });
//!         let conn = conn.await.unwrap();
//!         serve(conn.url()).await;
//!     }
//! }
//! # fn main() { drop(tests::the_service_answers()) }
//! ```
//!
//! `conn` keeps the database until the test ends, and may be dropped in async code.
//!
//! # For tests only
//!
//! The rest of the library reads no environment. This module does: there is nobody between a test
//! function and its surroundings who could hand the values in.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod connection;
mod database;
mod migrated;
mod reversible;
mod server;
mod template;
mod url;

#[doc(inline)]
pub use crate::__testing_harness as harness;
pub use connection::TestConnection;
pub use database::TestDatabase;
pub use migrate_macros::migration_test;
pub use reversible::assert_reversible;
pub use server::{Supervisor, prepare_server, search};

/// The server that test databases are made on; without it, a throw-away server.
const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// The folder of the server binaries, for the throw-away server.
const PG_BIN: &str = "PG_BIN";

/// Searched for server binaries after `PG_BIN`.
const PATH: &str = "PATH";

/// Gives a module of tests three functions over a set of migrations.
///
/// The argument is the name of a `static` [`MigrationSet`](crate::MigrationSet), or the path to one.
/// Tests in other modules reach the functions with a visibility before it:
/// `harness!(pub(crate) crate::MIGRATIONS)`.
///
/// - `establish_test_connection() -> TestConnection` connects to a new, empty database, which is gone
///   with the connection. It panics when there is no server, and says what to install or to set; and in
///   async code, where a client that blocks is not to be used.
/// - `run_migration_up(&mut TestConnection) -> Result<Run, Error>` runs every pending migration.
/// - `run_migration_down(&mut TestConnection) -> Result<Run, Error>` reverts the newest one.
///
/// For more, `Migrator::new(&MIGRATIONS, conn.config())` is the front door. Migrations run over a
/// connection of their own, as they do in production: what the test has left open in a transaction is
/// not seen by them, and may be in their way.
#[doc(hidden)]
#[macro_export]
// Who calls one of the three is not told that the others are unused: the compiler says nothing about
// unused code from another crate's macro. `tests/testing.rs` holds it to that.
macro_rules! __testing_harness {
    ($visibility:vis $set:path) => {
        /// Connects to a new, empty database.
        #[track_caller]
        $visibility fn establish_test_connection() -> $crate::testing::TestConnection {
            $crate::testing::TestConnection::establish()
        }

        /// Runs every pending migration.
        $visibility fn run_migration_up(
            conn: &mut $crate::testing::TestConnection,
        ) -> ::core::result::Result<$crate::Run, $crate::Error> {
            conn.migrator(&$set).up()
        }

        /// Reverts the newest migration.
        $visibility fn run_migration_down(
            conn: &mut $crate::testing::TestConnection,
        ) -> ::core::result::Result<$crate::Run, $crate::Error> {
            conn.migrator(&$set).down(::core::num::NonZeroUsize::MIN)
        }
    };
}
