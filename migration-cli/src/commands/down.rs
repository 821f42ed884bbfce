//! `down`: take the newest migrations back.

use std::num::NonZeroUsize;

use clap::ValueEnum;
use migrate_core::Version;
use migrate_runtime::{Down, Limit, Migrator, ScriptSource};

use super::{Together, run_with_consent, show};
use crate::backup_place::BackupFirst;
use crate::context::Context;
use crate::error::CommandError;
use crate::limits::BatchArgs;
use crate::text::parse_count;

/// Revert the newest migrations, newest first
///
/// Runs the down scripts of what ran last, in reverse order, and removes the rows of the history. Each
/// script runs in a transaction of its own, unless PostgreSQL refuses that; if one fails, the ones
/// before it stay reverted. A migration that this program does not have is reverted by the down script
/// that the database kept.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    options: DownOptions,

    /// Which down script to take where this program and the database have different ones
    #[arg(long = "use", value_name = "WHICH")]
    script: Option<Which>,

    #[command(flatten)]
    backup: BackupFirst,

    #[command(flatten)]
    batches: BatchArgs,

    /// Show what would be reverted, and stop
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// How far to go back.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DownOptions {
    /// How many migrations to revert [default: 1]
    #[arg(value_name = "N", value_parser = parse_count, conflicts_with_all = ["to", "all"])]
    pub(super) count: Option<NonZeroUsize>,

    /// Revert everything newer than this version, which stays
    #[arg(long, value_name = "VERSION", conflicts_with = "all")]
    pub(super) to: Option<Version>,

    /// Revert everything
    #[arg(long)]
    pub(super) all: bool,
}

/// Where a down script comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// The script in this program
    Embedded,
    /// The script that the database kept when the migration ran
    Stored,
}

impl DownOptions {
    /// As the library wants it.
    pub(super) fn wanted(&self, script: Option<Which>) -> Down {
        let mut down = Down::default();
        down.limit = match (self.to, self.all) {
            (Some(version), _) => Limit::To(version),
            (None, true) => Limit::All,
            (None, false) => Limit::Steps(self.count.unwrap_or(NonZeroUsize::MIN)),
        };
        down.use_script = script.map(|it| match it {
            Which::Embedded => ScriptSource::Embedded,
            Which::Stored => ScriptSource::Stored,
        });
        down
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &DownArgs) -> Result<u8, CommandError> {
    let down = args.options.wanted(args.script);
    ctx.batches = args.batches.clone();
    let mut session = ctx.session()?;
    if args.dry_run {
        let plan = session.migrator.plan_down(&down).map_err(CommandError::from);
        let plan = plan.map_err(CommandError::for_plan)?;
        return show(ctx, &mut session.migrator, &plan, Together::No);
    }
    if let Some(backups) = args.backup.wanted(ctx)? {
        session.migrator = session.migrator.with_backups(backups);
    }
    let plan = |it: &mut Migrator| it.plan_down(&down);
    run_with_consent(ctx, session, Together::No, plan, |it| it.run_down(&down))
        .map_err(|it| args.backup.locate(it))
}
