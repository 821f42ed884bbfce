//! `init`: what a project needs to have migrations.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::context::Start;
use crate::error::CommandError;
use crate::new_file::{make_folder, write_new};
use crate::paste::quote;
use crate::template::project_file;

/// Make a Rust project ready for migrations
///
/// Makes the folder `migrations`, a `build.rs` that lets cargo notice added scripts, and a
/// `migration.toml`; then prints the two lines for `src/main.rs`. What is there already is left as it is.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct InitArgs {
    /// The folder of the project, where its Cargo.toml lies
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// The two lines of a program with every command.
const LINES: [&str; 2] = [
    "static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!(\"migrations\");",
    "fn main() -> std::process::ExitCode { migration_cli::main(&MIGRATIONS) }",
];

/// What lets cargo notice an added script.
const WATCH: &str = "println!(\"cargo::rerun-if-changed=migrations\");";

/// The build script of a package that names none.
const BUILD_SCRIPT: &str = "build.rs";

pub(crate) fn run(mut start: Start<'_>, args: &InitArgs) -> Result<u8, CommandError> {
    let folder = &args.folder;
    let build_script = build_script(folder)?;
    let migrations = folder.join("migrations");
    make_folder(&migrations)?;
    // A folder without a file is lost in git, and a clone would not build.
    let mut files = vec!["migrations/.gitkeep", "migration.toml"];
    if build_script.as_deref() == Some(BUILD_SCRIPT) {
        files.push(BUILD_SCRIPT);
    }
    for name in files {
        make(&mut start, folder, name)?;
    }
    say_what_is_left(&mut start, folder, build_script.as_deref());
    Ok(0)
}

fn make(start: &mut Start<'_>, folder: &Path, name: &str) -> Result<(), CommandError> {
    let path = folder.join(name);
    let made = start.report.files.get_or_insert_default();
    match write_new(&path, project_file(name).as_bytes()) {
        Ok(()) => {
            let path = path.strip_prefix(".").unwrap_or(&path).display().to_string();
            made.push(path.clone());
            start.ui.result(&path)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            start.ui.note(format!("{name} is there already, and stays as it is."));
            Ok(())
        }
        Err(error) => {
            let state = match made.as_slice() {
                [] => "no file was written".to_owned(),
                files => format!("{} is written", files.join(", ")),
            };
            let hint = format!(
                "migration-cli init {}   # writes what is missing",
                quote(&folder.display().to_string())
            );
            Err(CommandError::io(format!("cannot write {}", path.display()), &error)
                .with_state(state)
                .with_hint(hint))
        }
    }
}

/// The build script of the package in a folder; nothing where it wants none.
fn build_script(folder: &Path) -> Result<Option<String>, CommandError> {
    let refused = |why: &str| {
        CommandError::usage(format!("{why} in the folder `{}`", folder.display()))
            .with_state("nothing was written")
            .with_hint("cargo new NAME && cd NAME && migration-cli init")
            .with_hint("cd PROJECT && migration-cli init   # a package that there is")
    };
    let text = match fs::read_to_string(folder.join("Cargo.toml")) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(refused("there is no Cargo.toml"));
        }
        Err(error) => {
            return Err(CommandError::io("cannot read the Cargo.toml", &error)
                .with_state("nothing was written"));
        }
    };
    let manifest =
        DeTable::parse(&text).map_err(|_| refused("the Cargo.toml is not TOML"))?.into_inner();
    let package = manifest.get("package").and_then(|it| it.get_ref().as_table());
    let package = package.ok_or_else(|| refused("the Cargo.toml has no package"))?;
    Ok(match package.get("build").map(Spanned::get_ref) {
        Some(DeValue::Boolean(false)) => None,
        Some(DeValue::String(path)) => Some(path.to_string()),
        _ => Some(BUILD_SCRIPT.to_owned()),
    })
}

/// Whether a build script has the folder watched, as far as one can see.
fn watches(script: &str) -> bool {
    let lines = script.lines().filter(|it| !it.trim_start().starts_with("//"));
    let watching = |it: &str| it.contains("rerun-if-changed=") && it.contains("migrations");
    lines.into_iter().any(watching)
}

fn say_what_is_left(start: &mut Start<'_>, folder: &Path, build_script: Option<&str>) {
    let ui = &start.ui;
    match build_script {
        None => ui.warn(format!(
            "Cargo.toml says `build = false`: without a build script cargo does not notice an added migration. \
             Take that line out, and run this again; or write one with {WATCH}"
        )),
        Some(name) if !fs::read_to_string(folder.join(name)).is_ok_and(|it| watches(&it)) => {
            ui.warn(format!("{name} does not watch the folder; add to its main: {WATCH}"));
        }
        Some(_) => {}
    }
    ui.note(format!("\nNow src/main.rs needs these two lines:\n\n{}\n{}", LINES[0], LINES[1]));
    ui.note(
        "\nAn application that migrates when it starts needs the first line, and in its start:",
    );
    ui.note("\nmigrate_runtime::Migrator::from_url(&MIGRATIONS, &url)?.up()?;");
    let first = "cargo run -- create create_users_table";
    let first = match folder.display().to_string().as_str() {
        "." => first.to_owned(),
        folder => format!("cd {} && {first}", quote(folder)),
    };
    ui.note(format!("\nThe first migration: {first}"));
    start.report.lines = Some(LINES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_script_is_the_one_that_cargo_runs() {
        #[track_caller]
        fn check(manifest: &str, expected: Result<Option<&str>, &str>) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
            let found = build_script(folder.path());
            let found = found.as_ref().map(Option::as_deref).map_err(|it| it.message.as_str());
            match (found, expected) {
                (Err(message), Err(start)) => assert!(message.starts_with(start), "{message}"),
                (found, expected) => assert_eq!(found, expected, "{manifest}"),
            }
        }

        check("[package]\nname = 'a'\n", Ok(Some("build.rs")));
        check("[package]\nbuild = true\n", Ok(Some("build.rs")));
        check("[package]\nbuild = 'src/b.rs'\n", Ok(Some("src/b.rs")));
        check("[package]\nbuild = false\n", Ok(None));
        check("[workspace]\n", Err("the Cargo.toml has no package"));
        check("[package", Err("the Cargo.toml is not TOML"));
    }

    #[test]
    fn a_line_that_watches_is_found_and_a_comment_is_none() {
        assert!(watches(&project_file(BUILD_SCRIPT)));
        assert!(watches("println!(\"cargo:rerun-if-changed=./migrations/\");"));
        assert!(!watches("fn main() {}\n// println!(\"cargo::rerun-if-changed=migrations\");"));
        assert!(!watches("println!(\"cargo::rerun-if-changed=build.rs\");"));
    }
}
