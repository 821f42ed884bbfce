//! No password is ever printed: one is planted everywhere, and looked for in everything.

use std::os::unix::fs::PermissionsExt as _;

use migration_tests::{Role, TestDatabase};

use crate::embedded::Stopped;
use crate::project::{Outcome, Project};

const CANARY: &str = "c4n4ry";

/// Each with some of the projects: all of them with all would take minutes.
const COMMANDS: [&str; 54] = [
    "status",
    "status --json",
    "status -vv",
    "up --dry-run",
    "up",
    "up --json -v",
    "verify",
    "verify --json",
    "verify --deep -vv",
    "verify --offline --json",
    "doctor -vv",
    "doctor --json",
    "repair --dry-run",
    "repair -vv",
    "repair --env production --json",
    "plan",
    "plan --down -vv",
    "plan --json -v",
    "info 20240320000000",
    "info 20240320000000 --json",
    "logs",
    "logs -vv",
    "logs --json",
    "schema --output - -vv",
    "schema --output tables.json",
    "schema --check --json",
    "report --output - -vv",
    "report --json",
    "config",
    "config --json",
    "force 20240320000000 --json",
    "force 20240327091500 --env production",
    "down 99",
    "down --json",
    "up --env production",
    "up --env production --json",
    "up --with-backup -vv",
    "backup --json -vv",
    "backup list",
    "backup list --json",
    "backup verify 20200101T000000Z-development-0000 -vv",
    "backup prune --keep 1 -vv",
    "backup prune --keep 1 --env production --json",
    "restore 20200101T000000Z-development-0000 --confirm -vv",
    "restore --drop-old 20200101T000000Z-development-0000 --json",
    "check --json -vv",
    "create x",
    "import --from migrations --layout sqlx",
    "init --json",
    "db status",
    "db url --json",
    "nonsense",
    "up nonsense --json",
    "--help",
];

/// A role that owns the database and has the password that is looked for.
fn owner(database: &TestDatabase) -> Role {
    let role = database.role("app", "");
    database.execute(&format!("ALTER DATABASE {} OWNER TO {}", database.name(), role.name));
    database.execute(&format!("ALTER ROLE {} PASSWORD '{CANARY}'", role.name));
    role
}

#[test]
fn a_good_url_is_not_printed() {
    let database = TestDatabase::new();
    let role = owner(&database);
    let port = database.server().tcp_port();
    let url = format!("postgres://{}:{CANARY}@127.0.0.1:{port}/{}", role.name, database.name());
    Project::new().with("DATABASE_URL", &url).expect("status", 0);
    everywhere(&url, &[0, 1]);
    let keywords = format!("host=127.0.0.1 port={port} user={} ", role.name);
    everywhere(&format!("{keywords}password = {CANARY} dbname={}", database.name()), &[2, 3]);
}

#[test]
fn a_url_that_fails_is_not_printed() {
    everywhere(&format!("postgres://app:{CANARY}@127.0.0.1:1/app"), &[0]);
    everywhere(&format!("postgres://app:{CANARY}@127.0.0.1:port/app"), &[1]);
    everywhere(&format!("postgres://app:{CANARY}/{CANARY}@127.0.0.1/app"), &[2]);
    everywhere(&format!("postgres://app:{CANARY}?{CANARY}#{CANARY}"), &[3]);
    everywhere(&format!("postgres://app:x@{CANARY}@127.0.0.1:1/app"), &[4]);
    everywhere(&format!("postgres://app:x@/{CANARY}@127.0.0.1:1/app"), &[5]);
    everywhere(&format!(r"host=127.0.0.1 password='\'{CANARY}' {CANARY}"), &[6]);
    everywhere(CANARY, &[7]);
}

#[test]
fn a_password_beside_the_url_is_not_printed() {
    let database = TestDatabase::new();
    let role = owner(&database);
    let port = database.server().tcp_port().to_string();
    let url = format!("postgres://{}@127.0.0.1:{port}/{}", role.name, database.name());
    let toml = |more: &str| {
        let sections =
            ["development", "production"].map(|it| format!("[environments.{it}]\n{more}\n"));
        sections.concat()
    };

    let variable = Project::new().with("DATABASE_URL", &url).with("PGPASSWORD", CANARY);
    let dotenv = Project::new().with("PGPASSWORD", "");
    dotenv.write(".env", &format!("DATABASE_URL={url}\nPGPASSWORD={CANARY}\n"));
    let passfile = Project::new().with("DATABASE_URL", &url).with("PGPASSWORD", "");
    passfile.write("passfile", &format!("*:*:*:*:{CANARY}\n"));
    let file = passfile.path().join("passfile");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let passfile = passfile.with("PGPASSFILE", &file.display().to_string());
    let service = Project::new().with("PGPASSWORD", "").with("PGSERVICE", "app");
    let text = format!(
        "[app]\nhost=127.0.0.1\nport={port}\nuser={}\npassword={CANARY}\ndbname={}\n",
        role.name,
        database.name()
    );
    service.write("services", &text);
    let file = service.path().join("services").display().to_string();
    let service = service.with("PGSERVICEFILE", &file);
    let command = Project::new().with("PGPASSWORD", "");
    command.write("secret", CANARY);
    command
        .write("migration.toml", &toml(&format!("url = '{url}'\npassword_command = 'cat secret'")));
    let named = Project::new().with("PGPASSWORD", "");
    let whole = url.replace('@', &format!(":{CANARY}@"));
    let named = named.with("OUR_URL", &whole);
    named.write("migration.toml", &toml("url_env = 'OUR_URL'"));

    let projects = [&variable, &dotenv, &passfile, &service, &command, &named];
    for project in projects {
        project.expect("status", 0);
    }
    service.expect("up", 0);
    let id = service.expect("backup", 0).stdout.trim().to_owned();
    for command in [format!("backup verify {id}"), format!("restore {id} --confirm")] {
        let mut loud = service.command(&command);
        let outcome = Outcome::of(loud.env("RUST_LOG", "trace"));
        assert_eq!(outcome.code, 0, "{}", outcome.all());
        check(&command, &outcome);
    }
    for (at, command) in COMMANDS.into_iter().enumerate() {
        for project in [projects[at % 6], projects[(at + 3) % 6]] {
            let mut loud = project.command(command);
            check(command, &Outcome::of(loud.env("RUST_LOG", "trace")));
        }
    }
    // Where it is wrong, the server says so, and nobody says it.
    database.execute(&format!("ALTER ROLE {} PASSWORD 'another'", role.name));
    for project in projects {
        check("status", &project.expect("status", 3));
        check("config", &project.expect("config --json", 0));
    }
}

/// Runs each command with some of the four places where a URL may be, each with others; the rest have their
/// turn with another URL.
fn everywhere(url: &str, turns: &[usize]) {
    let from_variable = Project::new().with("DATABASE_URL", url);
    let from_dotenv = Project::new();
    from_dotenv.write(".env", &format!("MIGRATION_DATABASE_URL=\"{url}\"\n"));
    let from_file = Project::new();
    let sections =
        ["development", "production"].map(|it| format!("[environments.{it}]\nurl = \"{url}\"\n"));
    from_file.write("migration.toml", &sections.concat());
    let from_flag = Project::new();
    for (at, command) in COMMANDS.into_iter().enumerate() {
        for place in turns.iter().map(|it| (at + it) % 4) {
            if let Some(project) = [&from_variable, &from_dotenv, &from_file].get(place) {
                check(command, &project.run(command));
                continue;
            }
            let mut flagged = from_flag.command("");
            flagged.args(["--database-url", url]).args(command.split(' '));
            check(command, &Outcome::of(&mut flagged));
        }
    }
}

#[test]
fn the_embedded_database_says_nothing_of_another_ones_password() {
    let url = format!("postgres://app:{CANARY}@127.0.0.1:1/app");
    let project = Stopped(Project::new().with("DATABASE_URL", &url).with("PGPASSWORD", CANARY));
    for command in ["db start -vv", "db status", "db url --json", "db stop", "db reset --confirm"] {
        let mut loud = project.0.command(command);
        let outcome = Outcome::of(loud.env("RUST_LOG", "trace"));
        assert_eq!(outcome.code, 0, "{}", outcome.all());
        check(command, &outcome);
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
        format!("[environments.development]\nurl_env = '{url}'\n"),
        format!("schema = '{url}'\n"),
        format!("schema_format = '{url}'\n"),
        format!("[drift]\nignore = '{url}'\n"),
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

#[test]
fn the_programs_own_log_holds_no_password_at_any_level() {
    let database = TestDatabase::new();
    let role = owner(&database);
    let port = database.server().tcp_port();
    let url = format!("postgres://{}:{CANARY}@127.0.0.1:{port}/{}", role.name, database.name());
    for (url, good) in [(url.as_str(), true), (&format!("{url}?nonsense={CANARY}"), false)] {
        let project = Project::new().with("DATABASE_URL", url).with("RUST_LOG", "trace");
        for args in
            ["up --steps 2", "down", "up --env production", "force 20240327091500", "logs", "up"]
        {
            let outcome = project.run(args);
            check(args, &outcome);
            assert_eq!(outcome.stderr.contains(" DEBUG "), good, "{args}\n{}", outcome.stderr);
        }
    }
}
