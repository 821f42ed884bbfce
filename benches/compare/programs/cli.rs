//! A user's own binary with every command.

static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");

fn main() -> std::process::ExitCode {
    migration_cli::main(&MIGRATIONS)
}
