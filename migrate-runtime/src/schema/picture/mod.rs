//! Pictures of a schema: its tables with their columns and keys, and what refers to what; as text for Mermaid, and
//! as SVG.
//!
//! What is drawn is found out once (`drawing`), for both. Partitions are not drawn, but for the number of them at the
//! table that they are of; neither are types, functions and the rest, which no line would lead to.

mod chosen;
mod drawing;
mod keys;
mod mermaid;
mod svg;

use super::Schema;
use crate::error::Error;

/// How many columns of a table are drawn at most.
const MOST_COLUMNS: usize = 30;

/// What a picture of a schema shows. The default: every table with its columns, and no views.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The tables that are drawn, with those that they refer to and that refer to them: `users`, `app.users`, and `*`
    /// for any text. Where there are none, everything is.
    pub tables: Vec<String>,
    /// The schemas that they are in; where there are none, any. What is linked with them is drawn wherever it is.
    pub schemas: Vec<String>,
    /// Which of their columns.
    pub columns: Columns,
    /// Whether views are drawn too. One that `tables` names is.
    pub views: bool,
}

/// Which columns of a table are drawn. Of more than thirty, those of its keys come first, and the rest is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Columns {
    /// All of them.
    #[default]
    All,
    /// Those of its primary key, its unique and its foreign keys.
    Keys,
}

impl Schema {
    /// An entity-relationship diagram as text for [Mermaid](https://mermaid.js.org), 11 or later. It is an error where
    /// the picture names a table that there is not.
    ///
    /// What Mermaid takes no column to be called is written with `_`, and the name beside it. Mermaid draws no more than
    /// 50,000 characters and 500 lines unless it is told to.
    pub fn to_mermaid(&self, picture: &Picture) -> Result<String, Error> {
        Ok(mermaid::write(&drawing::Drawing::of(self, picture)?))
    }

    /// An entity-relationship diagram as SVG that needs nothing else. It is an error where the picture names a table
    /// that there is not, and where more than 3,000 tables in it are linked.
    ///
    /// It is light or dark as the reader likes it; the class `light` or `dark` on the `svg` decides for them. Every table
    /// is a `g` of the class `table`, with its name in `data-table` and in a `title`.
    pub fn to_svg(&self, picture: &Picture) -> Result<String, Error> {
        svg::write(&drawing::Drawing::of(self, picture)?)
    }
}

#[cfg(test)]
mod tests;
