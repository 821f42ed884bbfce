//! Every command over the migrations of this folder: what goes to production.

static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");

fn main() -> std::process::ExitCode {
    migration_cli::main(&MIGRATIONS)
}
