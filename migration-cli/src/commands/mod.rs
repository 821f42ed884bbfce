//! The commands, one file each.

mod backup;
mod check;
mod completions;
mod config;
mod create;
mod db;
mod doctor;
mod down;
mod force;
mod import;
mod info;
mod init;
mod logs;
mod man;
mod plan;
mod repair;
mod report;
mod restore;
mod schema;
mod status;
mod up;
mod verify;

use std::time::{Duration, Instant};

use migrate_runtime::{Direction, Error, ErrorKind, Forecast, Migrator, Plan, Run};

use crate::context::{Context, Session, Start};
use crate::error::CommandError;
use crate::output::{BackupRecord, ObstacleRecord, Progress, StepRecord, Ui, plan_text, print_run};
use crate::schema_file::refresh;
use crate::text::plural;

/// The exit code of a command that examines, and found what somebody has to look at.
const FOUND: u8 = 5;

/// A command with its arguments.
#[derive(clap::Subcommand, Clone, Debug)]
pub(crate) enum Command {
    Init(init::InitArgs),
    #[command(visible_aliases = ["new", "add"])]
    Create(create::CreateArgs),
    Import(import::ImportArgs),
    #[command(visible_aliases = ["apply", "migrate"])]
    Up(up::UpArgs),
    #[command(visible_aliases = ["rollback", "revert"])]
    Down(down::DownArgs),
    Status(status::StatusArgs),
    Plan(plan::PlanArgs),
    Verify(verify::VerifyArgs),
    Check(check::CheckArgs),
    Schema(schema::SchemaArgs),
    Repair(repair::RepairArgs),
    Force(force::ForceArgs),
    Info(info::InfoArgs),
    #[command(visible_alias = "history")]
    Logs(logs::LogsArgs),
    Report(report::ReportArgs),
    Doctor(doctor::DoctorArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Config(config::ConfigArgs),
    Db(db::DbArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// As it is typed, for the report and for hints.
    pub(crate) fn name(&self) -> String {
        let name = match self {
            Command::Init(_) => "init",
            Command::Create(_) => "create",
            Command::Import(_) => "import",
            Command::Up(_) => "up",
            Command::Down(_) => "down",
            Command::Status(_) => "status",
            Command::Plan(_) => "plan",
            Command::Verify(_) => "verify",
            Command::Check(_) => "check",
            Command::Schema(_) => "schema",
            Command::Repair(_) => "repair",
            Command::Force(_) => "force",
            Command::Info(_) => "info",
            Command::Logs(_) => "logs",
            Command::Report(_) => "report",
            Command::Backup(args) => match &args.command {
                Some(command) => return format!("backup {}", command.word()),
                None => "backup",
            },
            Command::Doctor(_) => "doctor",
            Command::Restore(_) => "restore",
            Command::Config(_) => "config",
            Command::Db(args) => return format!("db {}", args.command.word()),
            Command::Completions(_) => "completions",
            Command::Man(_) => "man",
        };
        name.to_owned()
    }
}

/// Runs a command; the exit code is for those that succeed and still have something to tell.
///
/// Those that need no configuration run where it is broken too.
pub(crate) fn run(start: Start<'_>, command: &Command) -> Result<u8, CommandError> {
    let has_folder =
        matches!(command, Command::Create(_) | Command::Import(_) | Command::Config(_));
    if start.global.migrations_dir.is_some() && !has_folder {
        return Err(CommandError::usage(
            "--migrations-dir is for `create` and `import` alone: the migrations are embedded in \
             this program",
        ));
    }
    // The name in the log of what is to change the database.
    let log = |name, dry_run: bool| (!dry_run).then_some(name);
    match command {
        Command::Init(args) => init::run(start, args),
        Command::Completions(args) => completions::run(start, args),
        Command::Man(args) => man::run(start, args),
        Command::Create(args) => configured(start, None, |it| create::run(it, args)),
        Command::Import(args) => configured(start, None, |it| import::run(it, args)),
        Command::Up(args) => configured(start, log("up", args.dry_run), |it| up::run(it, args)),
        Command::Down(args) => {
            configured(start, log("down", args.dry_run), |it| down::run(it, args))
        }
        Command::Status(args) => configured(start, None, |it| status::run(it, args)),
        Command::Plan(args) => configured(start, None, |it| plan::run(it, args)),
        Command::Verify(args) => configured(start, None, |it| verify::run(it, args)),
        Command::Check(args) => check::run(start, args),
        Command::Schema(args) => configured(start, None, |it| schema::run(it, args)),
        Command::Repair(args) => {
            configured(start, log("repair", args.dry_run), |it| repair::run(it, args))
        }
        Command::Force(args) => {
            configured(start, log("force", args.dry_run), |it| force::run(it, args))
        }
        Command::Info(args) => configured(start, None, |it| info::run(it, args)),
        Command::Logs(args) => configured(start, None, |it| logs::run(it, args)),
        Command::Report(args) => configured(start, None, |it| report::run(it, args)),
        Command::Doctor(args) => configured(start, None, |it| doctor::run(it, args)),
        Command::Backup(args) => configured(start, None, |it| backup::run(it, args)),
        Command::Restore(args) => {
            configured(start, log("restore", args.dry_run), |it| restore::run(it, args))
        }
        Command::Config(args) => configured(start, None, |it| config::run(it, args)),
        Command::Db(args) => configured(start, None, |it| db::run(it, args)),
    }
}

/// Runs a command that needs the configuration. What is refused here, and not by the library, is in the log
/// of the database all the same where the command has a name there.
fn configured(
    start: Start<'_>,
    logged_as: Option<&'static str>,
    run: impl FnOnce(&mut Context<'_>) -> Result<u8, CommandError>,
) -> Result<u8, CommandError> {
    let mut ctx = start.context()?;
    run(&mut ctx).map_err(|error| {
        if let Some(name) = logged_as {
            ctx.log_refusal(name, &error);
        }
        ctx.with_ways_out(error)
    })
}

/// Whether all steps of a plan share one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Together {
    Yes,
    No,
}

impl Together {
    /// What goes behind the last sentence of a plan.
    fn how(self) -> &'static str {
        match self {
            Together::Yes => ", all in one transaction",
            Together::No => "",
        }
    }
}

fn nothing_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "Nothing to run: no migration is pending.",
        Direction::Down => "Nothing to revert.",
    }
}

/// Shows a plan.
fn show(
    ctx: &mut Context<'_>,
    migrator: &mut Migrator,
    plan: &Plan,
    together: Together,
) -> Result<u8, CommandError> {
    let forecast = enter(ctx, migrator, plan, together);
    if plan.steps.is_empty() {
        return ctx.ui.result(nothing_of(plan.direction)).map(|()| 0);
    }
    ctx.ui.result(plan_text(&ctx.ui, plan, &forecast, together.how())).map(|()| 0)
}

/// Puts a plan into the report, and asks what it is about. Without an answer, it is a plan all the same.
fn enter(
    ctx: &mut Context<'_>,
    migrator: &mut Migrator,
    plan: &Plan,
    together: Together,
) -> Forecast {
    let forecast = migrator.forecast(plan).unwrap_or_else(|error| {
        ctx.ui.warn(format!("sizes, and who is in the way, are not known: {error}"));
        migrator.forecast_offline(plan)
    });
    let steps = plan.steps.iter().zip(&forecast.steps);
    ctx.report.plan = Some(steps.map(|(step, it)| StepRecord::new(step, it)).collect());
    ctx.report.obstacles = Some(forecast.obstacles.iter().map(ObstacleRecord::new).collect());
    ctx.report.single_transaction = Some(together == Together::Yes);
    forecast
}

/// Runs what is to be run, with the consent that it needs: after showing the plan, which is then all that
/// may run.
fn run_with_consent(
    ctx: &mut Context<'_>,
    Session { mut migrator, progress }: Session,
    together: Together,
    plan: impl Fn(&mut Migrator) -> Result<Plan, Error>,
    run: impl Fn(&mut Migrator) -> Result<Run, Error>,
) -> Result<u8, CommandError> {
    if !ctx.needs_consent() {
        match carry_out(ctx, &progress, &mut migrator, &run) {
            // The database itself says that it is protected.
            Err(error) if error.kind == ErrorKind::Consent && ctx.may_ask() => {}
            ended => return ended,
        }
    }
    let plan = plan(&mut migrator)?;
    if plan.steps.is_empty() {
        return show(ctx, &mut migrator, &plan, together);
    }
    let forecast = enter(ctx, &mut migrator, &plan, together);
    let verb = match plan.direction {
        Direction::Up => "running",
        Direction::Down => "reverting",
    };
    let what = format!("{verb} {}", plural(plan.steps.len(), "migration"));
    let text = |ui: &Ui| plan_text(ui, &plan, &forecast, together.how());
    ctx.agree(&what, &migrator.interrupt(), |ui| ui.say(text(ui)))?;
    migrator.confirm();
    migrator.agree_to(plan);
    carry_out(ctx, &progress, &mut migrator, run)
}

/// Runs, says what was done, and has the file of the schema say so too.
fn carry_out(
    ctx: &mut Context<'_>,
    progress: &Progress,
    migrator: &mut Migrator,
    run: impl FnOnce(&mut Migrator) -> Result<Run, Error>,
) -> Result<u8, CommandError> {
    let started = Instant::now();
    let ran = run(migrator);
    progress.end();
    ctx.report.backup = progress.backup().as_ref().map(BackupRecord::new);
    let told = match &ran {
        Ok(run) => tell(ctx, run, started.elapsed()),
        Err(_) => Ok(()),
    };
    refresh(ctx, migrator, &ran);
    ran?;
    told.map(|()| 0)
}

fn tell(ctx: &mut Context<'_>, run: &Run, took: Duration) -> Result<(), CommandError> {
    ctx.report.ran(&run.done);
    ctx.report.database = Some(run.database.clone());
    ctx.report.run = Some(run.token.clone());
    if run.done.is_empty() {
        return ctx.ui.result(nothing_of(run.direction));
    }
    print_run(&ctx.ui, run, took)
}
