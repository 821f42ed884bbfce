//! `plan`: what `up` or `down` would do.

use std::num::NonZeroUsize;

use migrate_runtime::Down;

use super::down::{DownOptions, Which};
use super::up::UpOptions;
use super::{Together, show};
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::text::parse_count;

/// Show what `up` would run, or `down` revert, in order
///
/// Every migration with its script, whether it runs in one transaction or statement by statement, and
/// what it comes to for those who use the database; then each statement that locks what is there: the lock,
/// whom it blocks, the size of the table, and whether all rows are read or written anew. Below it, what the
/// lint found when the program was built, and who is in the way now. `--verbose` lists every statement. Runs
/// nothing, keeps nobody waiting, and needs no more than the right to read. `up --dry-run` and `down --dry-run`
/// print the same.
///
/// How long the work takes is guessed by the size of the tables, at 200 MB read and 40 MB written a second.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct PlanArgs {
    /// The way back: what `down` would revert, the newest N [default: 1]
    #[arg(long, value_name = "N", value_parser = parse_count, num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "not given, given alone, given with a number")]
    down: Option<Option<NonZeroUsize>>,

    #[command(flatten)]
    up: UpOptions,

    /// With --down: everything
    #[arg(long, requires = "down", conflicts_with = "to")]
    all: bool,

    /// With --down: which script to take where this program and the database have different ones
    #[arg(long = "use", value_name = "WHICH", requires = "down")]
    script: Option<Which>,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &PlanArgs) -> Result<u8, CommandError> {
    let Some(count) = args.down else {
        let up = args.up.wanted(ctx).map_err(CommandError::for_plan)?;
        let Session { mut migrator, .. } = ctx.session()?;
        let plan = migrator.plan_up(&up).map_err(CommandError::from);
        return show(
            ctx,
            &mut migrator,
            &plan.map_err(CommandError::for_plan)?,
            args.up.together(),
        );
    };
    let down = args.way_back(count)?;
    let Session { mut migrator, .. } = ctx.session()?;
    let plan = migrator.plan_down(&down).map_err(CommandError::from);
    show(ctx, &mut migrator, &plan.map_err(CommandError::for_plan)?, Together::No)
}

impl PlanArgs {
    /// As `down` would be asked; what it would refuse is refused here too.
    fn way_back(&self, count: Option<NonZeroUsize>) -> Result<Down, CommandError> {
        let other = match (count, self.up.to, self.all) {
            (Some(_), Some(_), _) => Some("--down N and --to VERSION"),
            (Some(_), _, true) => Some("--down N and --all"),
            _ => None,
        };
        let refused = match (other, self.up.only_for_up()) {
            (Some(both), _) => format!("{both} cannot be used together"),
            (None, Some(flag)) => format!("{flag} is about `up`, and --down is the way back"),
            (None, None) => {
                let options = DownOptions { count, to: self.up.to, all: self.all };
                return Ok(options.wanted(self.script));
            }
        };
        Err(CommandError::usage(refused).with_hint("migration-cli plan --help"))
    }
}
