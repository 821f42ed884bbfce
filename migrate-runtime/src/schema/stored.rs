//! A schema as the database keeps it: as JSON, which the database itself takes apart again.

use super::read::attribute_name;
use super::{Attribute, ObjectKind, ObjectName, Schema};
use crate::quote::json_text;
use crate::reply_row::ReplyRow;

/// Goes up whenever the queries begin to tell something else of the same objects: what was stored by another
/// reader cannot be compared with what this one reads.
pub(crate) const READER: u32 = 3;

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
    pub(crate) fn from_stored(rows: impl Iterator<Item = ReplyRow>) -> Option<Schema> {
        let mut schema = Schema::default();
        for row in rows {
            let cell = |at: usize| row.get(at).map(str::to_owned);
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

#[cfg(test)]
mod tests {
    use migrate_core::Checksum;

    use super::super::message;
    use super::*;

    /// Whoever changes a query decides: where it tells something else of an object that is as it was, [`READER`]
    /// goes up, or every database would seem to have drifted. In either case the checksum is entered anew.
    #[test]
    fn what_queries_tell_has_a_number() {
        let messages = (13..=18).map(|it| message(it * 10_000, "public")).collect::<String>();
        let known = (3, "ea747cc8aea2fa7cc02a7b0504973c37b654813ba1c2d5de784aff2e4cc25973");
        assert_eq!((READER, Checksum::of(&messages).to_string().as_str()), known);
    }

    #[test]
    fn a_schema_is_stored_as_json() {
        let name = ObjectName {
            kind: ObjectKind::Column,
            schema: Some("public".to_owned()),
            table: Some("we\"ird".to_owned()),
            name: "a\\\n".to_owned(),
        };
        let attributes = vec![Attribute { name: "type", value: "\"my type\"".to_owned() }];
        let mut schema = Schema::default();
        schema.objects.insert(name.clone(), super::super::Object { attributes });
        let hash = schema.objects[&name].hash(&name);
        let expected = format!(
            r#"[{{"kind": "column", "schema": "public", "table": "we\"ird", "name": "a\\\u000a", "hash": "{hash}", "attributes": [["type", "\"my type\""]]}}]"#
        );
        assert_eq!(schema.to_stored(), expected);

        let row =
            |cells: &[&str]| cells.iter().map(|it| Some((*it).to_owned())).collect::<Vec<_>>();
        let row = row(&["column", "public", "we\"ird", "a\\\n", "type", "\"my type\""]);
        let mut other = row.clone();
        other[4] = Some("colour".to_owned());
        assert_eq!(Schema::from_stored([row.into()].into_iter()), Some(schema));
        assert_eq!(Schema::from_stored([other.into()].into_iter()), None);
    }
}
