//! Reading the catalogs: one message, whatever the number of objects, with one query for each family of them.
//!
//! Each query gives the number of the object, kind, schema, table, name, and what is known of it, in the order of
//! its family's list here; the last one gives what needs what, by their numbers. Who only compares asks neither for
//! numbers nor for needs. It is read in one snapshot with an empty path, so that PostgreSQL writes every name with its
//! schema. Nothing is locked: what is dropped while it is being read may make a query fail.

mod families;
mod stamp;

use std::collections::{BTreeMap, HashMap};

use families::{FAMILIES, Family};
pub(crate) use stamp::stamp_query;

use super::needs::{Numbers, Row};
use super::{Attribute, Object, ObjectKind, ObjectName, ReadOn, Schema};
use crate::quote::{fill, literal};
use crate::reply_row::ReplyRow;

/// Begins the snapshot; its last statement tells the version of the server, and the day.
pub(crate) const BEGIN: &str = include_str!("begin.sql");

/// The number in [`BEGIN`]'s answer of the statement that tells the version.
pub(crate) const FIRST: usize = 11;

/// The queries, for a server of a version (`server_version_num`) with the history in `schema`.
pub(crate) fn message(version: u32, schema: &str) -> String {
    let queries = FAMILIES.iter().map(|it| it.query(version, schema, include_str!("id.sql")));
    let last = [include_str!("needs.sql").trim(), "COMMIT"].map(str::to_owned);
    queries.chain(last).collect::<Vec<_>>().join(";\n")
}

/// As [`message`], without what needs what, and without the numbers of the objects: enough to compare.
pub(crate) fn message_to_compare(version: u32, schema: &str) -> String {
    let queries = FAMILIES.iter().map(|it| it.query(version, schema, "NULL"));
    queries.chain(["COMMIT".to_owned()]).collect::<Vec<_>>().join(";\n")
}

/// Understands the answer to one of the two, row by row: a long one is not kept beside what is made of it.
#[derive(Default)]
pub(crate) struct Objects {
    found: Vec<(ObjectName, Object)>,
    names: HashMap<String, ObjectName>,
    needs: Vec<Row>,
}

impl Objects {
    /// Takes a row of the query with this number.
    pub(crate) fn take(&mut self, query: usize, row: &ReplyRow) {
        let Some(family) = FAMILIES.get(query) else { return self.needs.extend(need(row)) };
        let kind = row.get(1).and_then(ObjectKind::parse);
        let (Some(kind), Some(name)) = (kind, row.text(4)) else { return };
        let name = ObjectName { kind, schema: row.text(2), table: row.text(3), name };
        let attribute = |(at, name): (usize, &&'static str)| {
            row.text(5 + at).map(|value| Attribute { name, value })
        };
        let mut attributes: Vec<_> =
            family.attributes.iter().enumerate().filter_map(attribute).collect();
        // Most have few, and there are many objects.
        attributes.shrink_to_fit();
        self.names.extend(row.text(0).map(|it| (it, name.clone())));
        self.found.push((name, Object { attributes }));
    }

    /// What came of it, on a day.
    pub(crate) fn finish(self, day: Option<i64>) -> Schema {
        let objects: BTreeMap<_, _> = self.found.into_iter().collect();
        let needs = Numbers { names: self.names, objects: &objects }.needs(&self.needs);
        Schema { objects, read_on: ReadOn(day), needs }
    }
}

fn need(row: &ReplyRow) -> Option<Row> {
    let (object, needed, how) = (row.text(0)?, row.text(1)?, row.text(2)?);
    Some(Row { object, needed, how, is_part: row.get(3).is_some(), is_type: row.get(4).is_some() })
}

/// What an attribute is called, where it is one.
pub(super) fn attribute_name(name: &str) -> Option<&'static str> {
    FAMILIES.iter().flat_map(|it| it.attributes).find(|it| **it == name).copied()
}

impl Family {
    fn query(&self, version: u32, schema: &str, id: &str) -> String {
        let users = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
        let (class, oid) = self.id;
        let schema = literal(schema);
        let is_member = |(class, oid)| {
            fill(include_str!("member.sql"), &[("class", class), ("oid", oid)]).trim().to_owned()
        };
        let relations = fill(
            include_str!("relations.sql"),
            &[
                ("is_users", users),
                ("is_no_member", &is_member(("pg_class", "c.oid"))),
                ("schema", &schema),
            ],
        );
        let column = if class == "pg_class" && oid == "a.attrelid" { "a.attnum" } else { "0" };
        let of_object = [("class", class), ("oid", oid), ("column", column)];
        let part = |sql| fill(sql, &of_object).trim().to_owned();
        let mut values = vec![
            ("id", part(id)),
            ("items", part(include_str!("operator_items.sql"))),
            ("is_users", users.to_owned()),
            ("is_no_member", is_member(self.id)),
            ("relations", relations.trim().to_owned()),
            ("schema", schema),
            ("comment", part(include_str!("comment.sql"))),
            ("grants", self.grants()),
        ];
        for (name, since, new, old) in families::VERSIONS {
            values.push((name, (if version >= since * 10_000 { new } else { old }).to_owned()));
        }
        let values: Vec<_> = values.iter().map(|it| (it.0, it.1.as_str())).collect();
        fill(self.sql, &values).trim().to_owned()
    }

    fn grants(&self) -> String {
        let Some([acl, default, owner]) = self.grants else { return "NULL".to_owned() };
        let grantee = fill(include_str!("grantee.sql"), &[("owner", owner)]);
        let values = [("acl", acl), ("default", default), ("grantee", grantee.trim())];
        fill(include_str!("grants.sql"), &values).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_is_filled_and_its_names_are_qualified() {
        let versions = [130_000, 140_000, 150_000, 180_000];
        let messages = versions.map(|it| [message(it, "public"), message_to_compare(it, "public")]);
        for message in messages.as_flattened() {
            assert!(!message.contains('{') && !message.contains('}'), "{message}");
            for before in ["FROM ", "JOIN "] {
                for (at, _) in message.match_indices(before) {
                    let next = &message[at + before.len()..];
                    let is_ours =
                        ["pg_catalog.", "(", "= '", "{"].iter().any(|it| next.starts_with(it));
                    assert!(is_ours || next.starts_with('\n'), "{}", &next[..60.min(next.len())]);
                }
            }
        }
    }
}
