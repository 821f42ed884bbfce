//! The schema in JSON. `docs/schema-json.md` says what is promised; fields are added, never renamed or removed.

use migrate_runtime::schema::{Column, ForeignKey, Object, ObjectName, Relation, Schema};
use serde::{Serialize, Serializer};

/// The number of the shape; it changes where a field would have to be renamed or removed.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct SchemaDocument<'s> {
    version: u32,
    relations: Vec<RelationDocument<'s>>,
    objects: Vec<ObjectDocument<'s>>,
}

/// A table or view.
#[derive(Serialize)]
struct RelationDocument<'s> {
    kind: &'static str,
    schema: Option<&'s str>,
    name: &'s str,
    comment: Option<&'s str>,
    /// Of a partition: the table that it belongs to, as SQL writes it.
    partition_of: Option<&'s str>,
    columns: Vec<ColumnDocument<'s>>,
    primary_key: Vec<String>,
    unique: Vec<Vec<String>>,
    foreign_keys: Vec<ForeignKeyDocument<'s>>,
}

#[derive(Serialize)]
struct ColumnDocument<'s> {
    name: &'s str,
    /// As SQL writes it.
    sql_type: &'s str,
    /// As the catalog names it.
    r#type: TypeDocument,
    nullable: bool,
    default: Option<&'s str>,
    generated: Option<&'s str>,
    identity: Option<&'s str>,
    comment: Option<&'s str>,
}

#[derive(Serialize)]
struct TypeDocument {
    schema: Option<String>,
    name: String,
    modifier: Option<String>,
    is_array: bool,
}

#[derive(Serialize)]
struct ForeignKeyDocument<'s> {
    name: &'s str,
    columns: Vec<String>,
    target: TargetDocument,
}

#[derive(Serialize)]
struct TargetDocument {
    schema: String,
    name: String,
    columns: Vec<String>,
}

/// Anything else too: as it is compared.
#[derive(Serialize)]
struct ObjectDocument<'s> {
    kind: &'static str,
    schema: Option<&'s str>,
    table: Option<&'s str>,
    name: &'s str,
    attributes: Attributes<'s>,
}

/// An object of JSON, in the order of the kind.
struct Attributes<'s>(&'s Object);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.attributes.iter().map(|it| (it.name, &it.value)))
    }
}

/// The schema as one object of JSON.
pub(crate) fn schema_json(schema: &Schema) -> String {
    let document = SchemaDocument {
        version: VERSION,
        relations: schema.relations().into_iter().map(relation).collect(),
        objects: schema.objects.iter().map(|(name, it)| object(name, it)).collect(),
    };
    // Only maps with keys that are no texts fail, and there is none.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn relation(it: Relation<'_>) -> RelationDocument<'_> {
    RelationDocument {
        kind: it.name.kind.as_str(),
        schema: it.name.schema.as_deref(),
        name: &it.name.name,
        comment: it.object.get("comment"),
        partition_of: it.object.get("parent"),
        columns: it.columns.into_iter().map(column).collect(),
        primary_key: it.primary_key,
        unique: it.unique,
        foreign_keys: it.foreign_keys.into_iter().map(foreign_key).collect(),
    }
}

fn column(it: Column<'_>) -> ColumnDocument<'_> {
    let nullable = !it.is_not_null();
    let object = it.object;
    ColumnDocument {
        name: it.name,
        sql_type: object.get("type").unwrap_or_default(),
        r#type: TypeDocument {
            schema: it.sql_type.schema,
            name: it.sql_type.name,
            modifier: it.sql_type.modifier,
            is_array: it.sql_type.is_array,
        },
        nullable,
        default: object.get("default"),
        generated: object.get("generated"),
        identity: object.get("identity"),
        comment: object.get("comment"),
    }
}

fn foreign_key(it: ForeignKey<'_>) -> ForeignKeyDocument<'_> {
    let (schema, name) = it.target;
    let target = TargetDocument { schema, name, columns: it.target_columns };
    ForeignKeyDocument { name: it.name, columns: it.columns, target }
}

fn object<'s>(name: &'s ObjectName, it: &'s Object) -> ObjectDocument<'s> {
    ObjectDocument {
        kind: name.kind.as_str(),
        schema: name.schema.as_deref(),
        table: name.table.as_deref(),
        name: &name.name,
        attributes: Attributes(it),
    }
}
