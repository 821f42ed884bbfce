//! `docs/rules`: a page for each rule of the lint, and the list of them.

use std::fs;
use std::path::PathBuf;

use expect_test::expect_file;
use migrate_core::{RULES, rules_page};

#[test]
fn the_pages_are_what_the_rules_say() {
    expect_file![folder().join("README.md")].assert_eq(&rules_page());
    for rule in RULES {
        expect_file![folder().join(format!("{}.md", rule.id))].assert_eq(&rule.page());
    }
}

#[test]
fn no_page_is_left_of_a_rule_that_is_gone() {
    let names = fs::read_dir(folder()).unwrap().map(|it| it.unwrap().file_name());
    let is_known = |name: &str| {
        name == "README.md" || RULES.iter().any(|it| name.strip_suffix(".md") == Some(it.id))
    };
    let left: Vec<String> =
        names.map(|it| it.to_string_lossy().into_owned()).filter(|it| !is_known(it)).collect();
    assert!(left.is_empty(), "delete {}", left.join(", "));
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/rules")
}
