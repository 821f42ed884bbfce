// The schema as Rust lies here, and is no migration.
