//! `verify --deep` as a process: what is in the rows is shown to whoever asked, and kept out of every log.

use migration_tests::TestDatabase;

use crate::project::Project;

#[test]
fn values_are_in_the_result_and_in_no_log() {
    let database = TestDatabase::new();
    let project = Project::on(&database).with("RUST_LOG", "trace");
    project.expect("up", 0);
    database.execute(
        "CREATE TABLE shops (id text PRIMARY KEY); CREATE TABLE goods (shop text REFERENCES shops);
         SET session_replication_role = replica; INSERT INTO goods VALUES ('canary')",
    );
    let outcome = project.expect("verify --deep -vv", 5);
    assert!(outcome.stdout.contains("canary") && !outcome.stderr.contains("canary"));
    let report = project.json("verify --deep", 5);
    let violation = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["kind"] == "foreign_key_broken")
        .map(|it| it["violation"].clone())
        .unwrap();
    assert_eq!(violation["columns"], serde_json::json!(["ctid", "shop"]));
    assert_eq!(violation["rows"], serde_json::json!([["(0,1)", "canary"]]));
    assert_eq!((&violation["count"], &violation["complete"]), (&1.into(), &true.into()));
    let logged = "SELECT count(*) FROM _migrations_log WHERE _migrations_log::text LIKE '%canary%'";
    assert_eq!(database.text(logged), "0");
    // Without it, nobody looks at rows.
    project.expect("repair --accept-schema", 0);
    project.expect("verify", 0);
}
