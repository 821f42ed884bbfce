//! Limits of time: the flags that set them, and what counts where the configuration sets them too.

use std::time::Duration;

use clap::Args;
use migrate_runtime::Settings;

use crate::cli::HEADING;
use crate::config::EnvironmentConfig;
use crate::text::parse_duration;

/// How long things may take.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = HEADING)]
pub(crate) struct LimitArgs {
    /// How long one attempt waits for a lock on a table [default: 100ms]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, global = true)]
    pub(crate) lock_timeout: Option<Duration>,

    /// How long a migration is attempted while locks are in the way [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, global = true)]
    pub(crate) lock_deadline: Option<Duration>,

    /// How long one statement may run, 0 without limit [default: 0]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, global = true)]
    pub(crate) statement_timeout: Option<Duration>,

    /// How long to wait while another runner is at work [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, global = true)]
    pub(crate) wait: Option<Duration>,

    /// How long to keep trying while the server cannot be reached [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, global = true)]
    pub(crate) wait_for_db: Option<Duration>,
}

/// How far statements go that run in batches: for the commands that run scripts.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct BatchArgs {
    /// How long statements may run in batches, 0 without limit: then the run stops between two of them,
    /// exit 8, and the next one goes on there [default: 0]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_batch_time: Option<Duration>,

    /// How far a standby may be behind before batches wait for it, 0 never waits [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_replication_lag: Option<Duration>,
}

/// Enters what was typed, else what the environment has; the rest stays as it is.
pub(crate) fn apply(
    (limits, batches): (&LimitArgs, &BatchArgs),
    section: &EnvironmentConfig,
    settings: &mut Settings,
) {
    let given = [
        (limits.lock_timeout, section.lock_timeout, &mut settings.lock_timeout),
        (limits.lock_deadline, section.lock_deadline, &mut settings.lock_deadline),
        (limits.statement_timeout, section.statement_timeout, &mut settings.statement_timeout),
        (limits.wait, section.wait, &mut settings.wait),
        (limits.wait_for_db, section.wait_for_db, &mut settings.wait_for_db),
        (batches.max_batch_time, section.max_batch_time, &mut settings.max_batch_time),
        (
            batches.max_replication_lag,
            section.max_replication_lag,
            &mut settings.max_replication_lag,
        ),
    ];
    for (typed, configured, setting) in given {
        *setting = typed.or(configured).unwrap_or(*setting);
    }
}
