//! The stamp of the catalogs: while it is the same, nothing of a schema has changed, and no object needs to be read.
//!
//! Whoever changes an object makes PostgreSQL write another version of a row in some catalog: at another place
//! (`ctid`), by another transaction (`xmin`). The stamp is a hash over places and transactions of the rows. What is
//! written where it stands (`heap_inplace_update` in PostgreSQL's sources) is how big and how old tables are and whether
//! they have indexes, rules and triggers, which is not read from there; and, up to version 13, whether an index is
//! valid, which the stamp has in it. The names of the roles that own something here, or may do something, are in it too.
//!
//! A table that is emptied, or a temporary one, makes another stamp though nothing has drifted: then the objects tell.
//!
//! What the server brings has lower numbers than what users make (`FirstNormalObjectId`), and most of its rows are of
//! the server's very first transaction. What a superuser does to it without `allow_system_table_mods` is in the stamp
//! where objects of users would be told in other words; not, say, the comment of a function of `pg_catalog` that is moved
//! to another schema and commented on again, nor what somebody made in single-user mode before the first start.

use crate::quote::fill;

const BY_OID: &str = "t.oid >= 16384";

/// What is called by its name may be renamed, which writes its row anew.
const NAMED: &str = "t.oid >= 16384 OR t.xmin <> '1'";

/// A few rows, which anybody may have changed.
const ALL: &str = "true";

/// The catalogs, and which of their rows have a part in it. `pg_publication_namespace`, which not every version has, is not
/// among them: each of its rows has some of `pg_depend`, and is never changed.
const CATALOGS: [(&str, &str); 43] = [
    ("pg_aggregate", "t.aggfnoid >= 16384"),
    ("pg_am", ALL),
    ("pg_amop", BY_OID),
    ("pg_amproc", BY_OID),
    ("pg_attrdef", BY_OID),
    // The views of the server and of information_schema, which have higher numbers than its tables, may be altered.
    ("pg_attribute", "t.attrelid >= 12000"),
    ("pg_cast", BY_OID),
    ("pg_class", "t.oid >= 12000"),
    ("pg_collation", NAMED),
    ("pg_constraint", BY_OID),
    ("pg_default_acl", BY_OID),
    // Anything may become part of an extension.
    ("pg_depend", "t.objid >= 16384 OR t.deptype = 'e'"),
    (
        "pg_description",
        "t.objoid >= 16384 OR t.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass",
    ),
    ("pg_enum", BY_OID),
    ("pg_event_trigger", BY_OID),
    ("pg_extension", ALL),
    ("pg_foreign_data_wrapper", BY_OID),
    ("pg_foreign_server", BY_OID),
    ("pg_foreign_table", "t.ftrelid >= 16384"),
    ("pg_index", "t.indexrelid >= 16384"),
    ("pg_inherits", "t.inhrelid >= 16384"),
    ("pg_language", ALL),
    // Those of temporary tables are there from the first one on.
    ("pg_namespace", "t.nspname !~ '^pg_(toast_)?temp_'"),
    ("pg_opclass", NAMED),
    ("pg_operator", NAMED),
    ("pg_opfamily", NAMED),
    ("pg_partitioned_table", "t.partrelid >= 16384"),
    ("pg_policy", BY_OID),
    ("pg_proc", NAMED),
    ("pg_publication", BY_OID),
    ("pg_publication_rel", BY_OID),
    ("pg_range", "t.rngtypid >= 16384"),
    ("pg_rewrite", BY_OID),
    ("pg_sequence", "t.seqrelid >= 16384"),
    ("pg_statistic_ext", BY_OID),
    // Of all databases; those that are in use here.
    ("pg_tablespace", "t.oid IN (SELECT c.reltablespace FROM pg_catalog.pg_class c)"),
    ("pg_trigger", BY_OID),
    ("pg_ts_config", ALL),
    ("pg_ts_config_map", "t.mapcfg >= 16384"),
    ("pg_ts_dict", ALL),
    ("pg_ts_parser", ALL),
    ("pg_ts_template", ALL),
    ("pg_type", NAMED),
];

/// One statement: the stamp of the catalogs, for servers of any version.
pub(crate) fn stamp_query() -> String {
    let hashes = CATALOGS.iter().enumerate().map(|(number, (catalog, rows))| {
        let more = if *catalog == "pg_index" { " || t.indisvalid" } else { "" };
        // Another seed for each catalog.
        let number = number.to_string();
        let values = [("catalog", *catalog), ("rows", *rows), ("more", more), ("number", &number)];
        fill(include_str!("stamp.sql"), &values).trim().to_owned()
    });
    let roles = include_str!("stamp_of_roles.sql").trim().to_owned();
    let hashes: Vec<_> = hashes.chain([roles]).collect();
    format!(
        "SELECT pg_catalog.sum(hash)::pg_catalog.text FROM (\n{}) hashes",
        hashes.join("\nUNION ALL ")
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::message;
    use super::*;

    /// What functions that write objects down read, and no query of ours.
    const READ_BY_FUNCTIONS: [&str; 2] = ["pg_partitioned_table", "pg_ts_dict"];

    /// The catalogs that a statement reads; functions are not among them.
    fn catalogs(sql: &str) -> BTreeSet<&str> {
        let after = |before: &'static str| sql.match_indices(before).map(|it| it.0 + before.len());
        let names = ["FROM pg_catalog.", "JOIN pg_catalog."].into_iter().flat_map(after);
        let names = names.filter_map(|at| {
            let rest = &sql[at..];
            let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_')?;
            (!rest[end..].starts_with('(')).then_some(&rest[..end])
        });
        names.collect()
    }

    #[test]
    fn every_catalog_that_is_read_has_a_part_in_the_stamp() {
        let stamp = stamp_query();
        let stamped = catalogs(&stamp);
        for version in [130_000, 140_000, 150_000, 180_000] {
            let read = message(version, "public");
            let mut read = catalogs(&read);
            assert!(read.len() > 30, "{read:?}");
            read.extend(READ_BY_FUNCTIONS);
            read.remove("pg_publication_namespace");
            let missing: Vec<_> = read.difference(&stamped).collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    }
}
