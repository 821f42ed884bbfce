use migrate_runtime::MigrationSet;
use migrate_runtime::testing::{TestConnection, migration_test};

static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test]
fn roles_are_unique() {}

#[migration_test]
fn parties_are_unique(_: &mut TestConnection, _: Vec<(u8, u8)>) {}

fn main() {
    let _ = &MIGRATIONS;
}
