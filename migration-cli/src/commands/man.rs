//! `man`: manual pages.

use std::fs;
use std::path::{Path, PathBuf};

use clap_mangen::Man;

use crate::cli::{Color, parser};
use crate::context::Start;
use crate::error::CommandError;
use crate::new_file::make_folder;
use crate::output::Ui;
use crate::paste::quote;
use crate::text::plural;

/// Print the manual page, of the program or of one command
///
/// `migration-cli man | man -l -` shows it; `migration-cli man --to DIR` writes a page for the program
/// and one for each command, for a package or for `$MANPATH`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ManArgs {
    /// The command, as in `man db start`
    #[arg(value_name = "COMMAND", conflicts_with = "to")]
    command: Vec<String>,

    /// Write all pages into this folder, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

pub(crate) fn run(mut start: Start<'_>, args: &ManArgs) -> Result<u8, CommandError> {
    let mut program = parser(start.ui.program(), Color::Never);
    program.build();
    if let Some(folder) = &args.to {
        return write_all(&mut start, &program, folder);
    }
    let mut command = &program;
    for word in &args.command {
        command = command.find_subcommand(word).ok_or_else(|| {
            CommandError::usage(format!("there is no command `{word}`"))
                .with_hint("migration-cli --help")
        })?;
    }
    let text = page(command)?;
    start.print_text(text)
}

fn write_all(
    start: &mut Start<'_>,
    program: &clap::Command,
    folder: &Path,
) -> Result<u8, CommandError> {
    make_folder(folder)?;
    let mut files = Vec::new();
    write_tree(&start.ui, program, folder, &mut files)?;
    start.report.files = Some(files);
    Ok(0)
}

fn write_tree(
    ui: &Ui,
    command: &clap::Command,
    folder: &Path,
    files: &mut Vec<String>,
) -> Result<(), CommandError> {
    let path = folder.join(format!("{}.1", display_name(command)));
    fs::write(&path, page(command)?).map_err(|error| {
        CommandError::io(format!("cannot write {}", path.display()), &error)
            .with_state(format!("{} written before it", plural(files.len(), "page")))
            .with_hint(format!("df -h {0}; ls -ld {0}", quote(&folder.display().to_string())))
    })?;
    let path = path.display().to_string();
    ui.result(&path)?;
    files.push(path);
    command.get_subcommands().try_for_each(|it| write_tree(ui, it, folder, files))
}

/// `migration-cli-db-start`, as manual pages of commands are called.
fn display_name(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn page(command: &clap::Command) -> Result<String, CommandError> {
    let mut text = Vec::new();
    let command = command.clone().name(display_name(command));
    Man::new(command)
        .source(format!("migration-cli {}", env!("CARGO_PKG_VERSION")))
        .render(&mut text)
        .map_err(|error| CommandError::io("cannot make the manual page", &error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
