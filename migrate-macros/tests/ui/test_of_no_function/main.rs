use migrate_runtime::MigrationSet;
use migrate_runtime::testing::{TestConnection, migration_test};

static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test]
struct Test(TestConnection);

#[migration_test]
unsafe fn roles_are_unique(_: &mut TestConnection) {}

#[migration_test]
fn parties_are_unique<T>(_: &mut T) {}

fn main() {
    let _ = &MIGRATIONS;
}
