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

    assert_eq!(states(&contracts.json("up")), ["applied"; 4]);
    assert_eq!(states(&contracts.json("status --check")), ["applied"; 4]);
    assert_eq!(contracts.json("verify")["problems"], serde_json::json!([]));
    let valid =
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'contracts_ends_on_idx'::regclass";
    assert_eq!(database.text(valid), "t");

    contracts.json("down");
    let states_then = ["applied", "applied", "applied", "pending"];
    assert_eq!(states(&contracts.json("status")), states_then);
    let told = contracts.json("verify")["problems"].as_array().unwrap().clone();
    let kinds: Vec<_> = told.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["pending", "not_validated_yet"]);
    contracts.json("down --all");
    assert_eq!(database.text("SELECT to_regclass('contracts')"), "");
    assert_eq!(states(&contracts.json("status")), ["pending"; 4]);

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
