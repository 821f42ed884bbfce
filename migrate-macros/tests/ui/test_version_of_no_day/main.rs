use migrate_runtime::MigrationSet;
use migrate_runtime::testing::{TestConnection, migration_test};

static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test(at = "20240230000000")]
fn roles_are_unique(_: &mut TestConnection) {}

#[migration_test(at = 2024)]
fn parties_are_unique(_: &mut TestConnection) {}

#[migration_test(at = MIGRATIONS)]
fn contracts_are_unique(_: &mut TestConnection) {}

fn main() {
    let _ = &MIGRATIONS;
}
