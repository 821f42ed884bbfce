use migrate_runtime::MigrationSet;
use migrate_runtime::testing::{TestConnection, migration_test};

static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test]
async fn roles_are_unique(db: &mut TestConnection) {
    let _ = db;
}

fn main() {
    let _ = &MIGRATIONS;
}
