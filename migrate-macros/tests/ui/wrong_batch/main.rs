use migrate_runtime::{MigrationSet, embed_migrations};

static MIGRATIONS: MigrationSet = embed_migrations!("migrations", relative_to = file);

fn main() {
    assert_eq!(MIGRATIONS.len(), 0);
}
