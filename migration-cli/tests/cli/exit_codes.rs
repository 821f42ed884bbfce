//! Exit codes are a contract: each has a test here, except 3 (`connection.rs`) and 70 (a unit test).

use std::io::{BufRead, BufReader};
use std::process::Child;

use migration_tests::{TestDatabase, child, wait_until};

use crate::project::Project;

#[test]
fn done_and_nothing_to_do_are_0() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    assert!(project.expect("up", 0).stdout.starts_with("Nothing to run"));
    project.expect("status --check", 0);
    project.expect("verify", 0);
    project.expect("down", 0);
    project.expect("down --all", 0);
    assert!(project.expect("down --all", 0).stdout.starts_with("Nothing to revert"));
    assert!(project.states().iter().all(|(_, state)| state == "pending"));
}

#[test]
fn a_script_that_fails_is_1_and_told_in_full() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE users (id int)");
    let project = Project::on(&database);
    let outcome = project.expect("up", 1);
    let lines = [
        "Error: running migration 20240320000000_create_iam_tables failed",
        "Caused by: relation \"users\" already exists",
        " --> migrations/20240320000000_create_iam_tables.up.sql:",
        "SQLSTATE: 42P07",
        "State: nothing of 20240320000000_create_iam_tables was changed",
        "Hint: ",
    ];
    let mut rest = outcome.stderr.as_str();
    for line in lines {
        let at = rest.find(line).unwrap_or_else(|| panic!("{line}\n{}", outcome.stderr));
        rest = &rest[at..];
    }
    assert_eq!(database.text("SELECT count(*) FROM pg_tables WHERE tablename = 'roles'"), "0");
}

#[test]
fn locks_in_the_way_until_the_deadline_are_1_and_have_names() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    let mut reader = database.client();
    reader.batch_execute("SET application_name = 'report'").unwrap();
    reader.batch_execute("BEGIN; LOCK TABLE users").unwrap();
    let pid: i32 = reader.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let outcome = project.expect("up --steps 1 --lock-deadline 4s", 1);
    let role = format!("pid {pid}, application report, role migration, idle in transaction, ");
    for line in [format!(" waits for {role}"), format!("In the way: {role}")] {
        assert!(outcome.stderr.contains(&line), "{line}\n{}", outcome.stderr);
    }
    // Of the first attempts, which are over at once, nothing is said, and of the others not each.
    let attempts = outcome.stderr.lines().filter(|it| it.contains("a lock is in the way")).count();
    assert!((1..=2).contains(&attempts), "{}", outcome.stderr);
    let json = project.json("up --steps 1 --lock-deadline 2s", 1);
    assert_eq!(json["error"]["kind"], "lock_timeout");
    let blocker = &json["error"]["blockers"][0];
    assert_eq!((&blocker["pid"], &blocker["waits"]), (&pid.into(), &false.into()));
    let statement = blocker["statement"].as_str().unwrap();
    assert_eq!(statement, "SELECT pg_backend_pid()");
    drop(reader);
    project.expect("up --steps 1", 0);
}

#[test]
fn what_makes_no_sense_is_2() {
    #[track_caller]
    fn check(project: &Project, args: &str, message: &str) {
        let outcome = project.expect(args, 2);
        assert!(outcome.stderr.contains(message), "{args}\n{}", outcome.stderr);
        assert!(outcome.stderr.contains("Error: "), "{args}\n{}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{args}");
    }

    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 1", 0);
    check(&project, "", "a command is missing");
    check(&project, "down 0", "invalid value '0'");
    check(&project, "down 99", "99 migrations cannot be reverted, 1 ");
    check(&project, "down 1 --all", "cannot be used with");
    check(&project, "up --to 20200101000000", "20200101000000");
    check(&project, "up --to tomorrow", "a version has fourteen digits");
    check(&project, "up --wait 5", "a whole number and its unit");
    check(&project, "up --single-transaction", "cannot run in a transaction");
    check(&project, "up --migrations-dir x", "for `create` and `import` alone");
    check(&project, "statsu", "did you mean `status`?");
    check(&project, "--env prod up", "--env production");
    check(&project, "--env a/b up", "an environment's name");
    check(&project, "--config none.toml up", "none.toml");
    check(&project, "create -- -/-", "makes no name");
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");
}

#[test]
fn a_version_that_does_not_exist_is_2_without_any_database() {
    let project = Project::new().with("DATABASE_URL", "postgres://u@127.0.0.1:1/d");
    let outcome = project.expect("up --to 20240320000001", 2);
    assert!(outcome.stderr.starts_with("Error: this program has no migration 20240320000001"));
    assert!(outcome.stderr.contains("Hint: migration-cli up --to 20240320000000\n"));
    for command in ["up --to", "force"] {
        let refused = project.json(&format!("{command} 20240320000001"), 2);
        assert_eq!(refused["error"]["kind"], "no_such_version");
        let nearest = format!("migration-cli {command} 20240320000000");
        assert_eq!(refused["error"]["hints"][0], nearest.as_str());
    }
}

#[test]
fn an_environment_without_a_database_is_2_with_what_to_type() {
    let project = Project::new();
    for environment in ["staging", "production"] {
        let outcome = project.expect(&format!("up --env {environment}"), 2);
        assert!(outcome.stderr.contains("Hint: export DATABASE_URL="), "{}", outcome.stderr);
    }
    project.write("migration.toml", "[environments.development]\nprotected = true\n");
    assert!(project.expect("up", 2).stderr.contains("protected environment `development`"));
    assert!(!project.path().join(".migration").exists());
}

#[test]
fn a_configuration_with_a_slip_is_2_with_its_place() {
    let project = Project::new();
    project.write("migration.toml", "[environments.live]\nprotcted = true\n");
    project.write("below/file", "");
    let mut command = project.command("status");
    let outcome = crate::project::Outcome::of(command.current_dir(project.path().join("below")));
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("migration.toml:2:1"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("did you mean `protected`?"), "{}", outcome.stderr);
}

#[test]
fn pending_is_4_for_a_check_alone() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("status --check", 4);
    project.expect("status", 0);
    project.expect("verify", 0);
    project.expect("up", 0);
    database.execute("DELETE FROM _migrations WHERE version = '20240320000000'");
    project.expect("status --check", 4);
}

#[test]
fn a_difference_is_5() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    database.execute("UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2");
    project.expect("verify", 5);
    project.expect("status --check", 5);
    project.expect("status", 0);
    let outcome = project.expect("up", 5);
    assert!(outcome.stderr.contains("edited after it ran"), "{}", outcome.stderr);

    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    database.execute("DELETE FROM _migrations WHERE id = 1");
    let outcome = project.expect("up", 5);
    assert!(outcome.stderr.contains("Hint: migration-cli up --allow-out-of-order"));
    project.expect("verify", 5);
}

#[test]
fn another_runner_is_6_after_the_wait() {
    let database = TestDatabase::new();
    let mut other = database.client();
    other.batch_execute(LOCK).unwrap();
    let outcome = Project::on(&database).expect("up --wait 0s", 6);
    assert!(outcome.stderr.contains("Error: "), "{}", outcome.stderr);
    drop(other);
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t");
}

#[test]
fn a_change_without_consent_is_7_and_changes_nothing() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let outcome = project.expect("up --env production", 7);
    let hint = "Hint: migration-cli up --env production --confirm";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t");
    project.expect("up --env production --non-interactive", 7);
    project.expect("up --env production --dry-run", 0);
    project.expect("status --env production", 0);

    project.expect("up --env production --confirm", 0);
    project.expect("up --env production", 0);
    project.expect("down --env production", 7);
    project.expect("down --env production --yes", 0);
    project.expect("up --env production -y", 0);

    project.write("migration.toml", "[environments.live]\nprotected = true\n");
    let live = Project::on(&database).with("MIGRATION_ENV", "live");
    live.write("migration.toml", "[environments.live]\nprotected = true\n");
    live.expect("down", 7);
}

#[test]
fn a_database_remembers_that_it_is_protected() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2 --env production --confirm", 0);
    let noted = "SELECT string_agg(key || '=' || value, ' ' ORDER BY key) FROM _migrations_meta WHERE key IN ('environment', 'protected')";
    assert_eq!(database.text(noted), "environment=\"production\" protected=true");

    for command in ["up", "down", "force 20240320000000", "up --env staging"] {
        let refused = project.expect(command, 7);
        let why = "belongs to the environment `production`, which is protected";
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "2");
    let logged = "SELECT count(*) FROM _migrations_log WHERE outcome = 'refused' AND message LIKE '%protected%'";
    assert_eq!(database.text(logged), "4");
    // Reading needs no consent, and neither does what changes nothing.
    project.expect("status", 0);
    project.expect("up --dry-run", 0);
    project.expect("down --confirm", 0);

    // A copy of it is a database of its own: what the message says makes it one.
    database.execute("DELETE FROM _migrations_meta WHERE key IN ('environment', 'protected')");
    project.expect("up --steps 1", 0);
    assert_eq!(database.text(noted), "environment=\"development\" protected=false");
    project.expect("down", 0);
}

#[test]
fn unfinished_work_is_8_whatever_else_is_found() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    database.execute("UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2");
    database.execute(
        "INSERT INTO _migrations_progress (version, direction, statement, statement_checksum, run,
                                           started_at, updated_at)
         VALUES ('20240619085000', 'up', 1, repeat('0', 64), gen_random_uuid(), now(), now())",
    );
    project.expect("status --check", 8);
    project.expect("verify", 8);
    project.expect("up", 8);
    assert!(project.expect("status", 0).stdout.contains("1 unfinished"));
}

#[test]
fn a_signal_is_130() {
    for signal in ["INT", "TERM"] {
        let database = TestDatabase::new();
        let mut other = database.client();
        other.batch_execute(LOCK).unwrap();
        let project = Project::on(&database);
        let mut runner = project.command("up --wait 5m").spawn().unwrap();
        wait_for_line(&mut runner, "another runner");
        assert!(child::signal(signal, runner.id()));
        assert_eq!(runner.wait().unwrap().code(), Some(130), "{signal}");
    }
}

#[test]
fn a_second_signal_leaves_at_once() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE users").unwrap();
    let mut child = project.command("up --steps 1 --lock-timeout 0s").spawn().unwrap();
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'";
    wait_until("a statement waits", || !database.text(waiting).is_empty());
    let backend = database.text(waiting);
    // It cannot even be cancelled: what the first signal asks for does not happen.
    assert!(child::signal("STOP", &backend));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(child::signal("INT", child.id()));
    assert!(lines.any(|it| it.contains("once more leaves at once")));
    assert!(child::signal("INT", child.id()));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // It did not wait for the end that it would have described.
    assert_eq!(lines.collect::<Vec<_>>(), [""; 0]);
    assert!(child::signal("CONT", &backend));
    drop(other);
    // Its session may hear of the cancelling, or may have the whole migration already: once it is, either way.
    project.expect("up --to 20240403083000", 0);
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "3");
}

/// The lock of a runner, as another program would have to compute it.
const LOCK: &str = "SELECT pg_advisory_lock(
    ('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 1)";

#[track_caller]
fn wait_for_line(child: &mut Child, part: &str) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|it| it.unwrap().contains(part)), "{part} was never said");
}
