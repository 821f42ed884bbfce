//! Servers that cannot be reached, do not let us in, or do not let us write: exit 3. And one that was
//! lost for a moment.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{Role, TestDatabase};

use crate::project::{Outcome, Project};

/// A password that appears nowhere else.
const SECRET: &str = "canary-7f3a";

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

    // The address that is dialled is named beside the host, and a URL in the wrong place is none the less one.
    let odd =
        format!("host=db.invalid hostaddr=127.0.0.1 port={port} user=u dbname=x://u:canary@h");
    let outcome = Project::new().with("DATABASE_URL", &odd).expect("status", 3);
    let database = format!("Database: x://u:***@h on db.invalid:{port} (127.0.0.1) as u (");
    assert!(outcome.stderr.starts_with(&database), "{}", outcome.stderr);
    assert!(!outcome.all().contains("canary"), "{}", outcome.all());
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
fn what_psql_would_connect_to_is_connected_to() {
    let database = TestDatabase::new();
    let role = database.role("owner", "SUPERUSER");
    database.execute(&format!("ALTER ROLE {} PASSWORD '{SECRET}'", role.name));
    let Tcp { port, name } = Tcp::of(&role);
    let project = Project::new()
        .with("PGPASSWORD", "")
        .with("PGHOST", "127.0.0.1")
        .with("PGPORT", &port)
        .with("PGDATABASE", &name)
        .with("PGUSER", &role.name);
    let missing = project.expect("status", 3);
    assert!(missing.stderr.contains("wants a password, and there is none"), "{}", missing.stderr);

    project.write(".pgpass", &format!("127.0.0.1:{port}:*:{}:{SECRET}\n", role.name));
    let home = project.path().display().to_string();
    let pgpass = project.path().join(".pgpass");
    let project = project.with("HOME", &home);
    std::fs::set_permissions(&pgpass, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = project.expect("status", 3);
    assert!(open.stderr.contains("chmod 600"), "{}", open.stderr);
    std::fs::set_permissions(&pgpass, std::fs::Permissions::from_mode(0o600)).unwrap();
    project.expect("up --steps 1", 0);
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");

    let config = project.expect("config", 0);
    assert!(config.stdout.contains("***"), "{}", config.stdout);
    assert!(!config.all().contains(SECRET), "{}", config.stdout);
    let by_variable = Project::new().with("PGPASSWORD", SECRET).with("PGUSER", &role.name);
    let named = format!("postgres://127.0.0.1:{port}/{name}");
    by_variable.with("DATABASE_URL", &named).expect("status", 0);
}

#[test]
fn a_password_is_asked_of_a_command_for_every_connection_and_never_shown() {
    let database = TestDatabase::new();
    let role = database.role("owner", "SUPERUSER");
    database.execute(&format!("ALTER ROLE {} PASSWORD '{SECRET}'", role.name));
    let Tcp { port, name } = Tcp::of(&role);
    let project = Project::new().with("PGPASSWORD", "");
    let url = format!("postgres://{}@127.0.0.1:{port}/{name}", role.name);
    let command = |line: &str| {
        let command = format!("password_command = '''{line}'''\n");
        project.write("migration.toml", &format!("[environments.ci]\nurl = '{url}'\n{command}"));
    };
    command(&format!("echo called >> calls; echo {SECRET}"));
    let ran = project.expect("up --steps 1 --env ci -v", 0);
    assert!(!ran.all().contains(SECRET), "{}", ran.all());
    assert_eq!(std::fs::read_to_string(project.path().join("calls")).unwrap(), "called\n");

    command(&format!("echo {SECRET} >&2; exit 3"));
    let failed = project.expect("status --env ci", 3);
    let why = "password_command failed (exit status: 3)";
    assert!(failed.stderr.contains(why), "{}", failed.stderr);
    assert!(!failed.all().contains(SECRET), "{}", failed.all());
    // Another database than the environment's does not get its password.
    let mut typed = project.command("status --env ci");
    let outcome = Outcome::of(typed.args(["--database-url", &url]));
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("wants a password"), "{}", outcome.stderr);
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
    let url = "postgres://u:canary@127.0.0.1:1/d?require_auth=scram-sha-256";
    let refused = "Error: `require_auth` is not something this version can keep";
    check(&project, &["--database-url", url], refused);
    let keywords = "host=127.0.0.1 port=1 password=canary user=u sslmode=verify-full";
    let no_authority = "Database: u on 127.0.0.1:1 as u (environment development)\nError: the server's certificate is to be verified, and no authority is known";
    check(&project, &["--database-url", keywords], no_authority);
    let empty = "Error: --database-url is empty";
    check(&project, &["--database-url", ""], empty);
    check(&project.with("DATABASE_URL", url), &["--database-url= "], empty);
}

/// A loopback address that does not look like one, so that it counts as a network.
const NETWORK: &str = "127.1";

#[test]
fn a_protected_environment_over_a_network_is_encrypted() {
    #[track_caller]
    fn check(url: &str, args: &str, code: i32, expected: &[&str]) {
        let project = Project::new().with("DATABASE_URL", url);
        let outcome = project.expect(args, code);
        for text in ["Warning: ", "Hint: migration-cli status --env production --allow-insecure"] {
            let is_expected = expected.iter().any(|it| it.starts_with(text));
            assert_eq!(outcome.stderr.contains(text), is_expected, "{args}\n{}", outcome.stderr);
        }
        for text in expected {
            assert!(outcome.stderr.contains(text), "{args}\n{}", outcome.stderr);
        }
        assert!(!outcome.all().contains("canary"), "{}", outcome.all());
    }

    let plain = "postgres://u:canary@db.invalid/d?sslmode=disable";
    let refused = [
        "Database: d on db.invalid:5432 as u (environment production)\nError: ",
        "is protected, and sslmode=disable sends everything through the network as it is",
        "State: nothing was changed",
        "Hint: migration-cli status --env production --allow-insecure",
    ];
    check(plain, "status --env production", 7, &refused);
    // Nobody answers there; what is said before that is what counts.
    let nobody = format!("postgres://u:canary@{NETWORK}:1/d?sslmode=");
    let warning = |mode: &str| {
        format!("Warning: the environment `production` is protected, and sslmode={mode} does not")
    };
    for mode in ["allow", "prefer", "require"] {
        let url = format!("{nobody}{mode}");
        check(&url, "status --env production", 3, &[&warning(mode)]);
        check(&url, "status --env production --allow-insecure", 3, &[]);
        check(&url, "status --env ci", 3, &[]);
    }
    check(&format!("{nobody}disable"), "status --env production --allow-insecure", 3, &[]);
    let proved = format!("{nobody}verify-full&sslrootcert=system");
    check(&proved, "status --env production", 3, &[]);
    let local = "postgres://u:canary@127.0.0.1:1/d?sslmode=disable";
    check(local, "status --env production", 3, &[]);
}

#[test]
fn what_a_server_without_tls_needs_is_hinted_at_where_it_is_protected() {
    let database = TestDatabase::new();
    let role = database.role("owner", "SUPERUSER");
    let url = role.tcp_url.replace("127.0.0.1", NETWORK);
    assert!(url.contains(NETWORK), "{url}");
    let project = Project::new().with("DATABASE_URL", &url).with("MIGRATION_ENV", "production");
    let outcome = project.expect("up --steps 1 --confirm", 3);
    let hint = "Hint: migration-cli up --steps 1 --confirm --allow-insecure\n";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("sslmode=disable"), "{}", outcome.stderr);
    project.expect("up --steps 1 --confirm --allow-insecure", 0);

    // What was demanded has to be taken back too.
    let separator = if url.contains('?') { '&' } else { '?' };
    let demanding = format!("{url}{separator}sslmode=require");
    let outcome = Project::new().with("DATABASE_URL", &demanding).expect("up --env production", 3);
    assert!(outcome.stderr.contains("Hint: sslmode=disable"), "{}", outcome.stderr);
    let hint = "Hint: migration-cli up --env production --allow-insecure\n";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    let outcome = Project::new().with("DATABASE_URL", &demanding).expect("up", 3);
    assert!(!outcome.stderr.contains("--allow-insecure"), "{}", outcome.stderr);
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
    assert!(!project.expect(&args, 0).stderr.contains("Warning: "));

    // The application's own database is probably not the one that was meant.
    let warning = |key: &str| {
        let file = |name: &str| project.path().join(name).display().to_string();
        let (dotenv, toml) = (file(".env"), file("migration.toml"));
        let key = format!("environments.ci.{key}");
        format!(
            "Warning: DATABASE_URL in {dotenv} names the database, and comes before {key} in {toml}\n"
        )
    };
    for command in ["status", "config"] {
        let outcome = project.expect(command, 0);
        assert!(outcome.stderr.contains(&warning("url")), "{}", outcome.stderr);
    }
    let write =
        |line: &str| project.write("migration.toml", &format!("[environments.ci]\n{line}\n"));
    write(&format!("direct_url = '{}'", file.url()));
    assert!(project.expect("status", 0).stderr.contains(&warning("direct_url")));
    for same in ["url_env = 'DATABASE_URL'".to_owned(), format!("url = '{}'", dotenv.url())] {
        write(&same);
        assert!(!project.expect("status", 0).stderr.contains("Warning: "));
    }
}

#[test]
fn the_configuration_tells_what_counts_about_encryption() {
    #[track_caller]
    fn check(project: &Project, args: &str, expected: &[(&str, &str, &str)]) {
        let config = project.json(&format!("config {args}"), 0);
        let settings = config["settings"].as_array().unwrap();
        for (key, value, source) in expected {
            let found = settings.iter().find(|it| it["key"] == *key).unwrap();
            assert_eq!((&found["value"], &found["source"]), (&(*value).into(), &(*source).into()));
        }
        let has = |key: &str| settings.iter().any(|it| it["key"] == key);
        assert_eq!(has("channel_binding"), expected.len() > 3);
    }

    let url = "postgres://u:canary@db.invalid/d";
    let project = Project::new().with("OUR_URL", url);
    project.write(
        "migration.toml",
        "[environments.live]\nprotected = true\nurl_env = 'OUR_URL'\n\
         [environments.ci]\nurl_env = 'OUR_URL'\n",
    );
    let file = |key: &str| format!("migration.toml: environments.{key}");
    let place = "d on db.invalid:5432 as u";
    let named = file("live.url_env (OUR_URL)");
    let protected = file("live.protected");
    let database = ("database", place, named.as_str());
    let password = ("password", "***", named.as_str());
    check(&project, "--env live", &[database, password, ("sslmode", "require", &protected)]);
    let insecure = ("sslmode", "prefer", "default");
    check(&project, "--env live --allow-insecure", &[database, password, insecure]);
    let named = file("ci.url_env (OUR_URL)");
    check(&project, "--env ci", &[("database", place, &named), insecure, insecure]);

    let more = "?sslmode=verify-full&sslrootcert=ca.pem&channel_binding=require";
    let project = project.with("OUR_URL", &format!("{url}{more}"));
    let named = file("live.url_env (OUR_URL)");
    let settings = [
        ("sslmode", "verify-full", named.as_str()),
        ("sslrootcert", "ca.pem", &named),
        ("channel_binding", "require", &named),
        ("password", "***", &named),
    ];
    check(&project, "--env live", &settings);
}

#[test]
fn a_connection_that_is_lost_is_opened_again_and_told() {
    let database = TestDatabase::new();
    let proxy = Proxy::tcp(&database);
    let project = Project::new().with("DATABASE_URL", &proxy.url());
    // Reading; lock and reading, where there is no table yet; making the tables; two migrations, one of which at
    // least is answered to nobody.
    proxy.set(Fault::CutAfterQuery(6));
    let outcome = project.expect("up", 0);
    let lost = "Reconnecting: the connection was lost while running migration 2024";
    assert_eq!(outcome.stderr.matches(lost).count(), 1, "{}", outcome.stderr);
    for name in ["create_iam_tables", "create_party_tables"] {
        assert_eq!(outcome.stderr.matches(&format!("  {name}")).count(), 1, "{}", outcome.stderr);
    }
    assert_eq!(outcome.stderr.matches("/14").count(), 14, "{}", outcome.stderr);
    assert_eq!(proxy.fault(), Fault::None);
    assert!(project.states().iter().all(|it| it.1 == "applied"));
}

/// How a role reaches its database over TCP.
struct Tcp {
    port: String,
    name: String,
}

impl Tcp {
    fn of(role: &Role) -> Tcp {
        Tcp {
            port: role.tcp.get_ports()[0].to_string(),
            name: role.tcp.get_dbname().unwrap().to_owned(),
        }
    }
}
