//! `doctor` as a process: its exit codes, and what it looks like.

use std::net::TcpListener;

use migration_tests::TestDatabase;
use serde_json::Value;

use crate::project::Project;

fn levels(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().map(|it| it["level"].as_str().unwrap()).collect()
}

#[test]
fn warnings_are_0_and_a_problem_is_5() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    // The server of the tests has a superuser, and forgets what it was given when it crashes.
    let report = project.json("doctor", 0);
    assert!(levels(&report).contains(&"warning") && !levels(&report).contains(&"problem"));
    assert_eq!(report["database"], database.name());
    let page = project.expect("doctor", 0).stdout;
    assert!(page.ends_with(" warnings, 20 ok.\n"), "{page}");

    let reader = database.role("reader", "");
    database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let lacking = Project::new().with("DATABASE_URL", &reader.url);
    let page = lacking.expect("doctor", 5).stdout;
    let hint = format!("  Hint: GRANT CREATE ON SCHEMA public TO {};\n", reader.name);
    assert!(page.contains("problem  schema") && page.contains(&hint), "{page}");
    assert!(levels(&lacking.json("doctor", 5)).contains(&"problem"));
}

#[test]
fn a_server_that_cannot_be_reached_is_3() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://deploy:canary@127.0.0.1:{port}/app");
    let project = Project::new().with("DATABASE_URL", &url);
    let outcome = project.expect("doctor", 3);
    assert!(outcome.stderr.contains("Error: cannot connect"), "{}", outcome.stderr);
    assert!(!outcome.all().contains("canary"));
    // What can be told without it is told before.
    assert!(outcome.stdout.contains("\nok       backup space  "), "{}", outcome.stdout);
    let report = project.json("doctor", 3);
    assert_eq!(report["error"]["kind"], "connect");
    let kinds = report["checks"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap());
    assert_eq!(kinds.collect::<Vec<_>>(), ["pg_dump", "backup_space"]);
    let unconfigured = Project::new().json("doctor --env production", 2);
    assert_eq!(unconfigured["checks"].as_array().unwrap().len(), 2);
}

#[test]
fn nothing_is_needed_but_a_login() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    // Consent is for what changes something.
    project.expect("doctor --env production", 0);
    let nobody = database.role("nobody", "");
    database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC");
    let page = Project::new().with("DATABASE_URL", &nobody.url).expect("doctor", 5).stdout;
    assert!(page.contains("Hint: GRANT USAGE, CREATE ON SCHEMA public"), "{page}");
    assert!(page.contains("cannot be told: permission denied for schema public"), "{page}");
}
