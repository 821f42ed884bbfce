//! The command line over this repository's own migrations.
fn main() {}
