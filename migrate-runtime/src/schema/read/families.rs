//! The families of objects: a query each, and what its columns are called.

/// A family of objects that one query reads.
pub(super) struct Family {
    pub(super) sql: &'static str,
    /// The catalog and the number of the object there: what its comment and its extension are found by.
    pub(super) id: (&'static str, &'static str),
    /// Its list of grants, the one that it has unless told, and its owner.
    pub(super) grants: Option<[&'static str; 3]>,
    pub(super) attributes: &'static [&'static str],
}

/// Parts of queries that depend on the version of the server: since when the first one, before that the other.
pub(super) const VERSIONS: [(&str, u32, &str, &str); 9] = [
    ("multirange", 14, "r.rngmultitypid::pg_catalog.regtype::text", "NULL"),
    (
        "compression",
        14,
        "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END",
        "NULL",
    ),
    ("sql_body", 14, "pg_catalog.pg_get_function_sqlbody(p.oid)", "NULL"),
    ("published_schemas", 15, include_str!("published_schemas.sql"), ""),
    (
        "published_columns",
        15,
        "(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::pg_catalog.int2[]))",
        "NULL",
    ),
    ("published_rows", 15, "pg_catalog.pg_get_expr(r.prqual, r.prrelid)", "NULL"),
    // A column that is not null is a constraint with a name.
    ("not_null_join", 18, include_str!("not_null.sql"), ""),
    ("not_null_name", 18, "s.conname", "NULL"),
    (
        "not_null",
        18,
        "pg_catalog.concat_ws(' ', 'NOT NULL', CASE WHEN s.connoinherit THEN 'NO INHERIT' END, CASE WHEN NOT s.convalidated THEN 'NOT VALID' END)",
        "'NOT NULL'",
    ),
];

/// A family without grants.
const fn family(
    sql: &'static str,
    id: (&'static str, &'static str),
    attributes: &'static [&'static str],
) -> Family {
    Family { sql, id, grants: None, attributes }
}

/// What an object has that is told in SQL as a whole.
const DEFINED: &[&str] = &["definition", "owner", "comment"];

const WITH_GRANTS: &[&str] = &["definition", "owner", "grants", "comment"];

const RELATION: ([&str; 3], [&str; 3]) = (
    ["c.relacl", "pg_catalog.acldefault('r', c.relowner)", "c.relowner"],
    ["c.relacl", "pg_catalog.acldefault('s', c.relowner)", "c.relowner"],
);

pub(super) const FAMILIES: [Family; 26] = [
    Family {
        grants: Some(["n.nspacl", "pg_catalog.acldefault('n', n.nspowner)", "n.nspowner"]),
        ..family(
            include_str!("schemas.sql"),
            ("pg_namespace", "n.oid"),
            &["owner", "grants", "comment"],
        )
    },
    family(
        include_str!("extensions.sql"),
        ("pg_extension", "e.oid"),
        &["version", "schema", "owner", "comment"],
    ),
    Family {
        grants: Some(["t.typacl", "pg_catalog.acldefault('T', t.typowner)", "t.typowner"]),
        ..family(
            include_str!("types.sql"),
            ("pg_type", "t.oid"),
            &[
                "labels",
                "type",
                "collation",
                "default",
                "not null",
                "definition",
                "owner",
                "grants",
                "comment",
            ],
        )
    },
    Family {
        grants: Some(RELATION.0),
        ..family(
            include_str!("tables.sql"),
            ("pg_class", "c.oid"),
            &[
                "persistence",
                "row type",
                "parent",
                "bounds",
                "partition key",
                "parents",
                "access method",
                "options",
                "TOAST options",
                "tablespace",
                "server",
                "row level security",
                "row level security of its owner",
                "replica identity",
                "owner",
                "grants",
                "comment",
            ],
        )
    },
    Family {
        grants: Some(["a.attacl", "pg_catalog.acldefault('c', c.relowner)", "c.relowner"]),
        ..family(
            include_str!("columns.sql"),
            ("pg_class", "a.attrelid"),
            &[
                "position",
                "type",
                "collation",
                "not null",
                "default",
                "generated",
                "identity",
                "storage",
                "compression",
                "statistics target",
                "options",
                "foreign options",
                "inheritance",
                "name of its not-null constraint",
                "grants",
                "comment",
            ],
        )
    },
    family(
        include_str!("constraints.sql"),
        ("pg_constraint", "s.oid"),
        &["definition", "inheritance", "disabled triggers", "comment"],
    ),
    family(
        include_str!("indexes.sql"),
        ("pg_class", "x.oid"),
        &[
            "definition",
            "constraint",
            "validity",
            "clustering",
            "parent",
            "tablespace",
            "statistics targets",
            "comment",
        ],
    ),
    Family {
        grants: Some(RELATION.1),
        ..family(
            include_str!("sequences.sql"),
            ("pg_class", "c.oid"),
            &[
                "type",
                "start",
                "increment",
                "minimum",
                "maximum",
                "cache",
                "cycle",
                "persistence",
                "column",
                "identity",
                "owner",
                "grants",
                "comment",
            ],
        )
    },
    Family {
        grants: Some(RELATION.0),
        ..family(
            include_str!("views.sql"),
            ("pg_class", "c.oid"),
            &[
                "definition",
                "options",
                "data",
                "access method",
                "tablespace",
                "owner",
                "grants",
                "comment",
            ],
        )
    },
    Family {
        grants: Some(["p.proacl", "pg_catalog.acldefault('f', p.proowner)", "p.proowner"]),
        ..family(
            include_str!("functions.sql"),
            ("pg_proc", "p.oid"),
            &[
                "arguments",
                "result",
                "language",
                "window",
                "volatility",
                "strictness",
                "security",
                "leakproofness",
                "parallel safety",
                "cost",
                "rows",
                "support function",
                "settings",
                "body",
                "library",
                "definition",
                "owner",
                "grants",
                "comment",
            ],
        )
    },
    family(
        include_str!("triggers.sql"),
        ("pg_trigger", "t.oid"),
        &["definition", "state", "comment"],
    ),
    family(include_str!("rules.sql"), ("pg_rewrite", "r.oid"), &["definition", "state", "comment"]),
    family(
        include_str!("policies.sql"),
        ("pg_policy", "p.oid"),
        &["permissiveness", "command", "roles", "condition", "check", "comment"],
    ),
    family(
        include_str!("statistics.sql"),
        ("pg_statistic_ext", "s.oid"),
        &["definition", "statistics target", "owner", "comment"],
    ),
    family(
        include_str!("publications.sql"),
        ("pg_publication", "p.oid"),
        &["contents", "operations", "root", "generated columns", "owner", "comment"],
    ),
    family(
        include_str!("event_triggers.sql"),
        ("pg_event_trigger", "e.oid"),
        &["event", "function", "tags", "state", "owner", "comment"],
    ),
    Family {
        grants: Some([
            "a.defaclacl",
            "CASE WHEN a.defaclnamespace = 0 THEN pg_catalog.acldefault(CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype END, a.defaclrole) END",
            "a.defaclrole",
        ]),
        ..family(include_str!("default_privileges.sql"), ("pg_default_acl", "a.oid"), &["grants"])
    },
    family(include_str!("collations.sql"), ("pg_collation", "l.oid"), DEFINED),
    family(include_str!("operators.sql"), ("pg_operator", "o.oid"), DEFINED),
    family(include_str!("operator_families.sql"), ("pg_opfamily", "f.oid"), DEFINED),
    family(include_str!("operator_classes.sql"), ("pg_opclass", "o.oid"), DEFINED),
    family(include_str!("casts.sql"), ("pg_cast", "k.oid"), &["definition", "comment"]),
    Family {
        grants: Some(["w.fdwacl", "pg_catalog.acldefault('F', w.fdwowner)", "w.fdwowner"]),
        ..family(include_str!("wrappers.sql"), ("pg_foreign_data_wrapper", "w.oid"), WITH_GRANTS)
    },
    Family {
        grants: Some(["f.srvacl", "pg_catalog.acldefault('S', f.srvowner)", "f.srvowner"]),
        ..family(include_str!("servers.sql"), ("pg_foreign_server", "f.oid"), WITH_GRANTS)
    },
    family(include_str!("text_search.sql"), ("pg_ts_config", "t.oid"), DEFINED),
    family(include_str!("dictionaries.sql"), ("pg_ts_dict", "t.oid"), DEFINED),
];
