//! `check`: the proof that every migration runs, is reverted, and runs again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use migrate_runtime::check::{CheckReport, Checker};

use super::FOUND;
use crate::context::{Context, Start};
use crate::env_vars::{Source, Sourced};
use crate::environment::Described;
use crate::error::CommandError;
use crate::output::{
    Lint, Progress, ProofRecord, github, junit, print_proof, problem_record, problems_of,
    round_word, sarif,
};
use crate::secret::redact;

/// Prove on a throw-away database that every migration runs, is reverted, and runs again
///
/// Each migration, oldest first, runs, is reverted and runs again, and the schema is compared after each: a down
/// script that does not restore exactly what was there is told with the difference in SQL. Then all of them are
/// reverted, and all run. What a down script declares irreversible is skipped and listed with its reason.
///
/// The database is made for it and dropped at the end, on a server that is made for it as well, from the
/// installed PostgreSQL, or on that of --scratch-url (--database-url, typed here, means the same). The database of
/// the environment is never touched, whatever `DATABASE_URL`, .env and migration.toml say. What was proven is kept
/// in target/migration-check (else .migration/check), and is not done again until a script changes.
///
/// Then comes what the lint found in the scripts when the program was built; a build only warns of it, and here it
/// counts, unless it is merely worth knowing.
///
/// Exit code 0 when all is proven and the lint found nothing, 5 when something is not restored or the lint found
/// something, 1 when a script fails.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CheckArgs {
    /// Make the database on this server, with a role that may make databases
    #[arg(long, value_name = "URL")]
    scratch_url: Option<ScratchUrl>,

    /// SQL that runs in the new database first: roles and extensions that migrations expect to be there
    #[arg(long, value_name = "FILE")]
    setup: Option<PathBuf>,

    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "human", conflicts_with = "json")]
    format: Format,

    /// Prove everything again, and keep nothing
    #[arg(long)]
    no_cache: bool,
}

/// May hold a password.
#[derive(Clone)]
struct ScratchUrl(String);

impl From<String> for ScratchUrl {
    fn from(url: String) -> ScratchUrl {
        ScratchUrl(url)
    }
}

impl fmt::Debug for ScratchUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScratchUrl")
    }
}

/// How problems of scripts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// The one object of --json
    Json,
    /// Annotations of GitHub
    Github,
    /// SARIF 2.1.0
    Sarif,
    /// XML of `JUnit`
    Junit,
}

pub(crate) fn run(start: Start<'_>, args: &CheckArgs) -> Result<u8, CommandError> {
    let mut ctx = start.context_apart()?;
    let mut settings = ctx.settings();
    // What is proven runs to its end, and nobody waits for it.
    settings.max_batch_time = Duration::ZERO;
    let mut checker = Checker::new(ctx.set).with_settings(settings).with_search(ctx.search()?);
    if let Some(url) = scratch(&ctx, args)? {
        let options = ctx.environment.elsewhere(&url)?;
        let server = redact(&Described(options.config()).to_string());
        ctx.ui.note(format!("Scratch server: {server} ({})", url.source));
        for warning in options.warnings() {
            ctx.ui.warn(warning);
        }
        checker = checker.on_server(options);
    }
    if let Some(file) = &args.setup {
        let text = std::fs::read_to_string(file).map_err(|error| {
            CommandError::usage(format!("cannot read {}", file.display())).caused_by(&error)
        })?;
        checker = checker.with_setup_from(file.display().to_string(), text);
    }
    if !args.no_cache {
        checker = checker.with_cache(cache(&ctx.project));
    }
    let progress = Progress::new(&ctx.ui, ctx.set.iter().map(|it| it.name));
    let mut listener = progress.clone();
    let checker = checker.on_event(move |event| listener.event(event));
    ctx.on_signal(checker.interrupt())?;
    let report = checker.run();
    progress.end();
    let report = report?;
    let lint = Lint::of(ctx.set, &ctx.ui);
    print(&mut ctx, &report, &lint, args.format)?;
    Ok(match report.exit_code() {
        0 if !lint.is_clean() => FOUND,
        code => code,
    })
}

/// The server that was named. What is typed comes first; what names the database of the environment means
/// nothing here.
fn scratch(ctx: &Context<'_>, args: &CheckArgs) -> Result<Option<Sourced>, CommandError> {
    let flag =
        |value: &str, source| Sourced { value: value.to_owned(), source: Source::Flag(source) };
    let url = args.scratch_url.as_ref().map(|it| flag(&it.0, "--scratch-url"));
    let typed = ctx.global.database_url.as_deref().map(|it| flag(it, "--database-url"));
    let named = match (url, typed) {
        (Some(_), Some(_)) => {
            return Err(CommandError::usage(
                "--scratch-url and --database-url name the same thing here: one is enough",
            ));
        }
        (Some(url), None) | (None, Some(url)) => Some(url),
        (None, None) => ctx.scratch_url()?,
    };
    match named {
        // A variable that is not set, most likely: no other server may take its place.
        Some(it) if it.value.trim().is_empty() => {
            Err(CommandError::usage(format!("{} is empty, and names no server", it.source)))
        }
        named => Ok(named),
    }
}

fn print(
    ctx: &mut Context<'_>,
    report: &CheckReport,
    lint: &Lint<'_>,
    format: Format,
) -> Result<(), CommandError> {
    let proof = report.findings.iter().map(|it| problem_record(it, &ctx.ui));
    ctx.report.problems = Some(proof.chain(lint.records()).collect());
    ctx.report.proofs =
        Some(report.migrations.iter().map(|it| ProofRecord::new(it, ctx.set)).collect());
    ctx.report.round = Some(round_word(report.round));
    let problems = || problems_of(report, lint, &ctx.ui, ctx.set);
    let text = match format {
        // In JSON, it is in the object.
        Format::Human | Format::Json => {
            print_proof(&ctx.ui, report, ctx.set)?;
            return lint.print(&ctx.ui);
        }
        Format::Github => github(&problems()),
        Format::Sarif => sarif(&problems()),
        Format::Junit => junit(&problems()),
    };
    match text.trim_end() {
        "" => Ok(()),
        text => ctx.ui.result(text),
    }
}

/// Where what was proven is kept: with what cargo has built, so that `cargo clean` forgets it, else in our own
/// folder.
fn cache(project: &Path) -> PathBuf {
    let targets = project.ancestors().map(|it| it.join("target"));
    let mut targets = targets.filter(|it| it.join("CACHEDIR.TAG").is_file());
    match targets.next() {
        Some(target) => target.join("migration-check"),
        None => project.join(".migration/check"),
    }
}
