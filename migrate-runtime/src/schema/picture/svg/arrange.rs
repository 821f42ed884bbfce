//! Where every box goes, and how lines get past the boxes between theirs.

use std::collections::BTreeMap;

use super::super::drawing::{Drawing, Link};
use super::layered::{Part, Pass};
use super::sheet::Sheet;
use super::{Point, Size, fold, pack};
use crate::error::{Error, ErrorKind};

/// How far a line from a table to itself goes out to its right.
pub(super) const LOOP: f64 = 44.0;

/// How many tables that are linked are laid out: it takes a minute for more, and nobody sees anything on it.
const MOST_LINKED: usize = 3_000;

/// Boxes and lines in their places.
pub(super) struct Arrangement {
    /// The top left corner of each box.
    pub(super) places: Vec<Point>,
    /// From where to where the column of each goes.
    pub(super) columns: Vec<(f64, f64)>,
    /// For each line, how it goes through the columns between its boxes, from left to right.
    pub(super) ways: Vec<Vec<Pass>>,
    pub(super) size: Size,
}

pub(super) fn arrange(drawing: &Drawing, sheets: &[Sheet]) -> Result<Arrangement, Error> {
    let groups = connected(drawing);
    let links = &drawing.links;
    let mut places = vec![Point { x: 0.0, y: 0.0 }; sheets.len()];
    let mut columns = vec![(0.0, 0.0); sheets.len()];
    let mut ways = vec![Vec::new(); links.len()];
    let mut parts = Vec::new();
    if let Some(group) = groups.iter().find(|it| it.tables.len() > MOST_LINKED) {
        let count = group.tables.len();
        let message = format!("a picture of {count} tables that are linked would show nothing");
        let hint = format!("name some of them, at most {MOST_LINKED} with their neighbours");
        return Err(Error::new(ErrorKind::Impossible, message).with_hint(hint));
    }
    for group in &groups {
        let straight = |it: &usize| !is_loop(&links[*it]);
        let between: Vec<_> = group.links.iter().copied().filter(straight).collect();
        let part = part(group, &between, sheets, links);
        let layers = fold::best(&part).map_err(|error| {
            Error::new(ErrorKind::Internal, "the tables cannot be laid out").with_source(error)
        })?;
        for (at, (place, band)) in group.tables.iter().zip(layers.places.iter().zip(layers.bands)) {
            places[*at] = *place;
            columns[*at] = band;
        }
        for (at, way) in between.into_iter().zip(layers.ways) {
            ways[at] = way;
        }
        parts.push(layers.size);
    }
    let (shifts, size) = pack::pack(&parts);
    for (group, shift) in groups.iter().zip(shifts) {
        for at in &group.tables {
            places[*at].x += shift.x;
            places[*at].y += shift.y;
            columns[*at] = (columns[*at].0 + shift.x, columns[*at].1 + shift.x);
        }
        for at in &group.links {
            for pass in &mut ways[*at] {
                pass.left += shift.x;
                pass.right += shift.x;
                pass.y += shift.y;
            }
        }
    }
    Ok(Arrangement { places, columns, ways, size })
}

/// The tables of a group and some of the links between them, with those that are referred to at the left.
fn part(group: &Group, between: &[usize], sheets: &[Sheet], links: &[Link]) -> Part {
    let place = |table: usize| group.tables.binary_search(&table).unwrap_or_default();
    let ports = |link: &usize| {
        let link = &links[*link];
        let columns = link.key.as_ref().map(|it| (&it.target_columns[..], &it.columns[..]));
        let (to, from) = columns.unwrap_or_default();
        (sheets[link.to].port(to), sheets[link.from].port(from))
    };
    Part {
        sizes: group.tables.iter().map(|it| room(*it, sheets, links)).collect(),
        lines: between.iter().map(|it| (place(links[*it].to), place(links[*it].from))).collect(),
        ports: between.iter().map(ports).collect(),
    }
}

fn is_loop(link: &Link) -> bool {
    link.from == link.to
}

/// How much room a table needs.
fn room(table: usize, sheets: &[Sheet], links: &[Link]) -> Size {
    let Size { width, height } = sheets[table].size;
    let has_loop = links.iter().any(|it| it.from == table && is_loop(it));
    Size { width: width + if has_loop { LOOP } else { 0.0 }, height }
}

/// Tables that are linked, with their links.
struct Group {
    tables: Vec<usize>,
    links: Vec<usize>,
}

/// The groups of tables that no link leads out of, by their first tables.
fn connected(drawing: &Drawing) -> Vec<Group> {
    let mut firsts: Vec<_> = (0..drawing.tables.len()).collect();
    let first = |firsts: &[usize], mut at: usize| {
        while firsts[at] != at {
            at = firsts[at];
        }
        at
    };
    for link in &drawing.links {
        let (one, other) = (first(&firsts, link.from), first(&firsts, link.to));
        firsts[one.max(other)] = one.min(other);
    }
    let mut groups = BTreeMap::new();
    let empty = || Group { tables: Vec::new(), links: Vec::new() };
    for at in 0..drawing.tables.len() {
        groups.entry(first(&firsts, at)).or_insert_with(empty).tables.push(at);
    }
    for (at, link) in drawing.links.iter().enumerate() {
        groups.entry(first(&firsts, link.from)).or_insert_with(empty).links.push(at);
    }
    groups.into_values().collect()
}
