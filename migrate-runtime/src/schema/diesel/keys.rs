//! Keys, as Diesel finds them: what is a table's primary key, and which tables a foreign key joins.

use std::collections::{BTreeMap, BTreeSet};

use migrate_core::sql_words;

use super::names::rust_name;
use super::tables::Table;
use crate::schema::relation::{columns_in, tables_in};
use crate::schema::{ObjectKind, ObjectName, Relation, Schema};

/// A foreign key that is enough to join its two tables, which are numbers of those printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Join {
    pub(super) child: usize,
    pub(super) parent: usize,
    /// The column of the child, in Rust.
    pub(super) column: String,
}

/// The names of all primary keys of the database.
///
/// Diesel asks for the constraints of a table whose names are among them, which is not the same: a unique constraint
/// that is called as the primary key of a table elsewhere is one of them.
pub(super) struct KeyNames<'s>(BTreeSet<&'s str>);

impl<'s> KeyNames<'s> {
    pub(super) fn of(schema: &'s Schema) -> KeyNames<'s> {
        let is_key = |(name, definition): (&ObjectName, &str)| {
            name.kind == ObjectKind::Constraint && definition.starts_with("PRIMARY KEY")
        };
        let all = schema.objects.iter();
        let all = all.filter_map(|(name, it)| Some((name, it.get("definition")?)));
        KeyNames(all.filter(|it| is_key(*it)).map(|it| it.0.name.as_str()).collect())
    }

    /// The columns of a table that Diesel takes for its primary key.
    pub(super) fn columns(&self, of: &Relation<'_>, schema: &Schema) -> Vec<String> {
        let mut columns: Vec<_> = of.primary_key.iter().cloned().enumerate().collect();
        for (name, definition) in schema.constraints(of.name) {
            let words = sql_words(definition);
            let is_key = matches!(words[..], ["UNIQUE" | "FOREIGN", ..]) && self.0.contains(name);
            if is_key {
                columns.extend(columns_in(&words).0.into_iter().enumerate());
            }
        }
        columns.sort_by_key(|it| it.0);
        columns.into_iter().map(|it| it.1).collect()
    }
}

/// A table, by schema and name.
type Place = (String, String);

/// The columns of foreign keys between two tables, with those that they refer to.
type Columns<'s> = Vec<(&'s String, &'s String)>;

/// The foreign keys that join two of the tables, which are in the order of their names; by child and parent.
pub(super) fn joins(relations: &[Relation<'_>], schema: &str, tables: &[Table<'_>]) -> Vec<Join> {
    let pairs = pairs(relations, schema);
    let number = |name: &str| tables.binary_search_by_key(&name, |it| it.name).ok();
    let join = |((child, parent), columns): (&(String, String), &Columns<'_>)| {
        let &[(column, target)] = &columns[..] else { return None };
        // Where two keys are between the same tables, in whatever direction, none is as good as the other.
        if child == parent || pairs.contains_key(&(parent.clone(), child.clone())) {
            return None;
        }
        let (child, parent) = (number(child)?, number(parent)?);
        let is_to_key = tables[parent].sql_key == [target.as_str()];
        let column = rust_name(column, Some(&tables[child].rust_name));
        is_to_key.then_some(Join { child, parent, column })
    };
    pairs.iter().filter_map(join).collect()
}

/// The columns of all foreign keys within a schema, by their two tables.
fn pairs<'s>(
    relations: &'s [Relation<'s>],
    schema: &str,
) -> BTreeMap<(String, String), Columns<'s>> {
    let partitions = partitions(relations);
    let mut pairs: BTreeMap<_, Columns<'s>> = BTreeMap::new();
    for relation in relations {
        let Some(home) = &relation.name.schema else { continue };
        let own = (home.clone(), relation.name.name.clone());
        for key in &relation.foreign_keys {
            let columns = key.columns.iter().zip(&key.target_columns);
            // PostgreSQL has a copy of it for each partition on either side.
            let children = with_partitions(&own, &partitions).into_iter();
            let children = children.map(|child| (child, key.target.clone()));
            let parents = with_partitions(&key.target, &partitions).into_iter().skip(1);
            let parents = parents.map(|parent| (own.clone(), parent));
            for (child, parent) in children.chain(parents) {
                if child.0 == schema && parent.0 == schema {
                    pairs.entry((child.1, parent.1)).or_default().extend(columns.clone());
                }
            }
        }
    }
    pairs
}

/// The partitions of each table that has some.
fn partitions(relations: &[Relation<'_>]) -> BTreeMap<Place, Vec<Place>> {
    let mut partitions: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    for relation in relations {
        let Some(home) = &relation.name.schema else { continue };
        for parent in relation.object.get("parent").map(tables_in).unwrap_or_default() {
            let own = (home.clone(), relation.name.name.clone());
            partitions.entry(parent).or_default().push(own);
        }
    }
    partitions
}

/// A table, its partitions, and theirs.
fn with_partitions(table: &Place, partitions: &BTreeMap<Place, Vec<Place>>) -> Vec<Place> {
    let mut all = vec![table.clone()];
    let mut at = 0;
    while let Some(one) = all.get(at) {
        all.extend(partitions.get(one).cloned().unwrap_or_default());
        at += 1;
    }
    all
}

/// The tables, by their numbers, in groups that joins connect.
pub(super) fn groups(tables: usize, joins: &[Join]) -> Vec<Vec<usize>> {
    // Each table points to one before it in its group; the first one to itself.
    let mut before: Vec<usize> = (0..tables).collect();
    for join in joins {
        let ends = [first(&before, join.child), first(&before, join.parent)];
        before[ends[0].max(ends[1])] = ends[0].min(ends[1]);
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for table in 0..tables {
        groups.entry(first(&before, table)).or_default().push(table);
    }
    groups.into_values().collect()
}

fn first(before: &[usize], table: usize) -> usize {
    let mut at = table;
    while before[at] != at {
        at = before[at];
    }
    at
}
