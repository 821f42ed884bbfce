//! Runs the migrations that were checked and embedded at build time, on PostgreSQL.
//!
//! The whole program of an application that migrates at start-up:
//!
//! ```no_run
//! use migrate_runtime::{Migrator, MigrationSet, embed_migrations};
//!
//! # /*
//! static MIGRATIONS: MigrationSet = embed_migrations!("migrations");
//! # */
//! # static MIGRATIONS: MigrationSet = embed_migrations!("../migrations");
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let url = std::env::var("DATABASE_URL")?;
//!     let run = Migrator::from_url(&MIGRATIONS, &url)?.up()?;
//!     println!("{} migrations ran on {}", run.done.len(), run.database);
//!     Ok(())
//! }
//! ```
//!
//! `migrations/` holds pairs of `YYYYMMDDHHMMSS_name.up.sql` and `.down.sql`. What is wrong with
//! them is a compile error; what is left for run time is to compare the set with the history in the
//! database, and to run what is missing.
//!
//! # What holds
//!
//! - A script and its row in the history are committed together or not at all. The exception are
//!   scripts that PostgreSQL refuses to run in a transaction: they run statement by statement, and
//!   the database knows how far they came.
//! - A connection that is lost in the middle of a run is opened again. What the server had committed
//!   counts, and only what is left runs.
//! - One runner at a time per database and schema. Others wait, and then find nothing to do.
//! - Nothing to do costs one round trip, up to 32 transactional migrations one more: they are sent ahead, each with
//!   a transaction of its own, and after a failure nothing that follows runs. A run that changed something takes
//!   three for the schema, before and after ([`Settings::record_schema`]).
//! - What was changed by hand since the last run is found and named ([`Migrator::verify`]), and stays so
//!   whatever runs after it.
//! - An [`Error`] says where in the scripts it happened, in which state the database is, and what
//!   to do.
//! - The library prints nothing, reads no environment and leaves no connection behind. What happens
//!   is told as [`Event`]s.
//!
//! # Where to look
//!
//! [`Migrator`] is the front door. [`Settings`] hold waiting times and the schema, [`Up`] and
//! [`Down`] how far to go. [`Migrator::status`], [`Migrator::verify`] and [`Migrator::logs`] only read, and
//! [`Migrator::doctor`] tells before a run what would be in its way. The command
//! line over the same set is the crate `migration-cli`.
//!
//! # Features
//!
//! - `tls`, on by default: encrypted connections, by rustls. Without it, `sslmode=require` and more are
//!   refused.
//! - `testing`, for `[dev-dependencies]`: the module `testing`, whose `harness!` gives every test of
//!   your migrations a database of its own. The one part that reads the environment.
//! - `check`: the module `check`, the proof that every migration runs, is reverted and runs again.
//! - `backup`: the module `backup`, backups by PostgreSQL's own programs, and `Migrator::backup`.
//! - `picture`: `schema::Schema::to_mermaid` and `to_svg`, pictures of the schema.
//! - `dev-database`: the module `dev_database`, the PostgreSQL that the command line manages.
//! - `fault-points`, for the tests of this project alone: moments at which they let something go wrong. What
//!   it adds may change with every version.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod audit;
#[cfg(feature = "backup")]
pub mod backup;
mod batches;
mod call;
#[cfg(feature = "check")]
pub mod check;
mod config;
mod connect;
mod connect_options;
mod connection;
mod deadline;
mod deep;
#[cfg(feature = "dev-database")]
pub mod dev_database;
mod doctor;
mod drift;
mod error;
mod execute;
mod extras;
#[cfg(not(feature = "fault-points"))]
mod fault;
#[cfg(feature = "fault-points")]
#[doc(hidden)]
pub mod fault;
mod force;
mod forecast;
mod history;
mod info;
#[cfg(any(feature = "backup", feature = "dev-database"))]
mod installed;
mod interrupt;
mod lent;
mod lock;
mod logs;
mod mend;
mod migrator;
mod plan;
mod pooler;
mod progress;
mod quote;
mod read_schema;
mod reading;
mod recording;
mod recovery;
mod refuse;
mod reopen;
mod repair;
mod reply_row;
#[cfg(feature = "backup")]
mod restore;
mod run;
mod safeguard;
pub mod schema;
mod schema_drift;
mod server_facts;
mod session;
mod snapshot;
mod sqlstate;
mod status;
#[cfg(feature = "backup")]
mod take_backup;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod transport;
mod verify;
mod waits;
mod watch;

pub use audit::Outcome;
pub use config::{Decision, Down, Identity, Ignore, Limit, ScriptSource, Settings, Up};
pub use connect_options::{ConnectOptions, Surroundings, TlsMode};
pub use doctor::{Check, CheckKind, Diagnosis, Examination, Level};
pub use error::{Error, ErrorKind, Location};
pub use force::{Force, Forced};
pub use forecast::{
    AffectedTable, Forecast, Impact, Obstacle, RelationLock, StatementForecast, StepForecast,
    Verdict,
};
pub use history::{Batched, LogEntry, LogFilter, Recorded, Since, Unfinished};
pub use info::Info;
pub use interrupt::Interrupt;
pub use logs::{Logs, Record};
pub use mend::{Mend, MendKind, Repair};
pub use migrate_core::{
    Allow, Batch, Blocks, ByteRange, Checksum, ChecksumError, Direction, Directives, Effect,
    LockMode, Manner, Migration, MigrationSet, Mode, Script, ScriptFacts, ScriptFinding, Severity,
    Statement, StatementKind, Version, VersionError, WaitsFor, Whose, Work,
};
pub use migrate_macros::embed_migrations;
pub use migrator::Migrator;
pub use plan::{Accepted, HistoryChange, Plan, Removed, Step};
pub use postgres;
pub use progress::{BackupStep, BackupSummary, Blocker, Event};
pub use repair::Repaired;
#[cfg(feature = "backup")]
pub use restore::{Connected, Kept, Restore, RestorePlan, Restored, Way};
pub use run::{Done, PartialRun, Run};
pub use schema_drift::SchemaDrift;
pub use server_facts::ServerFacts;
pub use status::{Entry, State, Status};
pub use verify::{Finding, FindingKind, Verification, Violation};
