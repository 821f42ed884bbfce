//! Servers that cannot be reached, do not let us in, or do not let us write: exit 3.

use std::net::TcpListener;

use migration_tests::TestDatabase;

use crate::project::{Outcome, Project};

#[test]
fn an_unreachable_server_is_named_without_the_password() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://deploy:canary@127.0.0.1:{port}/app");
    let project = Project::new().with("DATABASE_URL", &url);
    let outcome = project.expect("up", 3);
    let database = format!("Database: app on 127.0.0.1:{port} as deploy (environment development)");
    assert!(outcome.stderr.starts_with(&database), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Error: cannot connect"), "{}", outcome.stderr);
    assert!(!outcome.all().contains("canary"));
    assert_eq!(project.json("up", 3)["error"]["kind"], "connect");
}

#[test]
fn a_wrong_password_is_said_and_not_shown() {
    let database = TestDatabase::new();
    let url = database.tcp_url().replace(":migration@", ":canary@");
    let outcome = Project::new().with("DATABASE_URL", &url).expect("status", 3);
    assert!(outcome.stderr.contains("password authentication failed"), "{}", outcome.stderr);
    assert!(!outcome.all().contains("canary"), "{}", outcome.stderr);
}

#[test]
fn a_role_without_rights_may_look_and_not_touch() {
    let database = TestDatabase::new();
    let reader = database.role("reader", "");
    let project = Project::new().with("DATABASE_URL", &reader.tcp_url);
    project.expect("status", 0);
    project.expect("up", 3);
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t");
}

#[test]
fn no_server_on_the_machine_is_one_screen() {
    let project = Project::new();
    let mut command = project.command("up");
    let outcome = Outcome::of(command.env("PG_BIN", project.path()));
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Hint: "), "{}", outcome.stderr);
    assert!(outcome.stderr.lines().count() < 24, "{}", outcome.stderr);
}

#[test]
fn our_own_url_comes_before_the_applications() {
    let (direct, pooled) = (TestDatabase::new(), TestDatabase::new());
    let project = Project::on(&pooled)
        .with("MIGRATION_DATABASE_URL", &direct.url())
        .with("MIGRATION_ENV", "ci");
    let outcome = project.expect("up --steps 1", 0);
    assert!(outcome.stderr.contains("(environment ci)"), "{}", outcome.stderr);
    assert_eq!(direct.text("SELECT count(*) FROM _migrations"), "1");
    assert_eq!(pooled.text("SELECT to_regclass('_migrations') IS NULL"), "t");
}

#[test]
fn a_dotenv_file_above_and_a_configuration_count() {
    let (file, dotenv) = (TestDatabase::new(), TestDatabase::new());
    let project = Project::new();
    project.write("migration.toml", &format!("[environments.ci]\nurl = \"{}\"\n", file.url()));
    assert_eq!(project.json("status --env ci", 0)["database"], file.name());
    project.write(".env", &format!("MIGRATION_ENV=ci\nDATABASE_URL='{}'\n", dotenv.url()));
    let status = project.json("status", 0);
    assert_eq!(
        (&status["database"], &status["environment"]),
        (&dotenv.name().into(), &"ci".into())
    );
    let args = format!("status --database-url {}", file.url());
    assert_eq!(project.json(&args, 0)["database"], file.name());
}
