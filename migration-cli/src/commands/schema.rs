//! `schema`: the schema of the database as a file, for programs, people and version control.

use std::path::{Path, PathBuf};

use migrate_runtime::schema::Schema;

use super::FOUND;
use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::{SchemaRecord, diff, print_checked, print_written};
use crate::schema_file::{Format, Found, SchemaFile, Selection};

/// Write the schema of the database into migrations/schema.rs, or print it
///
/// Without --format, or in the format of the file, the file is written where it differs: migrations/schema.rs,
/// unless `schema` in migration.toml names another one, in the format that `schema_format` names. `up` and `down`
/// refresh the same file in environments that are not protected; `schema = false` leaves it out. Another format,
/// and a part of the schema, go to stdout. --output names another file, or stdout (`-`), for any of them.
///
/// What the migration system itself, extensions and PostgreSQL have made is left out. Changes nothing in the
/// database, and needs no more than the right to read.
///
/// Exit code 0 when the file is written or was up to date; with --check, 5 when it is stale or missing.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SchemaArgs {
    /// How to write it [default: by the ending of FILE, else `schema_format` in migration.toml, else diesel]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    /// Write into this file; - is stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write nothing, and compare the file: exit 5 with a diff when it is stale or missing
    #[arg(long)]
    check: bool,

    /// Only these tables and views, each as NAME or SCHEMA.NAME; in pictures with those that refer to them and that
    /// they refer to, wherever they are, and `*` for any text
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tables: Vec<String>,

    /// Only what is in this schema, in pictures with its neighbours too; may be given again [default: all; for
    /// Diesel, public]
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,

    /// With views, for Diesel and in pictures; the other formats always have them
    #[arg(long)]
    views: bool,

    /// In pictures, only the columns of keys
    #[arg(long)]
    keys: bool,
}

/// Where the text goes.
enum To {
    File(SchemaFile),
    Stdout,
}

impl SchemaArgs {
    fn format(&self, ctx: &Context<'_>) -> Format {
        let usual = ctx.schema.format();
        let named = self.output.as_deref().map(|it| Format::of_file(it, usual));
        self.format.or(named).unwrap_or(usual)
    }

    fn selection(&self, ctx: &Context<'_>) -> Selection {
        let (tables, schemas) = (self.tables.clone(), self.schema.clone());
        Selection { tables, schemas, views: self.views || ctx.schema.views(), keys: self.keys }
    }

    fn to(&self, ctx: &Context<'_>, format: Format, selection: &Selection) -> To {
        match &self.output {
            Some(path) if path == Path::new("-") => To::Stdout,
            Some(path) => To::File(SchemaFile::named(ctx, path, format)),
            None if *selection == ctx.schema.selection() => {
                let file = SchemaFile::of_project(ctx).filter(|it| it.format == format);
                file.map_or(To::Stdout, To::File)
            }
            None => To::Stdout,
        }
    }
}

pub(crate) fn run(ctx: &mut Context<'_>, args: &SchemaArgs) -> Result<u8, CommandError> {
    let format = args.format(ctx);
    let selection = args.selection(ctx);
    let to = args.to(ctx, format, &selection);
    match &to {
        To::File(file) => file.check_place(ctx)?,
        To::Stdout if args.check => {
            return Err(CommandError::usage("--check compares a file, and none is named")
                .with_hint("migration-cli schema --check --output FILE"));
        }
        To::Stdout => {}
    }
    let schema = read(ctx)?;
    let written = format.text(&schema, &selection)?;
    if let Some(left_out) = &written.left_out {
        ctx.ui.note(left_out);
    }
    let text = written.text;
    match to {
        To::File(file) if args.check => check(ctx, &file, &text),
        To::File(file) => write(ctx, &file, &text),
        To::Stdout => {
            ctx.ui.verbatim(&text)?;
            ctx.report.schema = Some(SchemaRecord::printed(format.as_str(), text));
            Ok(0)
        }
    }
}

fn read(ctx: &mut Context<'_>) -> Result<Schema, CommandError> {
    let Session { mut migrator, progress } = ctx.session()?;
    let schema = migrator.schema();
    progress.end();
    Ok(schema?)
}

fn write(ctx: &mut Context<'_>, file: &SchemaFile, text: &str) -> Result<u8, CommandError> {
    let found = file.compare(text)?;
    if found != Found::Fresh {
        file.write(text)?;
    }
    ctx.report.schema = Some(SchemaRecord::of(file, found != Found::Fresh));
    print_written(&ctx.ui, file, &found).map(|()| 0)
}

fn check(ctx: &mut Context<'_>, file: &SchemaFile, text: &str) -> Result<u8, CommandError> {
    let found = file.compare(text)?;
    let diff = diff(file, &found, text);
    print_checked(&ctx.ui, file, &found, diff.as_deref())?;
    let mut record = SchemaRecord::of(file, found != Found::Fresh);
    record.diff = diff;
    ctx.report.schema = Some(record);
    Ok(if found == Found::Fresh { 0 } else { FOUND })
}
