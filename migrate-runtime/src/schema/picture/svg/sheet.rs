//! A table as a box: its name, and below it a line for each column.

use std::fmt::Write as _;

use super::super::drawing::{Drawing, Row, Table};
use super::text::{id, short, width, xml};
use super::{Point, Size, count};

const ROW: f64 = 18.0;
const HEAD: f64 = 26.0;
const PAD: f64 = 9.0;
const GAP: f64 = 14.0;
/// From the middle of a line to where its letters stand.
const BASE: f64 = 4.0;
/// What of a name or a type is written.
const MOST_LETTERS: u32 = 40;

/// The measures of a table's box.
pub(super) struct Sheet {
    pub(super) size: Size,
    /// Where the names of the columns begin, and their types.
    names: f64,
    types: f64,
    head: f64,
    rows: Vec<String>,
    has_more: bool,
}

impl Sheet {
    pub(super) fn of(table: &Table) -> Sheet {
        let rows = &table.rows;
        let widest = |it: &dyn Fn(&Row) -> String| {
            rows.iter().map(|row| width(&it(row))).fold(0.0, f64::max)
        };
        let marks = widest(&|it| it.marks.join(" "));
        let names = PAD + if marks > 0.0 { marks + PAD } else { 0.0 };
        let types = names + widest(&|it| short(&it.name, MOST_LETTERS)) + GAP;
        let inside = [
            types + widest(&type_of),
            PAD + width(&short(&table.label, MOST_LETTERS)),
            PAD + width(&table.notes.join(", ")),
            if table.more > 0 { names + width(&more(table)) } else { 0.0 },
        ];
        let head = HEAD + if table.notes.is_empty() { 0.0 } else { ROW - 3.0 };
        let lines = rows.len() + usize::from(table.more > 0);
        let below = if lines > 0 { count(lines) * ROW + 4.0 } else { 0.0 };
        let size = Size {
            width: (inside.into_iter().fold(0.0, f64::max) + PAD).ceil(),
            height: head + below,
        };
        let (rows, has_more) = (rows.iter().map(|it| it.name.clone()).collect(), table.more > 0);
        Sheet { size, names, types, head, rows, has_more }
    }

    /// How far below its top the line of a key's columns meets the box: at the first that is drawn.
    pub(super) fn port(&self, columns: &[String]) -> f64 {
        let place = |it: &String| self.rows.iter().position(|row| row == it);
        match columns.iter().find_map(place) {
            Some(row) => self.row(row),
            None if self.has_more && !columns.is_empty() => self.row(self.rows.len()),
            None => HEAD / 2.0,
        }
    }

    /// The middle of a line, from the top of the box.
    fn row(&self, at: usize) -> f64 {
        self.head + 2.0 + (count(at) + 0.5) * ROW
    }

    pub(super) fn draw(&self, drawing: &Drawing, at: usize, place: Point) -> String {
        let table = &drawing.tables[at];
        let Size { width, height } = self.size;
        let (id, label) = (id(&table.name), xml(&table.label));
        let role = if table.is_neighbour { " neighbour" } else { "" };
        let mut out = format!(
            "<g id=\"{id}\" class=\"table t{at}{role}\" data-table=\"{label}\" \
             transform=\"translate({:.1} {:.1})\"><title>{}</title>\n\
             <rect class=\"box\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>\
             <path class=\"head\" d=\"M.5 {head}V4.5a4 4 0 0 1 4-4H{}a4 4 0 0 1 4 4V{head}z\"/>\
             <text class=\"name\" x=\"{PAD}\" y=\"{:.1}\">{}</text>",
            place.x,
            place.y,
            title(table),
            width - 4.5,
            HEAD / 2.0 + BASE,
            xml(&short(&table.label, MOST_LETTERS)),
            head = self.head,
        );
        if !table.notes.is_empty() {
            let notes = xml(&table.notes.join(", "));
            _ = write!(
                out,
                "<text class=\"note\" x=\"{PAD}\" y=\"{:.1}\">{notes}</text>",
                HEAD + 7.0
            );
        }
        out.push('\n');
        for (row, column) in table.rows.iter().enumerate() {
            let target = drawing.links.iter().find_map(|it| {
                let key = it.key.as_ref().filter(|_| it.from == at)?;
                key.columns.contains(&column.name).then(|| &drawing.tables[it.to])
            });
            self.draw_row(&mut out, row, column, target);
        }
        if table.more > 0 {
            let (x, y) = (self.names, self.row(self.rows.len()) + BASE);
            _ = writeln!(
                out,
                "<text class=\"note\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
                more(table)
            );
        }
        out.push_str("</g>\n");
        out
    }

    /// A column, whose name leads to the table that it refers to.
    fn draw_row(&self, out: &mut String, at: usize, row: &Row, target: Option<&Table>) {
        let y = self.row(at) + BASE;
        let is_cut = short(&row.name, MOST_LETTERS) != row.name || short_type(row) != row.sql_type;
        let hint = match &row.comment {
            _ if is_cut => Some(format!("{} {}", row.name, row.sql_type)),
            comment => comment.clone(),
        };
        if let Some(hint) = &hint {
            _ = write!(out, "<g><title>{}</title>", xml(hint));
        }
        if !row.marks.is_empty() {
            let mark =
                |it: &&str| format!("<tspan class=\"{}\">{it}</tspan>", it.to_ascii_lowercase());
            let marks: Vec<_> = row.marks.iter().map(mark).collect();
            _ = write!(out, "<text x=\"{PAD}\" y=\"{y:.1}\">{}</text>", marks.join(" "));
        }
        let name = xml(&short(&row.name, MOST_LETTERS));
        let name = format!("<text x=\"{:.1}\" y=\"{y:.1}\">{name}</text>", self.names);
        match target {
            Some(table) => _ = write!(out, "<a href=\"#{}\">{name}</a>", id(&table.name)),
            None => out.push_str(&name),
        }
        let sql_type = xml(&type_of(row));
        _ = write!(
            out,
            "<text class=\"type\" x=\"{:.1}\" y=\"{y:.1}\">{sql_type}</text>",
            self.types
        );
        out.push_str(if hint.is_some() { "</g>\n" } else { "\n" });
    }
}

fn short_type(row: &Row) -> String {
    short(&row.sql_type, MOST_LETTERS)
}

/// The type of a column, and whether it may be null.
fn type_of(row: &Row) -> String {
    format!("{}{}", short_type(row), if row.is_nullable { " null" } else { "" })
}

fn more(table: &Table) -> String {
    format!("… {} more", table.more)
}

fn title(table: &Table) -> String {
    let mut title = table.label.clone();
    if !table.notes.is_empty() {
        _ = write!(title, " ({})", table.notes.join(", "));
    }
    if let Some(comment) = &table.comment {
        _ = write!(title, ": {comment}");
    }
    xml(&title)
}
