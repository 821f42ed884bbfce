//! `doctor`: one page about everything that a migration depends on.

use std::path::PathBuf;
use std::time::SystemTime;

use migrate_runtime::{Check, Diagnosis, Examination, Level};

use super::FOUND;
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{CheckRecord, print_checks};

/// Examine server, role, connection, sessions and tables before a migration runs
///
/// One page: server and settings, standby, pooler, TLS, clock, role and rights, transactions and locks in the
/// way now, replication, invalid indexes and constraints that are not validated, the tables of the history,
/// the programs and the room for backups. Each line is ok, a warning or a problem, with what to type about it.
/// Changes nothing and takes no lock; what the role may not see is told as such. Fails with 5 when there is a problem, and never over warnings;
/// with 3 where the server cannot be asked, after what can be told without it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DoctorArgs {
    /// The folder of the backups [default: .migration/backups, beside migration.toml]
    #[arg(long, value_name = "DIR")]
    backup_dir: Option<PathBuf>,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &DoctorArgs) -> Result<u8, CommandError> {
    let mut examination = Examination::default();
    examination.clock = Some(SystemTime::now);
    examination.development = ctx.environment.is_embedded();
    examination.backups = Some(ctx.backups(args.backup_dir.as_ref(), None)?);
    let diagnosis = match examine(ctx, &examination) {
        Ok(diagnosis) => diagnosis,
        Err(error) => {
            tell(ctx, &examination.without_connection())?;
            return Err(error);
        }
    };
    ctx.report.database = Some(diagnosis.database.clone());
    tell(ctx, &diagnosis.checks)?;
    Ok(if diagnosis.worst() == Level::Problem { FOUND } else { 0 })
}

fn examine(ctx: &mut Context<'_>, examination: &Examination) -> Result<Diagnosis, CommandError> {
    let Session { mut migrator, progress } = ctx.session()?;
    let diagnosis = migrator.doctor(examination);
    progress.end();
    Ok(diagnosis?)
}

fn tell(ctx: &mut Context<'_>, checks: &[Check]) -> Result<(), CommandError> {
    ctx.report.checks = Some(checks.iter().map(|it| CheckRecord::new(it, &ctx.ui)).collect());
    print_checks(&ctx.ui, checks)
}
