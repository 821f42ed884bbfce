use super::*;
use crate::Mode;

const UP: &str = "20240320000000_create_users.up.sql";
const DOWN: &str = "20240320000000_create_users.down.sql";

#[test]
fn pairs_come_out_oldest_first() {
    let set = resolve(
        vec![
            file("20240321000000_b.down.sql", "SELECT 1"),
            file("20240321000000_b.up.sql", "VACUUM"),
            file(UP, "SELECT 1"),
            file(DOWN, "SELECT 2"),
        ],
        "migrations",
    );
    let set = set.unwrap();
    let names: Vec<&str> = set.migrations.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["create_users", "b"]);
    assert_eq!(set.migrations[0].down.sql, "SELECT 2");
    assert_eq!(set.migrations[1].up.mode, Mode::Standalone);
    assert_eq!(resolve(Vec::new(), "migrations"), Ok(SourceSet::default()));
}

#[test]
fn a_leaked_set_says_the_same() {
    let header = "-- migrate:lock-timeout 2s\n-- migrate:allow drop-table because b\n";
    let up = file(UP, &format!("{header}SELECT 1; SELECT 2"));
    let set = resolve(vec![up, file(DOWN, "-- migrate:irreversible because c")], "m").unwrap();
    let (owned, set) = (set.clone(), set.leak("m"));
    let (owned, leaked) = (&owned.migrations[0], set.iter().next().unwrap());
    assert_eq!((leaked.version, leaked.name), (owned.version, owned.name.as_str()));
    assert_eq!((leaked.up.sql, leaked.up.checksum), (owned.up.sql.as_str(), owned.up.checksum));
    assert_eq!(leaked.up.statements, owned.up.statements);
    assert_eq!(leaked.up.directives().lock_timeout_ms, Some(2_000));
    assert_eq!(leaked.up.directives().allow[0].reason, "b");
    assert_eq!(leaked.down.directives().irreversible, Some("c"));
    assert_eq!((set.folder(), set.len()), ("m", 1));
}

#[test]
fn names_that_are_none_are_refused() {
    let beside = "only scripts, `schema.rs` and dot files may lie here: move it elsewhere";
    let create = "`migration-cli create \"NAME\"` makes files with good names";
    check_name("README.md", "not a script of a migration", beside);
    check_name(
        "20240320000000_a.sql",
        "neither an up nor a down script",
        "a migration is a pair: `20240320000000_a.up.sql` and `20240320000000_a.down.sql`",
    );
    check_name("1_a.up.sql", "a version has fourteen digits, YYYYMMDDHHMMSS", create);
    check_name(
        "20240230000000_a.up.sql",
        "the digits of a version name a UTC second that exists",
        "YYYYMMDDHHMMSS, as in 20240320000000",
    );
    check_name("20240320000000.up.sql", "the file has no name between version and ending", create);
    let name = "a name has only a to z, 0 to 9 and underscores";
    let rename = "rename it to `20240320000000_add_users.up.sql`";
    check_name("20240320000000_Add Users.up.sql", name, rename);
    check_name("20240320000000_é.up.sql", name, create);
}

#[test]
fn lone_halves_are_refused() {
    check(
        &[UP],
        &[(
            UP,
            "an up script without its down script",
            "write `20240320000000_create_users.down.sql`; where there is no way back, \
         `-- migrate:irreversible because REASON` in it says so",
        )],
    );
    check(
        &[DOWN],
        &[(
            DOWN,
            "a down script without its up script",
            "write `20240320000000_create_users.up.sql`, or delete this file",
        )],
    );
    check(
        &[UP, "20240320000000_create_user.down.sql"],
        &[(
            "20240320000000_create_user.down.sql",
            "its up script is named `20240320000000_create_users.up.sql`",
            "rename it to `20240320000000_create_users.down.sql`",
        )],
    );
}

#[test]
fn one_version_is_one_migration() {
    let again = "version 20240320000000 is also that of `20240320000000_a.up.sql`";
    let help = "give one of them another version: each is a second of its own";
    let [a, b] = ["a", "b"]
        .map(|it| [format!("20240320000000_{it}.up.sql"), format!("20240320000000_{it}.down.sql")]);
    check(&[&a[0], &a[1], &b[0], &b[1]], &[(&b[0], again, help)]);
}

#[test]
fn problems_of_all_files_come_in_order() {
    let problems = resolve(
        vec![
            file("20240321000000_b.up.sql", "SELECT 1;\nCOMMIT;\nSELECT '"),
            file("README.md", ""),
            file(UP, "-- empty"),
            file(DOWN, "SELECT 1"),
        ],
        "db/migrations/",
    );
    let lines: Vec<String> = problems.unwrap_err().iter().map(Problem::to_string).collect();
    assert_eq!(
        lines,
        [
            "db/migrations/20240320000000_create_users.up.sql:1:1: a script without a statement",
            "db/migrations/20240321000000_b.up.sql: an up script without its down script",
            "db/migrations/20240321000000_b.up.sql:2:1: `COMMIT` in a script, which runs in a transaction of ours",
            "db/migrations/20240321000000_b.up.sql:3:8: this quote is never closed",
            "db/migrations/README.md: not a script of a migration",
        ]
    );
}

#[test]
fn problems_have_words_for_machines() {
    let problems = resolve(vec![file("a", "")], "m").unwrap_err();
    assert_eq!(problems[0].kind, ProblemKind::BadName);
    assert_eq!(problems[0].kind.as_str(), "bad_name");
}

fn file(name: &str, sql: &str) -> SourceFile {
    SourceFile { name: name.to_owned(), path: name.into(), bytes: sql.as_bytes().to_owned() }
}

#[track_caller]
fn check_name(name: &str, message: &str, help: &str) {
    check(&[name], &[(name, message, help)]);
}

#[track_caller]
fn check(names: &[&str], expected: &[(&str, &str, &str)]) {
    let files = names.iter().map(|it| file(it, "SELECT 1")).collect();
    let problems = resolve(files, "m").unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|it| (it.file.as_str(), it.message.as_str(), it.help.as_deref().unwrap_or_default()))
        .collect();
    let files: Vec<String> = expected.iter().map(|(name, ..)| format!("m/{name}")).collect();
    let expected: Vec<_> =
        files.iter().zip(expected).map(|(file, it)| (file.as_str(), it.1, it.2)).collect();
    assert_eq!(found, expected);
}
