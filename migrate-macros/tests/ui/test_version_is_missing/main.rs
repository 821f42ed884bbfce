#![expect(deprecated, reason = "the macro warns: no build script watches the folder of a test")]

use migrate_runtime::testing::{TestConnection, migration_test};
use migrate_runtime::{MigrationSet, embed_migrations};

static SET: MigrationSet = embed_migrations!("migrations", relative_to = file);
static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);

#[migration_test(migrations = crate::SET, at = "20240320000001")]
fn roles_are_unique(_: &mut TestConnection) {}

#[migration_test(at = 20240320000001)]
fn parties_are_unique(_: &mut TestConnection) {}

fn main() {}
