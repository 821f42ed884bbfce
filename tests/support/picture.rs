//! Reads a picture of a schema back, to see whether it is one.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

/// What a picture shows.
pub struct Drawn {
    /// The boxes of the tables, by their names.
    pub tables: BTreeMap<String, Area>,
    /// The lines between them.
    pub lines: Vec<Line>,
    size: (f64, f64),
}

/// Where a box is.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// A line from a table to the one that it refers to.
pub struct Line {
    from: String,
    to: String,
    /// Whether it is no key.
    pub inherits: bool,
    ends: [(f64, f64); 2],
}

impl Drawn {
    /// Panics where it is no XML, or more than a picture.
    #[track_caller]
    pub fn read(svg: &str) -> Drawn {
        let document = Document::parse(svg).expect("well-formed XML");
        let root = document.root_element();
        for node in root.descendants().filter(Node::is_element) {
            let name = node.tag_name().name();
            assert!(!["script", "image", "foreignObject", "use"].contains(&name), "{name}");
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on"), "{}", attribute.name());
                let is_inside = attribute.name() != "href" || attribute.value().starts_with('#');
                assert!(is_inside, "{}", attribute.value());
            }
            if let Some(target) = node.attribute("href") {
                let id = Some(&target[1..]);
                assert!(root.descendants().any(|it| it.attribute("id") == id), "{target}");
            }
        }
        assert!(!svg.contains("@import") && !svg.contains("url("), "something from outside");
        let has_class = |it: &Node<'_, '_>, name| {
            it.attribute("class").is_some_and(|it| it.split(' ').any(|it| it == name))
        };
        let all = |name| root.descendants().filter(move |it| has_class(it, name));
        let tables =
            all("table").map(|it| (it.attribute("data-table").unwrap().to_owned(), area(it)));
        let lines = all("link").map(|it| Line {
            from: it.attribute("data-from").unwrap().to_owned(),
            to: it.attribute("data-to").unwrap().to_owned(),
            inherits: has_class(&it, "inherits"),
            ends: ends(it.children().find(|it| has_class(it, "wire")).unwrap()),
        });
        let size = [root.attribute("width"), root.attribute("height")];
        let [width, height] = size.map(|it| it.unwrap().parse().unwrap());
        Drawn { tables: tables.collect(), lines: lines.collect(), size: (width, height) }
    }

    /// Panics where a table lies on another one or outside, or a line does not lead from one of its tables to the other.
    #[track_caller]
    pub fn assert_tidy(&self) {
        let all: Vec<_> = self.tables.iter().collect();
        for (at, (name, one)) in all.iter().enumerate() {
            let is_in = one.right() <= self.size.0 && one.bottom() <= self.size.1;
            assert!(is_in && one.left >= 0.0 && one.top >= 0.0, "{name} is outside: {one:?}");
            for (other_name, other) in &all[..at] {
                let beside = one.right() < other.left || other.right() < one.left;
                let below = one.bottom() < other.top || other.bottom() < one.top;
                assert!(beside || below, "{name} lies on {other_name}: {one:?}, {other:?}");
            }
        }
        for line in &self.lines {
            let [from, to] = [&line.from, &line.to].map(|it| self.tables[it]);
            assert!(from.is_met(line.ends[0]), "{} {from:?}: {:?}", line.from, line.ends);
            assert!(to.is_met(line.ends[1]), "{} {to:?}: {:?}", line.to, line.ends);
        }
    }
}

impl Area {
    fn right(self) -> f64 {
        self.left + self.width
    }

    fn bottom(self) -> f64 {
        self.top + self.height
    }

    /// Whether a line ends at its left or its right side; what it says about rows lies between.
    fn is_met(self, (x, y): (f64, f64)) -> bool {
        let away = (x - self.left).abs().min((x - self.right()).abs());
        away < 20.0 && (self.top..=self.bottom()).contains(&y)
    }
}

fn area(table: Node<'_, '_>) -> Area {
    let place = table.attribute("transform").unwrap();
    let place = place.trim_start_matches("translate(").trim_end_matches(')');
    let (left, top) = place.split_once(' ').unwrap();
    let own = table.children().find(|it| it.attribute("class") == Some("box")).unwrap();
    let [width, height] = ["width", "height"].map(|it| own.attribute(it).unwrap().parse().unwrap());
    Area { left: left.parse().unwrap(), top: top.parse().unwrap(), width, height }
}

/// The first and the last point of a path of `M`, `H` and `C`.
fn ends(path: Node<'_, '_>) -> [(f64, f64); 2] {
    let steps = path.attribute("d").unwrap();
    let mut last = (0.0, 0.0);
    let mut first = None;
    for step in steps.split_inclusive(['M', 'H', 'C']).collect::<Vec<_>>().windows(2) {
        let numbers = step[1].trim_end_matches(['M', 'H', 'C']).split_whitespace();
        let numbers: Vec<f64> = numbers.map(|it| it.parse().unwrap()).collect();
        last = match numbers[..] {
            [x] => (x, last.1),
            [.., x, y] => (x, y),
            [] => last,
        };
        first.get_or_insert(last);
    }
    [first.unwrap(), last]
}
