//! Help texts are the reference of the command line: kept in `help/`, and compared.

use std::path::Path;

use expect_test::expect_file;

use crate::project::Project;

#[test]
fn help_says_what_the_reference_says() {
    let commands = [
        "",
        "create",
        "import",
        "up",
        "down",
        "status",
        "verify",
        "db",
        "db start",
        "db stop",
        "db status",
    ];
    for command in commands.into_iter().chain(["db url", "db reset"]) {
        let outcome = Project::new().expect(&format!("{command} --help"), 0);
        let file = format!("migration-cli {command}").trim_end().replace(' ', "-");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help");
        expect_file![folder.join(format!("{file}.txt"))].assert_eq(&outcome.stdout);
        assert_eq!(outcome.stderr, "", "{command}");
    }
}

#[test]
fn help_may_come_first() {
    let project = Project::new();
    for command in ["", "up", "rollback", "db start"] {
        let help = project.expect(&format!("help {command}"), 0).stdout;
        assert_eq!(help, project.expect(&format!("{command} --help"), 0).stdout, "{command}");
    }
    assert!(project.expect("help nonsense", 2).stderr.contains("'nonsense'"));
}

#[test]
fn help_is_as_wide_as_a_terminal() {
    for command in ["", "up", "down", "create", "import", "db"] {
        let help = Project::new().expect(&format!("{command} --help"), 0).stdout;
        let long = help.lines().find(|it| it.chars().count() > 100);
        assert_eq!(long, None, "{command}");
    }
}

#[test]
fn a_program_under_another_name_speaks_of_itself_by_that_name() {
    let project = Project::new();
    let other = project.path().join("contracts");
    std::fs::hard_link(env!("CARGO_BIN_EXE_migration-cli"), &other)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_migration-cli"), &other).map(drop))
        .unwrap();
    let run = |args: &[&str]| {
        let output = std::process::Command::new(&other).args(args).env_clear().output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    assert!(run(&["--help"]).contains("Usage: contracts [OPTIONS] <COMMAND>"));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(run(&["--version"]), format!("contracts (migration-cli {version})\n"));
    let ours = project.expect("--version", 0).stdout;
    assert_eq!(ours, format!("migration-cli {version}\n"));
    let refused = run(&["up", "--database-url", "postgres://u@127.0.0.1:1/d"]);
    assert!(
        refused.contains("Hint: contracts --database-url \"$DATABASE_URL\" up --wait-for-db"),
        "{refused}"
    );
    assert!(!refused.contains("migration-cli"), "{refused}");
}
