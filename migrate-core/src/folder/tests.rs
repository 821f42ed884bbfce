use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const UP: &str = "20240320000000_a.up.sql";
const DOWN: &str = "20240320000000_a.down.sql";

#[test]
fn scripts_are_read_and_what_may_lie_beside_them_is_not() {
    let folder = folder(&[
        (UP, "SELECT 1;"),
        (DOWN, "SELECT 2;"),
        ("schema.rs", "// \0"),
        (".gitkeep", ""),
        (".20240320000000_a.up.sql.swp", "x"),
    ]);
    fs::create_dir(folder.path().join(".hidden")).unwrap();
    let set = read_folder(folder.path(), "migrations").unwrap();
    assert_eq!(set.migrations.len(), 1);
    let up = &set.migrations[0].up;
    assert_eq!((up.file_name.as_str(), up.path.as_path()), (UP, &*folder.path().join(UP)));
}

#[test]
fn problems_of_the_folder_and_of_its_files_come_together() {
    let folder = folder(&[(UP, ""), (DOWN, "SELECT 2;"), ("notes.txt", "")]);
    fs::create_dir(folder.path().join("archive")).unwrap();
    let problems = read_folder(folder.path(), "m").unwrap_err();
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        lines,
        [
            "m/20240320000000_a.up.sql:1:1: a script without a statement",
            "m/archive: a folder among the migrations",
            "m/notes.txt: not a script of a migration",
        ]
    );
}

#[test]
fn a_folder_that_is_not_there_has_its_hint() {
    let missing = PathBuf::from("/no/such/folder");
    let problems = read_folder(&missing, "migrations").unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, ProblemKind::Unreadable);
    assert!(problems[0].to_string().starts_with("migrations: cannot be read: "));
    assert_eq!(problems[0].help.as_deref(), Some("`migration-cli create \"NAME\"` makes it"));
}

#[cfg(unix)]
#[test]
fn a_link_counts_as_what_it_leads_to() {
    use std::os::unix::fs::symlink;

    let real = folder(&[("a", "SELECT 1;"), ("b", "SELECT 2;")]);
    let linked = folder(&[]);
    symlink(real.path().join("a"), linked.path().join(UP)).unwrap();
    symlink(real.path().join("b"), linked.path().join(DOWN)).unwrap();
    assert_eq!(read_folder(linked.path(), "m").unwrap().migrations[0].up.sql, "SELECT 1;");

    fs::remove_file(real.path().join("b")).unwrap();
    let problems = read_folder(linked.path(), "m").unwrap_err();
    assert!(problems[0].to_string().starts_with("m/20240320000000_a.down.sql: cannot be read: "));
}

#[test]
fn a_stale_set_is_told_from_a_fresh_one() {
    let folder = folder(&[(UP, "SELECT 1;\n"), (DOWN, "SELECT 2;\n"), ("schema.rs", "")]);
    let set = read_folder(folder.path(), "m").unwrap().leak("m");
    let compare = || {
        let stale = compare_folder(&set, folder.path());
        stale.iter().map(Stale::to_string).collect::<Vec<_>>()
    };
    assert!(compare().is_empty());

    // Neither line ends nor what is no script make a set stale.
    fs::write(folder.path().join(UP), "\u{feff}SELECT 1;\r\n").unwrap();
    fs::write(folder.path().join("schema.rs"), "other").unwrap();
    fs::write(folder.path().join(".swp.sql"), "other").unwrap();
    assert!(compare().is_empty());

    fs::write(folder.path().join(UP), "SELECT 3;\n").unwrap();
    fs::write(folder.path().join("20240321000000_b.up.sql"), "no matter what").unwrap();
    fs::remove_file(folder.path().join(DOWN)).unwrap();
    assert_eq!(
        compare(),
        [
            "20240320000000_a.down.sql removed",
            "20240320000000_a.up.sql changed",
            "20240321000000_b.up.sql added",
        ]
    );
    assert_eq!(compare_folder(&set, Path::new("/no/such/folder")), []);
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}
