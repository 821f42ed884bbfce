//! The formats that a schema is written in.

use std::path::Path;

use clap::ValueEnum;
use migrate_runtime::schema::{Columns, DieselOptions, DieselTables, ObjectName, Picture, Schema};

use super::Selection;
use crate::error::CommandError;
use crate::output::schema_json;
use crate::text::printable;

/// The schema that a file of Diesel's is about unless told.
const PUBLIC: &str = "public";

/// How a schema is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// What `diesel print-schema` prints
    #[default]
    Diesel,
    /// Constants of Rust, for SQL that is written by hand
    Rust,
    /// A script that makes the schema in an empty database
    Sql,
    /// Every object with its attributes, and the tables with their columns and keys
    Json,
    /// An entity-relationship diagram as text for Mermaid
    Mermaid,
    /// An entity-relationship picture
    Svg,
}

/// A schema as text.
pub(crate) struct Text {
    pub(crate) text: String,
    /// What could not be written, and why.
    pub(crate) left_out: Option<String>,
}

impl Format {
    /// As it is typed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Format::Diesel => "diesel",
            Format::Rust => "rust",
            Format::Sql => "sql",
            Format::Json => "json",
            Format::Mermaid => "mermaid",
            Format::Svg => "svg",
        }
    }

    /// What its file is called unless told. Among the scripts, only `schema.rs` may lie: others lie beside their
    /// folder.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Format::Diesel | Format::Rust => "schema.rs",
            Format::Sql => "schema.sql",
            Format::Json => "schema.json",
            Format::Mermaid => "schema.mmd",
            Format::Svg => "schema.svg",
        }
    }

    /// The format of a file: `usual`, unless the ending of its name is another one's.
    pub(crate) fn of_file(path: &Path, usual: Format) -> Format {
        let is_called_so = |it: &Format| Path::new(it.file_name()).extension() == path.extension();
        let mut all = [usual].into_iter().chain(Format::value_variants().iter().copied());
        all.find(is_called_so).unwrap_or(usual)
    }

    /// What its texts have in their first lines, and files of somebody else most likely not.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Format::Diesel | Format::Rust => "@generated",
            Format::Sql => "-- The schema of a PostgreSQL database",
            Format::Json => "\"version\": 1,",
            Format::Mermaid => "erDiagram",
            Format::Svg => "schema-picture",
        }
    }

    /// Whether it looks for its tables itself: they may be named by patterns, and come with those that refer to them.
    fn is_picture(self) -> bool {
        matches!(self, Format::Mermaid | Format::Svg)
    }

    /// The schema, or what was selected of it, as text.
    pub(crate) fn text(self, schema: &Schema, selection: &Selection) -> Result<Text, CommandError> {
        selection.check_schemas(schema)?;
        let selection = &self.fit(selection)?;
        if !self.is_picture() {
            selection.check_tables(schema)?;
        }
        let text = match self {
            Format::Diesel => return Ok(diesel(schema, selection)),
            Format::Rust => return Ok(rust(schema, selection)),
            Format::Sql => schema.to_sql(),
            Format::Json => schema_json(&selection.of(schema)),
            Format::Mermaid => schema.to_mermaid(&picture(selection))?,
            Format::Svg => schema.to_svg(&picture(selection))?,
        };
        Ok(Text { text, left_out: None })
    }

    /// The selection as this format understands it.
    fn fit(self, selection: &Selection) -> Result<Selection, CommandError> {
        let mut selection = selection.clone();
        match self {
            _ if selection.keys && !self.is_picture() => {
                return Err(CommandError::usage("--keys is about pictures alone")
                    .with_hint("migration-cli schema --format svg --keys"));
            }
            Format::Sql if !(selection.tables.is_empty() && selection.schemas.is_empty()) => {
                return Err(CommandError::usage("a script of a part would lack what it needs")
                    .with_hint("migration-cli schema --format sql   # all of it"));
            }
            Format::Diesel if selection.schemas.len() > 1 => {
                return Err(CommandError::usage("a file of Diesel's is about one schema")
                    .with_hint("name one with --schema, and write a file for each"));
            }
            Format::Diesel if selection.schemas.is_empty() => {
                selection.schemas.push(PUBLIC.to_owned());
            }
            _ => {}
        }
        Ok(selection)
    }

    /// The words for all of them.
    pub(crate) fn words() -> impl Iterator<Item = &'static str> {
        Format::value_variants().iter().map(|it| it.as_str())
    }

    pub(crate) fn parse(word: &str) -> Option<Format> {
        Format::value_variants().iter().copied().find(|it| it.as_str() == word)
    }
}

fn picture(selection: &Selection) -> Picture {
    let (tables, schemas) = (selection.tables.clone(), selection.schemas.clone());
    let columns = if selection.keys { Columns::Keys } else { Columns::All };
    Picture { tables, schemas, columns, views: selection.views }
}

/// Of one schema, and of the tables and views that were named, if any were.
fn diesel(schema: &Schema, selection: &Selection) -> Text {
    let mut options = DieselOptions::default();
    options.schema = selection.schemas.first().cloned().filter(|it| it != PUBLIC);
    options.views = selection.views;
    if !selection.tables.is_empty() {
        let named = selection.relations_of(schema).into_iter();
        options.tables = DieselTables::Only(named.map(|it| it.name.name.clone()).collect());
        // No others are there.
        options.views = true;
    }
    let left_out = left_out("Diesel needs a primary key", schema.unknown_to_diesel(&options));
    Text { text: schema.to_diesel(&options), left_out }
}

/// What was selected, without partitions: of those that were named, it is said.
fn rust(schema: &Schema, selection: &Selection) -> Text {
    let named = selection.relations_of(schema).into_iter();
    let partitions = named.filter(|it| it.object.get("parent").is_some()).map(|it| it.name);
    let left_out = left_out("partitions have the columns of their parents", partitions);
    Text { text: selection.of(schema).to_rust(), left_out }
}

fn left_out<'s>(why: &str, names: impl IntoIterator<Item = &'s ObjectName>) -> Option<String> {
    let names: Vec<_> = names.into_iter().map(ToString::to_string).collect();
    let names = printable(&names.join(", "));
    (!names.is_empty()).then(|| format!("left out, since {why}: {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_typed_as_it_is_called() {
        for format in Format::value_variants() {
            let typed = format.to_possible_value().unwrap();
            assert_eq!(typed.get_name(), format.as_str());
            assert_eq!(Format::parse(format.as_str()), Some(*format));
        }
    }

    #[test]
    fn the_ending_of_a_name_is_that_of_a_format() {
        #[track_caller]
        fn check(name: &str, usual: Format, expected: Format) {
            assert_eq!(Format::of_file(Path::new(name), usual), expected, "{name}");
        }

        for usual in Format::value_variants() {
            check(usual.file_name(), *usual, *usual);
            check("a/b.sql", *usual, Format::Sql);
            check("b.json", *usual, Format::Json);
            check("b.mmd", *usual, Format::Mermaid);
            check("b.svg", *usual, Format::Svg);
            check("svg", *usual, *usual);
            check("b.txt", *usual, *usual);
            check("-", *usual, *usual);
        }
        check("b.rs", Format::Rust, Format::Rust);
        check("b.rs", Format::Sql, Format::Diesel);
    }
}
