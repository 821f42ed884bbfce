//! The picture as SVG: boxes side by side in columns, with lines from key to key in the space between them.
//!
//! `sheet` is a table as a box, `layered` has a library say where the boxes of one connected part go, `fold` keeps that
//! from becoming a tower, `pack` puts the parts beside each other, `arrange` does all of it, and `wire` draws the lines.

mod arrange;
mod fold;
mod layered;
mod pack;
mod settle;
mod sheet;
mod text;
mod wire;

use std::fmt::Write as _;

use arrange::arrange;
use sheet::Sheet;
use text::xml;

use super::drawing::Drawing;
use crate::error::Error;

const STYLE: &str = include_str!("style.css");

/// How far the picture is away from its rim.
const MARGIN: f64 = 20.0;

/// A place in the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    x: f64,
    y: f64,
}

/// How large something is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    width: f64,
    height: f64,
}

pub(super) fn write(drawing: &Drawing) -> Result<String, Error> {
    let sheets: Vec<_> = drawing.tables.iter().map(Sheet::of).collect();
    let arranged = arrange(drawing, &sheets)?;
    let lines: String =
        (0..drawing.links.len()).map(|it| wire::draw(drawing, &sheets, &arranged, it)).collect();
    let tables: String =
        (0..sheets.len()).map(|it| sheets[it].draw(drawing, it, arranged.places[it])).collect();
    let (width, height) = (arranged.size.width + 2.0 * MARGIN, arranged.size.height + 2.0 * MARGIN);
    let title = title(drawing);
    let view = format!("{0} {0} {width:.0} {height:.0}", -MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"schema-picture\" viewBox=\"{view}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"figure\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n<style>\n{STYLE}{}</style>\n",
        lit(drawing)
    );
    _ = writeln!(
        out,
        "<rect class=\"paper\" x=\"{0}\" y=\"{0}\" width=\"{width:.0}\" height=\"{height:.0}\"/>",
        -MARGIN
    );
    out.push_str(&lines);
    out.push_str(&tables);
    out.push_str("</svg>\n");
    Ok(out)
}

fn title(drawing: &Drawing) -> String {
    let tables = match &drawing.tables[..] {
        [] => return "A schema without tables".to_owned(),
        [table] => return format!("The table {}", xml(&table.label)),
        tables => tables.len(),
    };
    let keys = drawing.links.iter().filter(|it| it.key.is_some()).count();
    format!("{tables} tables, {keys} foreign key{}", if keys == 1 { "" } else { "s" })
}

/// The rule by which the lines of a table stand out while somebody points at it.
fn lit(drawing: &Drawing) -> String {
    let has_lines = |at: &usize| drawing.links.iter().any(|it| it.from == *at || it.to == *at);
    let selector = |it| {
        format!(".schema-picture:has(.table.t{it}:is(:hover,:focus-within)) .link.t{it} .wire")
    };
    let selectors: Vec<_> = (0..drawing.tables.len()).filter(has_lines).map(selector).collect();
    if selectors.is_empty() {
        return String::new();
    }
    format!("{}{{stroke:var(--strong);stroke-width:2.2}}\n", selectors.join(",\n"))
}

/// A number of things as a measure.
fn count(it: usize) -> f64 {
    f64::from(u32::try_from(it).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
