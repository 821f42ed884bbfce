//! `create`: two new scripts.

use std::path::Path;

use migrate_core::read_folder;

use crate::context::Context;
use crate::error::CommandError;
use crate::new_file::make_folder;
use crate::new_script::{NewMigration, is_far_ahead, normalize, write_next};
use crate::text::plural;
use crate::time;

/// Write the two scripts of a new migration
///
/// The version is this second in UTC, or later than every version there is. The name decides about the
/// template: `create_x_table`,
/// `add_y_to_x`, `drop_x_table`, `drop_y_from_x`, `backfill_y`, else a plain one.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CreateArgs {
    /// What the migration does, in a few words: "add email to users" becomes `add_email_to_users`
    #[arg(value_name = "NAME")]
    name: String,
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &CreateArgs) -> Result<u8, CommandError> {
    let name = normalize(&args.name)?;
    let folder = ctx.migrations_folder();
    make_folder(&folder)?;
    warn_of_problems(ctx, &folder);

    let now = time::now();
    let NewMigration { files, after } = write_next(&folder, &name, now)?;
    if let Some(newest) = after.filter(|it| is_far_ahead(*it, now)) {
        ctx.ui.warn(format!("the version {newest} lies in the future; the new one comes after it"));
    }
    let files = files.map(|it| it.display().to_string());
    for file in &files {
        ctx.ui.result(file)?;
    }
    ctx.report.files = Some(files.to_vec());
    ctx.ui.note("Write the SQL, then build again: the program has its migrations inside.");
    Ok(0)
}

const SHOWN: usize = 3;

/// They do not stop a new migration, and the next build says them in full.
fn warn_of_problems(ctx: &Context<'_>, folder: &Path) {
    let Err(problems) = read_folder(folder, &folder.display().to_string()) else { return };
    for problem in problems.iter().take(SHOWN) {
        ctx.ui.warn(problem);
    }
    if problems.len() > SHOWN {
        ctx.ui.warn(format!("and {} more", plural(problems.len() - SHOWN, "problem")));
    }
}
