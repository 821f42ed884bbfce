//! Consent at a terminal: the plan is shown, the database's name is typed, and only then anything happens.

use migration_tests::{TestDatabase, wait_until};

use crate::embedded::Stopped;
use crate::project::Project;
use crate::terminal::Terminal;

fn terminal(project: &Project, args: &str) -> Terminal {
    Terminal::start(project.command(args))
}

fn applied(database: &TestDatabase) -> String {
    database.text("SELECT count(*) FROM _migrations")
}

const UNTOUCHED: &str = "SELECT to_regclass('_migrations') IS NULL";

#[test]
fn whoever_types_the_name_of_the_database_agrees_to_the_plan_that_was_shown() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut terminal = terminal(&project, "up --steps 2 --env production");
    terminal.wait_for("Type ");
    assert_eq!(database.text(UNTOUCHED), "t");
    terminal.type_line(database.name());
    let (code, seen, stdout) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(applied(&database), "2");
    let order = [
        "20240320000000_create_iam_tables.up.sql",
        "2 migrations would run.",
        "This is a protected database: running 2 migrations.",
        &format!("Type {} to go on: ", database.name()),
    ];
    let places: Vec<_> =
        order.iter().map(|it| seen.find(it).unwrap_or_else(|| panic!("{it}: {seen}"))).collect();
    assert!(places.is_sorted(), "{seen}");
    assert!(stdout.starts_with("Ran 2 migrations"), "{stdout}");
}

#[test]
fn whoever_is_asked_sees_which_tables_are_locked_and_how_large_they_are() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --to 20240619085000 --env production --confirm", 0);
    database.execute("ANALYZE contracts");
    let mut terminal = terminal(&project, "up --env production");
    terminal.wait_for("Type ");
    terminal.type_line("no");
    let (code, seen, _) = terminal.end();
    assert_eq!(code, 7, "{seen}");
    assert!(seen.contains("about 0 rows)"), "{seen}");
    assert!(seen.contains("contracts ("), "{seen}");
    assert!(
        seen.contains("SHARE UPDATE EXCLUSIVE, blocks schema changes; every row is read"),
        "{seen}"
    );
    assert!(seen.contains("ROW EXCLUSIVE, blocks nobody"), "{seen}");
    let plan = project.json("plan", 0);
    let tables = plan["plan"][0]["tables"].as_array().unwrap();
    assert_eq!(tables[0]["table"], "contracts");
}

#[test]
fn anything_else_is_no_consent() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    for answer in ["", "y", "yes", "production", &format!("x{}", database.name())] {
        let mut terminal = terminal(&project, "up --env production");
        terminal.wait_for("Type ");
        terminal.type_line(answer);
        let (code, seen, _) = terminal.end();
        assert_eq!(code, 7, "{answer:?}: {seen}");
        assert!(seen.contains("State: nothing was changed"), "{seen}");
        assert!(seen.contains("Hint: migration-cli up --env production --confirm"), "{seen}");
    }
    assert_eq!(database.text(UNTOUCHED), "t");
}

#[test]
fn a_signal_while_somebody_thinks_is_130() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut terminal = terminal(&project, "up --env production");
    terminal.wait_for("Type ");
    terminal.interrupt();
    let (code, seen, _) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    assert!(seen.contains("State: nothing was changed"), "{seen}");
    assert!(!seen.contains("cancelling"), "{seen}");
    assert_eq!(database.text(UNTOUCHED), "t");

    // Where there is a log, it has a row about it.
    project.expect("up --steps 2 --env production --confirm", 0);
    for command in ["up --env production", "down", "force 20240320000000", "repair"] {
        if command == "repair" {
            database.execute("DROP TABLE _migrations_progress");
        }
        interrupt(&project, command);
    }
    assert_eq!(
        rows_behind(&database, 2),
        "up interrupted, down interrupted, force interrupted, repair interrupted"
    );
    assert_eq!(applied(&database), "2");
}

/// The log from some row on: command and outcome of each.
fn rows_behind(database: &TestDatabase, count: usize) -> String {
    database.text(&format!(
        "SELECT string_agg(command || ' ' || outcome, ', ' ORDER BY id) FROM
           (SELECT * FROM _migrations_log ORDER BY id OFFSET {count}) AS later"
    ))
}

#[test]
fn a_signal_ends_every_question_about_loss() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    let id = project.expect("backup", 0).stdout.trim().to_owned();
    interrupt(&project, &format!("restore {id}"));
    assert_eq!(rows_behind(&database, 3), "restore interrupted");
    project.expect(&format!("restore {id} --confirm"), 0);
    interrupt(&project, &format!("restore --drop-old {id}"));
    assert!(rows_behind(&database, 3).ends_with("restore interrupted"));
    interrupt(&project, "backup prune --keep 1 --env production");

    let Stopped(project) = &Stopped(Project::new());
    project.expect("status", 0);
    interrupt(project, "db reset");
    assert!(project.expect("db status", 0).stdout.contains("running"));
}

#[track_caller]
fn interrupt(project: &Project, command: &str) {
    let mut terminal = terminal(project, command);
    terminal.wait_for("Type ");
    terminal.interrupt();
    let (code, seen, _) = terminal.end();
    assert_eq!(code, 130, "{command}: {seen}");
    assert!(seen.contains("State: nothing was changed"), "{command}: {seen}");
    assert!(!seen.contains("cancelling"), "{command}: {seen}");
}

#[test]
fn whoever_is_asked_sees_it_where_stdout_goes_elsewhere() {
    #[track_caller]
    fn check(project: &Project, command: &str, shown: &str, question: &str) {
        for json in ["", " --json"] {
            let mut terminal = terminal(project, &format!("{command}{json}"));
            terminal.wait_for("Type ");
            terminal.type_line("no");
            let (code, seen, _) = terminal.end();
            assert_eq!(code, 7, "{command}: {seen}");
            let places = [shown, question].map(|it| seen.find(it));
            assert!(places[0].is_some() && places.is_sorted(), "{command}: {seen}");
        }
    }

    let database = TestDatabase::new();
    let project = Project::on(&database).with("MIGRATION_ENV", "production");
    project.expect("up --steps 2 --confirm", 0);
    let ids: Vec<_> =
        (0..2).map(|_| project.expect("backup", 0).stdout.trim().to_owned()).collect();
    let oldest = project.json("backup list", 0)["backups"][0]["id"].as_str().unwrap().to_owned();
    assert!(ids.contains(&oldest));
    let question = "This is a protected database: ";
    check(&project, "force 20240320000000", "- 20240327091500 create_party_tables", question);
    check(&project, "backup prune --keep 1", &format!("- {oldest}\r\n"), question);
    database.execute("DROP TABLE _migrations_progress");
    check(&project, "repair", "Found: the table ", question);
}

#[test]
fn nobody_is_asked_where_nobody_may_be() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let (code, seen, _) = terminal(&project, "up --env production --non-interactive").end();
    assert_eq!(code, 7, "{seen}");
    assert!(!seen.contains("Type "), "{seen}");
    // A pipe is nobody, even where stderr is a terminal; what is typed into it says nothing.
    assert_eq!(project.expect("up --env production", 7).stdout, "");
    // And with nothing to do, there is nothing to ask.
    project.expect("up --env production --confirm", 0);
    let (code, seen, _) = terminal(&project, "up --env production").end();
    assert_eq!(code, 0, "{seen}");
}

#[test]
fn nobody_holds_the_lock_while_somebody_thinks_and_another_plan_is_refused() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut terminal = terminal(&project, "up --steps 2 --env production");
    terminal.wait_for("Type ");
    // Another runner gets through meanwhile.
    project.expect("up --steps 1 --env production --confirm", 0);
    terminal.type_line(database.name());
    let (code, seen, _) = terminal.end();
    assert_eq!(code, 5, "{seen}");
    assert!(seen.contains("there is something else to do than what was agreed to"), "{seen}");
    assert_eq!(applied(&database), "1");
}

#[test]
fn a_database_that_is_protected_itself_is_asked_about_too() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 3 --env production --confirm", 0);
    for (command, what) in [
        ("down", "reverting 1 migration"),
        ("up --steps 2", "running 2 migrations"),
        ("force 20240320000000 --reason x", "changing the history"),
    ] {
        let mut terminal = terminal(&project, command);
        terminal.wait_for("Type ");
        terminal.type_line(database.name());
        let (code, seen, _) = terminal.end();
        assert_eq!(code, 0, "{command}: {seen}");
        assert!(seen.contains(&format!("This is a protected database: {what}.")), "{seen}");
    }
    assert_eq!(applied(&database), "1");
    // What was agreed to was never refused.
    assert_eq!(rows_behind(&database, 3), "down ok, up ok, up ok, force ok");
    let mut terminal = terminal(&project, "up");
    terminal.wait_for("Type ");
    terminal.type_line("no");
    assert_eq!(terminal.end().0, 7);
    assert_eq!(rows_behind(&database, 7), "up refused");
}

#[test]
fn the_hint_repeats_what_was_typed_where_the_database_itself_is_protected() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2 --env production --confirm", 0);
    let id = project.expect("backup --env production", 0).stdout.trim().to_owned();
    for typed in [
        "up --steps 1 --lock-timeout 1s",
        "down 2 --env ci",
        "force 20240320000000 --reason x",
        &format!("restore {id} --disconnect --env production"),
    ] {
        let outcome = project.expect(typed, 7);
        let hint = format!("Hint: migration-cli {typed} --confirm\n");
        assert_eq!(outcome.stderr.matches(&hint).count(), 1, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.matches("Hint: migration-cli").count(), 1, "{}", outcome.stderr);
    }
    assert_eq!(applied(&database), "2");
}

#[test]
fn data_is_lost_only_where_that_is_agreed_to() {
    let project = Project::new();
    project.expect("status", 0);
    let mut asked = terminal(&project, "db reset");
    asked.wait_for("Type development to go on: ");
    asked.type_line("no");
    assert_eq!(asked.end().0, 7);
    let mut agreed = terminal(&project, "db reset");
    agreed.wait_for("Type development to go on: ");
    agreed.type_line("development");
    let (code, seen, _) = agreed.end();
    assert_eq!(code, 0, "{seen}");
    let absent = || project.expect("db status", 0).stdout.contains("absent");
    wait_until("the database is gone", absent);
}
