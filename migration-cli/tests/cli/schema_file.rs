//! `schema`, and the file that it, `up` and `down` write.

use std::fs;
use std::path::Path;

use expect_test::expect_file;
use migration_tests::TestDatabase;
use serde_json::{Value, json};

use crate::project::{Outcome, Project};
use crate::terminal::Terminal;

pub(crate) const FILE: &str = "migrations/schema.rs";

/// A project with a folder of migrations.
pub(crate) fn project(database: &TestDatabase) -> Project {
    let project = Project::on(database);
    fs::create_dir(project.path().join("migrations")).unwrap();
    project
}

pub(crate) fn read(project: &Project, file: &str) -> String {
    fs::read_to_string(project.path().join(file)).unwrap()
}

pub(crate) fn exists(project: &Project, file: &str) -> bool {
    project.path().join(file).exists()
}

/// The names in a folder; none where there is no folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_file_is_written_once_and_found_fresh_and_stale() {
    let database = TestDatabase::new();
    let project = project(&database);
    let missing = project.expect("schema --check", 5);
    assert!(missing.stdout.starts_with(&format!("--- /dev/null\n+++ b/{FILE}\n@@ -0,0 +1")));
    assert!(missing.stderr.ends_with(&format!("{FILE} is missing.\n")), "{}", missing.stderr);
    assert!(!exists(&project, FILE));

    assert_eq!(project.expect("schema", 0).stdout, format!("Wrote {FILE}.\n"));
    let before = fs::metadata(project.path().join(FILE)).unwrap().modified().unwrap();
    assert_eq!(project.expect("schema", 0).stdout, format!("{FILE} is up to date.\n"));
    assert_eq!(project.expect("schema --check", 0).stdout, format!("{FILE} is up to date.\n"));
    let after = fs::metadata(project.path().join(FILE)).unwrap().modified().unwrap();
    assert_eq!(before, after, "written though nothing differs");
    assert_eq!(names(&project.path().join("migrations")), ["schema.rs"]);

    database.execute("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE left_out (id int)");
    let old = read(&project, FILE);
    let stale = project.expect("schema --check", 5);
    assert!(stale.stdout.starts_with(&format!("--- a/{FILE}\n+++ b/{FILE}\n@@ ")));
    assert!(stale.stdout.contains("\n+diesel::table! {\n+    t (id) {\n"), "{}", stale.stdout);
    let without_key = "left out, since Diesel needs a primary key: table left_out\n";
    let said = format!("{without_key}{FILE} is stale.\n");
    assert!(stale.stderr.ends_with(&said), "{}", stale.stderr);
    assert_eq!(read(&project, FILE), old, "--check writes nothing");
    patched(&project, &stale.stdout);
    project.expect("schema --check", 0);

    // As git checks it out on Windows.
    let text = read(&project, FILE).replace('\n', "\r\n");
    project.write(FILE, &text);
    project.expect("schema --check", 0);
    project.expect("schema", 0);
    assert_eq!(read(&project, FILE), text);
}

#[test]
fn ends_of_lines_inside_the_database_do_not_make_a_file_stale() {
    let database = TestDatabase::new();
    let body = "BEGIN\r\n  RETURN 1;\r\nEND";
    database.execute(&format!("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ {body} $$"));
    let project = project(&database);
    project.expect("schema --format sql -o all.sql", 0);
    assert!(read(&project, "all.sql").contains(body), "{}", read(&project, "all.sql"));
    project.expect("schema --format sql -o all.sql --check", 0);
    let again = project.expect("schema --format sql -o all.sql", 0);
    assert_eq!(again.stdout, "all.sql is up to date.\n");
}

/// The diff is what `patch` takes; where there is none, `schema` does the same.
fn patched(project: &Project, diff: &str) {
    project.write("diff", diff);
    let mut patch = std::process::Command::new("patch");
    patch.args(["--quiet", "-p1", "-i", "diff"]).current_dir(project.path());
    match patch.status() {
        Ok(status) => assert!(status.success()),
        Err(_) => drop(project.expect("schema", 0)),
    }
}

#[test]
fn what_makes_no_sense_is_2_and_says_why() {
    #[track_caller]
    fn check(project: &Project, args: &str, lines: &[&str]) {
        let outcome = project.expect(args, 2);
        for line in lines {
            assert!(outcome.stderr.contains(line), "{line}\n{}", outcome.stderr);
        }
        assert_eq!(outcome.stdout, "", "{args}");
        assert!(names(&project.path().join("migrations")).is_empty(), "{args}");
    }

    let database = TestDatabase::new();
    database.execute("CREATE TABLE users (id int)");
    let project = project(&database);
    let unnamed = "--check compares a file, and none is named";
    check(&project, "schema --check --format json", &[unnamed, "schema --check --output FILE"]);
    check(&project, "schema --check --output -", &[unnamed]);
    check(&project, "schema --check --tables users", &[unnamed]);
    check(&project, "schema --format rus", &["'rus'", "did you mean `rust`?"]);
    check(&project, "schema --tables user", &["no table or view `user`", "did you mean `users`?"]);
    database.execute("CREATE SCHEMA app; CREATE TABLE app.orders (id int PRIMARY KEY)");
    // Diesel's file is about the schema public.
    for args in [
        "--tables users,orders",
        "--tables app.orders",
        "--format rust --schema public --tables orders",
    ] {
        let lines = ["orders` is in another schema", "--schema app"];
        check(&project, &format!("schema {args}"), &lines);
    }
    let lack = "a script of a part would lack what it needs";
    check(&project, "schema --format sql --tables users", &[lack, "# all of it"]);
    check(&project, "schema --format sql --schema public", &[lack, "# all of it"]);
    check(&project, "schema --keys", &["pictures alone", "schema --format svg --keys"]);
    check(&project, "schema --schema publik", &["no schema `publik`", "did you mean `public`?"]);
    let among = "migrations/all.json would lie among the migrations";
    check(&project, "schema --format json -o migrations/all.json", &[among, "--output all.json"]);
    let folder = project.path().join("migrations").display().to_string();
    check(&project, &format!("schema -o {folder}/other.rs"), &["would lie among the migrations"]);
}

#[test]
fn what_cannot_be_written_is_1_and_leaves_nothing() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    let outcome = project.expect("schema", 1);
    assert!(outcome.stderr.contains("cannot write migrations/schema.rs"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Hint: mkdir -p migrations"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("State: nothing was written"), "{}", outcome.stderr);
    fs::create_dir_all(project.path().join(FILE)).unwrap();
    for args in ["schema", "schema --check"] {
        let outcome = project.expect(args, 1);
        assert!(outcome.stderr.contains("cannot read migrations/schema.rs"), "{}", outcome.stderr);
    }
    assert_eq!(names(&project.path().join("migrations")), ["schema.rs"]);
    let report = project.json("schema", 1);
    assert_eq!(report["error"]["kind"], "io");
}

#[test]
fn a_role_that_may_only_read_is_enough() {
    let database = TestDatabase::new();
    let role = format!("reads_{}", database.name());
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN; CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY);
         ALTER ROLE {role} SET default_transaction_read_only = on"
    ));
    let project = project(&database);
    let own = project.expect("schema --format rust --output -", 0).stdout;
    let reading = Project::on(&database).with("PGUSER", &role);
    let url = database.url();
    let (_, place) = url.split_once('@').unwrap();
    let printed =
        format!("schema --format rust --output - --database-url postgres://{role}@{place}");
    let printed = reading.expect(&printed, 0);
    assert_eq!(printed.stdout, own);
    assert!(own.contains("pub mod hidden {"), "{own}");
    database.execute(&format!("DROP ROLE {role}"));
}

#[test]
fn programs_get_file_format_diff_and_content() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE t (id int)");
    let project = project(&database);
    let record = |args: &str, code: i32| project.json(args, code)["schema"].clone();
    let diff = project.expect("schema --check", 5).stdout;
    let checked = record("schema --check", 5);
    assert_eq!(checked, json!({ "file": FILE, "format": "diesel", "changed": true, "diff": diff }));
    let written = json!({ "file": FILE, "format": "diesel", "changed": true });
    assert_eq!(record("schema", 0), written);
    let fresh = json!({ "file": FILE, "format": "diesel", "changed": false });
    assert_eq!(record("schema", 0), fresh);
    assert_eq!(record("schema --check", 0), fresh);
    let content = project.expect("schema --format json", 0).stdout;
    let printed = json!({ "file": null, "format": "json", "changed": false, "content": content });
    assert_eq!(record("schema --format json", 0), printed);
}

#[test]
fn what_a_database_says_is_printed_as_it_is_and_steers_no_terminal() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE t (id int); COMMENT ON TABLE t IS E'a\\x1b[31mb'");
    let project = project(&database);
    let json = project.expect("schema --format json", 0).stdout;
    assert!(json.contains("a\\u001b[31mb"), "{json}");
    let (sql, comment) = ("schema --format sql", "IS 'a\u{1b}[31mb'");
    let piped = project.expect(sql, 0).stdout;
    assert!(piped.contains(comment), "{piped}");
    let (code, seen, _) = Terminal::start_whole(project.command(sql)).end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("COMMENT ON TABLE public.t IS 'a"), "{seen}");
    assert!(!seen.contains("a\u{1b}"), "{seen}");
}

/// The shape of `docs/schema-json.md`.
const SMALL: &str = "
    CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'All of it.';
    CREATE TYPE app.mood AS ENUM ('sad', 'ok');
    CREATE TABLE app.people (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email varchar(255) NOT NULL UNIQUE,
        moods app.mood[] DEFAULT '{}',
        shout text GENERATED ALWAYS AS (upper(email)) STORED
    );
    COMMENT ON COLUMN app.people.email IS 'Where to write.';
    CREATE TABLE app.letters (
        person bigint NOT NULL REFERENCES app.people, sent date NOT NULL
    ) PARTITION BY RANGE (sent);
    CREATE TABLE app.letters_2026 PARTITION OF app.letters FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE VIEW app.addresses AS SELECT email FROM app.people";

#[test]
fn the_json_of_a_schema_has_its_documented_shape() {
    let database = TestDatabase::new();
    database.execute(SMALL);
    let project = project(&database);
    let printed = project.expect("schema --format json --schema app", 0).stdout;
    let role = format!("\"owner\": \"{}\"", database.text("SELECT current_user"));
    let text = printed.replace(&role, "\"owner\": \"[ROLE]\"");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/transcripts");
    // Newer servers give constraints names that older ones do not have.
    if migration_tests::server().major() < 18 {
        expect_file![folder.join("schema.json")].assert_eq(&text);
    }

    // The page names every field of it.
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema-json.md"))
            .unwrap();
    let document: Value = serde_json::from_str(&printed).unwrap();
    let mut fields = Vec::new();
    fields_of(&document, &mut fields);
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "{field} is not described");
    }
}

#[test]
fn the_constants_of_a_schema_are_as_they_were() {
    let database = TestDatabase::new();
    database.execute(SMALL);
    let printed =
        project(&database).expect("schema --format rust --output - --schema app", 0).stdout;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/transcripts");
    expect_file![folder.join("schema.txt")].assert_eq(&printed);
}

/// The names of fields, without the attributes of objects, which are the catalogs' business.
fn fields_of(value: &Value, fields: &mut Vec<String>) {
    for (name, field) in value.as_object().into_iter().flatten() {
        fields.push(name.clone());
        if name != "attributes" {
            fields_of(field, fields);
        }
    }
    value.as_array().into_iter().flatten().for_each(|it| fields_of(it, fields));
}

/// The folder of this repository has the file of its migrations.
#[test]
fn the_file_of_this_repository_is_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up", 0);
    let mut check = project.command("schema --check");
    let outcome = Outcome::of(check.current_dir(root));
    assert_eq!(outcome.code, 0, "{}", outcome.all());
}
