//! `up`: run what is pending.

use std::num::NonZeroUsize;

use migrate_core::Version;
use migrate_runtime::{ErrorKind, Limit, MigrationSet, Up};

use super::{carry_out, preview};
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::text::parse_count;

/// Run every pending migration, oldest first
///
/// Each script runs in a transaction of its own, together with its row of the history: it is there as
/// a whole or not at all. If one fails, the ones before it stay, and the message says where it failed
/// and in which state the database is. Statements that PostgreSQL refuses in a transaction run one by
/// one.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct UpArgs {
    /// Stop after this version
    #[arg(long, value_name = "VERSION", conflicts_with = "steps")]
    to: Option<Version>,

    /// Run at most so many
    #[arg(long, value_name = "N", value_parser = parse_count)]
    steps: Option<NonZeroUsize>,

    /// Run all of them in one transaction: all or nothing
    #[arg(long)]
    single_transaction: bool,

    /// Also run what is older than the newest migration that has run
    #[arg(long)]
    allow_out_of_order: bool,

    /// Show what would run, and stop
    #[arg(long)]
    dry_run: bool,
}

impl UpArgs {
    fn wanted(&self) -> Up {
        let mut up = Up::default();
        up.limit = match (self.to, self.steps) {
            (Some(version), _) => Limit::To(version),
            (None, Some(count)) => Limit::Steps(count),
            (None, None) => Limit::All,
        };
        up.single_transaction = self.single_transaction;
        up.allow_out_of_order = self.allow_out_of_order;
        up
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &UpArgs) -> Result<u8, CommandError> {
    const NOTHING: &str = "Nothing to run: no migration is pending.";
    let up = args.wanted();
    if let Some(version) = args.to {
        known(ctx.set, version)?;
    }
    let Session { mut migrator, progress } = ctx.session()?;
    if args.dry_run || ctx.needs_consent() {
        let plan = migrator.plan_up(&up)?;
        return preview(ctx, &plan, args.dry_run, NOTHING);
    }
    carry_out(ctx, &progress, NOTHING, || migrator.run_up(&up))
}

/// A version that this program does not have is refused before any database is asked.
fn known(set: &MigrationSet, version: Version) -> Result<(), CommandError> {
    if set.get(version).is_some() {
        return Ok(());
    }
    let nearest = set.iter().min_by_key(|it| it.version.get().abs_diff(version.get()));
    let message = format!("this program has no migration {version}");
    let error =
        CommandError::new(ErrorKind::NoSuchVersion, message).with_state("nothing was changed");
    Err(match nearest {
        Some(nearest) => error.with_hint(format!("migration-cli up --to {}", nearest.version)),
        None => error.with_hint("migration-cli create NAME   # it has no migration at all"),
    })
}
