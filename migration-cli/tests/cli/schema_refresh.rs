//! `up` and `down` look after the file that holds the schema, and never fail for it.

use std::fs;

use migration_tests::TestDatabase;
use serde_json::{Value, json};

use crate::project::{Outcome, Project};
use crate::schema_file::{FILE, exists, names, project, read};

#[test]
fn runs_refresh_the_file_where_they_did_something() {
    let database = TestDatabase::new();
    let project = project(&database);
    let first = "schema: migrations/schema.rs written (`schema = false` at the top of migration.toml leaves it out)\n";
    let up = project.expect("up --steps 1", 0);
    assert!(up.stderr.ends_with(first), "{}", up.stderr);
    assert!(read(&project, FILE).contains("    users (id) {"));
    project.expect("schema --check", 0);

    let up = project.expect("up --steps 1", 0);
    assert!(up.stderr.ends_with("schema: migrations/schema.rs written\n"), "{}", up.stderr);
    let down = project.expect("down", 0);
    assert!(down.stderr.ends_with("schema: migrations/schema.rs written\n"), "{}", down.stderr);
    project.expect("schema --check", 0);
    assert_eq!(names(&project.path().join("migrations")), ["schema.rs"]);

    // Nothing was done, or only shown.
    fs::remove_file(project.path().join(FILE)).unwrap();
    project.expect("up --dry-run", 0);
    project.expect("down --dry-run", 0);
    project.expect("up --to 20240320000000", 0);
    project.expect("plan", 0);
    assert!(!exists(&project, FILE));
    let quiet = project.expect("up --steps 1 --quiet", 0);
    assert_eq!(quiet.stderr, "");
    assert!(exists(&project, FILE));

    let report = project.json("up --steps 1", 0);
    assert_eq!(report["schema"], json!({ "file": FILE, "format": "diesel", "changed": true }));
    let report = project.json("up --dry-run", 0);
    assert_eq!(report["schema"], Value::Null);
}

#[test]
fn a_run_that_failed_on_its_way_refreshes_the_file_too() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE parties (id int)");
    let project = project(&database);
    let outcome = project.expect("up", 1);
    assert!(outcome.stderr.contains("schema: migrations/schema.rs written"), "{}", outcome.stderr);
    project.expect("schema --check", 0);
}

#[test]
fn a_run_that_waited_for_a_lock_in_vain_refreshes_the_file_too() {
    let database = TestDatabase::new();
    let project = project(&database);
    project.expect("up --steps 1", 0);
    let mut writer = database.client();
    writer.batch_execute("BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE").unwrap();
    let outcome = project.expect("up --steps 2 --lock-timeout 0s --lock-deadline 3s", 1);
    assert!(
        outcome.stderr.contains("schema: migrations/schema.rs written\n"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("In the way: pid "), "{}", outcome.stderr);
    drop(writer);
    project.expect("schema --check", 0);
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "2");
}

#[test]
fn a_schema_that_somebody_has_locked_is_a_warning_with_a_way_out() {
    let database = TestDatabase::new();
    let project = project(&database);
    database.execute("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t");
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE t").unwrap();
    let up = project.expect("up --steps 1", 0);
    let warning = "Warning: migrations/schema.rs was not refreshed: the catalogs cannot be read: \
        an object is locked: canceling statement due to lock timeout\n  Hint: migration-cli schema\n";
    assert!(up.stderr.contains(warning), "{}", up.stderr);
}

#[test]
fn protected_environments_and_missing_folders_get_no_file() {
    let database = TestDatabase::new();
    let bare = Project::on(&database);
    assert!(!bare.expect("up --steps 1", 0).stderr.contains("schema:"));
    assert!(names(bare.path()).is_empty());

    let project = project(&database);
    project.expect("up --steps 1 --env production --confirm", 0);
    assert!(!exists(&project, FILE));
    // The database says so itself, whatever it is called today.
    let outcome = project.expect("up --steps 1 --confirm", 0);
    assert!(!outcome.stderr.contains("schema:"), "{}", outcome.stderr);
    assert!(!exists(&project, FILE));
    // Asked for, it is written wherever it is read from.
    project.expect("schema --env production", 0);
    assert!(exists(&project, FILE));
}

#[test]
fn the_configuration_names_file_and_format_or_switches_it_off() {
    let database = TestDatabase::new();
    let project = project(&database);
    project.write("migration.toml", "schema = 'src/tables.json'\n");
    // No folder of that name.
    assert!(!project.expect("up --steps 1", 0).stderr.contains("schema:"));
    fs::create_dir_all(project.path().join("src/deep")).unwrap();
    let up = project.expect("up --steps 1", 0);
    assert!(up.stderr.ends_with("schema: src/tables.json written\n"), "{}", up.stderr);
    let document: Value = serde_json::from_str(&read(&project, "src/tables.json")).unwrap();
    assert_eq!(document["version"], 1);
    assert!(names(&project.path().join("migrations")).is_empty());
    let mut below = project.command("schema --check");
    let outcome = Outcome::of(below.current_dir(project.path().join("src/deep")));
    assert_eq!(outcome.code, 0, "{}", outcome.all());
    let setting = |key: &str| {
        let settings = project.json("config", 0)["settings"].clone();
        let found = settings.as_array().unwrap().iter().find(|it| it["key"] == key).unwrap();
        [&found["value"], &found["source"]].map(|it| it.as_str().unwrap().to_owned())
    };
    assert_eq!(setting("schema_file"), ["src/tables.json", "migration.toml: schema"]);
    assert_eq!(setting("schema_format"), ["json", "migration.toml: schema"]);
    // What is said counts, whatever the file is called.
    project.write("migration.toml", "schema = 'src/tables.json'\nschema_format = 'sql'\n");
    assert_eq!(setting("schema_format"), ["sql", "migration.toml: schema_format"]);
    assert!(project.expect("schema --check", 5).stdout.contains("CREATE TABLE"));

    project.write("migration.toml", "schema = false\n");
    assert!(!project.expect("up --steps 1", 0).stderr.contains("schema:"));
    assert!(names(&project.path().join("migrations")).is_empty());
    assert!(project.expect("schema", 0).stdout.starts_with("// @generated"));
    project.expect("schema --check", 2);

    // A format that is not called schema.rs lies beside the folder.
    project.write("migration.toml", "schema_format = 'json'\n");
    let up = project.expect("up --steps 1", 0);
    assert!(up.stderr.contains("schema: schema.json written"), "{}", up.stderr);
    // It knows its own again, in every format, and no others.
    for format in ["json", "sql", "mermaid", "svg", "rust"] {
        project.write("migration.toml", &format!("schema_format = '{format}'\n"));
        project.expect("schema", 0);
        let up = project.expect("up --steps 1", 0);
        assert!(up.stderr.ends_with(" written\n"), "{format}: {}", up.stderr);
        project.expect("schema --check", 0);
        let down = project.expect("down", 0);
        assert!(down.stderr.ends_with(" written\n"), "{format}: {}", down.stderr);
    }
    project.write("migration.toml", "schema_format = 'sql'\n");
    project.write("schema.sql", "-- Mine.\nCREATE TABLE mine (id int);\n");
    let up = project.expect("up --steps 1", 0);
    assert!(up.stderr.contains("somebody else has written it"), "{}", up.stderr);
    project.write("migration.toml", "schema_format = 'jsn'\n");
    assert!(project.expect("status", 2).stderr.contains("did you mean `json`?"));
}

#[test]
fn a_refresh_that_fails_is_a_warning_and_no_failed_run() {
    let database = TestDatabase::new();
    let project = project(&database);
    fs::create_dir(project.path().join(FILE)).unwrap();
    let up = project.expect("up --steps 1", 0);
    let warning =
        "Warning: migrations/schema.rs was not refreshed: cannot read migrations/schema.rs: ";
    assert!(up.stderr.contains(warning), "{}", up.stderr);
    let report = project.json("up --steps 1", 0);
    assert_eq!(report["schema"], Value::Null);
    assert_eq!(report["migrations"].as_array().unwrap().len(), 1);

    fs::remove_dir(project.path().join(FILE)).unwrap();
    project.write("migration.toml", "schema = 'migrations/tables.rs'\n");
    let up = project.expect("up --steps 1", 0);
    assert!(
        up.stderr.contains("migrations/tables.rs would lie among the migrations"),
        "{}",
        up.stderr
    );
}

#[test]
fn a_file_that_somebody_else_has_written_stays_until_it_is_asked_for() {
    let database = TestDatabase::new();
    let project = project(&database);
    project.write(FILE, "pub struct Mine;\n");
    let up = project.expect("up --steps 1", 0);
    let warning = "Warning: migrations/schema.rs was not refreshed: somebody else has written it\n  \
        Hint: migration-cli schema   # writes over it\n";
    assert!(up.stderr.contains(warning), "{}", up.stderr);
    assert_eq!(read(&project, FILE), "pub struct Mine;\n");
    project.write("migration.toml", "schema = 'migrations/schema.rs'\n");
    project.expect("up --steps 1", 0);
    project.expect("schema --check", 0);

    project.write("migration.toml", "");
    project.write(FILE, "// @generated automatically by Diesel CLI.\n");
    project.expect("up --steps 1", 0);
    project.expect("schema --check", 0);
}
