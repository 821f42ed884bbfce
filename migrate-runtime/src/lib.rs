//! Runs the migrations that were checked and embedded at build time, on PostgreSQL.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod audit;
mod config;
mod connect;
mod connection;
#[cfg(feature = "dev-database")]
pub mod dev_database;
mod drift;
mod error;
mod execute;
mod history;
mod interrupt;
mod lock;
mod migrator;
mod plan;
mod progress;
mod quote;
mod run;
mod session;
mod sqlstate;
mod status;
mod transport;
mod verify;

pub use config::{Down, Identity, Limit, ScriptSource, Settings, Up};
pub use error::{Error, ErrorKind, Location};
pub use history::Unfinished;
pub use interrupt::Interrupt;
pub use migrate_core::{
    Allow, ByteRange, Checksum, ChecksumError, Direction, Directives, Migration, MigrationSet,
    Mode, Script, Statement, StatementKind, Version, VersionError,
};
pub use migrate_macros::embed_migrations;
pub use migrator::Migrator;
pub use plan::{Plan, Step};
pub use postgres;
pub use progress::Event;
pub use run::{Done, PartialRun, Run};
pub use status::{Entry, State, Status};
pub use verify::{Finding, FindingKind, Verification};
