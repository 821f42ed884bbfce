use super::super::drawing::{Drawing, Key, Link, Row, Table};
use super::*;

/// A small generator of numbers, always the same ones.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit
    }
}

fn table(at: usize, columns: usize) -> Table {
    let row = |it: usize| Row {
        name: format!("column_{it}"),
        sql_type: "timestamptz".to_owned(),
        is_nullable: it.is_multiple_of(3),
        marks: if it == 0 { vec!["PK"] } else { Vec::new() },
        comment: None,
    };
    let name = format!("table_{at}{}", "_long".repeat(at % 4));
    Table {
        label: name.clone(),
        name: ("public".to_owned(), name),
        notes: if at.is_multiple_of(9) { vec!["3 partitions".to_owned()] } else { Vec::new() },
        comment: None,
        is_neighbour: false,
        rows: (0..columns).map(row).collect(),
        more: 0,
    }
}

fn link(from: usize, to: usize, column: usize) -> Link {
    let key = Key {
        columns: vec![format!("column_{column}")],
        target_columns: vec!["column_0".to_owned()],
        name: "key".to_owned(),
        is_optional: column.is_multiple_of(2),
        is_unique: column.is_multiple_of(3),
    };
    Link { from, to, key: Some(key) }
}

fn drawing(tables: usize, links: &dyn Fn(usize, &mut Numbers) -> Vec<usize>) -> Drawing {
    let mut numbers = Numbers(2_463_534_242);
    let sizes: Vec<_> = (0..tables).map(|_| 2 + numbers.below(14)).collect();
    let tables: Vec<_> = sizes.iter().enumerate().map(|it| table(it.0, *it.1)).collect();
    let mut all = Vec::new();
    for from in 0..tables.len() {
        let targets = links(from, &mut numbers);
        all.extend(targets.into_iter().enumerate().map(|it| link(from, it.1, 1 + it.0)));
    }
    Drawing { tables, links: all }
}

/// As schemas are: everything refers to a few tables, and to some others that were there before.
fn usual(from: usize, numbers: &mut Numbers) -> Vec<usize> {
    let mut targets = Vec::new();
    if from > 0 && numbers.below(10) > 0 {
        targets.push(from - 1 - numbers.below(from.min(9)));
    }
    if from > 3 && numbers.below(3) == 0 {
        targets.push(numbers.below(3));
    }
    if numbers.below(12) == 0 {
        targets.push(from);
    }
    targets
}

/// A box, with its left upper and its right lower corner.
type Corners = (Point, Point);

fn boxes(drawing: &Drawing) -> (Vec<Sheet>, arrange::Arrangement, Vec<Corners>) {
    let sheets: Vec<_> = drawing.tables.iter().map(Sheet::of).collect();
    let arranged = arrange(drawing, &sheets).unwrap();
    let corners = arranged.places.iter().zip(&sheets).map(|(place, sheet)| {
        (*place, Point { x: place.x + sheet.size.width, y: place.y + sheet.size.height })
    });
    let corners = corners.collect();
    (sheets, arranged, corners)
}

/// Points along a path of `M`, `H` and `C`.
fn points(path: &str) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let starts = path.match_indices(['M', 'H', 'C']).map(|it| it.0);
    let ends = starts.clone().skip(1).chain([path.len()]);
    for (start, end) in starts.zip(ends) {
        let numbers = path[start + 1..end].split_whitespace().map(|it| it.parse::<f64>().unwrap());
        let numbers: Vec<_> = numbers.collect();
        let last = points.last().copied();
        match (&path[start..=start], &numbers[..]) {
            ("M", &[x, y]) => points.push(Point { x, y }),
            ("H", &[x]) => points.push(Point { x, y: last.unwrap().y }),
            ("C", &[x1, y1, x2, y2, x, y]) => {
                let from = last.unwrap();
                let along = |a: f64, b: f64, c: f64, d: f64, t: f64| {
                    let s = 1.0 - t;
                    s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
                };
                points.extend((1..=40_u32).map(|it| f64::from(it) / 40.0).map(|t| Point {
                    x: along(from.x, x1, x2, x, t),
                    y: along(from.y, y1, y2, y, t),
                }));
            }
            other => panic!("{other:?}"),
        }
    }
    points
}

fn is_inside(point: Point, (from, to): Corners) -> bool {
    point.x > from.x + 1.0 && point.x < to.x - 1.0 && point.y > from.y + 1.0 && point.y < to.y - 1.0
}

/// A box lies on no other, a line runs through none and ends at its own two.
#[track_caller]
fn check(drawing: &Drawing) -> Size {
    let (sheets, arranged, corners) = boxes(drawing);
    for (one, (from, to)) in corners.iter().enumerate() {
        assert!(from.x >= 0.0 && from.y >= 0.0, "{one}: {from:?}");
        assert!(to.x <= arranged.size.width + 1.0 && to.y <= arranged.size.height + 1.0);
        for (other, it) in corners[..one].iter().enumerate() {
            let beside = to.x < it.0.x || it.1.x < from.x;
            assert!(beside || to.y < it.0.y || it.1.y < from.y, "{one} lies on {other}");
        }
    }
    for (at, link) in drawing.links.iter().enumerate() {
        let drawn = wire::draw(drawing, &sheets, &arranged, at);
        let path = drawn.split("class=\"wire\" d=\"").nth(1).unwrap();
        let points = points(path.split('"').next().unwrap());
        for point in &points {
            let hit = corners.iter().position(|it| is_inside(*point, *it));
            assert_eq!(hit, None, "{} to {} at {point:?}", link.from, link.to);
        }
        // The marks lie between the line and the box.
        let ends = [(points[0], link.from), (points[points.len() - 1], link.to)];
        for (point, table) in ends {
            let (from, to) = corners[table];
            let away = (point.x - from.x).abs().min((point.x - to.x).abs());
            assert!(away < 20.0 && from.y < point.y && point.y < to.y, "{point:?} at {table}");
        }
    }
    arranged.size
}

#[track_caller]
fn check_shape(size: Size) {
    assert!((0.5..4.0).contains(&(size.width / size.height)), "{size:?}");
}

#[test]
fn boxes_lie_on_no_others_and_lines_run_through_none() {
    for tables in [1, 2, 5, 18] {
        check(&drawing(tables, &usual));
    }
    for tables in [50, 120] {
        check_shape(check(&drawing(tables, &usual)));
    }
}

#[test]
fn schemas_of_unusual_shapes_have_pictures_too() {
    // Nothing refers to anything; all to one; all to all; in a circle.
    check_shape(check(&drawing(300, &|_, _| Vec::new())));
    check_shape(check(&drawing(80, &|from, _| if from > 0 { vec![0] } else { Vec::new() })));
    check(&drawing(9, &|_, _| (0..9).collect()));
    check(&drawing(12, &|from, _| vec![(from + 1) % 12, (from + 1) % 12]));
    check(&drawing(150, &|from, _| if from > 0 { vec![from - 1] } else { Vec::new() }));
    let none = drawing(0, &usual);
    assert!(write(&none).unwrap().contains("<title>A schema without tables</title>"));
}

#[test]
fn what_nobody_could_read_is_refused() {
    let chain = |from: usize, _: &mut Numbers| if from > 0 { vec![from - 1] } else { Vec::new() };
    let error = write(&drawing(3_001, &chain)).unwrap_err();
    assert_eq!(error.to_string(), "a picture of 3001 tables that are linked would show nothing");
    assert_eq!(error.hints(), ["name some of them, at most 3000 with their neighbours"]);
}

#[test]
fn a_picture_is_the_same_every_time() {
    let write = || super::write(&drawing(40, &usual)).unwrap();
    assert_eq!(write(), write());
}

#[test]
fn what_a_name_says_is_no_markup() {
    let mut drawing = drawing(2, &|from, _| vec![from]);
    let name = "</title><script>\"'&";
    drawing.tables[0].name.1 = name.to_owned();
    drawing.tables[0].label = name.to_owned();
    drawing.tables[0].notes.push(name.to_owned());
    drawing.tables[0].comment = Some(name.to_owned());
    drawing.tables[0].rows[0].name = name.to_owned();
    drawing.tables[0].rows[0].sql_type = name.to_owned();
    drawing.tables[0].rows[0].comment = Some(name.to_owned());
    let picture = write(&drawing).unwrap();
    assert!(!picture.contains("<script") && !picture.contains("\"'"), "{picture}");
    assert_eq!(picture.matches("&lt;/title&gt;&lt;script&gt;&quot;&#39;&amp;").count(), 13);
}
