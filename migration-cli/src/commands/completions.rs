//! `completions`: what a shell needs to complete our command lines.

use clap_complete::{Shell, generate};

use crate::cli::{Color, parser};
use crate::context::Start;
use crate::error::CommandError;

/// Print completions for a shell
///
/// For bash: `migration-cli completions bash > ~/.local/share/bash-completion/completions/migration-cli`.
/// For zsh: into a folder of `$fpath`, as `_migration-cli`. For fish: into
/// `~/.config/fish/completions/migration-cli.fish`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(start: Start<'_>, args: &CompletionsArgs) -> Result<u8, CommandError> {
    let program = start.ui.program();
    let mut text = Vec::new();
    generate(args.shell, &mut parser(program, Color::Never), program, &mut text);
    start.print_text(String::from_utf8_lossy(&text).into_owned())
}
