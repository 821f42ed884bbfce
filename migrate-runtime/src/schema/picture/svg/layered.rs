//! Where the boxes of one connected part of a schema go: in columns, by the layered layout of the library `dugong`.
//!
//! What a line goes through between its two boxes are columns of other boxes. The library keeps room for it in each,
//! and `ways` says where: between the columns is nothing that a line could hit.

use dugong::graphlib::{Graph, GraphOptions};
use dugong::{EdgeLabel, GraphLabel, LayoutError, NodeLabel, RankDir};

use super::settle::settle;
use super::{Point, Size, count};

/// Between two boxes of a column.
pub(super) const BETWEEN: f64 = 26.0;
/// Between two lines that go through a column.
const BETWEEN_LINES: f64 = 12.0;

/// What is to be laid out: the sizes of boxes, and lines from the left one to the right one, none from a box to itself.
pub(super) struct Part {
    pub(super) sizes: Vec<Size>,
    pub(super) lines: Vec<(usize, usize)>,
    /// How far below the tops of its left and its right box each line meets them.
    pub(super) ports: Vec<(f64, f64)>,
}

/// Boxes in their places.
pub(super) struct Layers {
    /// The top left corner of each.
    pub(super) places: Vec<Point>,
    /// The columns of boxes from left to right, each from top to bottom.
    pub(super) columns: Vec<Vec<usize>>,
    /// From where to where the column of each goes.
    pub(super) bands: Vec<(f64, f64)>,
    /// For each line, how it goes through the columns between its boxes, from left to right.
    pub(super) ways: Vec<Vec<Pass>>,
    pub(super) size: Size,
}

/// A stretch of a line through a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pass {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) y: f64,
}

impl Part {
    /// Between two columns: more where there are many lines to tell apart.
    pub(super) fn between_columns(&self) -> f64 {
        90.0 + count(self.lines.len() / 2).min(70.0)
    }

    /// Lays it out, with every box in the column that it is told, or that the library chooses.
    pub(super) fn lay_out(&self, columns: Option<&[usize]>) -> Result<Layers, LayoutError> {
        let mut graph = Graph::new(GraphOptions { multigraph: true, ..GraphOptions::default() });
        graph.set_graph(GraphLabel {
            rankdir: RankDir::LR,
            nodesep: BETWEEN,
            edgesep: BETWEEN_LINES,
            ranksep: self.between_columns(),
            ..GraphLabel::default()
        });
        for (at, size) in self.sizes.iter().enumerate() {
            let Size { width, height } = *size;
            graph.set_node(at.to_string(), NodeLabel { width, height, ..NodeLabel::default() });
        }
        for (at, (left, right)) in self.lines.iter().enumerate() {
            // As long as it has to be: the library draws all lines as short as it can, and so every box ends where it
            // is told.
            let minlen = columns.map_or(1, |it| it[*right].abs_diff(it[*left]));
            let (left, right) = match columns {
                Some(columns) if columns[*left] > columns[*right] => (right, left),
                _ => (left, right),
            };
            let label = EdgeLabel { minlen, weight: 1.0, ..EdgeLabel::default() };
            let (left, right) = (left.to_string(), right.to_string());
            graph.set_edge_named(left, right, Some(at.to_string()), Some(label));
        }
        dugong::layout(&mut graph)?;
        let mut layers = self.read(&graph);
        settle(self, &mut layers);
        Ok(layers)
    }

    fn read(&self, graph: &Graph<NodeLabel, EdgeLabel, GraphLabel>) -> Layers {
        let middle = |at: usize| {
            let node = graph.node(&at.to_string());
            let of = |it: Option<f64>| it.unwrap_or_default();
            Point { x: of(node.and_then(|it| it.x)), y: of(node.and_then(|it| it.y)) }
        };
        let middles: Vec<_> = (0..self.sizes.len()).map(middle).collect();
        let columns = columns(&middles);
        let bands: Vec<_> = columns.iter().map(|it| self.band(it, &middles)).collect();
        let mut ways = vec![Vec::new(); self.lines.len()];
        graph.for_each_edge(|key, label| {
            let Some(at) = key.name.as_deref().and_then(|it| it.parse::<usize>().ok()) else {
                return;
            };
            let (one, other) = self.lines[at];
            let between = |it: &&Pass| {
                let [one, other] = [one, other].map(|it| middles[it].x);
                it.left > one.min(other) && it.right < one.max(other)
            };
            let pass = |band: &Pass| {
                let middle = f64::midpoint(band.left, band.right);
                let point = label.points.iter().min_by(|one, other| {
                    (one.x - middle).abs().total_cmp(&(other.x - middle).abs())
                });
                Some(Pass { y: point?.y, ..*band })
            };
            ways[at] = bands.iter().filter(between).filter_map(pass).collect();
        });
        let place = |(middle, size): (&Point, &Size)| Point {
            x: middle.x - size.width / 2.0,
            y: middle.y - size.height / 2.0,
        };
        let places = middles.iter().zip(&self.sizes).map(place).collect();
        let mut of_each = vec![(0.0, 0.0); middles.len()];
        for (column, band) in columns.iter().zip(&bands) {
            for at in column {
                of_each[*at] = (band.left, band.right);
            }
        }
        let size = Size { width: graph.graph().width, height: graph.graph().height };
        Layers { places, columns, bands: of_each, ways, size }
    }

    /// From where to where a column goes.
    fn band(&self, column: &[usize], middles: &[Point]) -> Pass {
        let half = column.iter().map(|it| self.sizes[*it].width / 2.0).fold(0.0, f64::max);
        let middle = column.first().map_or(0.0, |it| middles[*it].x);
        Pass { left: middle - half, right: middle + half, y: 0.0 }
    }
}

/// Boxes by the columns that they stand in.
fn columns(middles: &[Point]) -> Vec<Vec<usize>> {
    let mut all: Vec<_> = (0..middles.len()).collect();
    all.sort_by(|one, other| middles[*one].x.total_cmp(&middles[*other].x));
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for at in all {
        match columns.last_mut() {
            Some(column) if middles[at].x - middles[column[0]].x < 1.0 => column.push(at),
            _ => columns.push(vec![at]),
        }
    }
    for column in &mut columns {
        column.sort_by(|one, other| middles[*one].y.total_cmp(&middles[*other].y));
    }
    columns
}
