//! The tables that are printed, with what is printed of them.

use super::keys::KeyNames;
use super::names::rust_name;
use super::types::DieselType;
use super::{DieselColumns, DieselOptions};
use crate::schema::{ObjectKind, ObjectName, Relation, Schema};

/// A table or view.
#[derive(Clone, Debug)]
pub(super) struct Table<'s> {
    pub(super) name: &'s str,
    pub(super) rust_name: String,
    /// Its name with the schema, if that is not `public`.
    pub(super) full_name: String,
    /// The same in Rust.
    pub(super) path: String,
    /// The columns of its primary key, as they are.
    pub(super) sql_key: Vec<String>,
    pub(super) columns: Vec<TableColumn<'s>>,
    pub(super) comment: Option<&'s str>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(super) struct TableColumn<'s> {
    pub(super) name: &'s str,
    pub(super) rust_name: String,
    pub(super) diesel_type: DieselType,
    /// Whether the type has to be defined, and imported.
    pub(super) is_custom: bool,
    pub(super) comment: Option<&'s str>,
}

/// The tables to print, and the names of those that have no primary key.
pub(super) fn tables<'s>(
    schema: &'s Schema,
    relations: &[Relation<'s>],
    options: &DieselOptions,
) -> (Vec<Table<'s>>, Vec<&'s ObjectName>) {
    let names = KeyNames::of(schema);
    let (mut tables, mut without_key) = (Vec::new(), Vec::new());
    for relation in relations.iter().filter(|it| is_wanted(it.name, options)) {
        let is_table = relation.name.kind == ObjectKind::Table;
        let key = if is_table { names.columns(relation, schema) } else { key_of_view(relation) };
        if key.is_empty() {
            without_key.push(relation.name);
        } else {
            tables.push(table(relation, key, schema, options));
        }
    }
    (tables, without_key)
}

fn is_wanted(name: &ObjectName, options: &DieselOptions) -> bool {
    use ObjectKind as K;
    let is_kind = name.kind == K::Table
        || options.views && matches!(name.kind, K::View | K::MaterializedView);
    let is_here = name.schema.as_deref() == Some(options.schema());
    // Diesel keeps names like that to itself.
    is_kind && is_here && !name.name.starts_with("__") && options.tables.has(&name.name)
}

/// What stands in for the key that a view does not have.
fn key_of_view(view: &Relation<'_>) -> Vec<String> {
    let id = view.columns.iter().find(|it| it.name == "id");
    id.or(view.columns.first()).map(|it| it.name.to_owned()).into_iter().collect()
}

fn table<'s>(
    relation: &Relation<'s>,
    sql_key: Vec<String>,
    schema: &Schema,
    options: &DieselOptions,
) -> Table<'s> {
    let name = relation.name.name.as_str();
    let own = rust_name(name, None);
    let (full_name, path) = match options.schema() {
        "public" => (name.to_owned(), own.clone()),
        home => (format!("{home}.{name}"), format!("{}.{own}", rust_name(home, None))),
    };
    let column = |it: &_| {
        let diesel_type = DieselType::of(it, schema, options);
        let is_left = options.without_custom_types
            || options.except_custom_types.contains(&diesel_type.rust_name);
        TableColumn {
            name: it.name,
            rust_name: rust_name(it.name, Some(&own)),
            is_custom: !diesel_type.is_known() && !is_left,
            diesel_type,
            comment: it.object.get("comment"),
        }
    };
    let mut columns: Vec<_> = relation.columns.iter().map(column).collect();
    if options.columns == DieselColumns::ByName {
        columns.sort_by_key(|it| it.name);
    }
    let comment = relation.object.get("comment");
    Table { name, rust_name: own, full_name, path, sql_key, columns, comment }
}

impl Table<'_> {
    /// The columns of its primary key, in Rust.
    pub(super) fn key(&self) -> String {
        let key = self.sql_key.iter().map(|it| rust_name(it, Some(&self.rust_name)));
        key.collect::<Vec<_>>().join(", ")
    }
}
