//! `create`, in real folders.

use std::fs;

use migrate_runtime::Migrator;
use migration_tests::TestDatabase;

use crate::project::{Outcome, Project};

#[test]
fn two_files_are_written_and_their_paths_printed() {
    let project = Project::new();
    let mut command = project.command("create");
    let outcome = Outcome::of(command.arg("Add email to users"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let paths: Vec<&str> = outcome.stdout.lines().collect();
    let [up, down] = paths.as_slice() else { panic!("{}", outcome.stdout) };
    assert!(up.starts_with("migrations/2") && up.ends_with("_add_email_to_users.up.sql"), "{up}");
    assert_eq!(up.replace(".up.", ".down."), *down);
    let text = fs::read_to_string(project.path().join(up)).unwrap();
    assert!(text.contains("ALTER TABLE users ADD COLUMN email <type>;"), "{text}");
}

#[test]
fn versions_grow_even_within_a_second_and_after_the_future() {
    let project = Project::new();
    let versions: Vec<String> = (0..3)
        .map(|number| {
            let outcome = project.expect(&format!("create step_{number}"), 0);
            outcome.stdout["migrations/".len()..][..14].to_owned()
        })
        .collect();
    assert!(versions.is_sorted_by(|one, other| one < other), "{versions:?}");

    project.write("migrations/29991231235959_far.up.sql", "SELECT 1;\n");
    let outcome = project.expect("create after", 0);
    assert!(outcome.stdout.starts_with("migrations/30000101000000_after.up.sql\n"));
    assert!(outcome.stderr.contains("Warning: the version 29991231235959 lies in the future"));
    assert!(outcome.stderr.contains("20"), "the lone half is told too: {}", outcome.stderr);
}

#[test]
fn two_at_the_same_time_get_two_versions() {
    let project = Project::new();
    let started: Vec<_> = (0..4)
        .map(|number| project.command(&format!("create step_{number}")).spawn().unwrap())
        .collect();
    for child in started {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let files = fs::read_dir(project.path().join("migrations")).unwrap();
    let names = files.map(|it| it.unwrap().file_name().into_string().unwrap());
    let versions: std::collections::BTreeSet<String> =
        names.filter(|it| it.ends_with(".up.sql")).map(|it| it[..14].to_owned()).collect();
    assert_eq!(versions.len(), 4, "{versions:?}");
}

#[test]
fn the_folder_is_the_projects_or_the_one_that_was_named() {
    let project = Project::new();
    project.write("migration.toml", "");
    project.write("below/file", "");
    let below = project.path().join("below");
    let outcome = Outcome::of(project.command("create one").current_dir(&below));
    let folder = project.path().join("migrations");
    assert!(outcome.stdout.starts_with(folder.to_str().unwrap()), "{}", outcome.stdout);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);

    let outcome = project.expect("--migrations-dir other/place create two", 0);
    assert!(outcome.stdout.starts_with("other/place/2"), "{}", outcome.stdout);
    assert_eq!(fs::read_dir(project.path().join("other/place")).unwrap().count(), 2);
}

#[test]
fn a_backfill_that_is_filled_in_runs_in_batches_and_is_taken_back() {
    let project = Project::new();
    let paths = project.expect("create backfill_ranks_of_users", 0).stdout;
    for path in paths.lines() {
        let path = project.path().join(path);
        let text = fs::read_to_string(&path).unwrap();
        let values =
            [("<table>", "users"), ("<key>", "id"), ("<column>", "rank"), ("<value>", "id % 3")];
        let filled = values.iter().fold(text, |text, (name, value)| text.replace(name, value));
        fs::write(&path, filled).unwrap();
    }
    let folder = project.path().join("migrations");
    let set = migrate_core::read_folder(&folder, "migrations").unwrap().leak("migrations");
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE users (id int PRIMARY KEY, rank int);
         INSERT INTO users SELECT n, CASE n WHEN 7 THEN 12 END FROM generate_series(1, 1500) n",
    );
    let mut migrator = Migrator::new(&set, database.config());
    assert_eq!(migrator.up().unwrap().done.len(), 1);
    let ranks = "SELECT count(rank), count(*) FILTER (WHERE rank = id % 3) FROM users";
    assert_eq!(database.text(ranks), "1500|1499");
    let batches = "SELECT detail -> 'batches' -> 0 ->> 'batches' FROM _migrations_log WHERE version IS NOT NULL";
    assert_eq!(database.text(batches), "2");
    assert_eq!(migrator.down(std::num::NonZeroUsize::MIN).unwrap().done.len(), 1);
    assert_eq!(
        database
            .text("SELECT string_agg(id || ': ' || rank, ', ') FROM users WHERE rank IS NOT NULL"),
        "7: 12"
    );
}

#[test]
fn a_folder_that_cannot_be_made_says_what_stands_there() {
    let project = Project::new();
    project.write("taken", "");
    for args in ["--migrations-dir taken/here create add_users", "man --to taken/here"] {
        let stderr = project.expect(args, 1).stderr;
        assert!(stderr.contains("cannot make the folder taken/here"), "{args}: {stderr}");
        assert!(stderr.contains("nothing was written"), "{args}: {stderr}");
        assert!(stderr.contains("ls -ld taken/here "), "{args}: {stderr}");
    }
}

#[test]
fn a_file_that_cannot_be_written_leaves_no_half_of_it() {
    let project = Project::new();
    project.write("Cargo.toml", "[package]\nname = \"contracts\"\n");
    for args in ["create add_users", "init"] {
        let command = project.command(args);
        // As on a full disk: no byte of a file can be written.
        let mut full = std::process::Command::new("/bin/sh");
        full.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
        full.arg(command.get_program()).args(command.get_args()).current_dir(project.path());
        let outcome = Outcome::of(&mut full);
        assert_eq!(outcome.code, 1, "{args}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("cannot write"), "{}", outcome.stderr);
        let entries = fs::read_dir(project.path().join("migrations")).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        assert_eq!(names.filter(|it| it != ".gitkeep").collect::<Vec<_>>(), [""; 0], "{args}");
        assert!(!project.path().join("migration.toml").exists(), "{args}");
    }
    project.expect("init", 0);
    assert_ne!(fs::read_to_string(project.path().join("migration.toml")).unwrap(), "");
}
