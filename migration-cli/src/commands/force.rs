//! `force`: make the history say what somebody knows to be true.

use migrate_core::Version;
use migrate_runtime::Force;

use super::up::known;
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{HistoryChangeRecord, Ui, change_counts, change_text};

/// Make the history say that exactly the migrations up to VERSION ran; no SQL of theirs runs
///
/// For a database that has what these migrations make, whatever its history says: one that existed
/// before its history did, one that was restored or mended by hand, or one where versions of two
/// branches collide. Shows the difference first; --dry-run stops there. What is added counts as run now;
/// of what was edited, the script in this program counts as the one that ran; what is newer, or not in
/// this program, counts as not run; unfinished work counts as ended. Versions of other tools stay.
/// Tables and data are neither changed nor looked at: it is no way to run migrations (`up`) or to revert
/// them (`down`). The log keeps who did it, and why.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ForceArgs {
    /// The newest migration that counts as run, as `status` shows it
    #[arg(value_name = "VERSION")]
    version: Version,

    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Show the difference, and stop
    #[arg(long)]
    pub(super) dry_run: bool,
}

const NOTHING: &str = "Nothing to change: the history says so already.";

pub(crate) fn run(ctx: &mut Context<'_>, args: &ForceArgs) -> Result<u8, CommandError> {
    let show_only = if args.dry_run { " --dry-run" } else { "" };
    known(ctx.set, args.version, |it| format!("migration-cli force {it}{show_only}"))?;
    let Session { mut migrator, progress } = ctx.session()?;
    let change = migrator.plan_force(args.version)?;
    ctx.report.history_change = Some(HistoryChangeRecord::new(&change));
    if change.is_empty() {
        return ctx.ui.result(NOTHING).map(|()| 0);
    }
    let difference = change_text(&change);
    ctx.ui.result(&difference)?;
    if args.dry_run {
        let counts = change_counts(&change);
        return ctx.ui.result(format!("The history would change: {counts}.")).map(|()| 0);
    }
    let mut force = Force::to(args.version);
    force.reason.clone_from(&args.reason);
    force.agreed = Some(change);
    let session = Session { migrator, progress };
    let show = |ui: &Ui| ui.say(&difference);
    let what = "changing the history";
    let forced = ctx.with_consent(session, what, show, |it| it.run_force(&force))?;
    ctx.report.database = Some(forced.database);
    ctx.report.run = Some(forced.token);
    ctx.report.history_change = Some(HistoryChangeRecord::new(&forced.change));
    let done = match change_counts(&forced.change) {
        counts if counts.is_empty() => NOTHING.to_owned(),
        counts => format!("The history was changed: {counts}. No SQL of the migrations ran."),
    };
    ctx.ui.result(done).map(|()| 0)
}
