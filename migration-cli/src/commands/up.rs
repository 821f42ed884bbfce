//! `up`: run what is pending.

use std::num::NonZeroUsize;

use migrate_core::Version;
use migrate_runtime::{ErrorKind, Limit, MigrationSet, Up};

use super::{Together, run_with_consent, show};
use crate::backup_place::BackupFirst;
use crate::context::Context;
use crate::error::CommandError;
use crate::limits::BatchArgs;
use crate::text::parse_count;

/// Run every pending migration, oldest first
///
/// Each script runs in a transaction of its own, together with its row of the history: it is there as
/// a whole or not at all. If one fails, the ones before it stay, and the message says where it failed
/// and in which state the database is. Statements that PostgreSQL refuses in a transaction run one by
/// one.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    options: UpOptions,

    #[command(flatten)]
    backup: BackupFirst,

    #[command(flatten)]
    batches: BatchArgs,

    /// Show what would run, and stop
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// What `up` is asked to do.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct UpOptions {
    /// Stop after this version
    #[arg(long, value_name = "VERSION", conflicts_with = "steps")]
    pub(super) to: Option<Version>,

    /// Run at most so many
    #[arg(long, value_name = "N", value_parser = parse_count)]
    steps: Option<NonZeroUsize>,

    /// Run all of them in one transaction: all or nothing
    #[arg(long)]
    single_transaction: bool,

    /// Also run what is older than the newest migration that has run
    #[arg(long)]
    allow_out_of_order: bool,
}

impl UpOptions {
    /// As the library wants it; a version that this program does not have is refused before any
    /// database is asked.
    pub(super) fn wanted(&self, ctx: &Context<'_>) -> Result<Up, CommandError> {
        let set = ctx.set;
        if let Some(version) = self.to {
            known(set, version, |it| format!("migration-cli up --to {it}"))?;
        }
        let mut up = Up::default();
        up.limit = match (self.to, self.steps) {
            (Some(version), _) => Limit::To(version),
            (None, Some(count)) => Limit::Steps(count),
            (None, None) => Limit::All,
        };
        up.single_transaction = self.single_transaction;
        let configured = ctx.environment.section.allow_out_of_order == Some(true);
        up.allow_out_of_order = self.allow_out_of_order || configured;
        Ok(up)
    }

    /// Whether all migrations share one transaction.
    pub(super) fn together(&self) -> Together {
        if self.single_transaction { Together::Yes } else { Together::No }
    }

    /// A flag that was given and says nothing about the way back.
    pub(super) fn only_for_up(&self) -> Option<&'static str> {
        let given = [
            ("--steps", self.steps.is_some()),
            ("--single-transaction", self.single_transaction),
            ("--allow-out-of-order", self.allow_out_of_order),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &UpArgs) -> Result<u8, CommandError> {
    let together = args.options.together();
    let up = args.options.wanted(ctx);
    let up = if args.dry_run { up.map_err(CommandError::for_plan)? } else { up? };
    ctx.batches = args.batches.clone();
    let mut session = ctx.session()?;
    if args.dry_run {
        let plan = session.migrator.plan_up(&up).map_err(CommandError::from);
        let plan = plan.map_err(CommandError::for_plan)?;
        return show(ctx, &mut session.migrator, &plan, together);
    }
    if let Some(backups) = args.backup.wanted(ctx)? {
        session.migrator = session.migrator.with_backups(backups);
    }
    run_with_consent(ctx, session, together, |it| it.plan_up(&up), |it| it.run_up(&up))
        .map_err(|it| args.backup.locate(it))
}

/// Refuses a version that this program does not have; the hint is about the nearest one.
pub(super) fn known(
    set: &MigrationSet,
    version: Version,
    hint: impl FnOnce(Version) -> String,
) -> Result<(), CommandError> {
    if set.get(version).is_some() {
        return Ok(());
    }
    let nearest = set.iter().min_by_key(|it| it.version.get().abs_diff(version.get()));
    let message = format!("this program has no migration {version}");
    let error =
        CommandError::new(ErrorKind::NoSuchVersion, message).with_state("nothing was changed");
    Err(match nearest {
        Some(nearest) => error.with_hint(hint(nearest.version)),
        None => error.with_hint("migration-cli create NAME   # it has no migration at all"),
    })
}
