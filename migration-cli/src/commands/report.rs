//! `report`: one page for people about one database.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use migrate_runtime::{Error, LogFilter, Migrator, Up};

use crate::context::{Context, Session};
use crate::error::{CommandError, ENDS};
use crate::output::{BEGINNING, DriftRecord, Page, Planned, Told};
use crate::paste::quote;
use crate::whole_file::{unwritable, write_whole};

/// Write one HTML page about the database: status, history, plan, lint, schema, drift
///
/// For people who want to see, and for those who are woken up: how things stand in one sentence with what to
/// type next, every migration with its state, the history as a timeline, what `up` would do with the locks
/// that it takes, the findings of the lint, the schema as a picture and table by table, and what of it has drifted. One file that loads
/// nothing from elsewhere: it opens from disk, on a telephone and on paper, and has a search. Changes nothing,
/// and needs no more than the right to read; what the role may not see is told as such. A report of ours that is
/// there already is replaced, and no other file is.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ReportArgs {
    /// Where the page goes; `-` is stdout
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
}

/// The newest rows of the log that are on the page.
const ROWS: u32 = 2000;

pub(crate) fn run(ctx: &mut Context<'_>, args: &ReportArgs) -> Result<u8, CommandError> {
    let file = Some(args.output.as_path()).filter(|it| *it != Path::new("-"));
    if let Some(file) = file {
        refuse_others(file)?;
    }
    let page = page(ctx)?;
    let (text, sentence) = (page.render(), page.sentence());
    let Some(file) = file else {
        ctx.ui.result(text.trim_end())?;
        ctx.report.text = Some(text);
        return Ok(0);
    };
    // Meanwhile, somebody may have written another one.
    refuse_others(file)?;
    write_whole(file, &text).map_err(|error| unwritable(file, &error))?;
    let path = file.display().to_string();
    ctx.ui.note(ctx.ui.in_our_name(&sentence));
    ctx.ui.result(&path)?;
    ctx.report.files = Some(vec![path]);
    Ok(0)
}

/// Asks for everything that the page tells.
fn page(ctx: &mut Context<'_>) -> Result<Page, CommandError> {
    let Session { mut migrator, progress } = ctx.session()?;
    let page = read(ctx, &mut migrator);
    progress.end();
    let mut page = page?;
    // What needs no database comes first, as `verify` has it.
    let found = std::mem::take(&mut page.verification.findings);
    page.verification.findings = ctx.offline().verify_offline().into_iter().chain(found).collect();
    ctx.report.status(&page.verification.status);
    ctx.report.drift = page.drift.as_ref().and_then(DriftRecord::new);
    Ok(page)
}

fn read(ctx: &Context<'_>, migrator: &mut Migrator) -> Result<Page, CommandError> {
    let mut filter = LogFilter::default();
    filter.limit = NonZeroU32::new(ROWS);
    let is_watched = ctx.settings().record_schema;
    let (verification, drift) = migrator.verify_with_drift()?;
    let folder = ctx.project.file_name().map(|it| it.to_string_lossy().into_owned());
    Ok(Page {
        ui: ctx.ui.clone(),
        set: ctx.set,
        project: folder.unwrap_or_else(|| ctx.ui.program().to_owned()),
        environment: ctx.environment.name.clone(),
        is_protected: ctx.environment.protected,
        server: migrator.server()?,
        verification,
        drift: Some(drift).filter(|_| is_watched),
        logs: told(migrator.logs(&filter))?,
        plan: planned(ctx, migrator)?,
        schema: told(migrator.schema())?,
    })
}

/// What `up` would do with what this environment allows it.
fn planned(ctx: &Context<'_>, migrator: &mut Migrator) -> Result<Told<Planned>, CommandError> {
    let mut up = Up::default();
    up.allow_out_of_order = ctx.environment.section.allow_out_of_order.unwrap_or_default();
    let plan = match told(migrator.plan_up(&up))? {
        Ok(plan) => plan,
        Err(refused) => return Ok(Err(refused)),
    };
    let (forecast, unseen) = match told(migrator.forecast(&plan))? {
        Ok(forecast) => (forecast, None),
        Err(error) => (migrator.forecast_offline(&plan), Some(error)),
    };
    Ok(Ok(Planned { plan, forecast, unseen }))
}

/// What cannot be told is told on the page; without a connection there is none.
fn told<T>(result: Result<T, Error>) -> Result<Told<T>, CommandError> {
    match result.map_err(CommandError::from) {
        Err(error) if ENDS.contains(&error.kind) => Err(error),
        told => Ok(told),
    }
}

/// Nothing is written over what is no report of ours.
fn refuse_others(path: &Path) -> Result<(), CommandError> {
    let is_other = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(unwritable(path, &error)),
        Ok(it) if it.is_file() => !is_ours(path).map_err(|error| unwritable(path, &error))?,
        // A terminal, a pipe, or nowhere: there is nothing to lose.
        Ok(it) => it.is_dir(),
    };
    if !is_other {
        return Ok(());
    }
    let shown = path.display().to_string();
    let message = format!("{shown} is there, and is no report that could be replaced");
    let elsewhere = path.with_extension("new.html").display().to_string();
    Err(CommandError::usage(message)
        .with_state("nothing was written")
        .with_hint(format!("migration-cli report --output {}", quote(&elsewhere)))
        .with_hint(format!("ls -ld {}   # move it away, if nobody needs it there", quote(&shown))))
}

fn is_ours(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(BEGINNING.len() as u64).read_to_end(&mut start)?;
    Ok(start == BEGINNING.as_bytes() || start.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_report_and_an_empty_file_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        let check = |text: &str, is_fine: bool| {
            fs::write(&path, text).unwrap();
            assert_eq!(refuse_others(&path).is_ok(), is_fine, "{text}");
        };
        check(&format!("{BEGINNING}<html>"), true);
        check("", true);
        check("<!doctype html>\n<html>", false);
        check("<!doctype html>", false);
        check("notes", false);
        assert!(refuse_others(&folder.path().join("new.html")).is_ok());
        assert!(refuse_others(folder.path()).is_err());
        assert!(refuse_others(Path::new("/dev/null")).is_ok());
    }
}
