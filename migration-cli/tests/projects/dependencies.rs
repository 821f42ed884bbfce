//! What a program contains that only runs migrations.

use std::process::Command;

use crate::project::{fetch, root};

/// What only the whole command line has.
const COMMAND_LINE: [&str; 6] =
    ["annotate-snippets", "clap", "env_logger", "include_dir", "migration-cli", "squawk-syntax"];

#[test]
fn a_program_that_only_runs_migrations_contains_neither_parser_nor_command_line() {
    let service = dependencies("axum-service");
    assert!(service.iter().any(|it| it == "migrate-runtime"), "{service:?}");
    let unwanted = service.iter().filter(|it| COMMAND_LINE.contains(&it.as_str()));
    assert_eq!(unwanted.collect::<Vec<_>>(), [""; 0]);

    // Those are the names under which they would have been found.
    let contracts = dependencies("contracts-cli");
    let missing = COMMAND_LINE.iter().filter(|name| contracts.iter().all(|it| it != *name));
    assert_eq!(missing.collect::<Vec<_>>(), [&""; 0]);
}

/// The packages that end up in the binary of a member.
#[track_caller]
fn dependencies(package: &str) -> Vec<String> {
    fetch();
    let args = "tree --offline -e normal,no-proc-macro --prefix none -p";
    let mut command = Command::new("cargo");
    command.args(args.split(' ')).arg(package).current_dir(root());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect()
}
