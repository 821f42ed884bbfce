//! Sets of migrations that are written in the test itself.

use migrate_core::{LintOptions, MigrationSet, SourceFile, SourceSet, analyze, resolve};

/// Makes a set of `(name, up, down)`, where the name is `VERSION_name` and the scripts are SQL.
/// Resolved as a folder would be, by the one resolver.
#[track_caller]
pub fn set(migrations: &[(&str, &str, &str)]) -> MigrationSet {
    source(migrations).leak("migrations")
}

/// The same, with what the build finds out about the scripts.
#[track_caller]
pub fn analyzed_set(migrations: &[(&str, &str, &str)]) -> MigrationSet {
    let source = source(migrations);
    let text = analyze(&source, "migrations", &LintOptions::default()).to_text();
    source.leak("migrations").with_analysis(Some(text.leak()))
}

/// What the lint finds in such migrations.
#[track_caller]
pub fn findings(migrations: &[(&str, &str, &str)]) -> Vec<String> {
    let analysis = analyze(&source(migrations), "migrations", &LintOptions::default());
    analysis.findings.iter().map(|it| format!("{}: {}", it.rule.id, it.problem)).collect()
}

#[track_caller]
fn source(migrations: &[(&str, &str, &str)]) -> SourceSet {
    let file = |name: &str, direction: &str, sql: &str| {
        let name = format!("{name}.{direction}.sql");
        let path = format!("migrations/{name}").into();
        SourceFile { name, path, bytes: sql.as_bytes().to_vec() }
    };
    let files = migrations
        .iter()
        .flat_map(|(name, up, down)| [file(name, "down", down), file(name, "up", up)]);
    resolve(files.collect(), "migrations").unwrap_or_else(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("the set has problems:\n{}", problems.join("\n"));
    })
}
