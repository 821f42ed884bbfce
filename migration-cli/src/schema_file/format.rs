//! The formats that a schema is written in.

use clap::ValueEnum;
use migrate_runtime::schema::Schema;

use super::Selection;
use crate::output::schema_json;

/// How a schema is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Constants of Rust, for SQL that is written by hand
    #[default]
    Rust,
    /// Every object with its attributes, and the tables with their columns and keys
    Json,
}

impl Format {
    /// As it is typed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Format::Rust => "rust",
            Format::Json => "json",
        }
    }

    /// What its file is called unless told. Among the scripts, only `schema.rs` may lie: others lie beside their
    /// folder.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Format::Rust => "schema.rs",
            Format::Json => "schema.json",
        }
    }

    /// The schema, or what was selected of it, as text.
    pub(crate) fn text(self, schema: &Schema, selection: &Selection) -> String {
        match self {
            Format::Rust => selection.of(schema).to_rust(),
            Format::Json => schema_json(&selection.of(schema)),
        }
    }

    /// The words for all of them.
    pub(crate) fn words() -> impl Iterator<Item = &'static str> {
        Format::value_variants().iter().map(|it| it.as_str())
    }

    pub(crate) fn parse(word: &str) -> Option<Format> {
        Format::value_variants().iter().copied().find(|it| it.as_str() == word)
    }
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
}
