//! The command line of the migration system, for this repository's binary and for everybody's own.
//!
//! ```no_run
//! # /*
//! static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");
//! # */
//! # static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("../migrations");
//!
//! fn main() -> std::process::ExitCode {
//!     migration_cli::main(&MIGRATIONS)
//! }
//! ```
//!
//! The program speaks of itself by the name under which it runs. Results go to stdout, everything
//! else to stderr; what a command leaves behind in the database is the runtime's business.

mod app;
mod backup_place;
mod cli;
mod commands;
mod config;
mod confirm;
mod context;
mod env_vars;
mod environment;
mod error;
mod import;
mod interrupt;
mod limits;
mod new_file;
mod new_script;
mod output;
mod password_command;
mod paste;
#[cfg(test)]
mod pasted_tests;
mod schema_file;
mod secret;
mod template;
mod text;
mod time;
mod whole_file;

use std::process::ExitCode;

use migrate_runtime::MigrationSet;

/// Runs the command that the arguments of this process name, over the migrations of `set`.
///
/// Reads the process's arguments and environment, writes to stdout and stderr, and installs a handler
/// of SIGINT and SIGTERM while migrations run. The exit codes are a contract, listed in the
/// documentation of the command line.
pub fn main(set: &'static MigrationSet) -> ExitCode {
    ExitCode::from(app::run(set, std::env::args_os().collect()))
}
