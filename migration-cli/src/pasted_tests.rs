//! Commands that documents and hints tell people to paste are commands that there are.

use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use crate::cli::{Color, parser};

/// What stands for a value of the reader's, and a value.
const PLACEHOLDERS: [(&str, &str); 5] = [
    ("VERSION", "20240320000000"),
    ("NAME", "name"),
    ("SHELL", "bash"),
    ("N", "1"),
    ("{count}", "1"),
];

#[test]
fn commands_in_documents_and_hints_can_be_pasted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = 0;
    let mut wrong = Vec::new();
    for (folder, ending, calls) in [
        (".", "md", IN_DOCUMENTS),
        ("docs", "md", IN_DOCUMENTS),
        ("docs", "yml", IN_DOCUMENTS),
        ("examples", "md", IN_DOCUMENTS),
        ("migrate-runtime/src", "rs", IN_CODE),
        ("migration-cli/src", "rs", IN_CODE),
    ] {
        for path in files(&root.join(folder), ending, folder != ".") {
            // These hold commands that are wrong on purpose.
            if path.file_stem().is_some_and(|it| it == "paste" || it == "pasted_tests") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for call in Regex::new(calls).unwrap().captures_iter(&text) {
                found += 1;
                if let Err(why) = parses(&call[1]) {
                    let line = text[..call.get(0).unwrap().start()].lines().count();
                    wrong.push(format!("{}:{line}: {}\n  {why}", path.display(), &call[1]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 40, "the search lost its way: {found}");
}

/// Where a line begins, after a prompt, a variable or a separator, or in backquotes.
const IN_DOCUMENTS: &str =
    r"(?m)(?:^|`|\$ |&& |; |\./|/bin/|=\S+ |-- |\[)(?:migration-cli|contracts) +([a-z-][^`\n]*)";
/// Where a literal begins, or backquotes do.
const IN_CODE: &str = r#"(?:["`]|&& |: |=\S+ )migration-cli +([a-z{-][^`"\n]*)"#;

fn parses(call: &str) -> Result<(), String> {
    let end = Regex::new(r"\s*( #|\||>|&&|;|\\$| \[|…|\)|\]).*").unwrap();
    let quoted = Regex::new(r#""[^"]*"|'[^']*'|\$\{?\w+\}?"#).unwrap();
    let call = quoted.replace_all(call, "quoted");
    let call = end.replace(&call, "");
    let words = call.split_whitespace().enumerate().map(|(index, word)| {
        let value = PLACEHOLDERS.iter().find(|(name, _)| *name == word);
        match (value, word.starts_with('{')) {
            (Some((_, value)), _) => (*value).to_owned(),
            // What the program fills in: the command first, and a version after it.
            (None, true) if index == 0 => "up".to_owned(),
            (None, true) => "20240320000000".to_owned(),
            (None, false) => word.to_owned(),
        }
    });
    let words = std::iter::once("migration-cli".to_owned()).chain(words);
    match parser("migration-cli", Color::Never).try_get_matches_from(words) {
        Err(error) if error.exit_code() != 0 => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn files(folder: &Path, ending: &str, deep: bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && deep {
            found.extend(files(&path, ending, deep));
        } else if path.extension().is_some_and(|it| it == ending) {
            found.push(path);
        }
    }
    found
}
