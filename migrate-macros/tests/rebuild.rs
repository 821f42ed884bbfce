//! Cargo rebuilds what embeds a folder whenever its scripts change, and the macro warns where it
//! would not. The project built here is outside of the workspace and shares its target folder.
#![expect(clippy::unwrap_used, reason = "a project that cannot be built is a failed test")]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

const CARGO_TOML: &str = r#"
[package]
name = "NAME"
edition = "2024"

[workspace]

[dependencies]
migrate_runtime = { package = "macro-test-runtime", path = "RUNTIME" }

# As in the workspace, so that what it has compiled is used again.
[profile.dev.build-override]
opt-level = 2
"#;

const MAIN: &str = r#"
static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");

fn main() {
    for migration in &MIGRATIONS {
        println!("{}: {}", migration.name, migration.up.sql.trim());
    }
}
"#;

const BUILD: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=migrations");
}"#;

#[test]
fn changed_added_renamed_and_deleted_scripts_are_picked_up_by_the_next_build() {
    let project = Project::new("rebuild-watched");
    project.write("build.rs", BUILD);
    project.write_pair("20240320000000_one", "SELECT 1;");
    project.check(Built::Anew, "one: SELECT 1;");
    project.check(Built::Nothing, "one: SELECT 1;");

    project.write("migrations/20240320000000_one.up.sql", "SELECT 11;");
    project.check(Built::Anew, "one: SELECT 11;");

    project.write_pair("20240321000000_two", "SELECT 2;");
    project.check(Built::Anew, "one: SELECT 11;\ntwo: SELECT 2;");

    project.rename("20240321000000_two", "20240322000000_three");
    project.check(Built::Anew, "one: SELECT 11;\nthree: SELECT 2;");

    project.delete("20240320000000_one");
    project.check(Built::Anew, "three: SELECT 2;");
    project.check(Built::Nothing, "three: SELECT 2;");

    // Cargo watches a folder as a whole, so this is once more than needed.
    project.write("migrations/schema.rs", "// The schema.");
    project.check(Built::Anew, "three: SELECT 2;");
    project.check(Built::Nothing, "three: SELECT 2;");

    // Whoever rewrites it in place, and gives it the time of the newest script, costs nobody a build. Not
    // `migration-cli`, since a program that compiles the file would keep what it was built with.
    project.rewrite_schema("// The schema, with a table more.");
    project.check(Built::Nothing, "three: SELECT 2;");

    project.delete("20240322000000_three");
    project.check(Built::Anew, "");
    project.write_pair("20240323000000_four", "SELECT 4;");
    project.check(Built::Anew, "four: SELECT 4;");
}

#[test]
fn without_a_build_script_the_build_warns_with_the_lines_to_paste() {
    let project = Project::new("rebuild-unwatched");
    project.write_pair("20240320000000_one", "SELECT 1;");
    let output = project.check(Built::Anew, "one: SELECT 1;");
    let expected = "added migrations go unnoticed without a build script. Make `build.rs`:";
    assert_shows(&output, expected);
    BUILD.lines().for_each(|line| assert_shows(&output, line));

    // Those it knows are tracked all the same.
    project.write("migrations/20240320000000_one.up.sql", "SELECT 11;");
    project.check(Built::Anew, "one: SELECT 11;");
    project.rename("20240320000000_one", "20240320000000_uno");
    project.check(Built::Anew, "uno: SELECT 11;");

    // What is no script is not.
    project.write("migrations/schema.rs", "// The schema.");
    project.check(Built::Nothing, "uno: SELECT 11;");

    project.write("build.rs", &BUILD.replace("migrations", "build.rs"));
    let output = project.check(Built::Anew, "uno: SELECT 11;");
    assert_shows(&output, "by a build script that does not watch the folder");
    project.write("build.rs", BUILD);
    let output = project.check(Built::Anew, "uno: SELECT 11;");
    assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
}

#[test]
fn a_program_that_compiles_the_schema_goes_by_its_time() {
    const SHOW: &str = r#"
static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");
include!("../migrations/schema.rs");

fn main() {
    println!("{SCHEMA}: {}", (&MIGRATIONS).into_iter().count());
}
"#;
    let schema = |text: &str| format!("const SCHEMA: &str = \"{text}\";");
    let project = Project::new("rebuild-schema");
    project.write("build.rs", BUILD);
    project.write("src/main.rs", SHOW);
    project.write_pair("20240320000000_one", "SELECT 1;");
    project.write("migrations/schema.rs", &schema("one"));
    project.check(Built::Anew, "one: 1");

    // As `migration-cli schema` writes it.
    project.write("migrations/.schema.rs.new", &schema("two"));
    let path = |name| project.folder.path().join("migrations").join(name);
    fs::rename(path(".schema.rs.new"), path("schema.rs")).unwrap();
    project.check(Built::Anew, "two: 1");
    project.check(Built::Nothing, "two: 1");

    // With an older time, the program would keep what it had.
    project.rewrite_schema(&schema("three"));
    project.check(Built::Nothing, "two: 1");
}

#[test]
fn a_commit_is_picked_up_by_the_next_build_and_a_revision_that_was_given_counts() {
    const SHOW: &str = r#"
static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");

fn main() {
    println!("{}", MIGRATIONS.revision().unwrap_or("none"));
}
"#;
    let (one, two, three) = ("1".repeat(40), "2".repeat(40), "3".repeat(40));
    let mut project = Project::new("rebuild-revision");
    project.write("build.rs", BUILD);
    project.write("src/main.rs", SHOW);
    project.write_pair("20240320000000_one", "SELECT 1;");
    project.check(Built::Anew, "none");

    // The first build that sees the repository is one that something else asks for.
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write(".git/refs/heads/main", &one);
    project.write("migrations/20240320000000_one.up.sql", "SELECT 11;");
    project.check(Built::Anew, &one);
    project.check(Built::Nothing, &one);

    project.write(".git/refs/heads/main", &two);
    project.check(Built::Anew, &two);
    project.write(".git/refs/heads/topic", &three);
    project.check(Built::Nothing, &two);
    project.write(".git/HEAD", "ref: refs/heads/topic\n");
    project.check(Built::Anew, &three);

    // What git packs is the same revision, and the next commit is noticed by the log of `HEAD`.
    fs::remove_file(project.folder.path().join(".git/refs/heads/topic")).unwrap();
    project.write(".git/packed-refs", &format!("{three} refs/heads/topic\n"));
    project.write(".git/logs/HEAD", "first\n");
    project.check(Built::Anew, &three);
    project.write(".git/refs/heads/topic", &one);
    project.write(".git/logs/HEAD", "first\nsecond\n");
    project.check(Built::Anew, &one);

    project.revision = Some("v1.2.3");
    project.check(Built::Anew, "v1.2.3");
    project.check(Built::Nothing, "v1.2.3");
    // Nothing is tracked beside what was given.
    project.write(".git/HEAD", &two);
    project.check(Built::Nothing, "v1.2.3");
    project.revision = Some("none");
    project.check(Built::Anew, "none");
    project.revision = None;
    project.check(Built::Anew, &two);
}

#[test]
fn options_of_the_lint_are_picked_up_by_the_next_build() {
    const SQL: &str = "CREATE INDEX i ON t (a);";
    let project = Project::new("rebuild-options");
    project.write("build.rs", BUILD);
    project.write("migration.toml", "[lint]\n");
    project.write_pair("20240320000000_one", SQL);
    let embedded = format!("one: {SQL}");
    let output = project.check(Built::Anew, &embedded);
    assert_shows(&output, "INDEX_NOT_CONCURRENT");

    project.write("migration.toml", "[lint]\nallow = [\"index-not-concurrent\"]\n");
    let output = project.check(Built::Anew, &embedded);
    assert!(!stderr(&output).contains("INDEX_NOT_CONCURRENT"), "{}", stderr(&output));
    project.check(Built::Nothing, &embedded);
}

/// What a build had to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Built {
    Anew,
    Nothing,
}

struct Project {
    name: &'static str,
    folder: TempDir,
    /// What the environment says about the revision.
    revision: Option<&'static str>,
}

impl Project {
    fn new(name: &'static str) -> Project {
        let project = Project { name, folder: tempfile::tempdir().unwrap(), revision: None };
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let runtime = here.join("tests/runtime").display().to_string().replace('\\', "/");
        let cargo_toml = CARGO_TOML.replace("NAME", name).replace("RUNTIME", &runtime);
        project.write("Cargo.toml", &cargo_toml);
        project.write("src/main.rs", MAIN);
        // The versions of the workspace: nothing is fetched.
        fs::copy(here.join("../Cargo.lock"), project.folder.path().join("Cargo.lock")).unwrap();
        project
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn write_pair(&self, stem: &str, sql: &str) {
        self.write(&format!("migrations/{stem}.up.sql"), sql);
        self.write(&format!("migrations/{stem}.down.sql"), "SELECT 0;");
    }

    /// As a program does that writes the schema after every migration: the folder and the newest of its
    /// files keep their times.
    fn rewrite_schema(&self, text: &str) {
        let folder = self.folder.path().join("migrations");
        let scripts = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
        let scripts = scripts.filter(|it| it.extension().is_some_and(|it| it == "sql"));
        let newest = scripts.map(|it| fs::metadata(it).unwrap().modified().unwrap()).max().unwrap();
        let mut schema =
            File::options().write(true).truncate(true).open(folder.join("schema.rs")).unwrap();
        schema.write_all(text.as_bytes()).unwrap();
        schema.set_modified(newest).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        for ending in ["up.sql", "down.sql"] {
            let path = |stem| self.folder.path().join(format!("migrations/{stem}.{ending}"));
            fs::rename(path(from), path(to)).unwrap();
        }
    }

    fn delete(&self, stem: &str) {
        for ending in ["up.sql", "down.sql"] {
            fs::remove_file(self.folder.path().join(format!("migrations/{stem}.{ending}")))
                .unwrap();
        }
    }

    /// Builds and runs the program: what cargo had to do, and what is embedded now.
    #[track_caller]
    fn check(&self, built: Built, embedded: &str) -> Output {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(["run", "--offline", "--color=never"])
            .current_dir(self.folder.path())
            .env("CARGO_TARGET_DIR", target)
            .env_remove("OUT_DIR")
            .env_remove("MIGRATION_REVISION")
            .envs(self.revision.map(|it| ("MIGRATION_REVISION", it)))
            .output()
            .unwrap();
        let log = stderr(&output);
        assert!(output.status.success(), "{log}");
        let compiled = log.contains(&format!("Compiling {} ", self.name));
        assert_eq!(compiled, built == Built::Anew, "{built:?} expected:\n{log}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), embedded);
        output
    }
}

#[track_caller]
fn assert_shows(output: &Output, text: &str) {
    let log = stderr(output);
    assert!(log.contains(text), "`{text}` expected:\n{log}");
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
