//! `import`, of a small folder of each tool; what comes out builds and runs.

use std::fs;

use expect_test::expect;
use migrate_core::Mode;
use migrate_core::read_folder;
use migrate_runtime::{Down, Limit, Migrator};
use migration_tests::TestDatabase;
use serde_json::{Value, json};

use crate::project::{Outcome, Project};

const USERS: &str = "CREATE TABLE users (id int PRIMARY KEY);\n";
const EMAIL: &str = "ALTER TABLE users ADD COLUMN email text;\n";

fn refinery() -> Project {
    let project = Project::new();
    project.write("old/V1__create_users.sql", USERS);
    project.write("old/below/V2__AddEmail.sql", EMAIL);
    project.write("old/U10__index.sql", "CREATE INDEX ON users (email);\n");
    project.write("old/mod.rs", "");
    project
}

fn sqlx() -> Project {
    let project = Project::new();
    project
        .write("old/0001_create_users.sql", "\u{feff}CREATE TABLE users (id int PRIMARY KEY);\r\n");
    project.write("old/20240320_add_email.up.sql", EMAIL);
    project
        .write("old/20240320_add_email.down.sql", "ALTER TABLE users\r\n  DROP COLUMN email;\r\n");
    project.write(
        "old/20240321101112_index.up.sql",
        "-- no-transaction\r\nCREATE INDEX CONCURRENTLY users_email ON users (email);\r\n",
    );
    project.write(
        "old/20240321101112_index.down.sql",
        "-- no-transaction\nDROP INDEX CONCURRENTLY users_email;\n",
    );
    project
}

fn diesel() -> Project {
    let project = Project::new();
    let setup = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;\n";
    project.write("old/00000000000000_diesel_initial_setup/up.sql", setup);
    project.write("old/00000000000000_diesel_initial_setup/down.sql", "DROP FUNCTION f();\n");
    project.write("old/2024-03-20-000000_create_users/up.sql", USERS);
    project.write("old/2024-03-20-000000_create_users/down.sql", "DROP TABLE users;\n");
    project.write("old/2024-03-21-000000_add_email/up.sql", EMAIL);
    project.write("old/2024-03-21-000000_add_email/down.sql", "-- nothing to do\n");
    project.write("old/20240322000000_index/up.sql", "CREATE INDEX CONCURRENTLY i ON users (id);");
    project.write("old/20240322000000_index/metadata.toml", "run_in_transaction = false\n");
    project.write("old/.keep", "");
    project
}

/// The imported folder builds and runs, and what can be reverted is.
#[track_caller]
fn check_runs(project: &Project, folder: &str, count: usize, reversible: usize) {
    let path = project.path().join(folder);
    let set = read_folder(&path, folder).unwrap().leak(folder);
    let database = TestDatabase::new();
    let mut migrator = Migrator::new(&set, database.config());
    assert_eq!(migrator.up().unwrap().done.len(), count);
    assert_eq!(database.text("SELECT count(*) FROM users WHERE email IS NULL"), "0");
    let mut down = Down::default();
    down.limit = Limit::Steps(reversible.try_into().unwrap());
    assert_eq!(migrator.run_down(&down).unwrap().done.len(), reversible);
    assert_eq!(migrator.up().unwrap().done.len(), reversible);
}

#[test]
fn refinery_is_imported() {
    let project = refinery();
    let outcome = project.expect("import --from old", 0);
    expect![[r"
        FROM                    VERSION         NAME          NOTES
        V1__create_users.sql    20000101000001  create_users  no down script: irreversible
        below/V2__AddEmail.sql  20000101000002  add_email     no down script: irreversible
        U10__index.sql          20000101000010  index         could run out of order, no down script: irreversible

        Imported 3 migrations from refinery into migrations.
    "]]
    .assert_eq(&outcome.stdout);
    expect![[r#"
        Warning: 3 migrations without a down script, marked as irreversible: where there is a way back, write it in the place of that line
        Warning: 1 migration that refinery runs in any order (`U`): here they have an order, and `up --allow-out-of-order` makes an exception
        Next: build again: the program has its migrations inside.
        The lint leaves them alone with `baseline = "20000101000010"` under [lint] in migration.toml.
        Databases in which they have run already keep what they have: docs/adopting.md says how.
    "#]].assert_eq(&outcome.stderr);
    let up = project.path().join("migrations/20000101000002_add_email.up.sql");
    assert_eq!(fs::read_to_string(up).unwrap(), EMAIL);
    let set = read_folder(&project.path().join("migrations"), "migrations").unwrap();
    assert!(set.migrations.iter().all(|it| it.down.directives.irreversible.is_some()));
    let database = TestDatabase::new();
    let set = set.leak("migrations");
    assert_eq!(Migrator::new(&set, database.config()).up().unwrap().done.len(), 3);
}

#[test]
fn sqlx_is_imported() {
    let project = sqlx();
    let outcome = project.expect("import --from old --migrations-dir new", 0);
    expect![[r"
        FROM                         VERSION         NAME          NOTES
        0001_create_users.sql        20000101000001  create_users  no down script: irreversible
        20240320_add_email.up.sql    20240320000000  add_email
        20240321101112_index.up.sql  20240321101112  index         runs without a transaction

        Imported 3 migrations from sqlx into new.
    "]]
    .assert_eq(&outcome.stdout);
    let set = read_folder(&project.path().join("new"), "new").unwrap();
    let index = set.migrations.last().unwrap();
    assert_eq!((index.up.mode, index.down.mode), (Mode::Standalone, Mode::Standalone));
    check_runs(&project, "new", 3, 2);
}

#[test]
fn diesel_is_imported() {
    let project = diesel();
    let outcome = project.expect("import --from old", 0);
    expect![[r"
        FROM                                  VERSION         NAME                  NOTES
        00000000000000_diesel_initial_setup/  20000101000000  diesel_initial_setup
        2024-03-20-000000_create_users/       20240320000000  create_users
        2024-03-21-000000_add_email/          20240321000000  add_email             empty down script: irreversible
        20240322000000_index/                 20240322000000  index                 runs without a transaction, no down script: irreversible

        Imported 4 migrations from diesel into migrations.
    "]].assert_eq(&outcome.stdout);
    let set = read_folder(&project.path().join("migrations"), "migrations").unwrap();
    let [setup, users, email, index] = set.migrations.as_slice() else { panic!("{set:?}") };
    assert_eq!(setup.version.to_string(), "20000101000000");
    assert_eq!(users.down.directives.irreversible, None);
    let empty = "imported from diesel, where the down script was empty";
    assert_eq!(email.down.directives.irreversible.as_deref(), Some(empty));
    assert!(index.up.directives.no_transaction);
    let missing = "imported from diesel, which had no down script";
    assert_eq!(index.down.directives.irreversible.as_deref(), Some(missing));
    let database = TestDatabase::new();
    let set = set.leak("migrations");
    assert_eq!(Migrator::new(&set, database.config()).up().unwrap().done.len(), 4);
}

#[test]
fn the_pages_show_what_the_command_prints() {
    #[track_caller]
    fn check(page: &str, project: &Project) {
        let path = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let shown = project.expect("import --from old", 0).stdout;
        assert!(fs::read_to_string(path).unwrap().contains(&shown), "{shown}");
    }

    check("from-refinery.md", &refinery());
    check("from-sqlx.md", &sqlx());
    check("from-diesel.md", &diesel());
}

#[test]
fn the_other_folder_is_only_read() {
    let project = diesel();
    let before = files(&project, "old");
    project.expect("import --from old", 0);
    assert_eq!(files(&project, "old"), before);
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let project = refinery();
    let dry = project.expect("import --from old --dry-run", 0);
    assert!(!project.path().join("migrations").exists());
    assert!(dry.stderr.contains("Nothing was written"), "{}", dry.stderr);
    let dry_json = project.json("import --from old --dry-run", 0);
    assert_eq!(dry_json["files"], json!([]));
    let table = |it: &Outcome| it.stdout.split("\n\n").next().unwrap().to_owned();
    assert_eq!(table(&project.expect("import --from old", 0)), table(&dry));
    assert!(dry.stdout.ends_with("Would import 3 migrations from refinery into migrations.\n"));
}

#[test]
fn what_is_left_to_do_is_told_with_its_place() {
    let project = Project::new();
    project.write("old/V1__a.sql", "SELECT 1;\nCOMMIT;\n");
    project.write("old/V2__b.rs", "pub fn migration() -> String { String::new() }");
    project.write("old/V3__c.sql", "\\i other.sql\nCOPY t FROM stdin;\n");
    project.write("old/V4__d.sql", "CREATE TABLE ${schema}.t (id int);\n");
    project.write("old/V5__größe.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\nSELECT 1;\n");
    project.write("old/V6_e.sql", "SELECT 1;\n");
    let outcome = project.expect("import --from old", 0);
    expect![[r#"
        Warning: old/V6_e.sql was not imported: refinery passes over it: its files are named V1__name.sql
        Warning: migrations/20000101000002_b.up.sql: old/V2__b.rs is a program, not SQL
          Hint: write the SQL that it makes, in the place of the comment
        Warning: migrations/20000101000001_a.up.sql:2:1: `COMMIT` in a script, which runs in a transaction of ours
          Hint: delete it: the script and its history commit together; SAVEPOINT is allowed
        Warning: migrations/20000101000003_c.up.sql:1:1: a command of psql, which the server does not know
          Hint: a script is sent to the server, not to psql: write SQL instead, or delete the line
        Warning: migrations/20000101000003_c.up.sql:2:1: `COPY … FROM stdin` needs a client that sends the data
          Hint: write the rows as `INSERT INTO … VALUES …`
        Warning: migrations/20000101000004_d.up.sql:1:14: unexpected `$`
          Hint: if PostgreSQL accepts it, write `-- migrate:no-parse because REASON` into the header
        Warning: migrations/20000101000005_gr_e.up.sql:1:1: `CREATE INDEX CONCURRENTLY` cannot run in a transaction, which the other statements need
          Hint: move it into a migration of its own: `migration-cli create "NAME"`
                or write `-- migrate:no-transaction` into the header: then every statement commits by itself
        Warning: 5 migrations without a down script, marked as irreversible: where there is a way back, write it in the place of that line
        Next: mend what the warnings name, then build again: the program has its migrations inside.
        The lint leaves them alone with `baseline = "20000101000005"` under [lint] in migration.toml.
        Databases in which they have run already keep what they have: docs/adopting.md says how.
    "#]].assert_eq(&outcome.stderr);

    let program = project.path().join("migrations/20000101000002_b.up.sql");
    let text = fs::read_to_string(program).unwrap();
    assert_eq!(text, "-- V2__b.rs was a program of refinery: write the SQL that it makes here\n");
    // What the import says is what the build says.
    let problems = read_folder(&project.path().join("migrations"), "migrations").unwrap_err();
    assert_eq!(problems.len(), 6, "{problems:?}");
    for problem in problems.iter().filter(|it| !it.file.contains("_b.up")) {
        assert!(outcome.stderr.contains(&problem.to_string()), "{problem}");
    }
}

#[test]
fn a_script_that_uses_the_history_of_the_other_tool_is_told() {
    let project = sqlx();
    let up = "DO $$ BEGIN END $$;\nDELETE FROM _sqlx_migrations WHERE version = 1;\n";
    project.write("old/20240401000000_tidy.sql", up);
    let made = project.json("import --from old", 0);
    let problem = &made["problems"][0];
    let kind = (&problem["kind"], &problem["version"]);
    assert_eq!(kind, (&json!("history_table"), &json!("20240401000000")));
    let place = "migrations/20240401000000_tidy.up.sql:2:13: uses `_sqlx_migrations`";
    assert!(problem["message"].as_str().unwrap().starts_with(place), "{problem}");
}

#[test]
fn json_has_what_was_imported_and_all_that_is_undecided() {
    let project = Project::new();
    project.write("old/V1__a.sql", "SELECT 1;\nCOMMIT;\n");
    project.write("old/V2__b.rs", "");
    project.write("old/V3_c.sql", "SELECT 1;\n");
    let made = project.json("import --from old", 0);
    assert_eq!(made["files"].as_array().unwrap().len(), 4);
    assert_eq!(made["files"][0], "migrations/20000101000001_a.up.sql");
    let imported = json!([
        {
            "from": "V1__a.sql", "version": "20000101000001", "name": "a",
            "notes": ["no down script: irreversible"]
        },
        {
            "from": "V2__b.rs", "version": "20000101000002", "name": "b",
            "notes": ["a program: write it as SQL", "no down script: irreversible"]
        }
    ]);
    assert_eq!(made["imported"], imported);
    let problems = made["problems"].as_array().unwrap();
    let told: Vec<(&str, Option<&str>)> =
        problems.iter().map(|it| (it["kind"].as_str().unwrap(), it["version"].as_str())).collect();
    let (one, two) = (Some("20000101000001"), Some("20000101000002"));
    let expected = [("not_imported", None), ("program", two), ("transaction_control", one)];
    assert_eq!(told, expected, "{made}");
    let message = problems[2]["message"].as_str().unwrap();
    assert!(message.starts_with("migrations/20000101000001_a.up.sql:2:1: "), "{message}");
    assert!(problems[2]["hint"].is_string() && problems[0]["hint"] == Value::Null, "{made}");
}

#[test]
fn nothing_is_written_over_anything() {
    let project = refinery();
    project.write("migrations/20000101000002_mine.up.sql", "SELECT 1;\n");
    let before = files(&project, "migrations");
    let outcome = project.expect("import --from old", 2);
    let message = "has the version 20000101000002 already: 20000101000002_mine.up.sql";
    assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("State: nothing was written"), "{}", outcome.stderr);
    assert_eq!(files(&project, "migrations"), before);
    project.expect("import --from old --migrations-dir new", 0);
    assert_eq!(project.expect("import --from old --migrations-dir new", 2).stdout, "");
}

#[test]
fn what_is_in_the_folder_already_is_looked_at_too() {
    let project = refinery();
    project.write("migrations/20240101000000_lone.up.sql", "SELECT 1;\n");
    project.write("migrations/old/V1__a.sql", "SELECT 1;\n");
    let outcome = project.expect("import --from old", 0);
    let warnings = [
        "3 imported migrations older than 20240101000000_lone.up.sql, which is in migrations",
        "migrations/20240101000000_lone.up.sql: an up script without its down script",
        "migrations/old: a folder among the migrations",
    ];
    assert!(warnings.iter().all(|it| outcome.stderr.contains(it)), "{}", outcome.stderr);
}

#[test]
fn folders_that_cannot_be_meant_are_refused_with_the_way_out() {
    #[track_caller]
    fn check(project: &Project, args: &str, code: i32, messages: &[&str]) {
        let before = files(project, ".");
        let outcome = project.expect(&format!("import {args}"), code);
        for message in messages {
            assert!(outcome.stderr.contains(message), "{message}\n{}", outcome.stderr);
        }
        assert_eq!(files(project, "."), before);
    }

    let project = refinery();
    project.write("migrations/V1__a.sql", "SELECT 1;\n");
    let same = ["mv migrations migrations-old && migration-cli import --from migrations-old"];
    check(&project, "--from migrations/", 2, &same);
    check(&project, "--from none", 2, &["there is no folder `none`"]);
    check(&project, "", 2, &["--from <DIR>"]);
    project.write("empty/notes.txt", "");
    let known = ["Hint: refinery has", "Hint: sqlx has", "Hint: diesel has"];
    check(&project, "--from empty", 2, &known);
    check(&project, "--from old --layout diesel", 2, &["old has no migration of diesel"]);
    project.write("old/1_a.sql", "SELECT 1;\n");
    let two = ["old has migrations of refinery and of sqlx", "--from old --layout refinery"];
    check(&project, "--from old", 2, &two);
    project.write("twice/1_a.sql", "SELECT 1;\n");
    project.write("twice/01_b.sql", "SELECT 1;\n");
    check(&project, "--from twice", 2, &["01_b.sql and 1_a.sql have the same version"]);
    project.write("mixed/20240320_a.sql", "SELECT 1;\n");
    project.write("mixed/20240319000000_b.sql", "SELECT 1;\n");
    check(&project, "--from mixed", 2, &["20240320000000 and 20240319000000"]);
}

#[test]
fn a_layout_that_is_named_settles_what_the_files_leave_open() {
    let project = refinery();
    project.write("old/1_a.sql", "SELECT 1;\n");
    let refused = project.expect("import --from old --migrations-dir new --dry-run", 2);
    let hint = "import --from old --migrations-dir new --dry-run --layout sqlx";
    assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    let made = project.json("import --from old --layout sqlx", 0);
    assert_eq!(made["imported"].as_array().unwrap().len(), 1);
    let problems = made["problems"].as_array().unwrap();
    assert!(problems.iter().all(|it| it["kind"] == "not_imported"), "{made}");
    assert_eq!(problems.len(), 3, "{made}");
}

#[test]
fn no_database_and_no_configuration_is_needed() {
    let project = refinery().with("DATABASE_URL", "postgres://u@127.0.0.1:1/d");
    project.expect("import --from old", 0);
    assert!(!project.path().join(".migration").exists());
}

/// Paths and texts below a folder.
fn files(project: &Project, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![project.path().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}
