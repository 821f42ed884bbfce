//! `schema` with the words that choose: a format, tables, schemas, views and keys.

use migration_tests::TestDatabase;
use serde_json::Value;

use crate::schema_file::{names, project, read};

#[test]
fn another_format_and_a_part_go_to_stdout_and_a_named_file_takes_anything() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY); CREATE TABLE u (id int);
         CREATE TABLE app.u (t int REFERENCES app.t); CREATE TYPE app.mood AS ENUM ('sad');
         CREATE DOMAIN app.small AS int; CREATE TYPE app.pair AS (a int); CREATE TYPE app.unused AS (a int);
         CREATE TABLE app.typed (a app.mood, b app.small, c app.pair[])",
    );
    let project = project(&database);
    let json: Value =
        serde_json::from_str(&project.expect("schema --format json", 0).stdout).unwrap();
    let names_of = |it: &Value| {
        let relations = it["relations"].as_array().unwrap().iter();
        relations
            .map(|it| format!("{}.{}", it["schema"], it["name"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(names_of(&json), ["app.t", "app.typed", "app.u", "public.u"]);
    let part = |args: &str| {
        let printed = project.expect(&format!("schema --format json {args}"), 0).stdout;
        names_of(&serde_json::from_str(&printed).unwrap())
    };
    assert_eq!(part("--tables u"), ["app.u", "public.u"]);
    let types = project.expect("schema --format json --tables typed", 0).stdout;
    let types: Value = serde_json::from_str(&types).unwrap();
    let kinds = types["objects"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap());
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(
        kinds,
        ["schema", "enum", "domain", "composite", "table", "column", "column", "column"]
    );
    assert_eq!(part("--tables app.u,t"), ["app.t", "app.u"]);
    assert_eq!(part("--schema app"), ["app.t", "app.typed", "app.u"]);
    assert_eq!(part("--schema app --schema public"), ["app.t", "app.typed", "app.u", "public.u"]);
    assert_eq!(part("--schema public --tables u"), ["public.u"]);

    let rust = project.expect("schema --format rust --tables app.u", 0).stdout;
    assert!(rust.contains("pub mod u {") && !rust.contains("pub mod mood {"), "{rust}");
    assert!(rust.contains("target: \"app.t\""), "{rust}");
    assert_eq!(
        project.expect("schema --format rust --output -", 0).stdout.matches("\npub mod ").count(),
        2
    );
    assert!(names(&project.path().join("migrations")).is_empty());

    // The ending tells the format, and a file below the working directory is called as it is from there.
    let path = project.path().canonicalize().unwrap().join("all.json").display().to_string();
    let wrote = project.expect(&format!("schema -o {path}"), 0);
    assert_eq!(wrote.stdout, "Wrote all.json.\n");
    project.expect("schema --format json -o all.json --check", 0);
    project.expect("schema --format svg -o all.json --check", 5);
    assert_eq!(project.expect("schema --format json", 0).stdout, read(&project, "all.json"));
    project.expect("schema --format rust --tables app.u -o part.rs", 0);
    assert_eq!(read(&project, "part.rs"), rust);
}

#[test]
fn diesel_and_pictures_show_what_they_are_told_to() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE a (id int PRIMARY KEY, remark text); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
         CREATE TABLE c (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM a;
         CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, c int REFERENCES c)",
    );
    let project = project(&database);
    let diesel = |args: &str| project.expect(&format!("schema --output - {args}"), 0).stdout;
    let tables = |text: &str| {
        let heads = text.lines().filter(|it| it.ends_with(") {") && !it.contains('!'));
        heads.map(|it| it.trim().trim_end_matches(" {").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tables(&diesel("")), ["a (id)", "b (id)", "c (id)"]);
    assert_eq!(tables(&diesel("--tables public.b")), ["b (id)"]);
    assert_eq!(tables(&diesel("--views")), ["a (id)", "b (id)", "c (id)", "v (id)"]);
    assert_eq!(tables(&diesel("--tables v,a")), ["a (id)", "v (id)"], "views that are named");
    assert!(diesel("--schema app").contains("app.t (id) {"));
    let both = project.expect("schema --schema app --schema public", 2);
    assert!(both.stderr.contains("about one schema"), "{}", both.stderr);
    project.expect("schema", 0);
    project.write("migration.toml", "schema_views = true");
    assert!(project.expect("schema --check", 5).stdout.contains("+    v (id) {"));

    for (format, mark) in [("mermaid", "erDiagram"), ("svg", "<svg")] {
        let picture =
            |args: &str| project.expect(&format!("schema --format {format} {args}"), 0).stdout;
        assert!(picture("").contains(mark), "{}", picture(""));
        assert_ne!(picture("--tables b"), picture(""));
        // What was not named itself looks otherwise.
        let joined = |args: &str| picture(args).replace(" neighbour", "");
        assert_eq!(joined("--tables a"), joined("--tables b"), "with what it is joined to");
        assert_eq!(joined("--schema app"), joined("--tables c"), "wherever that is");
        assert!(picture("").contains("remark") && !picture("--keys").contains("remark"));
        let unknown = project.expect(&format!("schema --format {format} --tables bb"), 2);
        assert!(unknown.stderr.contains("did you mean `b`?"), "{}", unknown.stderr);
    }
}

#[test]
fn a_partition_that_is_named_has_no_constants_and_that_is_said() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    );
    let project = project(&database);
    let said = "left out, since partitions have the columns of their parents: table p1\n";
    let named = project.expect("schema --format rust --tables p,p1", 0);
    assert!(named.stderr.ends_with(said), "{}", named.stderr);
    assert!(named.stdout.contains("pub mod p {") && !named.stdout.contains("pub mod p1 {"));
    let all = project.expect("schema --format rust --output -", 0);
    assert!(!all.stderr.contains("left out"), "{}", all.stderr);
}
