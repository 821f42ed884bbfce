//! What the documents name exists: commands to type, tests to look at.

use std::fs;
use std::path::Path;

use crate::project::Project;

#[test]
fn the_commands_of_the_deployment_page_exist() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy.md");
    let page = fs::read_to_string(page).unwrap();
    let commands: Vec<String> = page.lines().flat_map(commands).collect();
    assert!(commands.iter().any(|it| it == "status --check"), "{commands:?}");
    assert!(commands.iter().any(|it| it.starts_with("up --env production")), "{commands:?}");
    for command in commands {
        // With --help at the end, commands and flags are checked and nothing runs.
        Project::new().expect(&format!("{command} --help"), 0);
    }
}

#[test]
fn the_tests_that_the_comparison_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/comparison.md")).unwrap();
    let mut tests = String::new();
    for folder in ["tests", "tests/run", "migrate-macros/tests", "migration-cli/tests/cli"] {
        for entry in fs::read_dir(root.join(folder)).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|it| it == "rs") {
                tests += &fs::read_to_string(entry.path()).unwrap();
            }
        }
    }
    // Between two backquotes, what looks like the name of a test.
    let quoted = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let names: Vec<&str> = quoted.filter(|it| it.contains('_') && !it.contains("::")).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names.into_iter().filter(|it| *it != "search_path") {
        let exists = match name.strip_prefix("ui/") {
            Some(_) => root.join("migrate-macros/tests").join(name).is_dir(),
            None => tests.contains(&format!("fn {name}()")),
        };
        assert!(exists, "{name}");
    }
}

#[test]
fn commands_are_found_wherever_they_stand() {
    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        assert_eq!(commands(line).collect::<Vec<_>>(), expected);
    }

    check("contracts verify   # why", &["verify"]);
    check("- run: target/debug/contracts down --all", &["down --all"]);
    check("The command `contracts down 2` and `contracts up`.", &["down 2", "up"]);
    check("contracts up --confirm || exit", &["up --confirm"]);
    check(r#"          args: ["up", "--env", "production"]"#, &["up --env production"]);
    check(r#"CMD ["status"]"#, &["status"]);
    check("like `contracts` with `contracts-service` in contracts-cli", &[]);
    check("Description=Migrate the database of contracts", &[]);
}

/// What stands behind the program's name in code, and lists of arguments.
fn commands(line: &str) -> impl Iterator<Item = String> {
    let typed = line.split("contracts ").skip(1).map(|it| {
        let end = ["#", "|", "&", ";", "`"].iter().filter_map(|end| it.find(end)).min();
        it[..end.unwrap_or(it.len())].trim().to_owned()
    });
    let is_command = |it: &String| it.starts_with(|first: char| first.is_ascii_lowercase());
    let list = ["args: [", "CMD ["].iter().find_map(|it| line.split_once(it));
    let list = list.map(|(_, rest)| rest.trim_end_matches(']').replace(['"', ','], ""));
    typed.filter(is_command).chain(list)
}
