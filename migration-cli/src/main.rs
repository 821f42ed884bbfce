//! The command line over the migrations of this repository.

use std::process::ExitCode;

use migrate_runtime::{MigrationSet, embed_migrations};

static MIGRATIONS: MigrationSet = embed_migrations!("../migrations");

fn main() -> ExitCode {
    migration_cli::main(&MIGRATIONS)
}
