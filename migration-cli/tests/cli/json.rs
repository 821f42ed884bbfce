//! The one JSON object: its shape on success and on failure, of every command.

use migration_tests::TestDatabase;
use serde_json::{Value, json};

use crate::project::Project;
use crate::schema::assert_documented;

const FIELDS: [&str; 8] =
    ["command", "environment", "database", "ok", "exit_code", "error", "migrations", "summary"];

#[test]
fn every_command_prints_one_object_with_the_fields_in_order() {
    #[track_caller]
    fn check(project: &Project, args: &str, code: i32, command: &str) {
        let outcome = project.expect(&format!("{args} --json"), code);
        let mut rest = outcome.stdout.as_str();
        for field in FIELDS {
            let line = format!("\n  \"{field}\": ");
            let at = rest.find(&line).unwrap_or_else(|| panic!("{field}\n{}", outcome.stdout));
            rest = &rest[at + line.len()..];
        }
        let value: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_documented(&value);
        assert_eq!(value["command"], command, "{args}");
        assert_eq!(value["exit_code"], code, "{args}");
        assert_eq!(value["ok"], code == 0, "{args}");
        // A finding is a result: the command did what it was asked to.
        assert_eq!(value["error"].is_null(), code == 0 || code == 4, "{args}");
    }

    let database = TestDatabase::new();
    let project = Project::on(&database);
    check(&project, "status", 0, "status");
    check(&project, "up --dry-run", 0, "up");
    check(&project, "apply --steps 2", 0, "up");
    check(&project, "rollback", 0, "down");
    check(&project, "verify", 0, "verify");
    check(&project, "verify --offline", 0, "verify");
    check(&project, "status --check", 4, "status");
    check(&project, "new something", 0, "create");
    check(&project, "import --from none", 2, "import");
    check(&project, "init", 2, "init");
    check(&project, "plan", 0, "plan");
    check(&project, "info 20240320000000", 0, "info");
    check(&project, "logs", 0, "logs");
    check(&project, "history --limit 1", 0, "logs");
    check(&project, "config", 0, "config");
    check(&project, "completions zsh", 0, "completions");
    check(&project, "man up", 0, "man");
    check(&project, "down 99", 2, "down");
    check(&project, "down 0", 2, "down");
    check(&project, "up --nonsense", 2, "up");
    check(&project, "nonsense", 2, "");
    check(&project, "", 2, "");
    check(&project, "up --env production", 7, "up");
    check(&project, "db status", 0, "db status");
    check(&project, "db reset", 7, "db reset");
    check(&Project::new(), "up --env staging", 2, "up");
    check(&Project::new().with("DATABASE_URL", "nonsense"), "up", 2, "up");
}

#[test]
fn a_migration_is_told_as_promised() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let ran = project.json("up --steps 1", 0);
    assert_eq!(ran["database"], database.name());
    assert_eq!(ran["environment"], "development");
    assert_eq!(ran["migrations"].as_array().unwrap().len(), 1);
    assert_eq!(ran["summary"]["applied"], 1);

    let status = project.json("status", 0);
    let migrations = status["migrations"].as_array().unwrap();
    let [first, second, ..] = migrations.as_slice() else { panic!("{status}") };
    assert_eq!(first["state"], "applied");
    assert_eq!(first["version"], "20240320000000");
    assert_eq!(first["name"], "create_iam_tables");
    assert_eq!(first["checksum"].as_str().unwrap().len(), 64);
    assert!(first["execution_time_ms"].is_u64());
    let applied_at = first["applied_at"].as_str().unwrap();
    assert!(applied_at.len() == 20 && applied_at.ends_with('Z'), "{applied_at}");
    assert_eq!(first["checksum"], ran["migrations"][0]["checksum"]);
    assert_eq!(second["state"], "pending");
    assert_eq!(second["applied_at"], Value::Null);
    assert_eq!(second["execution_time_ms"], Value::Null);
    let summary = json!({
        "applied": 1, "pending": migrations.len() - 1,
        "edited": 0, "unknown": 0, "out_of_order": 0, "unfinished": 0
    });
    assert_eq!(status["summary"], summary);

    let reverted = project.json("down", 0);
    assert_eq!(reverted["migrations"][0]["state"], "pending");
    assert_eq!(reverted["migrations"][0]["version"], first["version"]);
}

#[test]
fn an_error_has_its_kind_its_place_and_its_way_out() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE parties (id int)");
    let project = Project::on(&database);
    let failed = project.json("up", 1);
    let error = &failed["error"];
    assert_eq!(error["kind"], "sql");
    assert_eq!(error["sqlstate"], "42P07");
    assert!(error["message"].as_str().unwrap().contains("\"parties\" already exists"), "{error}");
    let file = error["file"].as_str().unwrap();
    assert!(file.starts_with("migrations/20240327091500"), "{error}");
    assert!(error["line"].as_u64().unwrap() > 1, "{error}");
    assert!(error["hints"].as_array().unwrap().iter().all(Value::is_string), "{error}");
    let ran = failed["migrations"].as_array().unwrap();
    assert_eq!(ran.len(), 1, "what ran before it: {failed}");

    let state = error["state"].as_str().unwrap();
    assert!(state.contains("20240327091500"), "{error}");
    assert_eq!((&error["detail"], &error["hint"]), (&Value::Null, &Value::Null));

    let usage = project.json("down 0", 2);
    assert_eq!(usage["error"]["kind"], "usage");
    assert_eq!(usage["error"]["file"], Value::Null);
    assert_eq!(usage["environment"], Value::Null);
    assert_eq!(project.json("up --env production", 7)["error"]["kind"], "consent");

    project.write("migration.toml", "colour = 1\n");
    let config = project.json("up", 2);
    assert_eq!(config["error"]["kind"], "config");
    assert_eq!((&config["error"]["line"], &config["error"]["column"]), (&json!(1), &json!(1)));
}

#[test]
fn a_summary_counts_what_was_looked_at_or_is_missing() {
    #[track_caller]
    fn check(project: &Project, args: &str, code: i32, expected: Option<(u64, u64)>) {
        let summary = &project.json(args, code)["summary"];
        let counts = expected.map(|(applied, pending)| {
            json!({
                "applied": applied, "pending": pending,
                "edited": 0, "unknown": 0, "out_of_order": 0, "unfinished": 0
            })
        });
        assert_eq!(*summary, json!(counts), "{args}");
    }

    let database = TestDatabase::new();
    let project = Project::on(&database);
    let all = project.states().len() as u64;
    check(&project, "up --dry-run", 0, None);
    check(&project, "up --env production", 7, None);
    check(&project, "up --steps 2", 0, Some((2, 0)));
    check(&project, "status", 0, Some((2, all - 2)));
    check(&project, "verify", 0, Some((2, all - 2)));
    check(&project, "verify --offline", 0, None);
    check(&project, "down", 0, Some((0, 1)));
    check(&project, "down --dry-run", 0, None);
    check(&project, "down 99", 2, None);
    check(&project, "up --nonsense", 2, None);
    check(&project, "create x", 0, None);
    check(&project, "db status", 0, None);
    let elsewhere = Project::new().with("DATABASE_URL", "postgres://u@127.0.0.1:1/d");
    check(&elsewhere, "up", 3, None);

    database.execute("CREATE TABLE parties (id int)");
    check(&project, "down", 0, Some((0, 1)));
    check(&project, "up", 1, Some((1, 0)));
}

#[test]
fn what_the_server_said_is_passed_on() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 1", 0);
    // What reverting drops is in use.
    database.execute("CREATE VIEW in_use AS SELECT * FROM users");
    let error = &project.json("down", 1)["error"];
    assert_eq!(error["sqlstate"], "2BP01");
    assert_eq!(error["detail"], "view in_use depends on table users");
    assert!(error["hint"].as_str().unwrap().contains("CASCADE"), "{error}");
    assert!(error["state"].is_string(), "{error}");
}

#[test]
fn commands_add_what_is_theirs() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let plan = project.json("up --dry-run --steps 1", 0);
    let step = json!({
        "version": "20240320000000", "name": "create_iam_tables", "direction": "up",
        "mode": "transactional", "statements": plan["plan"][0]["statements"],
        "script": plan["plan"][0]["script"], "tables": [], "effects": plan["plan"][0]["effects"],
        "verdict": { "impact": "none", "message": "nobody waits for it", "estimated_ms": null },
        "findings": [],
        "file": "migrations/20240320000000_create_iam_tables.up.sql"
    });
    let script = plan["plan"][0]["script"].as_array().unwrap();
    assert_eq!(script.len() as u64, plan["plan"][0]["statements"].as_u64().unwrap());
    assert_eq!(script[0], json!({ "line": 8, "kind": "create-table", "manner": "once" }));
    assert_eq!(plan["plan"], json!([step]));
    assert_eq!(plan["plan"][0]["effects"][0], json!({ "line": 8, "known": true, "locks": [] }));
    assert_eq!(plan["obstacles"], json!([]));
    assert_eq!(plan["migrations"], json!([]));

    let run = project.json("up", 0);
    assert_eq!(run["run"].as_str().unwrap().len(), 36);

    database.execute("UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 1");
    let verified = project.json("verify", 5);
    let problems = verified["problems"].as_array().unwrap();
    let [problem] = problems.as_slice() else { panic!("{verified}") };
    assert_eq!(
        (&problem["kind"], &problem["version"]),
        (&json!("edited"), &json!("20240320000000"))
    );
    assert!(problem["message"].is_string() && problem["hint"].is_string(), "{problem}");
    assert_eq!(verified["compared"], true);
    assert_eq!(project.json("verify --offline", 0)["compared"], cfg!(debug_assertions));

    let created = project.json("create something", 0);
    assert_eq!(created["files"].as_array().unwrap().len(), 2);
    assert_eq!(project.json("db status", 0)["embedded"]["state"], "absent");
}

#[test]
fn what_runs_in_batches_is_told_and_what_is_verified() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let plan = project.json("plan", 0);
    let step = plan["plan"].as_array().unwrap().last().unwrap();
    let manners: Vec<_> =
        step["script"].as_array().unwrap().iter().map(|it| &it["manner"]).collect();
    assert_eq!(manners, ["once", "once", "batch", "verify"]);
    let batch = json!({
        "table": "contracts", "key": ["id"], "size": 5000, "min_size": 100, "max_size": 50000, "target_ms": 200,
        "pause_ms": 0
    });
    assert_eq!(step["script"][2]["batch"], batch);
    let info = project.json("info 20240710123000", 0);
    let down = &info["info"]["scripts"][1]["statements"];
    assert_eq!(down[0]["batch"]["table"], "contract_titles_as_entered");
    assert_eq!(down[1].get("batch"), None);
}

#[test]
fn the_log_says_who_did_what_when_and_from_where() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let run = project.json("up --steps 1", 0)["run"].clone();
    database.execute(
        "ALTER TABLE _migrations_log DISABLE TRIGGER append_only;
         UPDATE _migrations_log SET os_user = 'ada', host = 'desk', environment = 'staging',
             application = 'contracts 1.2', revision = 'abc', detail = '{\"retries\": 2}',
             outcome = 'failed', sqlstate = '42P07', message = 'it was there',
             started_at = '2026-01-02 03:04:05+00', finished_at = '2026-01-02 03:04:07+00'",
    );
    let info = project.json("info 20240320000000", 0);
    let expected = json!([{
        "run": run, "command": "up", "version": "20240320000000", "direction": "up",
        "started_at": "2026-01-02T03:04:05Z", "finished_at": "2026-01-02T03:04:07Z",
        "duration_ms": 2000, "outcome": "failed", "sqlstate": "42P07", "message": "it was there",
        "retries": 2, "detail": { "retries": 2 }, "db_role": "migration", "os_user": "ada", "host": "desk",
        "environment": "staging", "application": "contracts 1.2", "revision": "abc"
    }]);
    assert_eq!(info["info"]["log"], expected);
    let logs = project.json("logs", 0);
    assert_eq!((&logs["entries"], &logs["has_older_entries"]), (&expected, &json!(false)));
    let none = Project::on(&TestDatabase::new()).json("logs", 0);
    assert_eq!(none["entries"], json!([]));
}
