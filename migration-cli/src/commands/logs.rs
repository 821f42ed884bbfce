//! `logs`: who did what, and how it ended.

use std::num::NonZeroU32;

use migrate_runtime::{LogFilter, Since};

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{LogRecord, print_logs};
use crate::time::parse_since;

/// Show who ran, reverted, forced or repaired what, when, from where, and how it ended
///
/// The database keeps a row for every migration that was run or reverted, and for every other command
/// that changed something or tried to, also where it failed, was interrupted or was refused. Newest last;
/// a narrow terminal shows the columns that fit, --verbose everything. Changes nothing, and needs no
/// more than the right to read.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct LogsArgs {
    /// Show the newest N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), default_value = "20")]
    limit: u32,

    /// Show what has happened since: an age such as 90m, 2h or 7d, or a time in UTC such as 2026-11-23 or
    /// 2026-11-23T15:40
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    since: Option<Since>,

    /// Show what is about this migration
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
}

impl LogsArgs {
    fn filter(&self) -> LogFilter {
        let mut filter = LogFilter::default();
        filter.limit = NonZeroU32::new(self.limit);
        filter.since = self.since;
        filter.version.clone_from(&self.version);
        filter
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &LogsArgs) -> Result<u8, CommandError> {
    let Session { mut migrator, progress } = ctx.session()?;
    let logs = migrator.logs(&args.filter());
    progress.end();
    let logs = logs?;
    let entries = logs.entries.as_deref().unwrap_or_default();
    ctx.report.database = Some(logs.database.clone());
    ctx.report.entries = Some(entries.iter().map(LogRecord::new).collect());
    ctx.report.has_older_entries = Some(logs.has_older);
    print_logs(&ctx.ui, &logs)?;
    Ok(0)
}
