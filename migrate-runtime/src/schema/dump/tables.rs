//! The statements that make a table with its columns and constraints.

use super::super::name::spelt;
use super::super::sql::create::{self, constraint};
use super::super::sql::{comment, setting};
use super::super::{Object, ObjectKind, ObjectName, Schema};
use super::apart::Apart;
use super::children::{Families, Form};
use super::plain;

/// An object with its name.
type Known<'s> = (&'s ObjectName, &'s Object);

/// What is written down of a table.
pub(super) struct Tables<'s> {
    schema: &'s Schema,
    pub(super) families: Families<'s>,
}

impl<'s> Tables<'s> {
    pub(super) fn new(schema: &'s Schema) -> Tables<'s> {
        Tables { schema, families: Families::new(schema) }
    }

    /// The constraints of a table or domain, by name.
    pub(super) fn constraints(&self, of: &ObjectName) -> Vec<Known<'s>> {
        let schema = of.schema.as_deref().unwrap_or_default();
        self.schema.parts(ObjectKind::Constraint, schema, &of.name).collect()
    }

    /// Whether a constraint is made with what it is one of.
    pub(super) fn is_inside(&self, name: &ObjectName, object: &Object, apart: &Apart) -> bool {
        let definition = object.get("definition").unwrap_or_default();
        if apart.objects.contains(name) || definition.ends_with(" NOT VALID") {
            return false;
        }
        let Some((_, whole)) = self.schema.whole(name) else { return false };
        // The index of a partition comes on its own, and then joins the parent's.
        let is_split = ["parent", "partition key"].iter().any(|it| whole.get(it).is_some());
        is_check(object)
            || !is_split && !is_foreign_key(object) && !self.is_second(name, definition)
    }

    /// Whether a constraint is unique on the columns of another one: in one statement, it would be taken for the same.
    fn is_second(&self, name: &ObjectName, definition: &str) -> bool {
        let columns = |it: &str| {
            let rest =
                ["PRIMARY KEY ", "UNIQUE "].into_iter().find_map(|word| it.strip_prefix(word));
            rest.and_then(|it| it[it.find('(')?..].split_inclusive(')').next()).map(str::to_owned)
        };
        let Some((whole, own)) = self.schema.whole(name).zip(columns(definition)) else {
            return false;
        };
        let is_first = |it: &Known<'_>| {
            let other = it.1.get("definition").unwrap_or_default();
            let comes_first = other.starts_with("PRIMARY KEY ") || it.0.name < name.name;
            it.0 != name && comes_first && columns(other).as_ref() == Some(&own)
        };
        definition.starts_with("UNIQUE ") && self.constraints(whole.0).iter().any(is_first)
    }

    /// Whether a constraint comes with a parent's.
    pub(super) fn is_inherited(&self, name: &ObjectName, object: &Object) -> bool {
        if !is_check(object) || object.get("inheritance") != Some("inherited") {
            return false;
        }
        let form = self.schema.whole(name).map(|it| self.families.form(it.0, it.1));
        matches!(form, Some(Form::Child | Form::Partition))
    }

    /// The statements that make a table, without what has pieces of its own.
    pub(super) fn statements(
        &self,
        table: &ObjectName,
        object: &Object,
        apart: &Apart,
    ) -> Vec<String> {
        let form = self.families.form(table, object);
        let hidden: &[&str] = match form {
            Form::Joins => &["parent", "bounds", "parents"],
            _ => &[],
        };
        let columns = self.families.columns(table);
        let mut inside: Vec<String> = Vec::new();
        for (name, column) in &columns {
            inside.extend(self.column(name, column, object, form, apart));
        }
        let mut constraints = self.constraints(table);
        constraints
            .retain(|it| self.is_inside(it.0, it.1, apart) && !self.is_inherited(it.0, it.1));
        inside.extend(constraints.iter().map(|it| constraint(it.0, it.1)));
        let mut statements = vec![create::table(table, &object.without(hidden), &inside)];
        if form == Form::Child {
            statements.extend(self.deviations(table, &columns));
        }
        statements.extend(columns.iter().flat_map(|it| column_settings(it.0, it.1)));
        statements.extend(table_settings(table, object));
        let described = [(table, object)].into_iter().chain(columns.iter().copied());
        for (name, object) in described.chain(constraints) {
            statements.extend(described_as(name, object, self.schema));
        }
        statements
    }

    /// A column as it stands in `CREATE TABLE`, if it does.
    fn column(
        &self,
        name: &ObjectName,
        column: &Object,
        table: &Object,
        form: Form,
        apart: &Apart,
    ) -> Option<String> {
        let is_inherited = column.get("inheritance") == Some("inherited");
        if form == Form::Partition {
            return None;
        }
        if form == Form::Child && is_inherited {
            return self.own_not_null(name, column);
        }
        let mut column = plain::not_null(name, column);
        let identity = self.families.identity(name);
        let mut hidden = Vec::new();
        if identity.is_none() {
            // A partition has its parent's.
            hidden.push("identity");
        }
        if apart.objects.contains(name) {
            hidden.push("default");
        }
        if column.get("not null").is_some_and(|it| it.ends_with(" NOT VALID")) {
            hidden.push("not null");
        }
        column = column.without(&hidden);
        let of_type = table.get("row type").is_some();
        let text = create::column(
            name,
            &if of_type { column.without(&["type", "collation"]) } else { column },
        );
        let text = text.trim_end().to_owned();
        let identity = identity.map_or_else(String::new, |it| plain::identity(name, it.0, it.1));
        if !of_type {
            return Some(text + &identity);
        }
        let own = name.quoted();
        let rest = text.strip_prefix(&own).unwrap_or_default();
        (!rest.is_empty()).then(|| format!("{own} WITH OPTIONS {}{identity}", rest.trim_start()))
    }

    /// The not-null constraint of a column that a child has from a parent, where it has another name there.
    fn own_not_null(&self, name: &ObjectName, column: &Object) -> Option<String> {
        let own = column.get(plain::NOT_NULL_NAME)?;
        let parents = self.families.parents(self.schema.whole(name)?.0);
        let mut of_parents =
            parents.iter().filter_map(|it| self.families.inherited(&name.name, it));
        let inherited = of_parents.find_map(|it| it.get(plain::NOT_NULL_NAME));
        (inherited != Some(own)).then(|| {
            let not_null = column.get("not null").unwrap_or("NOT NULL");
            let rest = not_null.strip_prefix("NOT NULL").unwrap_or_default();
            format!("CONSTRAINT {} NOT NULL {}{rest}", spelt(own), name.quoted())
        })
    }

    /// What a child has that it did not inherit, of columns that it did.
    fn deviations(&self, table: &ObjectName, columns: &[(&ObjectName, &Object)]) -> Vec<String> {
        let parents = self.families.parents(table);
        let mut statements = Vec::new();
        for (name, column) in columns {
            if column.get("inheritance") != Some("inherited") {
                continue;
            }
            let of_parents =
                parents.iter().filter_map(|it| self.families.inherited(&name.name, it));
            let of_parents: Vec<&Object> = of_parents.collect();
            let mut alter = |what: &str| statements.push(alter_column(name, what));
            let default = of_parents.iter().find_map(|it| it.get("default"));
            match column.get("default") {
                own if own == default => {}
                Some(own) => alter(&format!("SET DEFAULT {own}")),
                None => alter("DROP DEFAULT"),
            }
            let is_not_null = |it: &&Object| it.get("not null").is_some();
            let has_name = column.get(plain::NOT_NULL_NAME).is_some();
            if is_not_null(column) && !of_parents.iter().any(is_not_null) && !has_name {
                alter("SET NOT NULL");
            }
        }
        statements
    }

    /// The statements by which a table joins its parents, if that is how it comes to them.
    pub(super) fn joins(&self, table: &ObjectName, object: &Object) -> Vec<String> {
        if self.families.form(table, object) != Form::Joins {
            return Vec::new();
        }
        let parents = self.families.parents(table);
        let own = table.qualified();
        match object.get("bounds") {
            Some(bounds) => parents
                .iter()
                .map(|it| {
                    format!("ALTER TABLE ONLY {} ATTACH PARTITION {own} {bounds}", it.qualified())
                })
                .collect(),
            None => parents
                .iter()
                .map(|it| format!("ALTER TABLE ONLY {own} INHERIT {}", it.qualified()))
                .collect(),
        }
    }
}

pub(super) fn is_check(constraint: &Object) -> bool {
    constraint.get("definition").is_some_and(|it| it.starts_with("CHECK "))
}

pub(super) fn is_foreign_key(constraint: &Object) -> bool {
    constraint.get("definition").is_some_and(|it| it.starts_with("FOREIGN KEY "))
}

/// The statement that gives an object its comment.
pub(super) fn described_as(name: &ObjectName, object: &Object, schema: &Schema) -> Option<String> {
    object.get("comment").map(|it| comment(name, Some(it), schema))
}

pub(super) fn alter_column(column: &ObjectName, what: &str) -> String {
    format!("ALTER TABLE ONLY {} ALTER COLUMN {} {what}", column.relation(), column.quoted())
}

/// What `CREATE TABLE` has no words for in every version.
pub(super) fn column_settings(column: &ObjectName, object: &Object) -> Vec<String> {
    let attributes = ["storage", "compression", "statistics target", "options"];
    let set = |it: &str| setting(column, it, object.get(it)?);
    let mut statements: Vec<_> = attributes.into_iter().filter_map(set).collect();
    if let Some(not_null) = object.get("not null").filter(|it| it.ends_with(" NOT VALID")) {
        let name = object.get(plain::NOT_NULL_NAME).unwrap_or_default();
        let (table, own) = (column.relation(), column.quoted());
        let (name, rest) = (spelt(name), &not_null["NOT NULL".len()..]);
        statements
            .push(format!("ALTER TABLE ONLY {table} ADD CONSTRAINT {name} NOT NULL {own}{rest}"));
    }
    statements
}

fn table_settings(table: &ObjectName, object: &Object) -> impl Iterator<Item = String> {
    let attributes = ["row level security", "row level security of its owner", "replica identity"];
    attributes.into_iter().filter_map(|it| {
        let value = object.get(it)?;
        // An index is not there yet.
        let is_index = it == "replica identity" && !["FULL", "NOTHING"].contains(&value);
        setting(table, it, value).filter(|_| !is_index)
    })
}
