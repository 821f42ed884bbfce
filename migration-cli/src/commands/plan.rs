//! `plan`: what `up` or `down` would do.

use std::num::NonZeroUsize;

use super::down::{DownOptions, Which};
use super::up::UpOptions;
use super::{NOTHING_TO_REVERT, NOTHING_TO_RUN, show};
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::text::parse_count;

/// Show what `up` would run, or `down` revert, in order
///
/// Every migration with its script, whether it runs in one transaction or statement by statement, and
/// what its statements are; `--verbose` lists each of them. Runs nothing, takes no lock, and needs no
/// more than the right to read. `up --dry-run` and `down --dry-run` print the same.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct PlanArgs {
    /// The way back: what `down` would revert, the newest N [default: 1]
    #[arg(long, value_name = "N", value_parser = parse_count, num_args = 0..=1, default_missing_value = "1")]
    down: Option<NonZeroUsize>,

    #[command(flatten)]
    up: UpOptions,

    /// With --down: everything
    #[arg(long, requires = "down")]
    all: bool,

    /// With --down: which script to take where this program and the database have different ones
    #[arg(long = "use", value_name = "WHICH", requires = "down")]
    script: Option<Which>,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &PlanArgs) -> Result<u8, CommandError> {
    let Some(count) = args.down else {
        let up = args.up.wanted(ctx.set)?;
        let Session { mut migrator, .. } = ctx.session()?;
        let plan = migrator.plan_up(&up)?;
        return show(ctx, &plan, NOTHING_TO_RUN);
    };
    if let Some(flag) = args.up.only_for_up() {
        return Err(CommandError::usage(format!(
            "{flag} is about `up`, and --down is the way back"
        ))
        .with_hint("migration-cli plan --help"));
    }
    let options = DownOptions { count: Some(count), to: args.up.to, all: args.all };
    let Session { mut migrator, .. } = ctx.session()?;
    let plan = migrator.plan_down(&options.wanted(args.script))?;
    show(ctx, &plan, NOTHING_TO_REVERT)
}
