use migrate_runtime::MigrationSet;
use migrate_runtime::testing::{TestConnection, migration_test};

static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test(until = "20240320000000")]
fn roles_are_unique(_: &mut TestConnection) {}

#[migration_test("migrations")]
fn parties_are_unique(_: &mut TestConnection) {}

#[migration_test(migrations = "migrations")]
fn contracts_are_unique(_: &mut TestConnection) {}

#[migration_test(at = "20240320000000", at = "20240321000000")]
fn users_are_unique(_: &mut TestConnection) {}

fn main() {
    let _ = &MIGRATIONS;
}
