//! The command line: the flags that every command takes. Each command brings its own arguments.

use std::fmt;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, CommandFactory, Parser, ValueEnum};

use crate::commands::Command;
use crate::env_vars;
use crate::limits::LimitArgs;

/// Run the PostgreSQL migrations that are embedded in this program
///
/// The scripts were checked and baked in when the program was built: nothing is read from disk when
/// they run. Without any configuration, the development environment uses a PostgreSQL of its own in
/// `.migration/`, started on demand.
#[derive(Clone, Debug, Parser)]
#[command(
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    subcommand_required = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

pub(crate) const HEADING: &str = "Global options";

/// The flags of every command.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Clone)]
#[command(next_help_heading = HEADING)]
pub(crate) struct GlobalArgs {
    /// The environment to work on [default: development]
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) env: Option<String>,

    /// The database, as postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) database_url: Option<String>,

    /// The configuration file [default: migration.toml, searched upwards]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Where `create` and `import` write [default: migrations, beside migration.toml]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) migrations_dir: Option<PathBuf>,

    /// Consent to changes of a protected environment, or to the loss of data
    #[arg(long, short = 'y', visible_alias = "yes", global = true)]
    pub(crate) confirm: bool,

    /// Connect to a protected environment without TLS, where a network lies between
    #[arg(long, global = true)]
    pub(crate) allow_insecure: bool,

    /// Never ask: what would need an answer is refused
    #[arg(long, global = true)]
    pub(crate) non_interactive: bool,

    /// Print one JSON object on stdout, also on failure
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(crate) color: Color,

    /// Say more on stderr: once for details, twice for everything
    #[arg(long, short, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    /// Say only results, warnings and errors
    #[arg(long, short, conflicts_with = "verbose", global = true)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The URL may hold a password, and what stands in the place of another value a URL.
impl fmt::Debug for GlobalArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GlobalArgs").finish_non_exhaustive()
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// As the library that writes to the terminal wants it.
    pub(crate) fn choice(self) -> anstream::ColorChoice {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

/// What this command line is called, whatever the program is that has it.
const NAME: &str = "migration-cli";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The parser, under the name of the running program.
pub(crate) fn parser(program: &str, color: Color) -> clap::Command {
    let color = match color {
        Color::Auto => clap::ColorChoice::Auto,
        Color::Always => clap::ColorChoice::Always,
        Color::Never => clap::ColorChoice::Never,
    };
    let version = match program {
        NAME => VERSION.to_owned(),
        _ => format!("({NAME} {VERSION})"),
    };
    let program = program.to_owned();
    one_page(Cli::command(), &program)
        .name(program.clone())
        .bin_name(program)
        .version(version)
        .color(color)
        .after_help(env_vars::help())
}

/// The usual long help takes four lines for a flag, and the flags of every command are many: `--help`
/// prints what `-h` does, and the paragraphs that say more about the command, under the program's name.
fn one_page(command: clap::Command, program: &str) -> clap::Command {
    const TEMPLATE: &str =
        "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort);
    let command = command
        .help_template(TEMPLATE)
        .disable_help_flag(true)
        .next_help_heading(None)
        .arg(help.help("Print help"))
        .mut_subcommands(|it| one_page(it, program));
    let long = long.replace(NAME, program);
    match long.split_once("\n\n") {
        // The manual page has the whole of it.
        Some((_, more)) => command.before_help(more.trim_end().to_owned()).long_about(long),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_debugged_has_no_url() {
        let url = ["app", "status", "--database-url", "postgres://u:canary@h/d"];
        let shown = format!("{:?}", Cli::parse_from(url));
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn the_parser_is_sound() {
        parser("app", Color::Never).debug_assert();
    }
}
