//! Puts parts that no line connects beside each other.

use super::fold::{fair_width, screen};
use super::{Point, Size};

/// Between two parts.
const BETWEEN: f64 = 36.0;

/// Where the parts go, so that all of them are as large as can be on a screen.
pub(super) fn pack(sizes: &[Size]) -> (Vec<Point>, Size) {
    let widest = sizes.iter().map(|it| it.width).fold(0.0, f64::max);
    let area = sizes.iter().map(|it| (it.width + BETWEEN) * (it.height + BETWEEN)).sum();
    let mut best: Option<(Vec<Point>, Size)> = None;
    for share in [0.8, 0.9, 1.0, 1.1, 1.2, 1.4] {
        let packed = pack_into(sizes, (fair_width(area) * share).max(widest));
        if best.as_ref().is_none_or(|it| screen(packed.1) < screen(it.1)) {
            best = Some(packed);
        }
    }
    best.unwrap_or((Vec::new(), Size { width: 0.0, height: 0.0 }))
}

/// A stretch of what is covered from above: from where on, and how far down.
#[derive(Clone, Copy)]
struct Step {
    from: f64,
    down: f64,
}

/// The highest first, each as far up as it goes.
fn pack_into(sizes: &[Size], width: f64) -> (Vec<Point>, Size) {
    let mut order: Vec<_> = (0..sizes.len()).collect();
    order.sort_by(|one, other| sizes[*other].height.total_cmp(&sizes[*one].height));
    let mut places = vec![Point { x: 0.0, y: 0.0 }; sizes.len()];
    let mut steps = vec![Step { from: 0.0, down: 0.0 }];
    let mut all = Size { width: 0.0, height: 0.0 };
    for at in order {
        let size = sizes[at];
        let down = |from: f64| {
            let end = from + size.width + BETWEEN;
            let ends = steps.iter().skip(1).map(|it| it.from).chain([f64::INFINITY]);
            let below = steps.iter().zip(ends).filter(|it| it.0.from < end && it.1 > from);
            below.map(|it| it.0.down).fold(0.0, f64::max)
        };
        let fits = |from: &f64| *from <= 0.0 || from + size.width <= width;
        let froms = steps.iter().map(|it| it.from).filter(fits);
        let spots = froms.map(|x| Point { x, y: down(x) });
        let Some(spot) = spots.min_by(|one, other| one.y.total_cmp(&other.y)) else { continue };
        places[at] = spot;
        all.width = all.width.max(spot.x + size.width);
        all.height = all.height.max(spot.y + size.height);
        cover(&mut steps, spot, size);
    }
    (places, all)
}

/// Notes that a part stands somewhere.
fn cover(steps: &mut Vec<Step>, spot: Point, size: Size) {
    let end = spot.x + size.width + BETWEEN;
    let under = |it: &&Step| it.from <= end;
    let after = steps.iter().rfind(under).map_or(0.0, |it| it.down);
    steps.retain(|it| it.from < spot.x || it.from > end);
    steps.push(Step { from: spot.x, down: spot.y + size.height + BETWEEN });
    steps.push(Step { from: end, down: after });
    steps.sort_by(|one, other| one.from.total_cmp(&other.from));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_beside_each_other_and_in_rows() {
        let sizes: Vec<_> = (0..60_u32)
            .map(|it| Size {
                width: 120.0 + f64::from(it * 37 % 90),
                height: 40.0 + f64::from(it * 53 % 400),
            })
            .collect();
        let (places, all) = pack(&sizes);
        let end = |at: usize| (places[at].x + sizes[at].width, places[at].y + sizes[at].height);
        for one in 0..sizes.len() {
            assert!(end(one).0 <= all.width && end(one).1 <= all.height);
            for other in 0..one {
                let beside = end(one).0 <= places[other].x || end(other).0 <= places[one].x;
                let below = end(one).1 <= places[other].y || end(other).1 <= places[one].y;
                assert!(beside || below, "{one} and {other}");
            }
        }
        let used: f64 = sizes.iter().map(|it| it.width * it.height).sum();
        assert!(used > all.width * all.height * 0.5, "{all:?}");
        assert!((0.8..2.5).contains(&(all.width / all.height)), "{all:?}");
    }
}
