//! The schema: a list of tables and views, each with its columns, keys and comments.

mod drawn;
mod table;

use std::collections::BTreeMap;

use migrate_runtime::schema::{ObjectKind, Relation, Schema, relation_label};

use super::html::{Html, findable};
use super::{Page, Section};
use crate::text::plural;

/// A page with more columns than that would not open on a telephone.
const MOST_COLUMNS: usize = 20_000;

pub(super) use drawn::Drawn;

pub(super) fn section(page: &Page, picture: Option<&Drawn>) -> Section {
    let mut body = Html::new();
    let count = match &page.schema {
        Ok(schema) => Some(fill(schema, picture, &mut body)),
        Err(error) => {
            body.add(&page.refusal("The schema cannot be read:", error));
            None
        }
    };
    Section { id: "schema", title: "Schema", count, body }
}

fn fill(schema: &Schema, picture: Option<&Drawn>, body: &mut Html) -> usize {
    let relations = schema.relations();
    let count = relations.len();
    if relations.is_empty() {
        body.element("p", &[], "There is no table yet, or none that this role may see.");
        return 0;
    }
    body.element("p", &[("class", "lead")], &lead(schema));
    match picture {
        Some(picture) => drop(body.add(&picture.html())),
        None if count > drawn::MOST => {
            body.element("p", &[("class", "note")], drawn::NONE);
        }
        // Views alone are not drawn.
        None => {}
    }
    let referring = Referring::of(&relations);
    let mut columns = 0;
    let mut left_out = Vec::new();
    body.open("div", &[("class", "tables"), ("id", "tables")]);
    for it in &relations {
        columns += it.columns.len();
        if columns > MOST_COLUMNS {
            left_out.push(title(it));
            continue;
        }
        body.add(&table::html(schema, it, &referring, picture)).markup("\n");
    }
    body.close("div");
    if !left_out.is_empty() {
        let label = format!("{} more, too many for one page", plural(left_out.len(), "table"));
        let mut names = Html::new();
        names.element("p", &[], &left_out.join(", "));
        body.behind(&label, &names);
    }
    count
}

/// The kinds of objects that people ask about.
const COUNTED: [ObjectKind; 11] = [
    ObjectKind::Table,
    ObjectKind::ForeignTable,
    ObjectKind::View,
    ObjectKind::MaterializedView,
    ObjectKind::Index,
    ObjectKind::Enum,
    ObjectKind::Domain,
    ObjectKind::Function,
    ObjectKind::Trigger,
    ObjectKind::Policy,
    ObjectKind::Extension,
];

/// How many objects there are of the kinds that people ask about.
fn lead(schema: &Schema) -> String {
    let mut counts: BTreeMap<ObjectKind, usize> = BTreeMap::new();
    for name in schema.objects.keys() {
        *counts.entry(name.kind).or_default() += 1;
    }
    let words = COUNTED.iter().filter_map(|it| Some(counted(*it, *counts.get(it)?)));
    let words = words.collect::<Vec<_>>().join(", ");
    format!("{words}. The tables of the migration system are left out.")
}

fn counted(kind: ObjectKind, count: usize) -> String {
    match (kind, count) {
        (ObjectKind::Index, 2..) => format!("{count} indexes"),
        (ObjectKind::Policy, 2..) => format!("{count} policies"),
        _ => plural(count, kind.as_str()),
    }
}

/// Which foreign keys refer to a table.
struct Referring<'s>(BTreeMap<(String, String), Vec<&'s Relation<'s>>>);

impl<'s> Referring<'s> {
    fn of(relations: &'s [Relation<'s>]) -> Referring<'s> {
        let mut map: BTreeMap<_, Vec<&Relation<'_>>> = BTreeMap::new();
        for it in relations {
            for key in &it.foreign_keys {
                let list = map.entry(key.target.clone()).or_default();
                if list.last().is_none_or(|last| last.name != it.name) {
                    list.push(it);
                }
            }
        }
        Referring(map)
    }

    /// The tables that refer to this one.
    fn to(&self, relation: &Relation<'_>) -> &[&'s Relation<'s>] {
        let schema = relation.name.schema.clone().unwrap_or_default();
        let found = self.0.get(&(schema, relation.name.name.clone()));
        found.map(Vec::as_slice).unwrap_or_default()
    }
}

/// The name as people say it, and as the picture has it.
fn title(relation: &Relation<'_>) -> String {
    relation_label(relation.name.schema.as_deref().unwrap_or_default(), &relation.name.name)
}

/// What leads to a table in the list. Points would not tell `a.b` of `c` from `b` of `c.a`.
fn anchor(schema: &str, name: &str) -> String {
    super::html::id("listed", &format!("{schema}/{name}"))
}

/// What the search finds a table by: its name, and those of its columns.
fn search_words(relation: &Relation<'_>) -> String {
    let columns = relation.columns.iter().map(|it| it.name);
    let title = title(relation);
    findable([title.as_str()].into_iter().chain(columns))
}
