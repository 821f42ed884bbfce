//! Moves what stands in a column up and down, in the order that the library gave it: lines become as level as they can,
//! and nothing is farther apart than it has to be. The library leaves most of a large picture empty.

use super::Point;
use super::layered::{BETWEEN, Layers, Part};

/// Between a line that goes through a column and a box of it, between two such lines, and between two that come from one
/// table.
const BESIDE_BOX: f64 = 16.0;
const BETWEEN_LINES: f64 = 9.0;
const BETWEEN_SIBLINGS: f64 = 2.0;

/// How often every column is moved; there is hardly anything left to see after half of them.
const ROUNDS: usize = 24;

/// A box, or a line that goes through a column.
struct Thing {
    /// How high its upper end is.
    top: f64,
    /// That of a line is nothing.
    height: f64,
    is_line: bool,
    /// The box that a line comes from.
    origin: Option<usize>,
    /// What it is led to by a line, with how far below the top of that the line would be level, and how much it counts.
    pulls: Vec<(usize, f64, f64)>,
}

pub(super) fn settle(part: &Part, layers: &mut Layers) {
    let boxes = part.sizes.len();
    let lines = layers.ways.iter().map(Vec::len).sum::<usize>();
    let thing = |at: usize| Thing {
        top: 0.0,
        height: part.sizes.get(at).map_or(0.0, |it| it.height),
        is_line: at >= boxes,
        origin: None,
        pulls: Vec::new(),
    };
    let mut things: Vec<_> = (0..boxes + lines).map(thing).collect();
    let columns = columns(part, layers);
    let mut next = boxes;
    for (line, (left, right)) in part.lines.iter().enumerate() {
        let (left_port, right_port) = part.ports[line];
        let passes = next..next + layers.ways[line].len();
        next = passes.end;
        for at in passes.clone() {
            things[at].origin = Some(*left);
        }
        let ends = [(*left, left_port), (*right, right_port)];
        let mut ends = if layers.places[*left].x <= layers.places[*right].x {
            ends.into_iter()
        } else {
            [ends[1], ends[0]].into_iter()
        };
        let first = ends.next();
        let chain = first.into_iter().chain(passes.map(|it| (it, 0.0))).chain(ends);
        pull(&mut things, &chain.collect::<Vec<_>>());
    }
    for round in 0..=ROUNDS {
        for at in 0..columns.len() {
            let column = if round % 2 == 0 { at } else { columns.len() - 1 - at };
            place(&mut things, &columns[column], round > 0);
        }
    }
    write(part, layers, &things);
}

/// What stands in each column, in the order that the library gave it.
fn columns(part: &Part, layers: &Layers) -> Vec<Vec<usize>> {
    let mut columns = vec![Vec::new(); layers.columns.len()];
    let number = |left: f64| {
        let is_it = |it: &Vec<usize>| layers.bands[it[0]].0 >= left - 0.5;
        layers.columns.iter().position(is_it).unwrap_or_default()
    };
    for (at, column) in layers.columns.iter().enumerate() {
        for it in column {
            let middle = layers.places[*it].y + part.sizes[*it].height / 2.0;
            columns[at].push((middle, *it));
        }
    }
    let passes = layers.ways.iter().flatten().enumerate();
    for (at, pass) in passes {
        columns[number(pass.left)].push((pass.y, part.sizes.len() + at));
    }
    let in_order = |mut column: Vec<(f64, usize)>| {
        column.sort_by(|one, other| one.0.total_cmp(&other.0));
        column.into_iter().map(|it| it.1).collect()
    };
    columns.into_iter().map(in_order).collect()
}

/// Notes that a line leads through things, each so far below its top.
fn pull(things: &mut [Thing], chain: &[(usize, f64)]) {
    for pair in chain.windows(2) {
        let [(one, one_port), (other, other_port)] = [pair[0], pair[1]];
        // A bend between two boxes is where one looks for it.
        let count = match (things[one].is_line, things[other].is_line) {
            (true, true) => 8.0,
            (false, false) => 1.0,
            _ => 2.0,
        };
        things[one].pulls.push((other, other_port - one_port, count));
        things[other].pulls.push((one, one_port - other_port, count));
    }
}

/// Puts the things of a column as near to where they are pulled as their order allows, by least squares.
fn place(things: &mut [Thing], column: &[usize], is_pulled: bool) {
    // Stretches of things that touch: how many, how much they count, and where the first would like to be.
    let mut stretches: Vec<(usize, f64, f64)> = Vec::new();
    let mut below = Vec::with_capacity(column.len());
    let mut down = 0.0;
    for (place, at) in column.iter().enumerate() {
        if place > 0 {
            let above = &things[column[place - 1]];
            down += above.height + between(above, &things[*at]);
        }
        below.push(down);
        let pulls = &things[*at].pulls;
        let count: f64 = pulls.iter().map(|it| it.2).sum();
        let wanted: f64 = pulls.iter().map(|it| (things[it.0].top + it.1) * it.2).sum();
        let is_free = !is_pulled || count <= 0.0;
        let mut stretch = if is_free { (1, 1e-6, 0.0) } else { (1, count, wanted / count - down) };
        while let Some(above) = stretches.pop_if(|it| it.2 >= stretch.2) {
            let count = above.1 + stretch.1;
            let wanted = (above.2 * above.1 + stretch.2 * stretch.1) / count;
            stretch = (above.0 + stretch.0, count, wanted);
        }
        stretches.push(stretch);
    }
    // At first, every column is about the same middle.
    let half = if is_pulled { 0.0 } else { down / 2.0 };
    let tops = stretches.iter().flat_map(|it| std::iter::repeat_n(it.2, it.0));
    for ((at, below), top) in column.iter().zip(below).zip(tops) {
        things[*at].top = top + below - half;
    }
}

fn between(one: &Thing, other: &Thing) -> f64 {
    match (one.is_line, other.is_line) {
        (false, false) => BETWEEN,
        (true, true) if one.origin == other.origin => BETWEEN_SIBLINGS,
        (true, true) => BETWEEN_LINES,
        _ => BESIDE_BOX,
    }
}

fn write(part: &Part, layers: &mut Layers, things: &[Thing]) {
    let highest = things.iter().map(|it| it.top).fold(f64::INFINITY, f64::min);
    let lowest = things.iter().map(|it| it.top + it.height).fold(0.0, f64::max);
    for (place, thing) in layers.places.iter_mut().zip(things) {
        *place = Point { x: place.x, y: thing.top - highest };
    }
    for (pass, thing) in layers.ways.iter_mut().flatten().zip(&things[part.sizes.len()..]) {
        pass.y = thing.top - highest;
    }
    layers.size.height = lowest - highest;
}
