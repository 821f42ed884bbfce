//! `verify`: does the database have what this program says?

use std::path::Path;

use migrate_runtime::MigrationSet;

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{ProblemRecord, print_verification, worst};

/// Compare this program, the history and the database
///
/// Finds migrations that were edited after they ran, that come too late because a newer one has run,
/// that are unfinished, or that this program does not know; down scripts that differ from those the
/// database kept; and, in a debug build, a folder that has changed since. In the database: indexes that are
/// invalid and nobody is building, constraints that were never validated, and whatever was changed by hand
/// since the last run, object by object. Pending and unknown migrations are told, and do not fail; neither do
/// constraints that a pending one validates, nor a schema that no run has recorded.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct VerifyArgs {
    /// Only what needs no database: whether the folder has changed since this program was built
    #[arg(long)]
    offline: bool,

    /// Also compare every foreign key and check constraint, validated or not, with the rows, and list
    /// those that break it: in one snapshot, which is held as long as that takes
    #[arg(long, conflicts_with = "offline")]
    deep: bool,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &VerifyArgs) -> Result<u8, CommandError> {
    let unknown = not_compared(ctx.set).filter(|_| args.offline);
    ctx.report.compared = Some(unknown.is_none());
    if let Some(why) = unknown {
        ctx.report.problems = Some(Vec::new());
        return ctx.ui.result(format!("Nothing was compared: {why}.")).map(|()| 0);
    }
    let mut findings = ctx.offline().verify_offline();
    let mut status = None;
    if !args.offline {
        let Session { mut migrator, progress } = ctx.session()?;
        let verification = if args.deep { migrator.verify_deep() } else { migrator.verify() };
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

/// Why the set cannot be compared with the folder that it was made from, where that is so.
fn not_compared(set: &MigrationSet) -> Option<String> {
    match set.source() {
        None => Some("only a debug build knows which folder it was built from".to_owned()),
        Some(folder) if Path::new(folder).is_dir() => None,
        Some(folder) => Some(format!("the folder {folder} is not on this machine")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;
    use crate::context::Start;
    use crate::output::{Report, Ui};

    static RELEASED: MigrationSet = MigrationSet::new(&[]);

    #[test]
    fn a_release_build_says_that_it_compared_nothing() {
        let Cli { global, command } = Cli::parse_from(["app", "verify", "--offline"]);
        let mut report = Report::default();
        let ui = Ui::new("app", anstream::ColorChoice::Never).with_json(true);
        let start = Start::new(&RELEASED, global, &ui, &mut report, String::new());
        assert_eq!(crate::commands::run(start, &command).unwrap(), 0);
        assert_eq!(report.compared, Some(false));
    }

    #[test]
    fn what_cannot_be_compared_is_not_called_equal() {
        #[track_caller]
        fn check(source: Option<&'static str>, expected: Option<&str>) {
            let set = MigrationSet::new(&[]).with_source(source);
            assert_eq!(not_compared(&set).as_deref(), expected);
        }

        check(Some(env!("CARGO_MANIFEST_DIR")), None);
        check(Some("/no/where"), Some("the folder /no/where is not on this machine"));
        check(None, Some("only a debug build knows which folder it was built from"));
    }
}
