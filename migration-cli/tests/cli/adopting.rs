//! `docs/adopting.md`: its commands, run as they stand there.

use std::process::Command;

use migrate_runtime::testing::search;
use migration_tests::{TestDatabase, schema_dump};

use crate::project::{Outcome, Project};

const PAGE: &str = include_str!("../../../docs/adopting.md");

/// The commands of a section of the page.
fn commands(section: &str) -> Vec<&'static str> {
    let (_, after) = PAGE.split_once(&format!("\n## {section}\n")).unwrap();
    let section = after.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks.map(|it| it.split("```").next().unwrap()).collect()
}

/// Runs commands in the folder of a project, with our program and PostgreSQL's at hand.
#[track_caller]
fn run(project: &Project, commands: &str) -> Outcome {
    let ours = project.command("");
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", commands]).current_dir(project.path());
    let folder = |it: &std::path::Path| it.parent().unwrap().display().to_string();
    let path = [
        folder(std::path::Path::new(env!("CARGO_BIN_EXE_migration-cli"))),
        folder(&search().find().unwrap().program("psql")),
        std::env::var("PATH").unwrap(),
    ];
    shell.env_clear().envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let outcome = Outcome::of(shell.env("PATH", path.join(":")));
    assert_eq!(outcome.code, 0, "{commands}\n{}\n{}", outcome.stdout, outcome.stderr);
    outcome
}

/// A database as an application made it: the tables of the example, and no history.
fn existing(to: &str) -> TestDatabase {
    let (model, existing) = (TestDatabase::new(), TestDatabase::new());
    Project::on(&model).expect(&format!("up --to {to}"), 0);
    existing.execute(&schema_dump(&model.url()));
    existing
}

#[test]
fn a_database_without_a_history_gets_one() {
    let (existing, empty) = (existing("20240522090000"), TestDatabase::new());
    existing.execute("INSERT INTO users (email, display_name) VALUES ('a@example.org', 'A')");
    let project = Project::on(&existing).with("CHECK_URL", &empty.url());
    let [compare, write, after] = commands("Write the history").try_into().unwrap();
    let compared = run(&project, compare);
    assert!(compared.stdout.starts_with("Ran 9 migrations"), "{}", compared.stdout);
    assert_eq!(compared.stdout.lines().count(), 1, "{}", compared.stdout);
    let written = run(&project, write).stdout;
    assert!(written.contains("The history would change: 9 added."), "{written}");
    let why = "SELECT detail ->> 'reason' FROM _migrations_log WHERE command = 'force'";
    assert_eq!(existing.text(why), "the tables are older than their history");
    let shown = run(&project, after).stdout;
    assert!(shown.contains("9 applied, 5 pending."), "{shown}");
    assert!(shown.contains("Ran 5 migrations"), "{shown}");
    assert!(shown.contains("Verified: no problems. 14 applied."), "{shown}");
    assert_eq!(existing.text("SELECT count(*) FROM users"), "1");

    project.expect("down --all", 0);
    assert_eq!(existing.text("SELECT count(*) FROM pg_tables WHERE tablename = 'users'"), "0");
}

#[test]
fn a_baseline_is_made_of_what_is_there() {
    let existing = existing("20240710123000");
    let project = Project::on(&existing);
    let [baseline] = commands("A baseline").try_into().unwrap();
    run(&project, baseline);

    let folder = project.path().join("migrations");
    let set = migrate_core::read_folder(&folder, "migrations").unwrap().leak("migrations");
    let (fresh, source) = (TestDatabase::new(), schema_dump(&existing.url()));
    let run = migrate_runtime::Migrator::new(&set, fresh.config()).up();
    assert_eq!(run.unwrap_or_else(|error| panic!("{error:?}")).done.len(), 1);
    assert_eq!(schema_dump(&fresh.url()), source);
}
