//! The file that holds the schema: where it lies, what belongs into it, and whether that is in it.

mod format;
mod refresh;
mod selection;

use std::path::{Path, PathBuf};
use std::{fs, io};

pub(crate) use format::Format;
pub(crate) use refresh::refresh;
pub(crate) use selection::Selection;

use crate::context::Context;
use crate::error::CommandError;
use crate::paste::quote;
use crate::secret::redact;
use crate::whole_file::{is_device, unwritable, write_whole};

/// The only file that may lie among the scripts.
const AMONG_SCRIPTS: &str = "schema.rs";

/// What `migration.toml` says about the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SchemaConfig {
    /// `schema`
    pub(crate) place: Option<Place>,
    /// `schema_format`
    pub(crate) format: Option<Format>,
    /// `schema_views`
    pub(crate) views: Option<bool>,
}

/// Where the file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// Nowhere: nobody wants one.
    Nowhere,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaFile {
    /// Where it is, as short as it can be said from the working directory.
    pub(crate) path: PathBuf,
    /// What is in it.
    pub(crate) format: Format,
    /// Whether somebody asked for it: in `migration.toml`, or just now.
    is_asked_for: bool,
}

/// What a file has, compared with what it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Just that.
    Fresh,
    /// Something else.
    Stale(String),
    /// There is no file.
    Missing,
}

impl SchemaConfig {
    /// The format, unless another one is asked for: where none is named, that of the file's name.
    pub(crate) fn format(&self) -> Format {
        let usual = Format::default();
        self.format.unwrap_or_else(|| match &self.place {
            Some(Place::File(path)) => Format::of_file(path, usual),
            _ => usual,
        })
    }

    /// Whether views are in the file, where the format leaves them out unless told.
    pub(crate) fn views(&self) -> bool {
        self.views.unwrap_or(false)
    }

    /// What of the schema is in the file.
    pub(crate) fn selection(&self) -> Selection {
        Selection { views: self.views(), ..Selection::default() }
    }
}

impl SchemaFile {
    /// The file of the project; none where it was switched off.
    pub(crate) fn of_project(ctx: &Context<'_>) -> Option<SchemaFile> {
        let format = ctx.schema.format();
        match &ctx.schema.place {
            Some(Place::Nowhere) => None,
            Some(Place::File(path)) => Some(SchemaFile::named(ctx, path, format)),
            None => {
                let folder = ctx.migrations_folder();
                let path = match format.file_name() {
                    AMONG_SCRIPTS => folder.join(AMONG_SCRIPTS),
                    other => folder.with_file_name(other),
                };
                Some(SchemaFile { path, format, is_asked_for: false })
            }
        }
    }

    /// A file that was named.
    pub(crate) fn named(ctx: &Context<'_>, path: &Path, format: Format) -> SchemaFile {
        let path = path.strip_prefix(&ctx.here).unwrap_or(path).to_owned();
        SchemaFile { path, format, is_asked_for: true }
    }

    /// As people read it; somebody may have put a URL into its place.
    pub(crate) fn shown(&self) -> String {
        redact(&self.path.display().to_string())
    }

    /// Compares the file with a text. A checkout with other ends of lines is the same; a body of a function may have
    /// such ends itself.
    pub(crate) fn compare(&self, text: &str) -> Result<Found, CommandError> {
        if is_device(&self.path) {
            return Ok(Found::Missing);
        }
        match fs::read(&self.path) {
            Ok(bytes) => {
                let there = plain(&String::from_utf8_lossy(&bytes));
                Ok(if there == plain(text) { Found::Fresh } else { Found::Stale(there) })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Missing),
            Err(error) => Err(CommandError::io(format!("cannot read {}", self.shown()), &error)),
        }
    }

    /// Writes the text into the file.
    pub(crate) fn write(&self, text: &str) -> Result<(), CommandError> {
        write_whole(&self.path, text).map_err(|error| unwritable(&self.path, &error))
    }

    /// Refuses a place where the next build would not have the file.
    pub(crate) fn check_place(&self, ctx: &Context<'_>) -> Result<(), CommandError> {
        let real = |it: &Path| fs::canonicalize(it).unwrap_or_else(|_| ctx.here.join(it));
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let is_among_scripts =
            self.folder().is_some_and(|it| real(it) == real(&ctx.migrations_folder()));
        if !is_among_scripts || name == AMONG_SCRIPTS || name.starts_with('.') {
            return Ok(());
        }
        let message = format!(
            "{} would lie among the migrations, where a build accepts scripts and {AMONG_SCRIPTS} alone",
            self.shown()
        );
        Err(CommandError::usage(message)
            .with_state("nothing was written")
            .with_hint(format!("migration-cli schema --output {}", quote(&name))))
    }

    /// The folder that it lies in, where it is not the working directory.
    fn folder(&self) -> Option<&Path> {
        self.path.parent().filter(|it| !it.as_os_str().is_empty())
    }
}

/// With the ends of lines that we write.
pub(crate) fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}
