//! Runs embedded migrations.
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "dev-database")]
pub mod dev_database;
