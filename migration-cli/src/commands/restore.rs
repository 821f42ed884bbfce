//! `restore`: a backup takes the place of the database.

use std::num::NonZeroUsize;
use std::time::Instant;

use migrate_runtime::backup::BackupId;
use migrate_runtime::{FindingKind, Migrator, Restore, RestorePlan, Restored};

use crate::backup_place::BackupPlace;
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{
    ProblemRecord, RestoreRecord, print_dropped, print_kept, print_restore_plan, print_restored,
    print_verification, worst,
};
use crate::text::parse_count;

/// Put a backup in the place of the database
///
/// The backup is proved first. Then it is restored into a new database beside the old one, compared with
/// what was backed up, and given the name in one transaction; owner, locale, rights, settings and comment
/// are carried over. Until then the database serves as before, whatever goes wrong, and however this
/// program ends. What it replaces is kept under another name until `restore --drop-old BACKUP_ID`; what
/// was written since the backup is there alone. Where the role may create no database, what is in the backup is
/// replaced in place, in one transaction, and what came later stays. Others who are connected are
/// shown, and stop the restore unless --disconnect ends their sessions. At the end `verify` runs. Needs
/// --confirm in every environment.
#[derive(clap::Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RestoreArgs {
    /// The backup, as `backup list` shows it
    #[arg(value_name = "BACKUP_ID")]
    id: String,

    #[command(flatten)]
    place: BackupPlace,

    /// End the sessions of others who are connected to the database
    #[arg(long)]
    disconnect: bool,

    /// Replace what is in the backup in the database as it is, in one transaction, and keep no old one
    #[arg(long)]
    in_place: bool,

    /// Although the backup is of another database, or of another environment
    #[arg(long)]
    other_database: bool,

    /// Let so many sessions fill the new database at once
    #[arg(long, value_name = "N", value_parser = parse_count, conflicts_with = "in_place")]
    jobs: Option<NonZeroUsize>,

    /// Show what would be done, and stop
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Drop what restores of this backup have replaced and kept
    #[arg(long, conflicts_with_all = ["disconnect", "in_place", "other_database", "jobs"])]
    drop_old: bool,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &RestoreArgs) -> Result<u8, CommandError> {
    let done = run_one(ctx, args);
    done.map_err(|it| it.for_backups_in(args.place.backup_dir.as_deref()))
}

fn run_one(ctx: &mut Context<'_>, args: &RestoreArgs) -> Result<u8, CommandError> {
    let id: BackupId = args.id.parse()?;
    if args.drop_old {
        return drop_old(ctx, args, &id);
    }
    let mut wanted = Restore::of(id);
    wanted.disconnect = args.disconnect;
    wanted.in_place = args.in_place;
    wanted.other_database = args.other_database;
    wanted.jobs = args.jobs;
    let backups = ctx.backups(args.place.backup_dir.as_ref(), None)?;
    // What is not there needs no connection.
    backups.open(&wanted.backup)?;
    let Session { mut migrator, progress } = ctx.session()?;
    let plan = migrator.plan_restore(&backups, &wanted)?;
    ctx.report.database = Some(plan.database.clone());
    ctx.report.restore = Some(RestoreRecord::planned(&plan));
    print_restore_plan(&ctx.ui, &plan, args.disconnect);
    if args.dry_run {
        return ctx.ui.result("Nothing was changed: this was a dry run.").map(|()| 0);
    }
    if !args.disconnect {
        plan.refuse_others()?;
    }
    ctx.require_consent_to_loss(&what(&plan), &migrator.interrupt())?;
    migrator.confirm();
    wanted.agreed = Some(plan.way);
    let started = Instant::now();
    let restored = migrator.run_restore(&backups, &wanted);
    progress.end();
    let restored = restored?;
    ctx.report.run = Some(restored.token.clone());
    ctx.report.restore = Some(RestoreRecord::done(&plan, &restored));
    print_restored(&ctx.ui, &plan, &restored, started.elapsed())?;
    verify(ctx, &mut migrator, &restored)
}

/// What is lost by it.
fn what(plan: &RestorePlan) -> String {
    let (database, id) = (&plan.database, &plan.manifest.id);
    format!("replacing database {database} by the backup {id}")
}

fn verify(
    ctx: &mut Context<'_>,
    migrator: &mut Migrator,
    restored: &Restored,
) -> Result<u8, CommandError> {
    let verification = migrator.verify().map_err(|error| {
        let state = format!("database {} is restored, and was not verified", restored.database);
        CommandError::from(error).with_state(state).with_hint("migration-cli verify")
    })?;
    // What had drifted when the backup was taken is no fault of the restore.
    let drift = [FindingKind::Drift, FindingKind::SlightDrift, FindingKind::DriftUnknown];
    let findings: Vec<_> =
        verification.findings.into_iter().filter(|it| !drift.contains(&it.kind)).collect();
    ctx.report.status(&verification.status);
    ctx.report.compared = Some(true);
    ctx.report.problems = Some(findings.iter().map(|it| ProblemRecord::new(it, &ctx.ui)).collect());
    print_verification(&ctx.ui, &findings, Some(&verification.status))?;
    Ok(worst(&findings))
}

fn drop_old(ctx: &mut Context<'_>, args: &RestoreArgs, id: &BackupId) -> Result<u8, CommandError> {
    let Session { mut migrator, progress } = ctx.session()?;
    let kept = migrator.kept_by_restore(id)?;
    print_kept(&ctx.ui, &kept);
    ctx.report.restore = Some(RestoreRecord::dropping(id));
    if args.dry_run {
        return ctx.ui.result("Nothing was changed: this was a dry run.").map(|()| 0);
    }
    let names: Vec<&str> = kept.iter().map(|it| it.name.as_str()).collect();
    let what = format!("dropping {} for good", names.join(", "));
    ctx.require_consent_to_loss(&what, &migrator.interrupt())?;
    migrator.confirm();
    let dropped = migrator.drop_kept(id, &kept);
    progress.end();
    let dropped = dropped?;
    print_dropped(&ctx.ui, &dropped)?;
    ctx.report.restore = Some(RestoreRecord::dropped(id, dropped));
    Ok(0)
}
