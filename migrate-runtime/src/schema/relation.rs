//! Tables and views with their columns and keys, for those who draw a schema or write it in another language.

use migrate_core::sql_words;

use super::{Object, ObjectKind, ObjectName, Schema, SqlType};
use crate::quote::{ident, unquoted};

/// A table, foreign table, view or materialised view.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Relation<'s> {
    /// Its name.
    pub name: &'s ObjectName,
    /// What else is known of it.
    pub object: &'s Object,
    /// Its columns, in their order.
    pub columns: Vec<Column<'s>>,
    /// The columns of its primary key, in the order of the key; none where it has no key.
    pub primary_key: Vec<String>,
    /// The columns of each unique constraint, in the order of the constraint.
    pub unique: Vec<Vec<String>>,
    /// Its foreign keys, by their names. A partition has those of its parent, which are not listed again.
    pub foreign_keys: Vec<ForeignKey<'s>>,
}

/// A column of a table or view.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Column<'s> {
    /// Its name, without quotes.
    pub name: &'s str,
    /// What else is known of it.
    pub object: &'s Object,
    /// Its type.
    pub sql_type: SqlType,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKey<'s> {
    /// The name of the constraint, without quotes.
    pub name: &'s str,
    /// The columns that refer, in the order of the key.
    pub columns: Vec<String>,
    /// The schema and the name of the table that is referred to.
    pub target: (String, String),
    /// Its columns, in the order of the key.
    pub target_columns: Vec<String>,
}

impl Schema {
    /// Every table and view, by schema and name.
    pub fn relations(&self) -> Vec<Relation<'_>> {
        let is_one = |it: &&ObjectName| {
            use ObjectKind as K;
            matches!(it.kind, K::Table | K::ForeignTable | K::View | K::MaterializedView)
        };
        let relation = |name| self.relation(name);
        let mut all: Vec<_> = self.objects.keys().filter(is_one).filter_map(relation).collect();
        all.sort_by_key(|it| (&it.name.schema, &it.name.name));
        all
    }

    fn relation(&self, name: &ObjectName) -> Option<Relation<'_>> {
        let (name, object) = self.objects.get_key_value(name)?;
        let columns = self.columns(name.schema.as_deref()?, &name.name).into_iter();
        let columns = columns.map(|(name, object)| Column {
            name: &name.name,
            object,
            sql_type: SqlType::of(object.get("type").unwrap_or_default()),
        });
        let mut relation = Relation {
            name,
            object,
            columns: columns.collect(),
            primary_key: Vec::new(),
            unique: Vec::new(),
            foreign_keys: Vec::new(),
        };
        for (name, definition) in self.constraints(name) {
            let words = sql_words(definition);
            match &words[..] {
                ["PRIMARY", "KEY", rest @ ..] => relation.primary_key = columns_in(rest).0,
                ["UNIQUE", rest @ ..] => relation.unique.push(columns_in(rest).0),
                ["FOREIGN", "KEY", rest @ ..] => {
                    relation.foreign_keys.extend(ForeignKey::of(name, rest));
                }
                _ => {}
            }
        }
        Some(relation)
    }

    /// The names and definitions of a table's constraints, by name.
    pub(super) fn constraints<'s>(
        &'s self,
        of: &'s ObjectName,
    ) -> impl Iterator<Item = (&'s str, &'s str)> {
        let schema = of.schema.as_deref().unwrap_or_default();
        let parts = self.parts(ObjectKind::Constraint, schema, &of.name);
        parts.filter_map(|(name, it)| Some((name.name.as_str(), it.get("definition")?)))
    }
}

/// The name of a table or view for people, which no other one has: with the schema, unless that is `public`, in which
/// everything is; in quotes only where it would be taken for another one.
pub fn relation_label(schema: &str, name: &str) -> String {
    let part = |it: &str| if it.contains(['.', '"']) { ident(it) } else { it.to_owned() };
    match schema {
        "public" => part(name),
        _ => format!("{}.{}", part(schema), part(name)),
    }
}

impl Column<'_> {
    /// Whether the column itself says that it has no nulls; nothing is known of a view's.
    pub fn is_not_null(&self) -> bool {
        self.object.get("not null").is_some()
    }
}

impl<'s> ForeignKey<'s> {
    /// What follows `FOREIGN KEY`.
    fn of(name: &'s str, words: &[&str]) -> Option<ForeignKey<'s>> {
        let (columns, rest) = columns_in(words);
        let ["REFERENCES", schema, ".", table, rest @ ..] = rest else { return None };
        let target = (unquoted(schema), unquoted(table));
        Some(ForeignKey { name, columns, target, target_columns: columns_in(rest).0 })
    }
}

/// The tables in a list as SQL writes it, each by schema and name.
pub(super) fn tables_in(list: &str) -> Vec<(String, String)> {
    let words = sql_words(list);
    let name = |words: &[&str]| match words {
        [schema, ".", name] => Some((unquoted(schema), unquoted(name))),
        _ => None,
    };
    words.split(|it| *it == ",").filter_map(name).collect()
}

/// The columns between the next brackets, and what follows those.
pub(super) fn columns_in<'w, 't>(words: &'w [&'t str]) -> (Vec<String>, &'w [&'t str]) {
    let start = words.iter().position(|it| *it == "(").map_or(words.len(), |it| it + 1);
    let end = words.iter().position(|it| *it == ")").unwrap_or(words.len()).max(start);
    let column = |part: &[&str]| {
        // `PERIOD p` and `p WITHOUT OVERLAPS` are columns too.
        let is_period = part.len() > 1 && part[0] == "PERIOD";
        part.get(usize::from(is_period)).map(|it| unquoted(it))
    };
    let columns = words[start..end].split(|it| *it == ",").filter_map(column).collect();
    (columns, words.get(end + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::Attribute;
    use super::*;

    type Told<'a> = (ObjectKind, Option<&'a str>, &'a str, &'a [(&'static str, &'a str)]);

    fn schema(objects: &[Told<'_>]) -> Schema {
        let objects = objects.iter().map(|(kind, table, name, attributes)| {
            let attribute = |&(name, value): &_| Attribute { name, value: str::to_owned(value) };
            let attributes = attributes.iter().map(attribute).collect();
            let schema = Some("app".to_owned());
            let (table, name) = (table.map(str::to_owned), (*name).to_owned());
            (ObjectName { kind: *kind, schema, table, name }, Object { attributes })
        });
        Schema { objects: objects.collect(), ..Schema::default() }
    }

    #[test]
    fn no_two_tables_have_one_label() {
        assert_eq!(relation_label("public", "Order items"), "Order items");
        assert_eq!(relation_label("app", "Größe"), "app.Größe");
        assert_eq!(relation_label("public", "app.users"), "\"app.users\"");
        assert_eq!(relation_label("public", "\"app.users\""), "\"\"\"app.users\"\"\"");
    }

    #[test]
    fn keys_are_read_with_names_of_every_sort() {
        use ObjectKind::{Column, Constraint, Table};
        let of = Some("t");
        let schema = schema(&[
            (Table, None, "t", &[]),
            (Column, of, "b", &[("position", "2"), ("type", "text")]),
            (
                Column,
                of,
                "a \"",
                &[("position", "1"), ("type", "integer"), ("not null", "NOT NULL")],
            ),
            (Constraint, of, "k", &[("definition", "PRIMARY KEY (b, \"a \"\"\") INCLUDE (c)")]),
            (
                Constraint,
                of,
                "p",
                &[("definition", "UNIQUE NULLS NOT DISTINCT (b, p WITHOUT OVERLAPS)")],
            ),
            (
                Constraint,
                of,
                "f",
                &[(
                    "definition",
                    "FOREIGN KEY (b, PERIOD p) REFERENCES \"X y\".u(id, PERIOD \"p)\") ON DELETE SET NULL (b)",
                )],
            ),
        ]);
        let relations = schema.relations();
        let [table] = &relations[..] else { panic!("{relations:?}") };
        assert_eq!(table.columns.iter().map(|it| it.name).collect::<Vec<_>>(), ["a \"", "b"]);
        assert!(table.columns[0].is_not_null() && !table.columns[1].is_not_null());
        assert_eq!(table.primary_key, ["b", "a \""]);
        assert_eq!(table.unique, [["b", "p"]]);
        let expected = ForeignKey {
            name: "f",
            columns: vec!["b".to_owned(), "p".to_owned()],
            target: ("X y".to_owned(), "u".to_owned()),
            target_columns: vec!["id".to_owned(), "p)".to_owned()],
        };
        assert_eq!(table.foreign_keys, [expected]);
    }
}
