//! `logs`: what it shows beyond its transcript.

use migration_tests::TestDatabase;

use crate::project::Project;

#[test]
fn what_others_wrote_into_the_log_does_not_steer_the_terminal() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    let hostile = "E'\\x1b]0;owned\\x07\\r\\x1b[2J\\u202e' || repeat('x', 100000) || E'\\nOK'";
    database.execute(&format!(
        "ALTER TABLE _migrations_log DISABLE TRIGGER append_only;
         UPDATE _migrations_log SET command = {hostile}, outcome = {hostile}, message = {hostile},
             sqlstate = {hostile}, db_role = {hostile}, os_user = {hostile}, host = {hostile},
             environment = {hostile}, application = {hostile}, revision = {hostile},
             version = E'\\x1b[2J1', direction = {hostile},
             detail = jsonb_build_object('text', {hostile}) WHERE id = 1"
    ));
    for args in ["logs", "logs --verbose", "logs --limit 2 --color never", "info 20240327091500"] {
        let shown = project.expect(args, 0).stdout;
        let steers = |it: char| (it.is_control() && it != '\n') || it == '\u{202e}';
        assert!(!shown.contains(steers), "{args}: {:?}", &shown[..400]);
        assert!(shown.contains("20240327091500"), "{args}: the row of its own is shown too");
    }
    // A row stays a row, and what was said about it one line below it.
    let lines = project.expect("logs", 0).stdout;
    let widths: Vec<usize> = lines.lines().map(|it| it.chars().count()).collect();
    assert_eq!(widths.len(), 4, "{widths:?}");
    assert!(widths[1] < 500, "{widths:?}");
}

/// What the last rows of the log say, behind those that were there.
#[track_caller]
fn logged(project: &Project, before: usize) -> Vec<(String, String, String)> {
    let logs = project.json("logs --limit 100", 0);
    let entries = logs["entries"].as_array().unwrap()[before..].iter();
    let text = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
    entries.map(|it| (text(&it["command"]), text(&it["outcome"]), text(&it["message"]))).collect()
}

#[test]
fn what_is_refused_for_want_of_consent_is_logged() {
    #[track_caller]
    fn check(project: &Project, args: &str, (command, message): (&str, &str)) {
        let before = logged(project, 0).len();
        project.expect(&format!("{args} --env production"), 7);
        let [row] = &logged(project, before)[..] else { panic!("{args}") };
        assert_eq!((row.0.as_str(), row.1.as_str()), (command, "refused"), "{args}");
        assert!(row.2.contains(message), "{args}: {row:?}");
    }

    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --env production", 7);
    assert_eq!(logged(&project, 0), [], "there is no log yet, and a refusal makes none");
    project.expect("up --steps 3", 0);
    check(&project, "up", ("up", "running 11 migrations needs --confirm"));
    check(&project, "apply --json", ("up", "needs --confirm"));
    check(&project, "down 2", ("down", "reverting 2 migrations needs --confirm"));
    check(&project, "force 20240327091500", ("force", "changing the history needs --confirm"));
    database.execute("DROP TABLE _migrations_script");
    check(&project, "repair", ("repair", "mending 1 finding needs --confirm"));
    let entry = &project.json("logs --limit 1", 0)["entries"][0];
    assert_eq!(entry["detail"], serde_json::json!({ "kind": "consent" }));
    assert_eq!(entry["environment"], "production");
}

#[test]
fn what_cannot_be_planned_is_logged_once_with_and_without_consent() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 3", 0);
    database.execute("UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2");
    for (args, code, command) in [
        ("up", 5, "up"),
        ("up --env production", 5, "up"),
        ("up --env production --confirm", 5, "up"),
        ("down 9", 2, "down"),
        ("down 9 --env production", 2, "down"),
    ] {
        let before = logged(&project, 0).len();
        project.expect(args, code);
        let rows = logged(&project, before);
        assert_eq!(rows.len(), 1, "{args}: {rows:?}");
        assert_eq!((rows[0].0.as_str(), rows[0].1.as_str()), (command, "refused"), "{args}");
    }
    let before = logged(&project, 0).len();
    for args in ["up --dry-run", "plan", "plan --down 9", "down 9 --dry-run"] {
        project.run(args);
    }
    for args in ["status", "verify", "logs", "up --to 20240320000001", "force 20240320000001"] {
        project.run(args);
    }
    assert_eq!(logged(&project, before), [], "what only shows, and what asks no database");
}

#[test]
fn rows_of_the_log_are_on_stderr_where_that_is_wanted_and_never_with_sql() {
    /// The lines of a level, as far as they are of the log of the database.
    fn told(stderr: &str, level: &str) -> Vec<String> {
        let lines = stderr.lines().filter_map(|it| it.split_once(&format!(" {level} ")));
        let lines = lines.filter_map(|it| {
            Some(it.1.trim().strip_prefix("migrate_runtime::audit] ")?.to_owned())
        });
        lines.collect()
    }

    let database = TestDatabase::new();
    database.execute("CREATE TABLE parties (id int)");
    let quiet = Project::on(&database);
    let project = Project::on(&database).with("RUST_LOG", "info");
    let up = project.expect("up", 1).stderr;
    let [first, second] = &told(&up, "INFO ")[..] else { panic!("{up}") };
    assert!(first.starts_with("up 20240320000000: ok in "), "{first}");
    assert!(second.starts_with("up 20240327091500: failed, SQLSTATE 42P07, run "), "{second}");
    let refused = project.expect("up --env production", 7).stderr;
    assert!(told(&refused, "INFO ")[0].starts_with("up: refused, run "), "{refused}");
    let down = project.expect("down", 0).stderr;
    assert!(told(&down, "INFO ")[0].starts_with("down 20240320000000: ok in "), "{down}");
    project.expect("force 20240320000000", 0);
    let lines = [up, refused, down].concat();
    let lines = lines.lines().filter(|it| it.contains(" INFO "));
    for line in lines {
        let sql = ["CREATE", "DROP", "SELECT", "INSERT"].into_iter().find(|it| line.contains(it));
        assert_eq!(sql, None, "{line}");
    }
    // What failed is told once unless more was asked for.
    let failed = quiet.expect("up", 1).stderr;
    assert!(!failed.contains("migrate_runtime") && failed.contains("Error: "), "{failed}");
    // The server may quote a script: that is for debugging.
    let debugging = Project::on(&database).with("RUST_LOG", "migrate_runtime=debug");
    let failed = debugging.expect("up", 1).stderr;
    let message = "up 20240327091500: failed: relation \"parties\" already exists";
    assert!(told(&failed, "DEBUG").iter().any(|it| it == message), "{failed}");
}

#[test]
fn the_log_names_the_revision_that_the_program_was_built_from() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 1", 0);
    let version = project.expect("--version", 0).stdout;
    // A build from an archive knows none.
    let revision = version.trim_end().split_once(", revision ").map(|it| it.1);
    let entry = &project.json("logs", 0)["entries"][0];
    assert_eq!(entry["revision"].as_str(), revision);
    if let Some(revision) = revision {
        let shown = project.expect("logs", 0).stdout;
        assert!(shown.contains(&format!("  {}  ", &revision[..8])), "{shown}");
        assert!(project.expect("logs -v", 0).stdout.contains(revision));
    }
}
