//! The proof that every migration runs, is reverted and runs again, as one line of a test.

use migrate_core::MigrationSet;

use super::TEST_DATABASE_URL;
use super::server::search;
use super::template::beside;
use crate::check::{CheckReport, Checker};
use crate::connect_options::ConnectOptions;
use crate::error::Error;

/// Proves that every migration of a set runs, is reverted and runs again, and leaves the schema as it has to be
/// after each ([`Checker`]). What was proven is remembered beside the test binaries, and not done again until a
/// script has changed. The server is one of its own, unless `TEST_DATABASE_URL` names one: roles that scripts make
/// belong to a server, and those of other tests are none of its business.
///
/// # Panics
///
/// When it is not so: with everything that is wrong, by script, and with the difference as SQL. And when there is
/// no server, or it makes no database.
#[track_caller]
pub fn assert_reversible(set: &MigrationSet) {
    match prove(set) {
        Ok(report) if report.is_clean() => {}
        Ok(report) => panic!("not every migration can be reverted:\n{report}"),
        Err(error) => panic!("the migrations could not be checked: {error:?}"),
    }
}

fn prove(set: &MigrationSet) -> Result<CheckReport, Error> {
    let checker = match std::env::var(TEST_DATABASE_URL).ok().filter(|it| !it.is_empty()) {
        Some(url) => Checker::new(set).on_server(ConnectOptions::parse(&url)?),
        // Not on that of the other tests: their roles are no business of it.
        None => Checker::new(set).with_search(search()),
    };
    let checker = match beside("migration-check") {
        Some(folder) => checker.with_cache(folder),
        None => checker,
    };
    checker.run()
}
