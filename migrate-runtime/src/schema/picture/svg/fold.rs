//! Keeps a picture from becoming a tower: where fifty tables refer to one, they would all stand in one column.

use std::collections::BTreeSet;

use dugong::LayoutError;

use super::Size;
use super::layered::{BETWEEN, Layers, Part};

/// How wide a picture is for its height, where it can be chosen: as a screen is, more or less.
const SHAPE: f64 = 1.5;

/// How high a column may be, in heights of a picture without any room to spare.
const TRIED: [f64; 4] = [1.2, 1.8, 0.8, 2.8];

/// Of how many boxes all of these are tried; of more, the first alone, since each takes its time.
const MANY: usize = 300;

/// How high a screen of our shape has to be for a picture of this size.
pub(super) fn screen(size: Size) -> f64 {
    size.height.max(size.width / SHAPE)
}

/// The width of the picture of our shape that has room for so much.
pub(super) fn fair_width(area: f64) -> f64 {
    (area * SHAPE).sqrt()
}

/// The layout that is largest on a screen: as the library has it, or with columns that are cut into several.
pub(super) fn best(part: &Part) -> Result<Layers, LayoutError> {
    let mut best = part.lay_out(None)?;
    let area = |it: &Size| (it.width + part.between_columns()) * (it.height + BETWEEN);
    let fair = fair_width(part.sizes.iter().map(area).sum()) / SHAPE;
    let most = if part.sizes.len() > MANY { 1 } else { TRIED.len() };
    let limits = TRIED.into_iter().take(most).map(|it| fair * it);
    let tried: BTreeSet<_> = limits.map(|it| folded(part, &best.columns, it)).collect();
    for columns in tried {
        let layers = part.lay_out(Some(&columns))?;
        if screen(layers.size) < screen(best.size) {
            best = layers;
        }
    }
    Ok(best)
}

/// The number of the column of each box, when none is to be higher than so much.
fn folded(part: &Part, columns: &[Vec<usize>], limit: f64) -> Vec<usize> {
    let height = |it: &usize| part.sizes[*it].height + BETWEEN;
    let mut numbers = vec![0; part.sizes.len()];
    let leads_on: BTreeSet<_> = part.lines.iter().map(|it| it.0).collect();
    let mut next = 0;
    for column in columns {
        let total: f64 = column.iter().map(height).sum();
        let each = total / (total / limit).ceil().max(1.0);
        // What leads on to the right stands there.
        let (on, ends): (Vec<_>, Vec<_>) = column.iter().partition(|it| leads_on.contains(it));
        let mut used = 0.0;
        let mut number = 0.0;
        for at in ends.into_iter().chain(on) {
            if used + height(at) / 2.0 > each * (number + 1.0) {
                number += 1.0;
                next += 1;
            }
            used += height(at);
            numbers[*at] = next;
        }
        next += 1;
    }
    numbers
}
