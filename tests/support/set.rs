//! Sets of migrations that are written in the test itself.

use migrate_core::{MigrationSet, SourceFile, resolve};

/// Makes a set of `(name, up, down)`, where the name is `VERSION_name` and the scripts are SQL.
/// Resolved as a folder would be, by the one resolver.
#[track_caller]
pub fn set(migrations: &[(&str, &str, &str)]) -> MigrationSet {
    let file = |name: &str, direction: &str, sql: &str| {
        let name = format!("{name}.{direction}.sql");
        let path = format!("migrations/{name}").into();
        SourceFile { name, path, bytes: sql.as_bytes().to_vec() }
    };
    let files = migrations
        .iter()
        .flat_map(|(name, up, down)| [file(name, "down", down), file(name, "up", up)]);
    match resolve(files.collect(), "migrations") {
        Ok(set) => set.leak("migrations"),
        Err(problems) => {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            panic!("the set has problems:\n{}", problems.join("\n"));
        }
    }
}
