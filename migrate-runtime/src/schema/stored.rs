//! A schema as the database keeps it: as JSON, which the database itself takes apart again.

use super::read::attribute_name;
use super::{Attribute, ObjectKind, ObjectName, Schema};
use crate::quote::json_text;

/// Goes up whenever the queries begin to tell something else of the same objects: what was stored by another
/// reader cannot be compared with what this one reads.
pub(crate) const READER: u32 = 1;

impl Schema {
    /// A JSON array with an object for each object.
    pub(crate) fn to_stored(&self) -> String {
        let objects = self.objects.iter().map(|(name, object)| {
            let attribute =
                |it: &Attribute| format!("[{}, {}]", text(it.name), text(it.value.as_str()));
            let attributes: Vec<_> = object.attributes.iter().map(attribute).collect();
            format!(
                r#"{{"kind": {}, "schema": {}, "table": {}, "name": {}, "hash": "{}", "attributes": [{}]}}"#,
                text(name.kind.as_str()),
                name.schema.as_deref().map_or("null".to_owned(), text),
                name.table.as_deref().map_or("null".to_owned(), text),
                text(&name.name),
                object.hash(name),
                attributes.join(", ")
            )
        });
        format!("[{}]", objects.collect::<Vec<_>>().join(",\n"))
    }

    /// Understands what the database makes of it: a row for each attribute, and one for each object that has
    /// none. Nothing where that was not written by this reader.
    pub(crate) fn from_stored<'r>(
        rows: impl Iterator<Item = &'r [Option<String>]>,
    ) -> Option<Schema> {
        let mut schema = Schema::default();
        for row in rows {
            let cell = |at: usize| row.get(at).cloned().flatten();
            let name = ObjectName {
                kind: ObjectKind::parse(&cell(0)?)?,
                schema: cell(1),
                table: cell(2),
                name: cell(3)?,
            };
            let object = schema.objects.entry(name).or_default();
            if let Some(attribute) = cell(4) {
                let (name, value) = (attribute_name(&attribute)?, cell(5)?);
                object.attributes.push(Attribute { name, value });
            }
        }
        Some(schema)
    }
}

fn text(text: &str) -> String {
    format!("\"{}\"", json_text(text))
}
