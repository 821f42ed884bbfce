//! The stamp of the catalogs: while it is the same, nothing of a schema has changed, and no object needs to be read.
//!
//! Whoever changes an object makes PostgreSQL write another version of a row in some catalog: at another place
//! (`ctid`), by another transaction (`xmin`). The stamp is a hash over places and transactions of the rows. What is
//! written where it stands (`heap_inplace_update` in PostgreSQL's sources) is sizes and ages of tables, which are not
//! read; and, up to version 13, whether an index is valid, which the stamp has in it. The names of the roles
//! that own something here, or may do something, are in it too.
//!
//! A table that is emptied, or a temporary one, makes another stamp though nothing has drifted: then the objects tell.

use crate::quote::fill;

/// Catalogs of which an object is told by one column; what the server was made with has lower numbers there.
const CATALOGS: [(&str, &str); 34] = [
    ("pg_aggregate", "aggfnoid"),
    ("pg_amop", "amopfamily"),
    ("pg_amproc", "amprocfamily"),
    ("pg_attrdef", "oid"),
    ("pg_attribute", "attrelid"),
    ("pg_cast", "oid"),
    ("pg_class", "oid"),
    ("pg_collation", "oid"),
    ("pg_constraint", "oid"),
    ("pg_default_acl", "oid"),
    ("pg_depend", "objid"),
    ("pg_enum", "oid"),
    ("pg_event_trigger", "oid"),
    ("pg_foreign_data_wrapper", "oid"),
    ("pg_foreign_server", "oid"),
    ("pg_foreign_table", "ftrelid"),
    ("pg_index", "indexrelid"),
    ("pg_inherits", "inhrelid"),
    ("pg_opclass", "oid"),
    ("pg_operator", "oid"),
    ("pg_opfamily", "oid"),
    ("pg_partitioned_table", "partrelid"),
    ("pg_policy", "oid"),
    ("pg_proc", "oid"),
    ("pg_publication", "oid"),
    ("pg_publication_rel", "oid"),
    ("pg_range", "rngtypid"),
    ("pg_rewrite", "oid"),
    ("pg_sequence", "seqrelid"),
    ("pg_statistic_ext", "oid"),
    ("pg_trigger", "oid"),
    ("pg_ts_config_map", "mapcfg"),
    ("pg_type", "oid"),
    ("pg_description", "objoid"),
];

/// Catalogs with few rows, of which what the server brings may be changed, such as the schema `public`.
const WHOLE: [&str; 9] = [
    "pg_am",
    "pg_extension",
    "pg_language",
    "pg_namespace",
    "pg_tablespace",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
];

/// Catalogs with many rows that the server brings: what is called by its name may be renamed, which writes its row
/// anew, and most of these rows are of the server's very first transaction.
const NAMED: [&str; 6] =
    ["pg_collation", "pg_opclass", "pg_operator", "pg_opfamily", "pg_proc", "pg_type"];

/// One statement: the stamp of the catalogs, for servers of any version. `pg_publication_namespace`, which is not
/// everywhere, has no part in it: each of its rows has some of `pg_depend`, and is never changed.
pub(crate) fn stamp() -> String {
    let by_number = CATALOGS.iter().map(|(catalog, number)| {
        let more = match *catalog {
            it if NAMED.contains(&it) => " OR t.xmin <> '1'",
            "pg_description" => " OR t.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass",
            _ => "",
        };
        (*catalog, format!("t.{number} >= 16384{more}"))
    });
    let whole = WHOLE.iter().map(|catalog| {
        // Those of temporary tables are there from the first one on.
        let lasting = "t.nspname !~ '^pg_(toast_)?temp_'";
        (*catalog, (if *catalog == "pg_namespace" { lasting } else { "true" }).to_owned())
    });
    let hashes = by_number.chain(whole).enumerate().map(|(number, (catalog, rows))| {
        let more = if catalog == "pg_index" { " || t.indisvalid" } else { "" };
        let values = [
            ("catalog", catalog),
            ("rows", &rows),
            ("more", more),
            // Another seed for each catalog.
            ("number", &number.to_string()),
        ];
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
        for version in [130_000, 140_000, 150_000, 180_000] {
            let (read, stamp) = (message(version, "public"), stamp());
            let (read, stamped) = (catalogs(&read), catalogs(&stamp));
            assert!(read.len() > 30, "{read:?}");
            let missing = read.difference(&stamped);
            let missing: Vec<_> = missing.filter(|it| **it != "pg_publication_namespace").collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    }
}
