//! The schema as plain Rust: constants for those who write their SQL themselves.
//!
//! A module for each schema, `public` too, so that no table is in the way of another schema; in it one for each
//! table, view and enum. Nothing but `core` is used, and it compiles without a warning whatever the names
//! are, as a module of its own and by `include!`: that is why attributes stand before items, and never
//! before the whole.
//!
//! Partitions are left out: they have the columns of their parent, and come and go with the days.

mod name;
mod text;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use self::name::{Case, identifiers, module};
use self::text::{doc, literal, literals, optional, quoted_texts};
use super::name::spelt;
use super::{Column, ForeignKey, Object, ObjectKind, ObjectName, Relation, Schema};

/// What the constants are made of.
const HEAD: &str = include_str!("head.txt");

/// What the module of a schema is allowed: it is as the database is, and nobody has to use all of it. A column is
/// a line, however long, which no formatter shall break.
const ALLOWED: &str =
    "(dead_code, non_snake_case, unreachable_pub, clippy::all, clippy::pedantic, rustdoc::all)";

/// What a module of a table has whatever its columns are called.
const OF_A_TABLE: [&str; 6] = ["NAME", "TABLE", "COLUMNS", "PRIMARY_KEY", "UNIQUE", "FOREIGN_KEYS"];

/// What a module of an enum has whatever its labels are.
const OF_AN_ENUM: [&str; 3] = ["NAME", "TYPE", "LABELS"];

/// What the head of the file needs, and a module beside it would hide.
const OF_THE_HEAD: [&str; 2] = ["bool", "str"];

/// What gets a module of its own.
enum Item<'s> {
    Relation(Relation<'s>),
    Enum(&'s ObjectName, &'s Object),
}

impl<'s> Item<'s> {
    fn name(&self) -> &'s ObjectName {
        match self {
            Item::Relation(it) => it.name,
            Item::Enum(name, _) => name,
        }
    }

    fn write(&self, text: &mut String, module: &str) {
        let (name, object) = match self {
            Item::Relation(it) => (it.name, it.object),
            Item::Enum(name, object) => (*name, *object),
        };
        let what = format!("The {} {}.", name.kind.as_str(), name.qualified());
        doc(text, 1, &what, object.get("comment"));
        let _ = writeln!(text, "    pub mod {module} {{");
        match self {
            Item::Relation(it) => write_relation(text, it),
            Item::Enum(name, object) => write_enum(text, name, object),
        }
        text.push_str("    }\n");
    }
}

impl Schema {
    /// The schema as plain Rust without dependencies: tables, views, columns, keys and enums as constants.
    ///
    /// The same schema gives the same text. It may be a module (`mod schema;`) or be included (`include!`).
    /// Identifiers are in ASCII, whatever the names are; those that would be the same have a number behind
    /// them.
    pub fn to_rust(&self) -> String {
        let mut modules: BTreeMap<&str, Vec<Item<'_>>> = BTreeMap::new();
        for item in self.items() {
            let schema = item.name().schema.as_deref().unwrap_or_default();
            modules.entry(schema).or_default().push(item);
        }
        let names: Vec<&str> = modules.keys().copied().collect();
        let identifiers = identifiers(&names, Case::Lower, &OF_THE_HEAD);
        let mut text = HEAD.to_owned();
        for ((schema, items), identifier) in modules.iter().zip(&identifiers) {
            text.push('\n');
            let what = format!("The schema {}.", spelt(schema));
            doc(&mut text, 0, &what, self.comment_of_schema(schema));
            let _ = writeln!(text, "#[allow{ALLOWED}]\n#[rustfmt::skip]");
            let _ = writeln!(text, "pub mod {} {{", module(identifier));
            write_items(&mut text, items);
            text.push_str("}\n");
        }
        text
    }

    /// In the order of their names.
    fn items(&self) -> Vec<Item<'_>> {
        let relations = self.relations().into_iter();
        let relations = relations.filter(|it| it.object.get("parent").is_none());
        let enums = self.objects.iter().filter(|it| it.0.kind == ObjectKind::Enum);
        let enums = enums.map(|(name, object)| Item::Enum(name, object));
        let mut items: Vec<_> = relations.map(Item::Relation).chain(enums).collect();
        items.sort_by_key(|it| &it.name().name);
        items
    }

    fn comment_of_schema(&self, schema: &str) -> Option<&str> {
        self.objects.get(&ObjectName::of_schema(schema))?.get("comment")
    }
}

fn write_items(text: &mut String, items: &[Item<'_>]) {
    let names: Vec<&str> = items.iter().map(|it| it.name().name.as_str()).collect();
    let identifiers = identifiers(&names, Case::Lower, &[]);
    for (index, (item, identifier)) in items.iter().zip(&identifiers).enumerate() {
        if index > 0 {
            text.push('\n');
        }
        item.write(text, &module(identifier));
    }
}

fn write_relation(text: &mut String, it: &Relation<'_>) {
    let names: Vec<&str> = it.columns.iter().map(|it| it.name).collect();
    let identifiers = identifiers(&names, Case::Upper, &OF_A_TABLE);
    let unique: Vec<String> = it.unique.iter().map(|it| literals(it)).collect();
    let foreign: Vec<String> = it.foreign_keys.iter().map(foreign_key).collect();
    text.push_str("        use super::super::{Column, ForeignKey};\n\n");
    constant(text, "Its name alone.", "NAME", "&str", &literal(&it.name.name));
    constant(text, "Its name, as SQL writes it.", "TABLE", "&str", &literal(&it.name.qualified()));
    let columns = format!("&[{}]", identifiers.join(", "));
    constant(text, "Its columns, in their order.", "COLUMNS", "&[Column]", &columns);
    let key = literals(&it.primary_key);
    constant(
        text,
        "The columns of its primary key; empty without one.",
        "PRIMARY_KEY",
        "&[&str]",
        &key,
    );
    let unique = format!("&[{}]", unique.join(", "));
    constant(text, "The columns of each unique constraint.", "UNIQUE", "&[&[&str]]", &unique);
    let foreign = format!("&[{}]", foreign.join(", "));
    constant(text, "Its foreign keys.", "FOREIGN_KEYS", "&[ForeignKey]", &foreign);
    for (column, identifier) in it.columns.iter().zip(&identifiers) {
        text.push('\n');
        write_column(text, column, identifier);
    }
}

fn constant(text: &mut String, about: &str, name: &str, of: &str, value: &str) {
    let _ = writeln!(text, "        /// {about}\n        pub const {name}: {of} = {value};");
}

fn write_column(text: &mut String, it: &Column<'_>, identifier: &str) {
    let sql_type = it.object.get("type").unwrap_or_default();
    let null = if it.is_not_null() { ", not null" } else { "" };
    doc(text, 2, &format!("{sql_type}{null}"), it.object.get("comment"));
    let _ = writeln!(
        text,
        "        pub const {identifier}: Column = Column {{ name: {}, sql: {}, sql_type: {}, nullable: {}, \
         default: {}, generated: {}, identity: {} }};",
        literal(it.name),
        literal(&spelt(it.name)),
        literal(sql_type),
        !it.is_not_null(),
        optional(it.object.get("default")),
        optional(it.object.get("generated").map(expression)),
        optional(it.object.get("identity")),
    );
}

/// What is computed, of `ALWAYS AS (a + 1) STORED`.
fn expression(generated: &str) -> &str {
    let inside = generated.strip_prefix("ALWAYS AS (").and_then(|it| it.rsplit_once(") "));
    inside.map_or(generated, |it| it.0)
}

fn foreign_key(it: &ForeignKey<'_>) -> String {
    let (schema, table) = &it.target;
    format!(
        "ForeignKey {{ name: {}, columns: {}, target: {}, target_columns: {} }}",
        literal(it.name),
        literals(&it.columns),
        literal(&format!("{}.{}", spelt(schema), spelt(table))),
        literals(&it.target_columns),
    )
}

fn write_enum(text: &mut String, name: &ObjectName, object: &Object) {
    let labels = quoted_texts(object.get("labels").unwrap_or_default());
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    let identifiers = identifiers(&names, Case::Upper, &OF_AN_ENUM);
    constant(text, "Its name alone.", "NAME", "&str", &literal(&name.name));
    constant(text, "Its name, as SQL writes it.", "TYPE", "&str", &literal(&name.qualified()));
    let all = format!("&[{}]", identifiers.join(", "));
    constant(text, "Its labels, in their order.", "LABELS", "&[&str]", &all);
    for (label, identifier) in labels.iter().zip(&identifiers) {
        constant(text, "A label.", identifier, "&str", &literal(label));
    }
}
