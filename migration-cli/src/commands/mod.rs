//! The commands, one file each.

mod create;
mod db;
mod down;
mod import;
mod status;
mod up;
mod verify;

use std::time::Instant;

use migrate_runtime::{Direction, Error, Plan, Run};

use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Progress, StepRecord, print_plan, print_run};
use crate::text::plural;

/// A command with its arguments.
#[derive(clap::Subcommand, Clone, Debug)]
pub(crate) enum Command {
    #[command(visible_aliases = ["new", "add"])]
    Create(create::CreateArgs),
    Import(import::ImportArgs),
    #[command(visible_aliases = ["apply", "migrate"])]
    Up(up::UpArgs),
    #[command(visible_aliases = ["rollback", "revert"])]
    Down(down::DownArgs),
    Status(status::StatusArgs),
    Verify(verify::VerifyArgs),
    Db(db::DbArgs),
}

impl Command {
    /// As it is typed, for the report and for hints.
    pub(crate) fn name(&self) -> String {
        match self {
            Command::Create(_) => "create".to_owned(),
            Command::Import(_) => "import".to_owned(),
            Command::Up(_) => "up".to_owned(),
            Command::Down(_) => "down".to_owned(),
            Command::Status(_) => "status".to_owned(),
            Command::Verify(_) => "verify".to_owned(),
            Command::Db(args) => format!("db {}", args.command.word()),
        }
    }
}

/// Runs a command; the exit code is for those that succeed and still have something to tell.
pub(crate) fn run(ctx: &mut Context<'_>, command: &Command) -> Result<u8, CommandError> {
    let writes = matches!(command, Command::Create(_) | Command::Import(_));
    if ctx.global.migrations_dir.is_some() && !writes {
        return Err(CommandError::usage(
            "--migrations-dir is for `create` and `import` alone: the migrations are embedded in \
             this program",
        ));
    }
    match command {
        Command::Create(args) => create::run(ctx, args),
        Command::Import(args) => import::run(ctx, args),
        Command::Up(args) => up::run(ctx, args),
        Command::Down(args) => down::run(ctx, args),
        Command::Status(args) => status::run(ctx, args),
        Command::Verify(args) => verify::run(ctx, args),
        Command::Db(args) => db::run(ctx, args),
    }
}

/// Shows a plan instead of running it: on request, or because consent is missing.
fn preview(
    ctx: &mut Context<'_>,
    plan: &Plan,
    dry_run: bool,
    nothing: &str,
) -> Result<u8, CommandError> {
    ctx.report.plan = Some(plan.steps.iter().map(StepRecord::new).collect());
    if plan.steps.is_empty() {
        return ctx.ui.result(nothing).map(|()| 0);
    }
    if dry_run {
        return print_plan(&ctx.ui, plan).map(|()| 0);
    }
    let verb = match plan.direction {
        Direction::Up => "running",
        Direction::Down => "reverting",
    };
    let count = plural(plan.steps.len(), "migration");
    Err(ctx.refuse_without_consent(&format!("{verb} {count}")))
}

/// Runs, and says what was done.
fn carry_out(
    ctx: &mut Context<'_>,
    progress: &Progress,
    nothing: &str,
    run: impl FnOnce() -> Result<Run, Error>,
) -> Result<u8, CommandError> {
    let started = Instant::now();
    let ran = run();
    progress.end();
    let run = ran?;
    ctx.report.ran(&run.done);
    ctx.report.database = Some(run.database.clone());
    ctx.report.run = Some(run.token.clone());
    if run.done.is_empty() {
        ctx.ui.result(nothing)?;
    } else {
        print_run(&ctx.ui, &run, started.elapsed())?;
    }
    Ok(0)
}
