//! `check` as a process: where its database is made, its exit codes, and its formats.

use migration_tests::TestDatabase;
use serde_json::Value;

use crate::project::Project;

/// Makes the down script of the first migration leave something: what is dropped is noted in a table.
pub(crate) const LEAVES: &str = "
    CREATE FUNCTION leave() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_name = 'user_roles') THEN
            CREATE TABLE IF NOT EXISTS public.left_over (id int);
        END IF;
    END $$;
    CREATE EVENT TRIGGER leave ON sql_drop EXECUTE FUNCTION leave();
";

/// Is in the way of the second migration.
pub(crate) const FAILS: &str = "CREATE TABLE parties (id int)";

/// The databases that checks over this one have left.
fn left(database: &TestDatabase) -> String {
    let comment = format!("migration check, made over the database {}", database.name());
    database.text(&format!(
        "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = '{comment}'"
    ))
}

#[track_caller]
fn is_untouched(database: &TestDatabase) {
    assert_eq!(database.text("SELECT count(*) FROM pg_class WHERE oid >= 16384"), "0");
    assert_eq!(left(database), "");
}

#[test]
fn a_server_is_made_for_it_and_the_environment_is_not_asked() {
    let database = TestDatabase::new();
    let project = Project::on(&database)
        .with("MIGRATION_DATABASE_URL", "postgres://canary@127.0.0.1:1/nowhere");
    project.write(".env", "PGHOST=nowhere.invalid\nDATABASE_URL=postgres://127.0.0.1:1/nowhere\n");
    project.write(
        "migration.toml",
        "[environments.production]\nurl_env = \"NOT_SET\"\nprotected = true\n",
    );
    let report = project.json("check --env production", 0);
    assert_eq!((&report["environment"], &report["database"]), (&Value::Null, &Value::Null));
    assert_eq!(report["round"], "proven");
    is_untouched(&database);
    // Everything is known: no server is needed for it.
    let outcome = project.with("PATH", "/usr/bin:/bin").expect("check", 0);
    assert!(outcome.stdout.contains("14 before"), "{}", outcome.stdout);
}

#[test]
fn a_scratch_server_is_named_by_a_flag_or_a_variable_of_its_own() {
    let (one, other) = (TestDatabase::new(), TestDatabase::new());
    let name = |it: &TestDatabase| format!("Scratch server: {} on ", it.name());
    let project = Project::new().with("MIGRATION_SCRATCH_URL", &one.url());
    let outcome = project.expect("check --no-cache", 0);
    assert!(outcome.stderr.contains(&name(&one)), "{}", outcome.stderr);
    for flag in ["--scratch-url", "--database-url"] {
        let outcome = project.expect(&format!("check {flag} {}", other.url()), 0);
        assert!(outcome.stderr.contains(&name(&other)), "{}", outcome.stderr);
    }
    project.expect(&format!("check --scratch-url {0} --database-url {0}", one.url()), 2);
    project.expect("check --database-url=", 2);
    project.expect("check --scratch-url=", 2);
    project.expect("check --scratch-url postgres://u:canary@127.0.0.1:1/d", 3);
    is_untouched(&one);
    is_untouched(&other);
}

#[test]
fn what_was_proven_is_kept_with_what_cargo_has_built() {
    let database = TestDatabase::new();
    let project = Project::new().with("MIGRATION_SCRATCH_URL", &database.url());
    project.expect("check --no-cache", 0);
    assert!(!project.path().join(".migration").exists());
    project.expect("check", 0);
    assert!(project.path().join(".migration/check/proven.json").is_file());
    project.write("target/CACHEDIR.TAG", "");
    project.expect("check", 0);
    assert!(project.path().join("target/migration-check/proven.json").is_file());
    assert_eq!(project.json("check", 0)["proofs"][0]["proven"], "before");
    assert_eq!(project.json("check --no-cache", 0)["proofs"][0]["proven"], "now");
}

#[test]
fn every_format_tells_the_same_and_has_its_exit_code() {
    let database = TestDatabase::new();
    let project = Project::new().with("MIGRATION_SCRATCH_URL", &database.url());
    project.write("leaves.sql", LEAVES);
    project.write("fails.sql", FAILS);
    let down = "migrations/20240320000000_create_iam_tables.down.sql";
    let printed = |format: &str, setup: &str, code| {
        project.expect(&format!("check --setup {setup}.sql --format {format}"), code).stdout
    };
    let github = printed("github", "leaves", 5);
    assert!(github.starts_with(&format!("::error file={down},line=")), "{github}");
    assert_eq!(github.lines().count(), 1, "{github}");
    let sarif: Value = serde_json::from_str(&printed("sarif", "leaves", 5)).unwrap();
    is_sarif(&sarif);
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "down_differs");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], down);
    let junit = printed("junit", "fails", 1);
    assert!(junit.contains("<testcase classname=\"migrations\" name=\"20240327091500"), "{junit}");
    assert!(junit.contains("type=\"up_failed\""), "{junit}");
    let json: Value = serde_json::from_str(&printed("json", "leaves", 5)).unwrap();
    crate::schema::assert_documented(&json);
    assert_eq!(json["problems"][0]["kind"], "down_differs");
    // Nothing to tell is an empty log, and a whole document elsewhere.
    let clean = |format: &str| project.expect(&format!("check --format {format}"), 0).stdout;
    assert_eq!(clean("github"), "");
    let sarif: Value = serde_json::from_str(&clean("sarif")).unwrap();
    is_sarif(&sarif);
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    assert!(clean("junit").contains("failures=\"0\""));
    is_untouched(&database);
}

/// What the standard requires of the parts that are written.
#[track_caller]
fn is_sarif(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("/sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert!(!driver["name"].as_str().unwrap().is_empty());
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
    }
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        // GitHub refuses the whole file for one without.
        assert_ne!(result["locations"], serde_json::json!([]), "{result}");
        for location in result["locations"].as_array().unwrap() {
            let physical = &location["physicalLocation"];
            let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/') && !uri.contains([' ', '\\']), "{uri}");
            assert!(physical["region"]["startLine"].as_u64().unwrap() > 0);
        }
    }
}
