//! `init`: what a project needs to have migrations.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::context::Start;
use crate::error::CommandError;
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

const BUILD_SCRIPT: &str = "build.rs";

pub(crate) fn run(mut start: Start<'_>, args: &InitArgs) -> Result<u8, CommandError> {
    let folder = &args.folder;
    if !folder.join("Cargo.toml").is_file() {
        let message = format!("there is no Cargo.toml in the folder `{}`", folder.display());
        return Err(CommandError::usage(message)
            .with_state("nothing was written")
            .with_hint("cargo new NAME && cd NAME && migration-cli init")
            .with_hint("cd PROJECT && migration-cli init   # a project that there is"));
    }
    let migrations = folder.join("migrations");
    fs::create_dir_all(&migrations).map_err(|error| {
        CommandError::io(format!("cannot make the folder {}", migrations.display()), &error)
    })?;
    let mut made = Vec::new();
    // A folder without a file is lost in git, and a clone would not build.
    for name in ["migrations/.gitkeep", BUILD_SCRIPT, "migration.toml"] {
        let path = folder.join(name);
        if write_new(&path, &project_file(name))? {
            let path = path.strip_prefix(".").unwrap_or(&path).display().to_string();
            start.ui.result(&path)?;
            made.push(path);
        } else {
            start.ui.note(format!("{name} is there already, and stays as it is."));
        }
    }
    start.report.files = Some(made);
    say_what_is_left(&mut start, folder);
    Ok(0)
}

fn say_what_is_left(start: &mut Start<'_>, folder: &Path) {
    let ui = &start.ui;
    let build_script = fs::read_to_string(folder.join(BUILD_SCRIPT)).unwrap_or_default();
    if !build_script.contains("rerun-if-changed=migrations") {
        ui.warn(format!("{BUILD_SCRIPT} does not watch the folder; add to its main: {WATCH}"));
    }
    ui.note(format!("\nNow src/main.rs needs these two lines:\n\n{}\n{}", LINES[0], LINES[1]));
    ui.note(
        "\nAn application that migrates when it starts needs the first line, and in its start:",
    );
    ui.note("\nmigrate_runtime::Migrator::from_url(&MIGRATIONS, &url)?.up()?;");
    ui.note(ui.in_our_name("\nThe first migration: migration-cli create create_users_table"));
    start.report.lines = Some(LINES);
}

/// Whether the file was written: nothing is written over anything.
fn write_new(path: &Path, text: &str) -> Result<bool, CommandError> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(CommandError::io(format!("cannot write {}", path.display()), &error)),
    }
}
