//! The type of a column as Diesel has it: a name of its own for each type of PostgreSQL.

use super::DieselOptions;
use super::names::type_name;
use crate::schema::{Column, Object, ObjectKind, ObjectName, Schema, SqlType};

/// What `diesel::sql_types` has, by every name that it has for it.
const KNOWN: &[&str] = &[
    "BigInt",
    "BigSerial",
    "Bigint",
    "Binary",
    "Bit",
    "Blob",
    "Bool",
    "Bpchar",
    "Bytea",
    "Char",
    "Cidr",
    "Citext",
    "Date",
    "Datemultirange",
    "Daterange",
    "Decimal",
    "Double",
    "Float",
    "Float4",
    "Float8",
    "Inet",
    "Int2",
    "Int4",
    "Int4multirange",
    "Int4range",
    "Int8",
    "Int8multirange",
    "Int8range",
    "Integer",
    "Interval",
    "Json",
    "Jsonb",
    "Longblob",
    "Longtext",
    "MacAddr",
    "MacAddr8",
    "Macaddr",
    "Macaddr8",
    "Mediumblob",
    "Mediumtext",
    "Money",
    "Numeric",
    "Nummultirange",
    "Numrange",
    "Oid",
    "PgLsn",
    "Range",
    "Record",
    "Serial",
    "SmallInt",
    "SmallSerial",
    "Smallint",
    "Text",
    "Time",
    "Timestamp",
    "Timestamptz",
    "Tinyblob",
    "Tinytext",
    "Tsmultirange",
    "Tsrange",
    "Tstzmultirange",
    "Tstzrange",
    "Uuid",
    "VarChar",
    "Varbinary",
    "Varchar",
];

/// Domains of PostgreSQL's own, in `information_schema`.
const DOMAINS: [(&str, &str); 5] = [
    ("cardinal_number", "integer"),
    ("character_data", "character varying"),
    ("sql_identifier", "name"),
    ("time_stamp", "timestamp(2) with time zone"),
    ("yes_or_no", "character varying(3)"),
];

/// Domains of extensions that come with PostgreSQL, each with its extension, and the type with its own.
const EXTENSIONS: [(&str, &str, &str, Option<&str>); 2] =
    [("lo", "lo", "oid", None), ("earthdistance", "earth", "cube", Some("cube"))];

/// A type, as Diesel sees it.
#[derive(Clone, Debug)]
pub(super) struct DieselType {
    /// Nothing for `public`, where Diesel looks first.
    pub(super) schema: Option<String>,
    pub(super) sql_name: String,
    pub(super) rust_name: String,
    is_array: bool,
    is_nullable: bool,
    pub(super) max_length: Option<String>,
}

impl DieselType {
    pub(super) fn of(column: &Column<'_>, schema: &Schema, options: &DieselOptions) -> DieselType {
        let domain = domain(&column.sql_type, schema);
        let not_null = |it: &Domain<'_>| it.object.is_some_and(|it| it.get("not null").is_some());
        let is_nullable = !column.is_not_null() && !domain.as_ref().is_some_and(not_null);
        // One step: of a domain over a domain, PostgreSQL tells the inner one.
        let base = domain.as_ref().map_or(&column.sql_type, |it| &it.base);
        let is_own = domain.is_some() && options.domains_as_types.contains(&column.sql_type.name);
        let shown = if is_own { &column.sql_type } else { base };
        let name = udt_name(shown);
        // By the name alone: a type that somebody has called so is taken for an array too.
        let is_array = name.starts_with('_');
        let sql_name = name.strip_prefix('_').unwrap_or(&name).to_owned();
        let schema = shown.schema.as_deref().unwrap_or("pg_catalog");
        DieselType {
            schema: (schema != "public").then(|| schema.to_owned()),
            rust_name: type_name(&sql_name),
            sql_name,
            is_array,
            is_nullable,
            max_length: max_length(base),
        }
    }

    /// Whether `diesel::sql_types` has it.
    pub(super) fn is_known(&self) -> bool {
        KNOWN.contains(&self.rust_name.as_str())
    }

    /// As `table!` has it.
    pub(super) fn rust(&self) -> String {
        let mut text = self.rust_name.clone();
        if self.is_array {
            text = format!("Array<Nullable<{text}>>");
        }
        if self.is_nullable {
            text = format!("Nullable<{text}>");
        }
        text
    }
}

struct Domain<'s> {
    base: SqlType,
    object: Option<&'s Object>,
}

/// The domain that a type is, if it is one.
fn domain<'s>(of: &SqlType, schema: &'s Schema) -> Option<Domain<'s>> {
    let home = of.schema.as_deref()?;
    if of.is_array {
        return None;
    }
    let name = ObjectName {
        kind: ObjectKind::Domain,
        schema: Some(home.to_owned()),
        table: None,
        name: of.name.clone(),
    };
    if let Some(object) = schema.objects.get(&name) {
        let base = SqlType::of(object.get("type").unwrap_or_default());
        return Some(Domain { base, object: Some(object) });
    }
    let base = if home == "information_schema" {
        SqlType::of(DOMAINS.iter().find(|it| it.0 == of.name)?.1)
    } else {
        let is_it = |it: &&(&str, &str, _, _)| {
            it.1 == of.name && home_of_extension(it.0, schema) == Some(home)
        };
        let (_, _, base, from) = EXTENSIONS.iter().find(is_it)?;
        let from = from.and_then(|it| home_of_extension(it, schema)).map(str::to_owned);
        SqlType { schema: from, ..SqlType::of(base) }
    };
    Some(Domain { base, object: None })
}

/// The schema that an extension is in.
fn home_of_extension<'s>(name: &str, schema: &'s Schema) -> Option<&'s str> {
    let (kind, name) = (ObjectKind::Extension, name.to_owned());
    let name = ObjectName { kind, schema: None, table: None, name };
    schema.objects.get(&name)?.get("schema")
}

/// The name in `pg_type`, where an array has one of its own.
fn udt_name(of: &SqlType) -> String {
    if !of.is_array {
        return of.name.clone();
    }
    // A name has 63 bytes at most.
    format!("_{}", &of.name[..of.name.floor_char_boundary(62)])
}

/// How long a text or bit string may be.
fn max_length(of: &SqlType) -> Option<String> {
    let is_limited = of.schema.is_none()
        && !of.is_array
        && ["varchar", "bpchar", "bit", "varbit"].contains(&of.name.as_str());
    of.modifier.clone().filter(|_| is_limited)
}
