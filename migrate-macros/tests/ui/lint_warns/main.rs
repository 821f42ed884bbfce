// A warning, which this crate makes an error so that it can be seen here.
#![deny(deprecated)]

use migrate_runtime::{MigrationSet, embed_migrations};

static MIGRATIONS: MigrationSet = embed_migrations!("migrations", relative_to = file);

fn main() {}
