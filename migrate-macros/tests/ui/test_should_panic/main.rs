use migrate_runtime::MigrationSet;
use migrate_runtime::testing::{TestConnection, migration_test};

static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test]
#[should_panic]
fn roles_are_unique(_: &mut TestConnection) {}

fn main() {
    let _ = &MIGRATIONS;
}
