//! `repair`: what an interruption or an edit left behind.

use migrate_runtime::{Decision, ErrorKind, Mend, MendKind, Repair};

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::limits::BatchArgs;
use crate::output::{MendRecord, Ui, mends_text, print_mends};
use crate::text::plural;

/// Bring an interrupted database back to a known state
///
/// Goes on with a script outside a transaction that stopped half-way: the catalogs tell what came of the
/// statement, and an index that it left invalid is built again. Makes tables of ours that are missing,
/// and says what else there is: invalid indexes, edited scripts, migrations of other releases.
#[derive(clap::Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RepairArgs {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Where nobody can tell whether a statement had its effect: it had none, run it
    #[arg(long, conflicts_with = "mark_done")]
    retry: bool,

    /// Where nobody can tell whether a statement had its effect: it had it, go on behind it
    #[arg(long)]
    mark_done: bool,

    /// The scripts in this program count as the ones that ran, though they are others
    #[arg(long)]
    update_checksums: bool,

    /// The schema that is there counts as the one that the migrations made, whoever changed it
    #[arg(long)]
    accept_schema: bool,

    #[command(flatten)]
    batches: BatchArgs,
}

impl RepairArgs {
    fn wanted(&self) -> Repair {
        let mut repair = Repair::default();
        repair.update_checksums = self.update_checksums;
        repair.accept_schema = self.accept_schema;
        repair.decision = match (self.retry, self.mark_done) {
            (true, _) => Some(Decision::Retry),
            (false, true) => Some(Decision::MarkDone),
            (false, false) => None,
        };
        repair
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &RepairArgs) -> Result<u8, CommandError> {
    let mut repair = args.wanted();
    ctx.batches = args.batches.clone();
    let Session { mut migrator, progress } = ctx.session()?;
    let planned = match migrator.plan_repair(&repair) {
        // Whoever began it may be at it still: that is waited for. Nobody has agreed to anything.
        Err(error) if error.kind() == ErrorKind::Unfinished && !args.dry_run => {
            repair.agreed = Some(Vec::new());
            migrator.run_repair(&repair)?
        }
        planned => planned?,
    };
    ctx.report.database = Some(planned.database);
    // What was found is said also where mending it fails.
    let mut found = planned.found;
    tell(ctx, &found)?;
    let wanted = mended(&found);
    if wanted > 0 && !args.dry_run {
        repair.agreed = Some(found.clone());
        let what = format!("mending {}", plural(wanted, "finding"));
        let session = Session { migrator, progress };
        let show = |ui: &Ui| ui.say(mends_text(ui, &found));
        let repaired = ctx.with_consent(session, &what, show, |it| it.run_repair(&repair))?;
        ctx.report.run = Some(repaired.token.clone());
        ctx.report.ran(&repaired.done);
        if repaired.found != found {
            // Somebody was faster: what was mended is what was found then.
            found = repaired.found;
            tell(ctx, &found)?;
        }
    }
    ctx.ui.result(sentence(args, &found))?;
    Ok(0)
}

fn tell(ctx: &mut Context<'_>, found: &[Mend]) -> Result<(), CommandError> {
    ctx.report.mends = Some(found.iter().map(|it| MendRecord::new(it, &ctx.ui)).collect());
    print_mends(&ctx.ui, found)
}

fn mended(found: &[Mend]) -> usize {
    found.iter().filter(|it| it.action.is_some()).count()
}

fn sentence(args: &RepairArgs, found: &[Mend]) -> String {
    if found.is_empty() {
        return "Nothing to repair.".to_owned();
    }
    let verb = if args.dry_run { "would be mended" } else { "mended" };
    let unfinished = found.iter().filter(|it| it.kind == MendKind::Unfinished).count();
    let ended = match unfinished {
        0 => "",
        _ if args.dry_run => " (what is unfinished goes on)",
        _ => " (what was unfinished has ended)",
    };
    let mended = mended(found);
    format!("{mended} {verb}{ended}, {} left.", found.len() - mended)
}
