//! Servers that cannot be reached, do not let us in, or do not let us write: exit 3. And one that was
//! lost for a moment.

use std::net::TcpListener;

use migration_tests::TestDatabase;
use migration_tests::proxy::{Fault, Proxy};

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
    let role = database.role("reader", "");
    let url = role.tcp_url.replace(&format!(":{}@", role.name), ":canary@");
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
fn a_wrong_pg_bin_is_one_screen_and_promises_nothing() {
    let project = Project::new();
    let mut command = project.command("up");
    let outcome = Outcome::of(command.env("PG_BIN", project.path()));
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Hint: "), "{}", outcome.stderr);
    assert!(outcome.stderr.lines().count() < 24, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("Making a database"), "{}", outcome.stderr);
}

#[test]
fn variables_of_psql_are_told_where_they_would_have_named_another_database() {
    const WARNING: &str = "Warning: set, but not read by this version: PGHOST, PGDATABASE; \
                           DATABASE_URL is what counts\n";
    let project = Project::new().with("PGHOST", "db").with("PGDATABASE", "app");
    let outcome = Outcome::of(project.command("status").env("PG_BIN", project.path()));
    assert!(outcome.stderr.starts_with(WARNING), "{}", outcome.stderr);

    let database = TestDatabase::new();
    let named = Project::on(&database).with("PGHOST", "db");
    assert!(!named.expect("status", 0).stderr.contains("PGHOST"));
}

#[test]
fn a_hint_stays_on_the_database_that_was_typed() {
    let project = Project::new();
    project.write("a b.toml", "");
    let url = "postgres://u:canary@127.0.0.1:1/d";
    let mut command = project.command("up --env ci --config");
    let outcome = Outcome::of(command.args(["a b.toml", "--database-url", url]));
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let hint = "Hint: migration-cli --env ci --config 'a b.toml' --database-url \"$DATABASE_URL\" ";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    assert!(!outcome.all().contains("canary"), "{}", outcome.stderr);

    let untyped = project.with("MIGRATION_ENV", "ci").with("DATABASE_URL", url).run("up");
    assert!(untyped.stderr.contains("--wait-for-db"), "{}", untyped.stderr);
    assert!(!untyped.stderr.contains("--env"), "{}", untyped.stderr);
}

#[test]
fn what_cannot_be_kept_is_said_before_anything_is_contacted() {
    #[track_caller]
    fn check(project: &Project, args: &[&str], message: &str) {
        let outcome = Outcome::of(project.command("status").args(args));
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.starts_with(message), "{}", outcome.stderr);
        assert!(!outcome.all().contains("canary"), "{}", outcome.stderr);
    }

    let project = Project::new();
    let url = "postgres://u:canary@127.0.0.1:1/d?sslmode=verify-full";
    let no_tls = "Error: this version connects without TLS, and cannot keep `sslmode=verify-full`";
    check(&project, &["--database-url", url], no_tls);
    let keywords = "host=127.0.0.1 port=1 password=canary sslmode=verify-full";
    check(&project, &["--database-url", keywords], no_tls);
    let empty = "Error: --database-url is empty";
    check(&project, &["--database-url", ""], empty);
    check(&project.with("DATABASE_URL", url), &["--database-url= "], empty);
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

#[test]
fn a_connection_that_is_lost_is_opened_again_and_told() {
    let database = TestDatabase::new();
    let proxy = Proxy::tcp(&database);
    let project = Project::new().with("DATABASE_URL", &proxy.url());
    // Reading; lock and reading, where there is no table yet; making the tables; a migration.
    proxy.set(Fault::CutAfterQuery(6));
    let outcome = project.expect("up", 0);
    let lost = "Reconnecting: the connection was lost while running migration 20240327091500_create_party_tables";
    assert_eq!(outcome.stderr.matches(lost).count(), 1, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("  create_party_tables").count(), 1, "{}", outcome.stderr);
    assert_eq!(proxy.fault(), Fault::None);
    assert!(project.states().iter().all(|it| it.1 == "applied"));
}
