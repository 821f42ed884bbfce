//! As much of `migrate-runtime` as the tests of the macro need, without the database client: they
//! compile it several times over. `tests/rebuild.rs` uses the real one.

#[path = "../../../migrate-runtime/src/private.rs"]
pub mod __private;

pub mod testing;

pub use migrate_core::MigrationSet;
pub use migrate_macros::embed_migrations;
