//! `db`: the embedded database of the project.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command as Process;

use migrate_runtime::dev_database::{DevDatabase, DevStatus};

use crate::context::Context;
use crate::error::CommandError;
use crate::interrupt;
use crate::output::EmbeddedRecord;

/// Start, stop and look after the embedded database
///
/// A PostgreSQL of this project alone, made from the server that is installed on this machine. Its
/// data lies in `.migration/`; it listens on a Unix socket and not on the network. Other commands
/// start it on demand.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    pub(crate) command: DbCommand,
}

/// What to do with it.
#[derive(clap::Subcommand, Clone, Debug, PartialEq, Eq)]
pub(crate) enum DbCommand {
    /// Start it, and make it if there is none yet
    Start,
    /// Stop it; the data stays
    Stop,
    /// Say whether it runs, and where its data is
    Status,
    /// Print how to reach it, for psql and other programs
    Url,
    /// Stop it and remove it with all its data; needs --confirm
    Reset,
    /// Open psql on it; the exit code is that of psql
    Psql {
        /// What psql gets, as in `db psql -- -c "SELECT 1"`
        #[arg(value_name = "ARGS", last = true)]
        args: Vec<OsString>,
    },
}

impl DbCommand {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            DbCommand::Start => "start",
            DbCommand::Stop => "stop",
            DbCommand::Status => "status",
            DbCommand::Url => "url",
            DbCommand::Reset => "reset",
            DbCommand::Psql { .. } => "psql",
        }
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &DbArgs) -> Result<u8, CommandError> {
    let database = ctx.embedded()?;
    if let Some(source) = ctx.environment.url_source() {
        ctx.ui.warn(format!("other commands do not use it: {source} names another database"));
    }
    match &args.command {
        DbCommand::Start => {
            ctx.announce_making(&database);
            let running = database.ensure_running()?;
            ctx.announce(&running);
            let verdict = if running.started { "Started." } else { "It was already running." };
            ctx.ui.result(verdict)?;
        }
        DbCommand::Stop => {
            let verdict = if database.stop()? { "Stopped." } else { "It was not running." };
            ctx.ui.result(verdict)?;
        }
        DbCommand::Status => print(ctx, &database.status()?)?,
        DbCommand::Url => ctx.ui.result(database.url()?)?,
        DbCommand::Reset => {
            let what = "removing the embedded database with all its data";
            ctx.require_consent_to_loss(what, &interrupt::on_signal_at(ctx.prompt.clone())?)?;
            database.reset()?;
            ctx.ui.result("Removed. The next command makes a new one.")?;
        }
        DbCommand::Psql { args } => match psql(ctx, &database, args)? {},
    }
    let mut record = EmbeddedRecord::of(&database.status()?);
    if record.url.is_none() {
        record.url = database.url().ok();
    }
    ctx.report.embedded = Some(record);
    Ok(0)
}

/// Becomes psql, so that signals and the exit code are its own; comes back only where that fails.
fn psql(
    ctx: &mut Context<'_>,
    database: &DevDatabase,
    args: &[OsString],
) -> Result<Infallible, CommandError> {
    if ctx.global.json {
        return Err(CommandError::usage("psql writes to stdout, where --json promises one object")
            .with_hint("migration-cli db url --json   # how to reach the database"));
    }
    ctx.announce_making(database);
    let running = database.ensure_running()?;
    ctx.announce(&running);
    // Packages of the server have a psql of its version, and others only the one on the PATH.
    let beside = ctx.search()?.find().ok().map(|it| it.program("psql"));
    let program = beside.filter(|it| it.is_file()).unwrap_or_else(|| "psql".into());
    let error = Process::new(&program).arg(&running.url).args(args).exec();
    Err(CommandError::io(format!("cannot run {}", program.display()), &error)
        .with_hint("sudo apt-get install postgresql-client   # Debian, Ubuntu; psql has other packages elsewhere")
        .with_hint("migration-cli db url   # for another client"))
}

fn print(ctx: &Context<'_>, status: &DevStatus) -> Result<(), CommandError> {
    let lines = match status {
        DevStatus::Running { data, version, url, log, .. } => vec![
            ("State", format!("running, PostgreSQL {version}")),
            ("URL", url.clone()),
            ("Data", ctx.shorten(data)),
            ("Log", ctx.shorten(log)),
        ],
        DevStatus::Stopped { data, version, .. } => {
            vec![("State", format!("stopped, PostgreSQL {version}")), ("Data", ctx.shorten(data))]
        }
        DevStatus::Busy { data, .. } => {
            vec![("State", "starting or stopping".to_owned()), ("Data", ctx.shorten(data))]
        }
        _ => vec![("State", "absent: the first command that needs it makes it".to_owned())],
    };
    lines.into_iter().try_for_each(|(label, value)| ctx.ui.labelled(label, &value))
}
