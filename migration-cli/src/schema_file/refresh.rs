//! After a run, the file has what the database has. Where that fails, the run is done all the same.

use migrate_runtime::{Error, Migrator, Run};

use super::{Format, Found, SchemaFile};
use crate::context::Context;
use crate::error::{CommandError, ENDS};
use crate::output::SchemaRecord;
use crate::secret::redact;

/// Writes the file of the project where the run changed something, and the environment is not protected: there,
/// what is deployed was written before.
pub(crate) fn refresh(ctx: &mut Context<'_>, migrator: &mut Migrator, ran: &Result<Run, Error>) {
    if ctx.environment.protected || !did_something(ctx, ran) {
        return;
    }
    let Some(file) = SchemaFile::of_project(ctx).filter(|it| is_wanted(ctx, it)) else { return };
    if let Err(error) = write(ctx, migrator, &file) {
        let why: Vec<&str> =
            [&error.message].into_iter().chain(&error.causes).map(String::as_str).collect();
        ctx.ui.warn(format!("{} was not refreshed: {}", file.shown(), redact(&why.join(": "))));
        let again = ["migration-cli schema".to_owned()];
        let hints = if error.hints.is_empty() { &again[..] } else { &error.hints };
        for hint in hints {
            ctx.ui.hint(&ctx.ui.in_our_name(hint));
        }
    }
}

/// Also where a later migration failed, unless nothing more can be asked, or somebody wants an end.
fn did_something(ctx: &Context<'_>, ran: &Result<Run, Error>) -> bool {
    match ran {
        Ok(run) => !run.done.is_empty() && !run.protected,
        // Whether the database is a protected one is not known here, and consent may have been given.
        Err(error) => {
            let may_ask = !ENDS.contains(&error.kind()) && !ctx.global.confirm;
            may_ask && error.partial().is_some_and(|it| !it.done.is_empty())
        }
    }
}

/// Whether there is a folder for it: a program that was deployed has none.
fn is_wanted(ctx: &Context<'_>, file: &SchemaFile) -> bool {
    let has_folder = file.folder().is_none_or(|it| ctx.here.join(it).is_dir());
    has_folder && (file.is_asked_for || ctx.here.join(ctx.migrations_folder()).is_dir())
}

fn write(
    ctx: &mut Context<'_>,
    migrator: &mut Migrator,
    file: &SchemaFile,
) -> Result<(), CommandError> {
    file.check_place(ctx)?;
    let written = file.format.text(&migrator.schema()?, &ctx.schema.selection())?;
    if let Some(left_out) = &written.left_out {
        ctx.ui.note(format!("schema: {left_out}"));
    }
    let text = written.text;
    let found = file.compare(&text)?;
    if let Found::Stale(there) = &found
        && !file.is_asked_for
        && !is_ours(there, file.format)
    {
        return Err(CommandError::usage("somebody else has written it")
            .with_hint("migration-cli schema   # writes over it")
            .with_hint("or write `schema = false`, or the name of another file, at the top of migration.toml"));
    }
    ctx.report.schema = Some(SchemaRecord::of(file, found != Found::Fresh));
    if found == Found::Fresh {
        ctx.ui.detail(format!("schema: {} is up to date", file.shown()));
        return Ok(());
    }
    file.write(&text)?;
    let how = match found {
        Found::Missing if !file.is_asked_for => {
            " (`schema = false` at the top of migration.toml leaves it out)"
        }
        _ => "",
    };
    ctx.ui.note(format!("schema: {} written{how}", file.shown()));
    Ok(())
}

fn is_ours(text: &str, format: Format) -> bool {
    text.trim().is_empty() || text.lines().take(5).any(|it| it.contains(format.mark()))
}
