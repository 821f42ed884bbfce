use migrate_runtime::MigrationSet;
use migrate_runtime::testing::{TestConnection, migration_test};

static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test]
fn roles_are_unique(_: String) {}

#[migration_test]
fn parties_are_unique(_: &mut String) {}

#[migration_test(migrations = crate::NAME)]
fn contracts_are_unique(_: TestConnection) {}

static NAME: &str = "migrations";

fn main() {
    let _ = &MIGRATIONS;
}
