//! `backup`: take one, list, verify and remove them.

use std::num::NonZeroUsize;
use std::time::Instant;

use migrate_runtime::backup::{BackupId, Pruned};

use crate::backup_place::BackupPlace;
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{
    BackupRecord, ListedRecord, Progress, Ui, print_backup, print_backups, print_pruned,
    print_verified,
};
use crate::text::parse_count;

/// Take a backup of the whole database
///
/// `pg_dump` writes it, of the server's version or newer; then it is read back to its end. What is
/// interrupted before that is never taken for a backup. It holds everything in the database as of one
/// moment, and a manifest with the history of that moment and checksums. Nothing is changed in the
/// database but the log, and no lock of the migrations is taken. Its id goes to stdout.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct BackupArgs {
    #[command(subcommand)]
    pub(crate) command: Option<BackupCommand>,

    #[command(flatten)]
    place: BackupPlace,

    /// Let so many sessions read the tables at once, into a folder with a file for each table
    #[arg(long, value_name = "N", value_parser = parse_count)]
    jobs: Option<NonZeroUsize>,
}

/// What to do with those that were taken.
#[derive(clap::Subcommand, Clone, Debug)]
pub(crate) enum BackupCommand {
    /// List the backups, oldest first
    List,
    /// Prove a backup: checksums, and a whole read by `pg_restore`
    Verify {
        /// The backup
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Remove all but the newest backups of each database of the environment, and never the newest good one
    Prune {
        /// How many to keep
        #[arg(long, value_name = "N", value_parser = parse_count)]
        keep: NonZeroUsize,
    },
}

impl BackupCommand {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            BackupCommand::List => "list",
            BackupCommand::Verify { .. } => "verify",
            BackupCommand::Prune { .. } => "prune",
        }
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &BackupArgs) -> Result<u8, CommandError> {
    let done = run_one(ctx, args);
    done.map_err(|it| it.for_backups_in(args.place.backup_dir.as_deref()))
}

fn run_one(ctx: &mut Context<'_>, args: &BackupArgs) -> Result<u8, CommandError> {
    match &args.command {
        None => take(ctx, args),
        Some(command) if args.jobs.is_some() => {
            let message =
                format!("--jobs is for taking a backup, not for `backup {}`", command.word());
            Err(CommandError::usage(message))
        }
        Some(BackupCommand::List) => list(ctx, args),
        Some(BackupCommand::Verify { id }) => verify(ctx, args, id),
        Some(BackupCommand::Prune { keep }) => prune(ctx, args, *keep),
    }
}

fn take(ctx: &mut Context<'_>, args: &BackupArgs) -> Result<u8, CommandError> {
    let backups = ctx.backups(args.place.backup_dir.as_ref(), args.jobs)?;
    let Session { mut migrator, progress } = ctx.session()?;
    let started = Instant::now();
    let taken = migrator.backup(&backups);
    progress.end();
    let backup = taken?;
    ctx.report.database = Some(backup.manifest.database.clone());
    ctx.report.backup = Some(BackupRecord::new(&backup.summary()));
    print_backup(&ctx.ui, &backup, started.elapsed()).map(|()| 0)
}

fn list(ctx: &mut Context<'_>, args: &BackupArgs) -> Result<u8, CommandError> {
    let backups = ctx.backups(args.place.backup_dir.as_ref(), None)?;
    let listed = backups.list()?;
    print_backups(&ctx.ui, backups.folder(), &listed)?;
    ctx.report.backups = Some(listed.iter().map(|it| ListedRecord::new(it, &ctx.ui)).collect());
    Ok(0)
}

fn verify(ctx: &mut Context<'_>, args: &BackupArgs, id: &str) -> Result<u8, CommandError> {
    let id: BackupId = id.parse()?;
    let backups = ctx.backups(args.place.backup_dir.as_ref(), None)?;
    ctx.on_signal(backups.interrupt())?;
    let mut progress = Progress::new(&ctx.ui, std::iter::empty());
    let verified = backups.verify(&id, &mut |event| progress.event(event));
    progress.end();
    let backup = verified?;
    ctx.report.database = Some(backup.manifest.database.clone());
    ctx.report.backup = Some(BackupRecord::new(&backup.summary()));
    print_verified(&ctx.ui, &backup).map(|()| 0)
}

fn prune(ctx: &mut Context<'_>, args: &BackupArgs, keep: NonZeroUsize) -> Result<u8, CommandError> {
    let backups = ctx.backups(args.place.backup_dir.as_ref(), None)?;
    ctx.on_signal(backups.interrupt())?;
    if ctx.needs_consent() {
        let old = backups.older_than(keep, &ctx.environment.name)?;
        let show = |ui: &Ui| {
            for id in &old {
                ui.say(format!("- {id}"));
            }
            ui.say("The newest good backup of each database stays, also where it is in this list.");
        };
        ctx.agree("removing backups", &backups.interrupt(), show)?;
    }
    let mut progress = Progress::new(&ctx.ui, std::iter::empty());
    let pruned = backups.prune(keep, &ctx.environment.name, &mut |event| progress.event(event));
    progress.end();
    let pruned: Pruned = pruned?;
    print_pruned(&ctx.ui, &pruned)?;
    ctx.report.removed = Some(pruned.removed.iter().map(ToString::to_string).collect());
    let kept = backups.list()?;
    ctx.report.backups = Some(kept.iter().map(|it| ListedRecord::new(it, &ctx.ui)).collect());
    Ok(0)
}
