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
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if !program.chars().all(plain) {
        // Shells make names of functions of it.
        let message = format!("a program called `{program}` cannot be completed");
        return Err(CommandError::usage(message)
            .with_hint("rename it: letters, digits, `-`, `_` and `.` are possible"));
    }
    let mut text = Vec::new();
    generate(args.shell, &mut parser(program, Color::Never), program, &mut text);
    let text = with_hyphens(&String::from_utf8_lossy(&text), program);
    start.print_text(text)
}

/// The generator for bash spells the hyphens of a program's name in two ways, and completes nothing behind
/// a subcommand: <https://github.com/clap-rs/clap/issues/6421>.
fn with_hyphens(text: &str, program: &str) -> String {
    let spelt = |hyphen: &str| format!("{}__subcmd__", program.replace('-', hyphen));
    text.replace(&spelt("__subcmd__"), &spelt("__"))
}
