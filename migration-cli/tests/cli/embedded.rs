//! Nothing configured: the embedded database, from the first command to the last.

use crate::project::{Outcome, Project};

/// The server must not outlive a test that fails.
pub(crate) struct Stopped(pub(crate) Project);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.run("db stop");
    }
}

#[test]
fn the_main_job_needs_no_configuration() {
    let project = Stopped(Project::new());
    let Stopped(it) = &project;
    assert!(it.expect("db status", 0).stdout.contains("absent"));

    let first = it.expect("up", 0);
    let start = "Making a database for this project\nDatabase: development (embedded, ";
    assert!(first.stderr.starts_with(start), "{}", first.stderr);
    assert!(first.stdout.starts_with("Ran "), "{}", first.stdout);
    let total = it.states().len();
    assert!(it.states().iter().all(|(_, state)| state == "applied"));
    // A slow disk adds lines about an index that is being built, which begin with the version.
    let lines = first.stderr.lines().filter(|it| !it.starts_with("  2")).count();
    assert_eq!(lines, total + 3, "{}", first.stderr);

    it.expect("down", 0);
    it.expect("down 2", 0);
    assert_eq!(it.states().iter().filter(|(_, state)| state == "pending").count(), 3);
    it.expect("verify", 0);
    it.expect("status --check", 4);

    assert_eq!(it.expect("db stop", 0).stdout, "Stopped.\n");
    assert_eq!(it.expect("db stop", 0).stdout, "It was not running.\n");
    assert!(it.expect("db status", 0).stdout.contains("stopped"));
    it.expect("up", 0);
    assert!(it.states().iter().all(|(_, state)| state == "applied"), "data lasts");

    let url = it.expect("db url", 0).stdout;
    let other = Project::new().with("DATABASE_URL", url.trim());
    assert_eq!(other.states().len(), total, "others reach it by its url");

    it.expect("db reset", 7);
    assert!(it.states().iter().all(|(_, state)| state == "applied"), "nothing was touched");
    it.expect("db reset --confirm", 0);
    assert!(it.expect("db status", 0).stdout.contains("absent"));
}

#[test]
fn the_project_is_where_its_configuration_lies() {
    let project = Stopped(Project::new());
    let Stopped(it) = &project;
    it.write("migration.toml", "");
    it.write("deep/below/file", "");
    let mut command = it.command("db start");
    let outcome = Outcome::of(command.current_dir(it.path().join("deep/below")));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "Started.\n");
    assert_eq!(it.expect("db start", 0).stdout, "It was already running.\n");
    assert!(it.expect("db status", 0).stdout.contains("running, PostgreSQL "));
}

#[test]
fn only_development_has_one() {
    let project = Project::new();
    for command in ["start", "stop", "status", "url", "reset --confirm"] {
        project.expect(&format!("db {command} --env production"), 2);
        project.expect(&format!("db {command} --env staging"), 2);
    }
    let outcome = project.expect("db url", 3);
    assert!(outcome.stderr.contains("Hint: migration-cli db start"), "{}", outcome.stderr);
    let elsewhere = project.with("DATABASE_URL", "postgres://u:canary@h/d");
    let outcome = elsewhere.expect("db status", 0);
    assert!(outcome.stderr.contains("Warning: other commands do not use it"));
    assert!(!outcome.all().contains("canary"));
}
