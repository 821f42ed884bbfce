//! The lines from key to key, with what they say about how many rows belong together.

use std::fmt::Write as _;

use super::super::drawing::{Drawing, Key, Link};
use super::Point;
use super::arrange::{Arrangement, LOOP};
use super::layered::Pass;
use super::sheet::Sheet;
use super::text::xml;

/// How far a line leads straight out of a column, so that its ends are not bent.
const STUB: f64 = 20.0;

/// Where a line meets a box, and which way it leaves: 1 to the right, -1 to the left.
#[derive(Clone, Copy)]
struct End {
    at: Point,
    way: f64,
}

pub(super) fn draw(
    drawing: &Drawing,
    sheets: &[Sheet],
    arranged: &Arrangement,
    link: usize,
) -> String {
    let it = &drawing.links[link];
    let (from_columns, to_columns) = match &it.key {
        Some(key) => (&key.columns[..], &key.target_columns[..]),
        None => (&[][..], &[][..]),
    };
    let is_loop = it.from == it.to;
    let left = |table: usize| arranged.places[table].x;
    let end = |table: usize, other: usize, columns: &[String]| {
        let way = if is_loop || left(table) < left(other) { 1.0 } else { -1.0 };
        let side = if way > 0.0 { sheets[table].size.width } else { 0.0 };
        let Point { x, y } = arranged.places[table];
        End { at: Point { x: x + side, y: y + sheets[table].port(columns) }, way }
    };
    let from = end(it.from, it.to, from_columns);
    let mut to = end(it.to, it.from, to_columns);
    if is_loop && (from.at.y - to.at.y).abs() < 6.0 {
        to.at.y -= 12.0;
    }
    let (marks, ends) = match &it.key {
        Some(key) => marks(from, to, key),
        None => (triangle(to), [from.at, out(to, 12.0)]),
    };
    let path =
        if is_loop { around(ends, from.at.x) } else { through(ends, from.way, arranged, it, link) };
    let class = if it.key.is_some() { "" } else { " inherits" };
    format!(
        "<g class=\"link{class} t{} t{}\" data-from=\"{}\" data-to=\"{}\"><title>{}</title>\
         <path class=\"near\" d=\"{path}\"/><path class=\"wire\" d=\"{path}\"/><path class=\"wire end\" d=\"{marks}\"/></g>\n",
        it.from,
        it.to,
        xml(&drawing.tables[it.from].label),
        xml(&drawing.tables[it.to].label),
        title(drawing, link),
    )
}

fn title(drawing: &Drawing, link: usize) -> String {
    let it = &drawing.links[link];
    let (from, to) = (&drawing.tables[it.from].label, &drawing.tables[it.to].label);
    let columns = |it: &[String]| match it {
        [column] => format!(".{column}"),
        columns => format!(" ({})", columns.join(", ")),
    };
    xml(&match &it.key {
        Some(key) => {
            let (columns, target) = (columns(&key.columns), columns(&key.target_columns));
            format!("{from}{columns} refers to {to}{target}: {}", key.name)
        }
        None => format!("{from} inherits from {to}"),
    })
}

/// A place so far out from where a line meets a box.
fn out(end: End, by: f64) -> Point {
    Point { x: end.at.x + by * end.way, y: end.at.y }
}

/// What is drawn at both ends, and where the line between them begins and ends.
fn marks(from: End, to: End, key: &Key) -> (String, [Point; 2]) {
    let mut path = String::new();
    // Many rows, or one, and perhaps none: a row is never told to be referred to.
    let Point { x, y } = from.at;
    let tip = out(from, 11.0).x;
    if key.is_unique {
        bar(&mut path, from, 7.0);
    } else {
        _ = write!(path, "M{x:.1} {:.1}L{tip:.1} {y:.1}L{x:.1} {:.1}", y - 5.0, y + 5.0);
    }
    _ = write!(path, "M{x:.1} {y:.1}H{tip:.1}");
    let begin = ring(&mut path, from, 11.0);
    bar(&mut path, to, 6.0);
    let end = if key.is_optional {
        _ = write!(path, "M{:.1} {:.1}H{:.1}", to.at.x, to.at.y, out(to, 9.0).x);
        ring(&mut path, to, 9.0)
    } else {
        bar(&mut path, to, 10.0);
        to.at
    };
    (path, [begin, end])
}

fn bar(path: &mut String, end: End, by: f64) {
    let Point { x, y } = out(end, by);
    _ = write!(path, "M{x:.1} {:.1}V{:.1}", y - 5.0, y + 5.0);
}

/// A ring that begins so far out, and where it ends.
fn ring(path: &mut String, end: End, by: f64) -> Point {
    let Point { x, y } = out(end, by);
    let across = 7.0 * end.way;
    _ = write!(path, "M{x:.1} {y:.1}a3.5 3.5 0 1 0 {across} 0a3.5 3.5 0 1 0 {} 0", -across);
    out(end, by + 7.0)
}

fn triangle(end: End) -> String {
    let Point { x, y } = end.at;
    let far = out(end, 12.0).x;
    format!("M{x:.1} {y:.1}L{far:.1} {:.1}V{:.1}z", y - 6.0, y + 6.0)
}

/// From a table to itself, farther out where it has a longer way to go.
fn around([from, to]: [Point; 2], side: f64) -> String {
    let far = side + (24.0 + (from.y - to.y).abs() / 6.0).min(LOOP);
    let (begin, end) = (from.y, to.y);
    format!("M{:.1} {begin:.1}C{far:.1} {begin:.1} {far:.1} {end:.1} {:.1} {end:.1}", from.x, to.x)
}

/// Straight through the columns, and in a curve from one to the next.
fn through(ends: [Point; 2], way: f64, arranged: &Arrangement, link: &Link, at: usize) -> String {
    let [begin, end] = ends;
    let rim = |table: usize, way: f64| {
        let (left, right) = arranged.columns[table];
        if way > 0.0 { right + STUB } else { left - STUB }
    };
    let mut pen = Pen { path: format!("M{:.1} {:.1}", begin.x, begin.y), at: begin };
    pen.straight(rim(link.from, way));
    let mut passes = arranged.ways[at].clone();
    if way < 0.0 {
        passes.reverse();
    }
    for Pass { left, right, y } in passes {
        let (near, far) = if way > 0.0 { (left, right) } else { (right, left) };
        pen.curve(Point { x: near, y });
        pen.straight(far);
    }
    pen.curve(Point { x: rim(link.to, -way), y: end.y });
    pen.straight(end.x);
    pen.path
}

/// Writes a line.
struct Pen {
    path: String,
    at: Point,
}

impl Pen {
    fn straight(&mut self, x: f64) {
        _ = write!(self.path, "H{x:.1}");
        self.at.x = x;
    }

    /// Begins and ends level.
    fn curve(&mut self, to: Point) {
        let middle = f64::midpoint(self.at.x, to.x);
        let (from, Point { x, y }) = (self.at.y, to);
        _ = write!(self.path, "C{middle:.1} {from:.1} {middle:.1} {y:.1} {x:.1} {y:.1}");
        self.at = to;
    }
}
