use migrate_runtime::{MigrationSet, embed_migrations};

static MIGRATIONS: MigrationSet = embed_migrations!(MIGRATIONS_FOLDER);

fn main() {
    assert_eq!(MIGRATIONS.len(), 0);
}
