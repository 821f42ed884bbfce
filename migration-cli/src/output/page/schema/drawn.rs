//! The picture of the schema.

use std::collections::HashMap;

use migrate_runtime::schema::{Columns, ObjectKind, Picture, Schema};

use super::super::html::Html;
use super::super::text;

/// What is said where there is no picture.
pub(super) const NONE: &str = "There is no picture: so many tables would be a wall of lines.";

/// With more tables than the first, only the keys are drawn; with more than the second, nothing.
const WITH_COLUMNS: usize = 120;
pub(super) const MOST: usize = 400;

/// A picture, and where its tables are in it.
pub(in crate::output::page) struct Drawn {
    svg: String,
    /// The names of the elements by those of the tables, both as the picture writes them.
    places: HashMap<String, String>,
}

impl Drawn {
    /// Nothing where it would be too large to be looked at.
    pub(in crate::output::page) fn of(schema: &Schema) -> Option<Drawn> {
        let is_drawn = |kind| matches!(kind, ObjectKind::Table | ObjectKind::ForeignTable);
        let drawn = schema
            .objects
            .iter()
            .filter(|(name, object)| is_drawn(name.kind) && object.get("parent").is_none());
        let columns = match drawn.count() {
            0 => return None,
            count if count > MOST => return None,
            count if count > WITH_COLUMNS => Columns::Keys,
            _ => Columns::All,
        };
        let svg = schema.to_svg(&Picture { columns, ..Picture::default() });
        let svg = svg.inspect_err(|error| log::warn!("the schema is not drawn: {error}")).ok()?;
        let places = places(&svg);
        Some(Drawn { svg, places })
    }

    /// The style that the picture brings along.
    pub(in crate::output::page) fn style(&self) -> &str {
        inside(&self.svg, "<style>", "</style>").unwrap_or_default()
    }

    /// The name of the element that is a table.
    pub(super) fn place(&self, title: &str) -> Option<&str> {
        self.places.get(&text(title)).map(String::as_str)
    }

    pub(super) fn html(&self) -> Html {
        let mut html = Html::new();
        html.markup(
            "<figure class=\"picture\" id=\"picture\"><div class=\"tools\" role=\"group\" aria-label=\"Size of the picture\" hidden>\
             <button type=\"button\" data-zoom=\"out\" aria-label=\"Smaller\">−</button>\
             <button type=\"button\" data-zoom=\"fit\">Fit</button>\
             <button type=\"button\" data-zoom=\"in\" aria-label=\"Larger\">+</button>\
             <output aria-live=\"polite\"></output></div>\
             <div class=\"sheet\" tabindex=\"0\" role=\"region\" aria-label=\"Picture of the schema; the list below says the same\" \
             aria-describedby=\"picture-keys\">",
        );
        html.picture(&self.svg).markup("</div>");
        html.markup(
            "<figcaption id=\"picture-keys\">Arrow keys and dragging move it; <span class=\"with-script\" hidden><kbd>+</kbd>, <kbd>−</kbd> and <kbd>0</kbd> \
             change its size, and what is searched for is lit. </span>A line leads from a foreign key to what it refers to.</figcaption></figure>",
        );
        html
    }
}

fn places(svg: &str) -> HashMap<String, String> {
    let tables = svg.split("<g id=\"").skip(1);
    let pair = |it: &str| {
        let tag = it.split('>').next()?;
        let label = inside(tag, "data-table=\"", "\"")?;
        Some((label.to_owned(), it.split('"').next()?.to_owned()))
    };
    tables.filter_map(pair).collect()
}

fn inside<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}
