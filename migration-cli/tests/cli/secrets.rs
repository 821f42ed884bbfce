//! No password is ever printed: one is planted everywhere, and looked for in everything.

use migration_tests::TestDatabase;

use crate::project::{Outcome, Project};

const CANARY: &str = "c4n4ry";

const COMMANDS: [&str; 27] = [
    "status",
    "status --json",
    "status -vv",
    "up --dry-run",
    "up",
    "up --json -v",
    "verify",
    "verify --json",
    "repair --dry-run",
    "plan",
    "plan --json -v",
    "info 20240320000000",
    "info 20240320000000 --json",
    "config",
    "config --json",
    "force 20240320000000 --json",
    "force 20240327091500 --env production",
    "down 99",
    "down --json",
    "up --env production",
    "up --env production --json",
    "create x",
    "db status",
    "db url --json",
    "nonsense",
    "up nonsense --json",
    "--help",
];

#[test]
fn a_good_url_is_not_printed() {
    let database = TestDatabase::new();
    let role = database.role("app", "");
    database.execute(&format!("ALTER DATABASE {} OWNER TO {}", database.name(), role.name));
    database.execute(&format!("ALTER ROLE {} PASSWORD '{CANARY}'", role.name));
    let port = database.server().tcp_port();
    let url = format!("postgres://{}:{CANARY}@127.0.0.1:{port}/{}", role.name, database.name());
    Project::new().with("DATABASE_URL", &url).expect("status", 0);
    everywhere(&url);
    everywhere(&format!(
        "host=127.0.0.1 port={port} user={} password={CANARY} dbname={}",
        role.name,
        database.name()
    ));
}

#[test]
fn a_url_that_fails_is_not_printed() {
    everywhere(&format!("postgres://app:{CANARY}@127.0.0.1:1/app"));
    everywhere(&format!("postgres://app:{CANARY}@127.0.0.1:port/app"));
    everywhere(&format!("postgres://app:{CANARY}/{CANARY}@127.0.0.1/app"));
    everywhere(&format!("postgres://app:{CANARY}?{CANARY}#{CANARY}"));
    everywhere(&format!("postgres://app:x@{CANARY}@127.0.0.1:1/app"));
    everywhere(&format!("postgres://app:x@/{CANARY}@127.0.0.1:1/app"));
    everywhere(&format!("host=127.0.0.1 password={CANARY} {CANARY}"));
    everywhere(CANARY);
}

fn everywhere(url: &str) {
    let from_variable = Project::new().with("DATABASE_URL", url);
    let from_dotenv = Project::new();
    from_dotenv.write(".env", &format!("MIGRATION_DATABASE_URL=\"{url}\"\n"));
    let from_file = Project::new();
    let sections =
        ["development", "production"].map(|it| format!("[environments.{it}]\nurl = \"{url}\"\n"));
    from_file.write("migration.toml", &sections.concat());
    let from_flag = Project::new();
    for command in COMMANDS {
        for project in [&from_variable, &from_dotenv, &from_file] {
            check(command, &project.run(command));
        }
        let mut flagged = from_flag.command("");
        flagged.args(["--database-url", url]).args(command.split(' '));
        check(command, &Outcome::of(&mut flagged));
    }
}

#[test]
fn a_url_in_the_wrong_place_is_not_printed() {
    let url = format!("postgres://app:{CANARY}@db/app");
    let project = Project::new();
    for json in ["", "--json"] {
        check("", &project.run(&format!("{url} {json}")));
        check("", &project.run(&format!("down {url} {json}")));
        check("", &project.run(&format!("up --to {url} {json}")));
        check("", &project.run(&format!("up --env {url} {json}")));
        check("", &project.run(&format!("up --config {url} {json}")));
        check("", &project.run(&format!("up --databse-url={url} {json}")));
    }
    project.write(".env", &format!("DATABASE_URL={url} {CANARY}\n"));
    check("", &project.run("status"));
    project.write(".env", "");
    for text in [
        format!("url = '{url}'\n"),
        format!("[environments.live]\nurl = {url}\n"),
        format!("[environments.live]\nurl = '{url}\n"),
        format!("[environments.live]\nprotected = '{url}'\n"),
        format!("environments = '{url}'\n"),
    ] {
        project.write("migration.toml", &text);
        let outcome = project.run("status");
        assert_eq!(outcome.code, 2, "{text}");
        check(&text, &outcome);
    }
}

#[track_caller]
fn check(what: &str, outcome: &Outcome) {
    assert!(!outcome.all().contains(CANARY), "{what}\n{}\n{}", outcome.stdout, outcome.stderr);
    assert_ne!(outcome.code, 70, "{what}\n{}", outcome.stderr);
}
