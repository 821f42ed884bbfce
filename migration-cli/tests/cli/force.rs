//! `force` as a process: what it shows before it is allowed to, and what is left when it is killed.

use migration_tests::{TestDatabase, wait_until};

use crate::project::{Outcome, Project};

#[test]
fn the_difference_is_shown_before_consent_is_asked_for() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let outcome = project.expect("force 20240327091500 --env production", 7);
    assert!(
        outcome.stdout.starts_with("+ 20240320000000 create_iam_tables\n+ "),
        "{}",
        outcome.all()
    );
    let hint = "Hint: migration-cli force 20240327091500 --env production --confirm";
    assert!(outcome.stderr.contains(hint), "{}", outcome.all());
    assert_eq!(database.text("SELECT to_regclass('_migrations')"), "");

    project.expect("force 20240327091500 --env production --dry-run", 0);
    project.expect("force 20240327091500 --env production --confirm", 0);
    // What is pasted says the same.
    let mut command = project.command("force 20240403083000 --env production --reason");
    let outcome = Outcome::of(command.arg("it's two words"));
    let hint = r"--reason 'it'\''s two words' --confirm";
    assert!(outcome.code == 7 && outcome.stderr.contains(hint), "{}", outcome.all());
    // Nothing to change needs no consent.
    project.expect("force 20240327091500 --env production", 0);
}

#[test]
fn a_process_that_is_killed_leaves_the_whole_change_or_nothing() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    // It stops before the last row that it writes.
    database.execute(
        "CREATE FUNCTION barrier() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_lock(7); RETURN NEW; END $$;
         CREATE TRIGGER barrier BEFORE INSERT ON _migrations_log FOR EACH ROW
             WHEN (NEW.command = 'force') EXECUTE FUNCTION barrier()",
    );
    let mut holder = database.client();
    holder.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
    let mut child = project.command("force 20240522090000 --reason killed").spawn().unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event = 'advisory'";
    wait_until("it waits at the barrier", || database.text(waiting) == "1");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "2");
    drop(holder);

    // The server finishes what it was sent, or notices that nobody waits for it.
    let working = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name LIKE 'migration-cli%'";
    wait_until("the server is done", || database.text(working) == "0");
    let count = |table: &str| database.text(&format!("SELECT count(*) FROM {table}"));
    let forced = count("_migrations_log WHERE command = 'force'") == "1";
    let expected = if forced { "9" } else { "2" };
    assert_eq!(count("_migrations"), expected);
    assert_eq!(count("_migrations_script"), expected);
    project.expect("force 20240522090000", 0);
    assert_eq!(count("_migrations"), "9");
}
