//! How two schemas differ: in words, and in SQL.
//!
//! What came or went with something else is not told again: the columns of a table that is missing, the index
//! of a constraint. And what a down script can restore in no way weighs less than the rest.

use std::collections::HashSet;
use std::fmt;

use super::name::spelt;
use super::normal::{same_expression, same_words};
use super::query::{selects_from, selects_in_another_order};
use super::sql::{definition, statement};
use super::{Object, ObjectKind, ObjectName, Schema};

/// One thing that is not the same in two schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// What differs; of columns in another order, their table.
    pub object: ObjectName,
    /// What of it differs; nothing where the object is missing in one of the two.
    pub attribute: Option<&'static str>,
    /// Whether it counts.
    pub weight: Weight,
    /// One sentence without a full stop.
    pub message: String,
    /// SQL that says what was; nothing where there was nothing. Of a long text, the lines that differ.
    pub before: Vec<String>,
    /// SQL that says what is.
    pub after: Vec<String>,
}

/// Whether a difference counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It does.
    Full,
    /// The two are as good as equal, or PostgreSQL has no statement that would make them equal: a column that
    /// was added again stands at the end.
    Slight,
}

/// What tells of the order of columns.
pub(super) const ORDER: &str = "order of its columns";

/// What no statement sets: whether a column that was inherited is the child's own as well stays as it was
/// made, and what constraints are called that older servers do not know.
const SLIGHT: [&str; 2] = ["inheritance", NAME];

/// Comes and goes with what it is the name of.
const NAME: &str = "name of its not-null constraint";

/// What shows what a query selects.
const VIEWS: [ObjectKind; 2] = [ObjectKind::View, ObjectKind::MaterializedView];

/// What PostgreSQL writes from what it has parsed.
const EXPRESSIONS: [&str; 6] =
    ["definition", "default", "generated", "condition", "check", "partition key"];

impl Schema {
    /// What is not the same in another schema: `self` is what was, or should be, and `now` what is. In the
    /// order of the objects' names.
    pub fn diff(&self, now: &Schema) -> Vec<Difference> {
        let diff = Diff::new(self, now);
        let mut found = Vec::new();
        for (name, was) in &self.objects {
            match now.objects.get(name) {
                Some(is) => diff.compare(name, was, is, &mut found),
                None => found.extend(diff.missing(name, was)),
            }
        }
        for (name, is) in &now.objects {
            if !self.objects.contains_key(name) {
                found.extend(diff.added(name, is));
            }
        }
        for it in found.iter_mut().filter(|it| it.attribute == Some("definition")) {
            if diff.stars.contains(&it.object) {
                it.weight = Weight::Slight;
            }
        }
        found.extend(diff.orders());
        found.sort_by(|one, other| one.object.cmp(&other.object));
        found
    }
}

struct Diff<'s> {
    was: &'s Schema,
    now: &'s Schema,
    /// What is in one of the two alone.
    one_sided: HashSet<&'s ObjectName>,
    /// Schema and name of the tables, and what else has parts, among them.
    wholes: HashSet<(Option<&'s str>, &'s str)>,
    /// Tables, columns and indexes among them, as SQL writes them.
    written: HashSet<String>,
    /// Views that select the same in another order, as the columns of what they select from are.
    stars: HashSet<ObjectName>,
}

impl<'s> Diff<'s> {
    fn new(was: &'s Schema, now: &'s Schema) -> Diff<'s> {
        let of = |one: &'s Schema, other: &'s Schema| {
            one.objects.keys().filter(|it| !other.objects.contains_key(*it))
        };
        let one_sided: HashSet<_> = of(was, now).chain(of(now, was)).collect();
        let wholes = one_sided.iter().filter(|it| it.kind.has_parts());
        let wholes = wholes.map(|it| (it.schema.as_deref(), it.name.as_str())).collect();
        let has_others = |it: &&&ObjectName| {
            it.kind.has_parts() || [ObjectKind::Column, ObjectKind::Index].contains(&it.kind)
        };
        let written = one_sided.iter().filter(has_others).map(|it| it.qualified()).collect();
        let mut diff = Diff { was, now, one_sided, wholes, written, stars: HashSet::new() };
        diff.find_stars();
        diff
    }

    fn missing(&self, name: &ObjectName, was: &Object) -> Option<Difference> {
        if self.goes_with_another(name, was) {
            return None;
        }
        let message = format!("{name} is missing");
        let before = definition(name, was, self.was);
        Some(Difference { before, ..different(name, None, message) })
    }

    fn added(&self, name: &ObjectName, is: &Object) -> Option<Difference> {
        if self.goes_with_another(name, is) {
            return None;
        }
        let message = format!("{name} is new");
        let after = definition(name, is, self.now);
        Some(Difference { after, ..different(name, None, message) })
    }

    /// Whether what it is a part of is on the same side alone.
    fn goes_with_another(&self, name: &ObjectName, object: &Object) -> bool {
        let schema = name.schema.as_deref().map(ObjectName::of_schema);
        let whole = name.table.as_deref().map(|it| (name.schema.as_deref(), it));
        if schema.is_some_and(|it| self.one_sided.contains(&it))
            || whole.is_some_and(|it| self.wholes.contains(&it))
        {
            return true;
        }
        let has = |attribute: &str| object.get(attribute);
        match name.kind {
            ObjectKind::Column => self.is_of_other_view(name),
            ObjectKind::Index => {
                has("constraint")
                    .is_some_and(|it| self.one_sided.contains(&constraint_of(name, it)))
                    || has("parent").is_some_and(|it| self.written.contains(it))
            }
            // The column tells of its identity.
            ObjectKind::Sequence => {
                has("identity").is_some() || has("column").is_some_and(|it| self.is_owned(it))
            }
            _ => false,
        }
    }

    /// Whether the owner of a sequence is on one side alone: a column, or its table.
    fn is_owned(&self, column: &str) -> bool {
        let ends = column.match_indices('.').map(|it| it.0).chain([column.len()]);
        ends.into_iter().any(|end| self.written.contains(&column[..end]))
    }

    /// Whether a column belongs to a view that shows something else, which tells more than its columns.
    fn is_of_other_view(&self, column: &ObjectName) -> bool {
        let Some(name) = &column.table else { return false };
        let mut views = VIEWS.into_iter().map(|kind| ObjectName {
            kind,
            schema: column.schema.clone(),
            table: None,
            name: name.clone(),
        });
        views.any(|view| match self.shown(&view) {
            [Some(was), Some(is)] => {
                !same_expression(was, is, self.day()) && !self.stars.contains(&view)
            }
            shown => shown[0] != shown[1],
        })
    }

    /// What a view shows, in either schema.
    fn shown(&self, view: &ObjectName) -> [Option<&'s str>; 2] {
        [self.was, self.now].map(|it| it.objects.get(view)?.get("definition"))
    }

    fn compare(&self, name: &ObjectName, was: &Object, is: &Object, found: &mut Vec<Difference>) {
        if was == is {
            return;
        }
        let mut attributes: Vec<&'static str> = was.attributes.iter().map(|it| it.name).collect();
        for it in &is.attributes {
            if !attributes.contains(&it.name) {
                attributes.push(it.name);
            }
        }
        for attribute in attributes {
            let values = (was.get(attribute), is.get(attribute));
            let is_told = attribute == "position"
                || attribute == NAME && (values.0.is_none() || values.1.is_none())
                || self.follows(name, was, attribute);
            if values.0 == values.1 || is_told {
                continue;
            }
            let message = format!("{name}: {}", in_words(attribute, values));
            let weight = self.weigh(attribute, values, [was, is]);
            let lines = (
                statement(name, was, attribute, self.was),
                statement(name, is, attribute, self.now),
            );
            let (before, after) = differing(lines);
            let difference = different(name, Some(attribute), message);
            found.push(Difference { weight, before, after, ..difference });
        }
    }

    fn weigh(
        &self,
        attribute: &str,
        values: (Option<&str>, Option<&str>),
        objects: [&Object; 2],
    ) -> Weight {
        let (Some(was), Some(is)) = values else {
            return if SLIGHT.contains(&attribute) { Weight::Slight } else { Weight::Full };
        };
        let is_slight = SLIGHT.contains(&attribute)
            || EXPRESSIONS.contains(&attribute) && same_expression(was, is, self.day())
            || attribute == "body" && objects.into_iter().all(is_in_sql) && same_words(was, is);
        if is_slight { Weight::Slight } else { Weight::Full }
    }

    /// When the later one was read.
    fn day(&self) -> Option<i64> {
        self.now.read_on.0
    }

    /// Whether something else tells it already.
    fn follows(&self, name: &ObjectName, was: &Object, attribute: &str) -> bool {
        if name.kind == ObjectKind::Column && attribute == "type" {
            return self.is_of_other_view(name);
        }
        if name.kind != ObjectKind::Index || attribute != "definition" {
            return false;
        }
        let Some(constraint) = was.get("constraint") else { return false };
        let constraint = constraint_of(name, constraint);
        let of =
            |schema: &Schema| schema.objects.get(&constraint)?.get("definition").map(str::to_owned);
        of(self.was) != of(self.now)
    }

    /// Where columns are in another order, so is what views made of `*`, and what other views make of those.
    fn find_stars(&mut self) {
        let mut new: Vec<_> = self.orders().into_iter().map(|it| it.object).collect();
        while let Some(source) = new.pop() {
            let name = source.qualified();
            let views = self.was.objects.keys().filter(|it| VIEWS.contains(&it.kind));
            for view in views.filter(|it| !self.stars.contains(*it)).collect::<Vec<_>>() {
                let [Some(was), Some(is)] = self.shown(view) else { continue };
                if was != is
                    && selects_from(was, &name)
                    && selects_in_another_order(was, is, self.day())
                {
                    self.stars.insert(view.clone());
                    new.push(view.clone());
                }
            }
        }
    }

    /// Tables whose columns are there on both sides, and in another order.
    fn orders(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        for name in self.was.objects.keys().filter(|it| it.kind.has_parts()) {
            let Some(schema) = &name.schema else { continue };
            let shared = |of: &'s Schema, other: &Schema| {
                let mut columns = of.columns(schema, &name.name);
                columns.retain(|it| other.objects.contains_key(it.0));
                columns.into_iter().map(|it| it.0.name.as_str()).collect::<Vec<_>>()
            };
            let (was, is) = (shared(self.was, self.now), shared(self.now, self.was));
            if was != is {
                let names =
                    |of: &[&str]| of.iter().map(|it| spelt(it)).collect::<Vec<_>>().join(", ");
                let (was, is) = (names(&was), names(&is));
                let message = format!("{name}: its columns are in the order {is}, were {was}");
                let line = |order: &str| vec![format!("{} ({order})", name.qualified())];
                let difference = different(name, Some(ORDER), message);
                let (before, after) = (line(&was), line(&is));
                found.push(Difference { weight: Weight::Slight, before, after, ..difference });
            }
        }
        found
    }
}

/// The name of the constraint that an index is for.
fn constraint_of(index: &ObjectName, constraint: &str) -> ObjectName {
    let (kind, name) = (ObjectKind::Constraint, constraint.to_owned());
    ObjectName { kind, name, ..index.clone() }
}

fn different(object: &ObjectName, attribute: Option<&'static str>, message: String) -> Difference {
    let (before, after) = (Vec::new(), Vec::new());
    Difference { object: object.clone(), attribute, weight: Weight::Full, message, before, after }
}

/// Whether blanks and comments of a function's body are those of SQL.
fn is_in_sql(function: &Object) -> bool {
    function.get("language").is_some_and(|it| ["sql", "plpgsql"].contains(&it))
}

/// What speaks for itself: `NOT NULL is missing`.
const SPEAKING: [&str; 12] = [
    "not null",
    "persistence",
    "cycle",
    "window",
    "strictness",
    "security",
    "leakproofness",
    "validity",
    "data",
    "state",
    "root",
    "clustering",
];

/// As long as it may be in a sentence.
const SHORT: usize = 48;

fn in_words(attribute: &str, values: (Option<&str>, Option<&str>)) -> String {
    let is_short = |it: Option<&str>| it.is_none_or(|it| it.len() <= SHORT && !it.contains('\n'));
    let is_plural = attribute.ends_with('s') && !attribute.ends_with("ss");
    let [is, was, differs] =
        if is_plural { ["are", "were", "differ"] } else { ["is", "was", "differs"] };
    if !is_short(values.0) || !is_short(values.1) {
        return match values {
            (Some(_), Some(_)) => format!("{attribute} {differs}"),
            (Some(_), None) => format!("{attribute} {is} missing"),
            _ => format!("{attribute} {is} new"),
        };
    }
    let word = if SPEAKING.contains(&attribute) { String::new() } else { format!("{attribute} ") };
    match values {
        (Some(before), Some(now)) => format!("{attribute} {is} {now}, {was} {before}"),
        (Some(before), None) => format!("{word}{before} {is} missing"),
        (None, Some(now)) => format!("{word}{now} {is} new"),
        (None, None) => format!("{attribute} {differs}"),
    }
}

/// The lines that two texts do not have in common, at their beginning and at their end.
fn differing((mut before, mut after): (Vec<String>, Vec<String>)) -> (Vec<String>, Vec<String>) {
    let at_end = before.iter().rev().zip(after.iter().rev()).take_while(|it| it.0 == it.1).count();
    let shorter = before.len().min(after.len());
    let at_start = before.iter().zip(&after).take_while(|it| it.0 == it.1).count();
    let at_end = at_end.min(shorter - at_start.min(shorter));
    for lines in [&mut before, &mut after] {
        lines.truncate(lines.len() - at_end);
        lines.drain(..at_start.min(lines.len()));
    }
    (before, after)
}

impl Difference {
    /// Its SQL, a line each, with `-` before what was and `+` before what is.
    pub fn lines(&self) -> Vec<String> {
        let before = self.before.iter().map(|it| format!("- {it}"));
        before.chain(self.after.iter().map(|it| format!("+ {it}"))).collect()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
