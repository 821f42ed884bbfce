//! As much of `migrate_runtime::testing` as `#[migration_test]` needs.

#[path = "../../../migrate-runtime/src/testing/private.rs"]
pub mod __private;

use migrate_core::{MigrationSet, Version};

pub use migrate_macros::migration_test;

/// Leads nowhere.
#[derive(Debug)]
pub struct TestConnection;

impl TestConnection {
    /// There is no client.
    pub fn migrated(_: &MigrationSet, _: Option<Version>) -> Result<TestConnection, &'static str> {
        Err("these tests are compiled only")
    }
}
