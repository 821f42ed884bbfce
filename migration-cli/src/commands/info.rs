//! `info`: one migration in full.

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{InfoRecord, print_info};

/// Show one migration in full: both scripts, its checksum, when it ran, and its log
///
/// Statement by statement, with the line of each and the locks that it takes; then when and by whom it was run or
/// reverted, how long that took and how it ended. Changes nothing, and needs no more than the right to read.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct InfoArgs {
    /// The version, as `status` shows it
    #[arg(value_name = "VERSION")]
    version: String,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &InfoArgs) -> Result<u8, CommandError> {
    let Session { mut migrator, progress } = ctx.session()?;
    let info = migrator.info(&args.version);
    progress.end();
    let info = info?;
    ctx.report.database = Some(info.database.clone());
    ctx.report.info = Some(InfoRecord::new(&info, ctx.set));
    print_info(&ctx.ui, &info, ctx.set)?;
    Ok(0)
}
