//! The reference of the command line, `docs/cli.md`: what `--help` prints, of every command there is.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;
use migrate_runtime::ErrorKind;

use crate::project::Project;

const INTRODUCTION: &str = "\
# The command line

What `--help` prints, of every command. A program of your own has the same commands under its own name.
The suite writes this page: `UPDATE_EXPECT=1 cargo test -p migration-cli reference`.
";

const GLOBAL: &str = "\nGlobal options:\n";
const VARIABLES: &str = "\nEnvironment variables, also read from a .env file:\n";

#[test]
fn the_page_is_what_the_program_says() {
    let root = help("");
    let (about, rest) = root.split_once(GLOBAL).unwrap();
    let (global, variables) = rest.split_once(VARIABLES).unwrap();
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, "migration-cli", about);
    section(&mut page, "Global options", global);
    page.push_str("\nEvery command takes them. `--migrations-dir` counts for `create`, `import` and `config` alone.\n");
    let variables = format!("Also read from a .env file:\n{variables}");
    section(&mut page, "Environment variables", &variables);
    page.push_str(EXIT_CODES);
    commands(&mut page, "", about, global);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    expect_file![file].assert_eq(&page);
}

/// The words for programs stand beside the codes in one table of the library.
const EXIT_CODES: &str = "
## Exit codes

| code | meaning | kinds of errors in JSON |
| --- | --- | --- |
| 0 | done, or nothing to do | |
| 1 | failed; the message says what ran before and in which state the database is | `sql`, `lock_timeout`, `connection_lost`, `damaged_backup`, `program`, `in_use`, `restore_failed`, `io` |
| 2 | wrong command line or configuration, a version, count or backup that does not exist, no `pg_dump` of the server's version | `usage`, `config`, `no_such_version`, `impossible`, `no_such_backup`, `missing_program` |
| 3 | the database cannot be reached, logged in to or written to | `connect`, `privilege`, `standby`, `pooler` |
| 4 | migrations are pending (`status --check`) | |
| 5 | a difference: a script edited after it ran, a migration that came too late, a stale build, a schema that has drifted; of `check`: a down script that does not restore what was there, or a finding of the lint; of `schema --check`: a file that is stale or missing | `edited`, `out_of_order`, `script_differs`, `plan_changed`, `stale_build`, `foreign_history` |
| 6 | another runner holds the lock | `lock_held` |
| 7 | refused: consent needed | `consent` |
| 8 | work outside a transaction is unfinished | `unfinished` |
| 70 | a bug in this program | `internal` |
| 130 | interrupted; the running statement was cancelled | `interrupted` |

With `--json`, one object on stdout says the same; [output.schema.json](output.schema.json) describes it.
";

#[test]
fn every_kind_of_error_stands_beside_its_exit_code() {
    for (_, word, code) in ErrorKind::all() {
        let line = EXIT_CODES.lines().find(|it| it.contains(&format!("`{word}`")));
        let line = line.unwrap_or_else(|| panic!("{word} is missing"));
        assert!(line.starts_with(&format!("| {code} |")), "{word}: {line}");
    }
}

/// Appends the commands that a help text lists, and those below them.
fn commands(page: &mut String, above: &str, about: &str, global: &str) {
    let Some((_, list)) = about.split_once("\nCommands:\n") else { return };
    for line in list.lines().take_while(|it| !it.is_empty()) {
        // A line that goes on stands further to the right.
        let Some(name) = line.strip_prefix("  ").filter(|it| !it.starts_with(' ')) else {
            continue;
        };
        let name = name.split(' ').next().unwrap();
        let command = format!("{above} {name}").trim_start().to_owned();
        let text = help(&command);
        let (about, rest) = text.split_once(GLOBAL).unwrap_or_else(|| panic!("{command}: {text}"));
        assert_eq!(rest.trim_end(), global.trim_end(), "{command}");
        section(page, &format!("migration-cli {command}"), about);
        commands(page, &command, about, global);
    }
}

fn section(page: &mut String, title: &str, text: &str) {
    write!(page, "\n## {title}\n\n```text\n{}\n```\n", text.trim_matches('\n')).unwrap();
}

fn help(command: &str) -> String {
    let outcome = Project::new().expect(&format!("{command} --help"), 0);
    assert_eq!(outcome.stderr, "", "{command}");
    let long = outcome.stdout.lines().find(|it| it.chars().count() > 100);
    assert_eq!(long, None, "{command}: help is as wide as a terminal");
    outcome.stdout
}
