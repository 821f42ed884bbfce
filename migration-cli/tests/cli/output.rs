//! What goes where, and how much: streams, colours, verbosity, a reader that leaves.

use std::io::{BufRead, BufReader};

use migration_tests::TestDatabase;

use crate::project::Project;

#[test]
fn results_are_on_stdout_and_the_rest_on_stderr() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let up = project.expect("up", 0);
    assert_eq!(up.stdout.lines().count(), 1, "{}", up.stdout);
    assert!(up.stderr.contains("create_iam_tables"), "{}", up.stderr);

    let quiet = project.expect("down --all -q", 0);
    assert_eq!(quiet.stderr, "");
    assert!(quiet.stdout.starts_with("Reverted "), "{}", quiet.stdout);
    let token = project.expect("up -v", 0).stderr;
    assert!(token.lines().any(|it| it.starts_with("Run ") && it.len() == 40), "{token}");

    let json = project.expect("status --json", 0);
    assert!(json.stdout.starts_with("{\n") && json.stdout.ends_with("}\n"));
}

#[test]
fn a_pipe_has_no_colours_unless_they_are_wanted() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    let escape = '\u{1b}';
    for command in ["status", "verify", "up --dry-run", "down 99", "--help", "up nonsense"] {
        let plain = project.run(command).all();
        assert!(!plain.contains(escape), "{plain}");
        let colored = project.run(&format!("{command} --color always")).all();
        assert!(colored.contains(escape), "{colored}");
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain, "{command}");
    }
    let never = Project::on(&database).with("NO_COLOR", "1").with("CLICOLOR_FORCE", "1");
    assert!(!never.expect("status", 0).all().contains(escape));
}

#[test]
fn lines_have_no_blanks_at_their_end() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    for command in ["status", "verify", "doctor", "up --dry-run", "down 99", "up"] {
        let all = project.run(&format!("{command} --color never")).all();
        let blank = all.lines().find(|it| it.ends_with(' '));
        assert_eq!(blank, None, "{command}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let mut child = project.command("status").spawn().unwrap();
    drop(child.stdout.take());
    let errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let errors: Vec<String> = errors.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{errors:?}");
    assert!(errors.iter().all(|it| !it.contains("panic")), "{errors:?}");
}

#[test]
fn the_log_is_on_stderr_and_asked_for() {
    let database = TestDatabase::new();
    let project = Project::on(&database).with("RUST_LOG", "migrate_runtime=debug");
    let outcome = project.expect("status", 0);
    assert!(outcome.stderr.contains("DEBUG"), "{}", outcome.stderr);
    assert!(!outcome.stdout.contains("DEBUG"));
}
