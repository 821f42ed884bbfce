//! Consent at a terminal: the plan is shown, the database's name is typed, and only then anything happens.

use migration_tests::{TestDatabase, wait_until};

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
    assert!(seen.contains("works on rows of contracts ("), "{seen}");
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
    assert_eq!(database.text(UNTOUCHED), "t");
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
}

#[test]
fn the_hint_repeats_what_was_typed_where_the_database_itself_is_protected() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2 --env production --confirm", 0);
    let id = project.expect("backup", 0).stdout.trim().to_owned();
    for typed in [
        "up --steps 1 --lock-timeout 1s",
        "down 2 --env ci",
        "force 20240320000000 --reason x",
        &format!("restore {id} --disconnect"),
    ] {
        let outcome = project.expect(typed, 7);
        let hint = format!("Hint: migration-cli {typed} --confirm\n");
        assert_eq!(outcome.stderr.matches(&hint).count(), 1, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.matches(" --confirm\n").count(), 1, "{}", outcome.stderr);
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
