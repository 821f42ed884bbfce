//! What `check` leaves on the server: nothing.

use migrate_runtime::check::{CheckFindingKind as Kind, Checker, Proven};
use migrate_runtime::{ConnectOptions, ErrorKind, Event};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials};

use super::check::{check, checker, left, proven};
use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        an_up_script_that_makes_something_else_the_second_time_is_told,
        roles_that_are_set_up_go_with_each_database,
        a_database_that_cannot_be_dropped_does_not_cost_the_report,
        a_role_without_the_right_is_told_which_one_it_is,
        a_database_that_a_killed_check_has_left_is_dropped,
        an_interruption_ends_it_and_leaves_no_database,
    ]
}

fn an_up_script_that_makes_something_else_the_second_time_is_told() {
    // What it leaves is no part of the schema: a role, which is the server's.
    let role = format!("again_{}", std::process::id());
    let up = format!(
        "DO $$ BEGIN
             IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE TABLE second (id int);
             ELSE CREATE ROLE {role}; CREATE TABLE first (id int); END IF;
         END $$"
    );
    let migrations = set(&[(
        "20260101000001_one",
        &up,
        "DROP TABLE IF EXISTS first; DROP TABLE IF EXISTS second",
    )]);
    let report = check(&migrations);
    assert_eq!(roles(&role), "0", "it goes with the database");
    assert_eq!(report.findings[0].kind, Kind::UpAgainDiffers);
    let differences: Vec<_> =
        report.findings[0].differences.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(differences, ["table first is missing", "table second is new"]);
}

/// How many there are on the server.
fn roles(beginning: &str) -> String {
    let count = format!("SELECT count(*) FROM pg_roles WHERE starts_with(rolname, '{beginning}')");
    TestDatabase::new().text(&count)
}

fn roles_that_are_set_up_go_with_each_database() {
    let role = format!("setup_{}", std::process::id());
    let grant = format!("CREATE TABLE one (id int); GRANT SELECT ON one TO {role}_b");
    let migrations = set(&[
        ("20260101000001_one", &grant, "SELECT 1"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
    ]);
    let database = TestDatabase::new();
    let setup = format!("CREATE ROLE {role}_a; CREATE ROLE {role}_b IN ROLE {role}_a");
    // For the second migration, it runs again.
    let report = checker(&migrations, &database).with_setup(setup).run().unwrap();
    assert_eq!(proven(&report), [Proven::Not, Proven::Now], "{report}");
    assert_eq!(roles(&role), "0");
}

fn a_database_that_cannot_be_dropped_does_not_cost_the_report() {
    let keep = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true', current_database()); END $$";
    let database = TestDatabase::new();
    let drop_left = || {
        let left = left(&database);
        assert_ne!(left, "");
        database.execute(&format!("ALTER DATABASE {left} IS_TEMPLATE false"));
        database.execute(&format!("DROP DATABASE {left}"));
        left
    };
    let (sender, warnings) = std::sync::mpsc::channel();
    let checker = |up, down| {
        let sender = sender.clone();
        checker(&set(&[("20260101000001_one", up, down)]), &database).on_event(move |event| {
            if let Event::Warning { message } = event {
                sender.send(message.clone()).unwrap();
            }
        })
    };
    let report = checker(keep, "SELECT 1").run().unwrap();
    assert!(report.is_clean(), "{report}");
    let warning =
        format!("the database {} is left over: cannot drop a template database", drop_left());
    assert_eq!(warnings.try_iter().collect::<Vec<_>>(), [warning]);
    let setup = format!("{keep}; SELECT 1 / 0");
    let error = checker("SELECT 1", "SELECT 1").with_setup_from("my.sql", setup).run().unwrap_err();
    assert_eq!(error.to_string(), "the setup of the check failed: my.sql");
    let state = error.state().unwrap_or_default().to_owned();
    assert!(!state.contains("is left over"), "a setup is one transaction: {state}");
    let stays = format!("{keep}; COMMIT; SELECT 1 / 0");
    let error = checker("SELECT 1", "SELECT 1").with_setup(stays).run().unwrap_err();
    let state = format!("the database {} is left over", drop_left());
    assert!(error.state().is_some_and(|it| it.ends_with(&state)), "{error:?}");
}

fn a_role_without_the_right_is_told_which_one_it_is() {
    let database = TestDatabase::new();
    let role = database.role("plain", "");
    let error = Checker::new(&three()).on_server(role.config.clone()).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Privilege);
    assert_eq!(error.hints(), [format!("ALTER ROLE {} CREATEDB;", role.name)]);
}

fn a_database_that_a_killed_check_has_left_is_dropped() {
    let (database, other) = (TestDatabase::new(), TestDatabase::new());
    let name =
        |of: &TestDatabase| format!("migration_check_{}", &of.name()["migration_test_".len()..]);
    for of in [&database, &other] {
        of.execute(&format!("CREATE DATABASE {}", name(of)));
        let comment = format!("migration check, made over the database {}", of.name());
        of.execute(&format!("COMMENT ON DATABASE {} IS '{comment}'", name(of)));
    }
    let options = ConnectOptions::parse(&database.url()).unwrap();
    assert!(Checker::new(&three()).on_server(options).run().unwrap().is_clean());
    assert_eq!((left(&database), left(&other)), (String::new(), name(&other)));
    database.execute(&format!("DROP DATABASE {}", name(&other)));
}

fn an_interruption_ends_it_and_leaves_no_database() {
    let migrations = set(&[("20260101000001_one", "SELECT pg_sleep(60)", "SELECT 1")]);
    let database = TestDatabase::new();
    let checker = checker(&migrations, &database);
    let interrupt = checker.interrupt();
    let checker = checker.on_event(move |event| {
        if let Event::Proving { .. } = event {
            interrupt.interrupt();
        }
    });
    assert!(checker.run().unwrap_err().is_interrupted());
    assert_eq!(left(&database), "");
}
