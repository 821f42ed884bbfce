//! How help is asked for. What it says is the page of `reference.rs`.

use crate::project::Project;

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
    let theirs = run(&["--version"]);
    assert_eq!(first_part(&theirs), format!("contracts (migration-cli {version})"));
    let ours = project.expect("--version", 0).stdout;
    assert_eq!(first_part(&ours), format!("migration-cli {version}"));
    let refused = run(&["up", "--database-url", "postgres://u@127.0.0.1:1/d"]);
    assert!(
        refused.contains("Hint: contracts --database-url \"$DATABASE_URL\" up --wait-for-db"),
        "{refused}"
    );
    assert!(!refused.contains("migration-cli"), "{refused}");
    for command in ["completions", "man", "up", "db"] {
        let help = run(&[command, "--help"]);
        assert!(!help.contains("migration-cli"), "{help}");
        // Its title line names the package that the page belongs to.
        let page = run(&["man", command]);
        let ours = page.lines().filter(|it| !it.starts_with(".TH ")).collect::<String>();
        assert!(!ours.replace('\\', "").contains("migration-cli"), "{page}");
    }
}

/// What is said before the revision, which a build from an archive does not know.
fn first_part(version: &str) -> &str {
    let version = version.trim_end();
    let Some((first, revision)) = version.split_once(", revision ") else { return version };
    assert!([40, 64].contains(&revision.len()), "{version}");
    first
}

#[test]
fn aliases_are_the_same_commands() {
    let project = Project::new();
    let aliases = [
        ("new", "create"),
        ("add", "create"),
        ("apply", "up"),
        ("migrate", "up"),
        ("rollback", "down"),
        ("revert", "down"),
        ("history", "logs"),
    ];
    for (alias, command) in aliases {
        let help = |it: &str| project.expect(&format!("{it} --help"), 0).stdout;
        assert_eq!(help(alias), help(command), "{alias}");
    }
}

#[test]
fn a_shell_completes_commands_and_flags() {
    #[track_caller]
    fn check(words: &str, expected: &str) {
        // What bash does when somebody presses the tabulator key behind these words.
        let script = format!(
            "source <(\"$0\" completions bash)
             COMP_WORDS=(migration-cli {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
             _migration__cli migration-cli \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"
             echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = std::process::Command::new("bash");
        let output = bash.args(["-c", &script, env!("CARGO_BIN_EXE_migration-cli")]).output();
        let output = output.unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{words}: {log}");
    }

    check("sta", "status");
    check("db st", "start stop status");
    check("up --all", "--allow-out-of-order --allow-insecure");
    check("completions z", "zsh");
}
