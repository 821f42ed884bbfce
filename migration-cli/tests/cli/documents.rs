//! What the documents name exists: commands to type, tests to look at, pages to go to.

use std::fs;
use std::path::{Path, PathBuf};

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
    for folder in [
        "tests",
        "tests/run",
        "tests/run/batches",
        "migrate-macros/tests",
        "migration-cli/tests/cli",
    ] {
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
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(PathBuf::from).to_vec();
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|it| it.unwrap().file_name());
    pages.extend(docs.map(|it| Path::new("docs").join(it)).filter(|it| is_page(it)));
    let (mut count, mut broken) = (0, Vec::new());
    for page in pages {
        let text = fs::read_to_string(root.join(&page)).unwrap();
        for link in links(&text) {
            count += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            // No path: a heading of the page itself.
            let file = match path {
                "" => page.clone(),
                path => page.with_file_name(path),
            };
            let there = root.join(&file).exists();
            let heading = anchor.is_empty()
                || there
                    && anchors(&fs::read_to_string(root.join(&file)).unwrap())
                        .any(|it| it == anchor);
            if !there || !heading {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(count > 30, "the search lost its way: {count} links");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "md")
}

/// Where the links of a page lead, unless that is out of the repository.
fn links(page: &str) -> Vec<&str> {
    let prose = prose(page);
    let inline = prose.iter().flat_map(|line| line.split("](").skip(1));
    let inline = inline.filter_map(|rest| Some(rest.split_once(')')?.0));
    // `[name]: target`, for links that are written elsewhere.
    let defined = prose.iter().filter(|it| it.starts_with('['));
    let defined = defined.filter_map(|line| Some(line.split_once("]: ")?.1.trim()));
    inline.chain(defined).filter(|it| !it.contains("://")).collect()
}

/// The lines outside of blocks of code.
fn prose(page: &str) -> Vec<&str> {
    let mut in_code = false;
    let is_prose = |line: &&str| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    };
    page.lines().filter(is_prose).collect()
}

/// The anchors that the headings of a page have on the usual hosts.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let headings = prose(page).into_iter().filter(|it| it.starts_with('#'));
    headings.map(|it| {
        let kept = it.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|it| it.is_alphanumeric() || "-_ ".contains(*it));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect()
    })
}

#[test]
fn links_and_anchors_are_found_as_a_reader_sees_them() {
    let page = "## Two `up`s, and one\n[a](b.md#c) and [d](https://e)\n```\n# no\n[x](y)\n```\n[n]: m.md\n";
    assert_eq!(links(page), ["b.md#c", "m.md"]);
    assert_eq!(anchors(page).collect::<Vec<_>>(), ["two-ups-and-one"]);
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
