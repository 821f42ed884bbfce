//! `doctor`: one page about everything that a migration depends on.

use std::time::SystemTime;

use migrate_runtime::{Examination, Level};

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{CheckRecord, print_checks};

/// The exit code of a page with a problem.
const PROBLEM: u8 = 5;

/// Examine server, role, connection, sessions and tables before a migration runs
///
/// One page: server and settings, standby, pooler, TLS, clock, role and rights, transactions and locks in the
/// way now, replication, invalid indexes and constraints that are not validated, the tables of the history.
/// Each line is ok, a warning or a problem, with what to type about it. Changes nothing and takes no lock;
/// what the role may not see is told as such. Fails with 5 when there is a problem, and never over warnings.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DoctorArgs {}

pub(crate) fn run(ctx: &mut Context<'_>, _: &DoctorArgs) -> Result<u8, CommandError> {
    let mut examination = Examination::default();
    examination.clock = Some(SystemTime::now);
    examination.development = ctx.environment.is_embedded();
    let Session { mut migrator, progress } = ctx.session()?;
    let diagnosis = migrator.doctor(&examination);
    progress.end();
    let diagnosis = diagnosis?;
    ctx.report.database = Some(diagnosis.database.clone());
    let checks = &diagnosis.checks;
    ctx.report.checks = Some(checks.iter().map(|it| CheckRecord::new(it, &ctx.ui)).collect());
    print_checks(&ctx.ui, checks)?;
    Ok(if diagnosis.worst() == Level::Problem { PROBLEM } else { 0 })
}
