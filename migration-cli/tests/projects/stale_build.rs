//! A debug binary that is older than its folder refuses to run, and says what makes it run.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use migration_tests::TestDatabase;

use crate::project::Project;

const FIRST: &str = "migrations/20260105090000_create_contracts_table.up.sql";
const ADDED: &str = "migrations/20260201090000_create_partners_table";

#[test]
fn a_stale_debug_binary_refuses_to_run_until_it_is_built_again() {
    let project = Project::copy_of("contracts-cli", "project-stale");
    // Each `up` would write `schema.rs`, and the next build would be one that cargo finds worth it.
    project.write("migration.toml", "schema = false\n");
    assert!(project.build());
    assert!(!project.build(), "nothing has changed");

    project.write(&format!("{ADDED}.up.sql"), "CREATE TABLE partners (id bigint);\n");
    project.write(&format!("{ADDED}.down.sql"), "DROP TABLE partners;\n");
    let added = format!("{ADDED}.down.sql was added after this binary was built (and 1 more)");
    refused_until_built(&project, &added);

    project.write(&format!("{ADDED}.up.sql"), "CREATE TABLE partners (id bigint, name text);\n");
    let changed = format!("{ADDED}.up.sql was changed after this binary was built");
    refused_until_built(&project, &changed);

    fs::remove_file(project.path().join(format!("{ADDED}.up.sql"))).unwrap();
    fs::remove_file(project.path().join(format!("{ADDED}.down.sql"))).unwrap();
    let deleted = format!("{ADDED}.down.sql was removed after this binary was built (and 1 more)");
    refused_until_built(&project, &deleted);

    // Restored caches and images have files that are older than what was built from them.
    let text = fs::read_to_string(project.path().join(FIRST)).unwrap();
    project.write(FIRST, &text.replace("partner", "counterparty"));
    File::options()
        .write(true)
        .open(project.path().join(FIRST))
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
        .unwrap();
    assert!(!project.build(), "cargo goes by times");
    refused_until_built(&project, &format!("{FIRST} was changed after this binary was built"));
}

/// `up` is refused, and runs after the command that its hint names.
#[track_caller]
fn refused_until_built(project: &Project, message: &str) {
    const NAMES: &str = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class";
    let database = TestDatabase::new();
    let before = database.text(NAMES);
    let report = project.json("up --json", 5, &database);
    let error = &report["error"];
    assert_eq!(error["kind"], "stale_build");
    assert_eq!(error["message"], message);
    assert_eq!(error["state"], "nothing was changed");
    assert_eq!(database.text(NAMES), before);

    let hint = error["hints"][0].as_str().unwrap();
    assert!(project.shell(hint), "{hint} compiles nothing");
    project.json("up --json", 0, &database);
}
