//! A schema as the database keeps it: as JSON, which the database itself takes apart again.

use std::fmt::{self, Write};

use migrate_core::Checksum;

use super::read::attribute_name;
use super::{Attribute, ObjectKind, ObjectName, Schema};
use crate::quote::push_json;
use crate::reply_row::ReplyRow;

/// Goes up whenever the queries begin to tell something else of the same objects: what was stored by another
/// reader cannot be compared with what this one reads.
pub(crate) const READER: u32 = 3;

impl Schema {
    /// Writes a JSON array with an object for each object; `hashes` are theirs.
    ///
    /// It is as long as all definitions together, and put together where it stays.
    pub(crate) fn write_stored(&self, hashes: &[Checksum], json: &mut impl Write) -> fmt::Result {
        debug_assert_eq!(hashes.len(), self.objects.len());
        json.write_str("[")?;
        for (at, ((name, object), hash)) in self.objects.iter().zip(hashes).enumerate() {
            json.write_str(if at == 0 { "{\"kind\": " } else { ",\n{\"kind\": " })?;
            push(json, Some(name.kind.as_str()))?;
            json.write_str(r#", "schema": "#)?;
            push(json, name.schema.as_deref())?;
            json.write_str(r#", "table": "#)?;
            push(json, name.table.as_deref())?;
            json.write_str(r#", "name": "#)?;
            push(json, Some(&name.name))?;
            write!(json, r#", "hash": "{hash}", "attributes": ["#)?;
            for (at, Attribute { name, value }) in object.attributes.iter().enumerate() {
                json.write_str(if at == 0 { "[" } else { ", [" })?;
                push(json, Some(name))?;
                json.write_str(", ")?;
                push(json, Some(value))?;
                json.write_str("]")?;
            }
            json.write_str("]}")?;
        }
        json.write_str("]")
    }

    /// Understands what the database makes of it: a row for each attribute, and one for each object that has
    /// none. Nothing where that was not written by this reader.
    pub(crate) fn from_stored(rows: impl Iterator<Item = ReplyRow>) -> Option<Schema> {
        let mut schema = Schema::default();
        for row in rows {
            let name = ObjectName {
                kind: ObjectKind::parse(row.get(0)?)?,
                schema: row.text(1),
                table: row.text(2),
                name: row.text(3)?,
            };
            let object = schema.objects.entry(name).or_default();
            if let Some(attribute) = row.get(4) {
                let (name, value) = (attribute_name(attribute)?, row.text(5)?);
                object.attributes.push(Attribute { name, value });
            }
        }
        Some(schema)
    }
}

/// A JSON string, or `null`.
fn push(json: &mut impl Write, text: Option<&str>) -> fmt::Result {
    let Some(text) = text else { return json.write_str("null") };
    json.write_str("\"")?;
    push_json(json, text)?;
    json.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::super::{Object, message};
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
        let kind = Attribute { name: "type", value: "\"my type\"".to_owned() };
        let position = Attribute { name: "position", value: "1".to_owned() };
        let mut schema = Schema::default();
        schema.objects.insert(name.clone(), Object { attributes: vec![kind, position] });
        let ours = ObjectName {
            kind: ObjectKind::Schema,
            schema: None,
            table: None,
            name: "ours".to_owned(),
        };
        schema.objects.insert(ours, Object::default());
        let hashes = schema.hashes();
        let [one, two] = [&hashes[0], &hashes[1]];
        let expected = [
            format!(
                r#"[{{"kind": "schema", "schema": null, "table": null, "name": "ours", "hash": "{one}", "attributes": []}}"#
            ),
            format!(
                r#"{{"kind": "column", "schema": "public", "table": "we\"ird", "name": "a\\\u000a", "hash": "{two}", "attributes": [["type", "\"my type\""], ["position", "1"]]}}]"#
            ),
        ];
        let stored = |it: &Schema| {
            let mut json = String::new();
            it.write_stored(&it.hashes(), &mut json).unwrap();
            json
        };
        assert_eq!(stored(&schema), expected.join(",\n"));
        assert_eq!(stored(&Schema::default()), "[]");

        let row = |attribute: &str, value: &str| -> Vec<_> {
            let cells = ["column", "public", "we\"ird", "a\\\n", attribute, value];
            cells.map(|it| Some(it.to_owned())).into()
        };
        let whole =
            vec![Some("schema".to_owned()), None, None, Some("ours".to_owned()), None, None];
        let rows = [whole, row("type", "\"my type\""), row("position", "1")];
        assert_eq!(Schema::from_stored(rows.into_iter().map(Into::into)), Some(schema));
        let other = row("colour", "\"my type\"");
        assert_eq!(Schema::from_stored([other.into()].into_iter()), None);
    }
}
