//! `verify`: does the database have what this program says?

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{ProblemRecord, print_verification, worst};

/// Compare this program, the history and the database
///
/// Finds migrations that were edited after they ran, that ran out of order, that are unfinished, or
/// that this program does not know. Pending and unknown ones are told, and do not fail.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct VerifyArgs {
    /// Only what needs no database: whether the folder has changed since this program was built
    #[arg(long)]
    offline: bool,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &VerifyArgs) -> Result<u8, CommandError> {
    let mut findings = ctx.offline().verify_offline();
    let mut status = None;
    if !args.offline {
        let Session { mut migrator, progress } = ctx.session()?;
        let verification = migrator.verify();
        progress.end();
        let verification = verification?;
        findings.extend(verification.findings);
        status = Some(verification.status);
    }
    if let Some(status) = &status {
        ctx.report.status(status);
    }
    ctx.report.problems = Some(findings.iter().map(|it| ProblemRecord::new(it, &ctx.ui)).collect());
    print_verification(&ctx.ui, &findings, status.as_ref())?;
    Ok(worst(&findings))
}
