//! What is drawn of a schema, before anybody knows how.

use std::collections::{BTreeMap, BTreeSet};

use super::super::relation::tables_in;
use super::super::{Column, ObjectKind, ObjectName, Relation, Schema, SqlType, relation_label};
use super::chosen::{Part, chosen};
use super::keys::unique_columns;
use super::{Columns, MOST_COLUMNS, Picture};
use crate::error::Error;

/// Tables, and what leads from one to another.
pub(super) struct Drawing {
    pub(super) tables: Vec<Table>,
    pub(super) links: Vec<Link>,
}

pub(super) struct Table {
    /// The schema and the name, as they are.
    pub(super) name: (String, String),
    /// The name for people, which no other one has.
    pub(super) label: String,
    /// What sort of table it is, where it is not just one.
    pub(super) notes: Vec<String>,
    pub(super) comment: Option<String>,
    /// Whether it is there for one that was asked for.
    pub(super) is_neighbour: bool,
    pub(super) rows: Vec<Row>,
    /// How many columns more it has.
    pub(super) more: usize,
}

/// A column that is drawn.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) sql_type: String,
    pub(super) is_nullable: bool,
    /// Those of `PK`, `FK` and `UK` that it is a part of.
    pub(super) marks: Vec<&'static str>,
    pub(super) comment: Option<String>,
}

/// A line from a table to the one that it refers to, or inherits from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Nothing where it inherits.
    pub(super) key: Option<Key>,
}

/// What is to be known of a foreign key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) columns: Vec<String>,
    pub(super) target_columns: Vec<String>,
    pub(super) name: String,
    /// Whether a row may refer to nothing.
    pub(super) is_optional: bool,
    /// Whether no two rows refer to the same.
    pub(super) is_unique: bool,
}

impl Drawing {
    pub(super) fn of(schema: &Schema, picture: &Picture) -> Result<Drawing, Error> {
        let all = Everything::of(schema);
        let parts = chosen(picture, &all)?;
        let mut places = BTreeMap::new();
        let mut tables = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            if let Some(part) = part {
                places.insert(at, tables.len());
                tables.push(all.table(at, *part, picture.columns));
            }
        }
        let links = all.links.iter().filter_map(|link| {
            let (from, to) = (*places.get(&link.from)?, *places.get(&link.to)?);
            Some(Link { from, to, key: link.key.clone() })
        });
        let links = links.collect();
        Ok(Drawing { tables, links })
    }
}

/// All that could be drawn: links are between relations that are no partitions.
pub(super) struct Everything<'s> {
    pub(super) relations: Vec<Relation<'s>>,
    /// The sets of columns that tell the rows of each apart.
    unique: Vec<Vec<Vec<String>>>,
    /// Which one stands for each: for a partition, what it is one of in the end.
    pub(super) roots: Vec<usize>,
    pub(super) links: Vec<Link>,
}

impl<'s> Everything<'s> {
    fn of(schema: &'s Schema) -> Everything<'s> {
        let relations = schema.relations();
        let name = |it: &Relation<'s>| name_of(it.name);
        let places: BTreeMap<_, _> =
            relations.iter().enumerate().map(|(at, it)| (name(it), at)).collect();
        let find = |name: &(String, String)| places.get(name).copied();
        let parent = |at: usize| {
            let parents = tables_in(relations[at].object.get("parent")?);
            parents.first().and_then(find)
        };
        let root = |mut at: usize| {
            while let Some(above) = parent(at) {
                at = above;
            }
            at
        };
        let roots: Vec<_> = (0..relations.len()).map(root).collect();
        let unique: Vec<_> = relations.iter().map(|it| unique_columns(schema, it)).collect();
        let mut links = BTreeSet::new();
        for (at, relation) in relations.iter().enumerate() {
            let mut add = |to: usize, key| {
                links.insert(Link { from: roots[at], to: roots[to], key });
            };
            for key in &relation.foreign_keys {
                let Some(to) = find(&key.target) else { continue };
                let is_null = |it: &Column<'_>| {
                    !it.is_not_null() && key.columns.iter().any(|name| name == it.name)
                };
                let is_in_key =
                    |set: &Vec<String>| set.iter().all(|column| key.columns.contains(column));
                let key = Key {
                    columns: key.columns.clone(),
                    target_columns: key.target_columns.clone(),
                    name: key.name.to_owned(),
                    is_optional: relation.columns.iter().any(is_null),
                    is_unique: unique[at].iter().any(is_in_key),
                };
                add(to, Some(key));
            }
            let parents = relation.object.get("parents").map(tables_in).unwrap_or_default();
            for parent in parents.iter().filter_map(find) {
                add(parent, None);
            }
        }
        Everything { relations, unique, roots, links: links.into_iter().collect() }
    }

    fn table(&self, at: usize, part: Part, columns: Columns) -> Table {
        let relation = &self.relations[at];
        let name = name_of(relation.name);
        let rows: Vec<_> = relation.columns.iter().map(|it| self.row(at, it)).collect();
        let is_key: Vec<_> = rows.iter().map(|it| !it.marks.is_empty()).collect();
        let shown = shown(&is_key, columns);
        Table {
            label: relation_label(&name.0, &name.1),
            name,
            notes: self.notes(at),
            comment: relation.object.get("comment").map(str::to_owned),
            is_neighbour: part == Part::Neighbour,
            more: rows.len() - shown.len(),
            rows: shown.into_iter().map(|it| rows[it].clone()).collect(),
        }
    }

    fn row(&self, at: usize, column: &Column<'_>) -> Row {
        let relation = &self.relations[at];
        let has = |columns: &Vec<String>| columns.iter().any(|it| it == column.name);
        let mut other = self.unique[at].iter().filter(|it| **it != relation.primary_key);
        let marks = [
            ("PK", has(&relation.primary_key)),
            ("FK", relation.foreign_keys.iter().any(|it| has(&it.columns))),
            ("UK", other.any(has)),
        ];
        Row {
            name: column.name.to_owned(),
            sql_type: spelt_type(&column.sql_type, relation.name.schema.as_deref()),
            is_nullable: !column.is_not_null() && !is_view(relation),
            marks: marks.into_iter().filter(|it| it.1).map(|it| it.0).collect(),
            comment: column.object.get("comment").map(str::to_owned),
        }
    }

    fn notes(&self, at: usize) -> Vec<String> {
        let relation = &self.relations[at];
        let mut notes = Vec::new();
        if relation.name.kind != ObjectKind::Table {
            notes.push(relation.name.kind.as_str().to_owned());
        }
        if relation.object.get("partition key").is_some() {
            // Those that have partitions themselves have no rows.
            let has_rows = |it: &Relation<'_>| it.object.get("partition key").is_none();
            let parts = self.roots.iter().zip(&self.relations);
            let count = parts.filter(|(root, it)| **root == at && has_rows(it)).count();
            notes.push(format!("{count} partition{}", if count == 1 { "" } else { "s" }));
        }
        notes
    }
}

pub(super) fn is_view(relation: &Relation<'_>) -> bool {
    matches!(relation.name.kind, ObjectKind::View | ObjectKind::MaterializedView)
}

/// Which columns are drawn, in their order: of too many, those of keys before others.
fn shown(is_key: &[bool], columns: Columns) -> Vec<usize> {
    let keys = (0..is_key.len()).filter(|it| is_key[*it]);
    let mut shown: Vec<_> = match columns {
        Columns::All => keys.chain((0..is_key.len()).filter(|it| !is_key[*it])).collect(),
        Columns::Keys => keys.collect(),
    };
    shown.truncate(MOST_COLUMNS);
    shown.sort_unstable();
    shown
}

pub(super) fn name_of(name: &ObjectName) -> (String, String) {
    (name.schema.clone().unwrap_or_default(), name.name.clone())
}

/// The types of `pg_catalog` that people know by another name.
const KNOWN_AS: [(&str, &str); 8] = [
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("bool", "boolean"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("bpchar", "char"),
    ("char", "\"char\""),
];

/// A type in few letters. Those of the table's own schema, and of the one in which everything is, are not qualified.
fn spelt_type(it: &SqlType, own_schema: Option<&str>) -> String {
    let known = |name| KNOWN_AS.iter().find(|it| it.0 == name).map_or(name, |it| it.1);
    let mut text = match it.schema.as_deref() {
        None => known(it.name.as_str()).to_owned(),
        Some(schema) if schema == "public" || Some(schema) == own_schema => it.name.clone(),
        Some(schema) => format!("{schema}.{}", it.name),
    };
    if let Some(modifier) = &it.modifier {
        // `interval day to second` has its own without brackets.
        let is_field = it.name == "interval" && modifier.starts_with(char::is_alphabetic);
        let (before, after) = if is_field { (" ", "") } else { ("(", ")") };
        text.extend([before, modifier, after]);
    }
    if it.is_array {
        text += "[]";
    }
    text
}
