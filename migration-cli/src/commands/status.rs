//! `status`: what has run, and what has not.

use migrate_runtime::{State, Status};

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{DriftRecord, print_status};

/// Show every migration of this program and of the database with its state
///
/// The last line tells whether the schema is still as the migrations made it. Changes nothing, and needs no
/// more than the right to read.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct StatusArgs {
    /// Fail unless everything has run: exit 4 when a migration is pending or out of order, 5 when one
    /// was edited after it ran, 8 when one is unfinished
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &StatusArgs) -> Result<u8, CommandError> {
    let Session { mut migrator, progress } = ctx.session()?;
    let read = migrator.status_with_drift();
    progress.end();
    let (status, drift) = read?;
    ctx.report.status(&status);
    ctx.report.drift = DriftRecord::new(&drift);
    print_status(&ctx.ui, &status, &drift)?;
    Ok(if args.check { check(&status) } else { 0 })
}

/// The worst state decides.
fn check(status: &Status) -> u8 {
    const CODES: [(State, u8); 4] =
        [(State::Unfinished, 8), (State::Edited, 5), (State::OutOfOrder, 4), (State::Pending, 4)];
    let found = CODES.into_iter().find(|(state, _)| status.count(*state) > 0);
    found.map_or(0, |(_, code)| code)
}
