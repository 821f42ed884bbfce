//! Everybody's own binary: `examples/contracts-cli`.

use std::fs;

use migration_tests::TestDatabase;
use serde_json::Value;

use crate::project::{Project, root};

#[test]
fn a_binary_of_ones_own_needs_no_file_beside_it() {
    let database = TestDatabase::new();
    let project = Project::copy_of("contracts-cli", "project-contracts");
    assert!(project.build());
    let contracts = project.installed("contracts", &database);
    // Not even where it was built.
    drop(project);

    assert_eq!(states(&contracts.json("up")), ["applied"; 3]);
    assert_eq!(states(&contracts.json("status --check")), ["applied"; 3]);
    assert_eq!(contracts.json("verify")["problems"], serde_json::json!([]));
    let valid =
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'contracts_ends_on_idx'::regclass";
    assert_eq!(database.text(valid), "t");

    contracts.json("down");
    assert_eq!(states(&contracts.json("status")), ["applied", "applied", "pending"]);
    contracts.json("down --all");
    assert_eq!(database.text("SELECT to_regclass('contracts')"), "");
    assert_eq!(states(&contracts.json("status")), ["pending"; 3]);

    // It speaks of itself by the name it was given.
    let output = contracts.command("verify").output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("Hint: contracts up"));
}

#[test]
fn the_program_is_the_one_of_the_readme() {
    let main = fs::read_to_string(root().join("examples/contracts-cli/src/main.rs")).unwrap();
    let program = &main[main.find("static").unwrap()..];
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(program), "{program}");
}

fn states(report: &Value) -> Vec<&str> {
    let migrations = report["migrations"].as_array().unwrap();
    migrations.iter().map(|it| it["state"].as_str().unwrap()).collect()
}
