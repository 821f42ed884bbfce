//! Types of columns, as far as changes between them are concerned.

use std::fmt;

use super::ObjectName;
use crate::sql::token::{TokenKind, Tokens};

/// A type by its canonical name, with its modifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnType {
    /// The name, in PostgreSQL's own spelling: `integer`, `character varying`, `timestamp`.
    pub(crate) name: String,
    /// What stands in parentheses.
    pub(crate) modifiers: Vec<u32>,
    /// Whether it is an array.
    pub(crate) is_array: bool,
}

/// Other spellings of the types that changes are known of.
const ALIASES: &[(&str, &str)] = &[
    ("int", "integer"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("int2", "smallint"),
    ("varchar", "character varying"),
    ("char varying", "character varying"),
    ("nchar varying", "character varying"),
    ("national character varying", "character varying"),
    ("national char varying", "character varying"),
    ("char", "character"),
    ("bpchar", "character"),
    ("nchar", "character"),
    ("national character", "character"),
    ("national char", "character"),
    ("decimal", "numeric"),
    ("dec", "numeric"),
    ("bool", "boolean"),
    ("float8", "double precision"),
    ("float4", "real"),
    ("float", "double precision"),
    ("timestamp without time zone", "timestamp"),
    ("timestamptz", "timestamp with time zone"),
    ("time without time zone", "time"),
    ("timetz", "time with time zone"),
    ("varbit", "bit varying"),
    ("serial4", "serial"),
    ("serial8", "bigserial"),
    ("serial2", "smallserial"),
];

/// Types that nobody has to make.
const BUILTIN: &[&str] = &[
    "integer",
    "bigint",
    "smallint",
    "numeric",
    "real",
    "double precision",
    "money",
    "boolean",
    "text",
    "character varying",
    "character",
    "name",
    "bytea",
    "uuid",
    "json",
    "jsonb",
    "xml",
    "date",
    "time",
    "time with time zone",
    "timestamp",
    "timestamp with time zone",
    "interval",
    "bit",
    "bit varying",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "point",
    "box",
    "polygon",
    "tsvector",
    "tsquery",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "oid",
    // Of an extension, and there under this name alone.
    "citext",
];

/// What a change of type costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Nothing but the lock.
    Free,
    /// The rows stay; the indexes of the column are built anew, because it compares in another way.
    BuildsIndexes,
    /// What building the indexes of the column costs where the session's time zone is UTC, else all rows are
    /// written anew.
    FreeInUtc,
    /// All rows are written anew.
    Rewrites,
}

impl ColumnType {
    /// Reads a type as it stands in SQL.
    pub(crate) fn read(sql: &str) -> ColumnType {
        let mut ty = ColumnType::default();
        let (mut words, mut depth) = (Vec::<String>::new(), 0_u32);
        let mut after_dot = false;
        for token in Tokens::of(sql) {
            let text = token.text(sql);
            match token.kind {
                TokenKind::Symbol(b'(') => depth += 1,
                TokenKind::Symbol(b')') => depth = depth.saturating_sub(1),
                TokenKind::Symbol(b'[') => ty.is_array = true,
                TokenKind::Symbol(b'.') => after_dot = true,
                TokenKind::Number if depth > 0 => ty.modifiers.extend(text.parse::<u32>()),
                TokenKind::Word | TokenKind::QuotedName if depth == 0 => {
                    // In quotes, `char` is another type: one byte, and nothing is filled up.
                    let plain = text.trim_matches('"');
                    let word = if plain == "char" { text } else { plain };
                    let word = match token.kind {
                        TokenKind::Word => word.to_ascii_lowercase(),
                        _ => word.to_owned(),
                    };
                    match words.last_mut() {
                        // The catalog and the default schema say nothing.
                        Some(last) if after_dot && (last == "pg_catalog" || last == "public") => {
                            *last = word;
                        }
                        Some(last) if after_dot => *last = format!("{last}.{word}"),
                        _ if word == "array" => ty.is_array = true,
                        _ => words.push(word),
                    }
                    after_dot = false;
                }
                _ => {}
            }
        }
        let name = words.join(" ");
        let known = ALIASES.iter().find(|(alias, _)| *alias == name);
        ty.name = known.map_or(name, |(_, name)| (*name).to_owned());
        if ty.name == "character" && ty.modifiers.is_empty() {
            ty.modifiers.push(1);
        }
        ty
    }

    /// Whether it is one of the serial types, which are an integer with a sequence.
    pub(crate) fn is_serial(&self) -> bool {
        matches!(self.name.as_str(), "serial" | "bigserial" | "smallserial")
    }

    /// The name of the object that it is, where it is not one of PostgreSQL's own.
    pub(crate) fn object(&self) -> ObjectName {
        match self.name.split_once('.') {
            Some((schema, name)) => {
                ObjectName { schema: Some(schema.to_owned()), name: name.to_owned() }
            }
            None => ObjectName::plain(self.name.clone()),
        }
    }

    /// Whether it is one of PostgreSQL's own that tables are made of.
    pub(crate) fn is_builtin(&self) -> bool {
        self.is_serial() || BUILTIN.contains(&self.name.as_str())
    }

    /// What a column of this type becomes once it is there.
    pub(crate) fn stored(&self) -> ColumnType {
        let name = match self.name.as_str() {
            "serial" => "integer",
            "bigserial" => "bigint",
            "smallserial" => "smallint",
            other => other,
        };
        ColumnType { name: name.to_owned(), ..self.clone() }
    }

    /// What it costs to change a column from this type to another (measured on 15 to 18).
    pub(crate) fn conversion(&self, to: &ColumnType) -> Conversion {
        if self == to {
            return Conversion::Free;
        }
        if self.is_array || to.is_array {
            // Only a limit that falls away needs no look at the values.
            let is_same = self.is_array && to.is_array && self.name == to.name;
            let is_free = is_same && to.modifiers.is_empty();
            return if is_free { Conversion::Free } else { Conversion::Rewrites };
        }
        let limit = |it: &ColumnType| it.modifiers.first().copied().unwrap_or(u32::MAX);
        let is_text = |it: &str| it == "text" || it == "character varying";
        let free = match (self.name.as_str(), to.name.as_str()) {
            (from, onto) if is_text(from) && is_text(onto) => limit(self) <= limit(to),
            ("numeric", "numeric") => match (self.modifiers.as_slice(), to.modifiers.as_slice()) {
                (_, []) => true,
                ([precision, scale @ ..], [wider, same @ ..]) => {
                    let scale_of = |it: &[u32]| it.first().copied().unwrap_or(0);
                    precision <= wider && scale_of(scale) == scale_of(same)
                }
                _ => false,
            },
            (from, "citext") if is_text(from) => return Conversion::BuildsIndexes,
            ("citext", onto) if is_text(onto) && to.modifiers.is_empty() => {
                return Conversion::BuildsIndexes;
            }
            ("bit", "bit varying") if to.modifiers.is_empty() => return Conversion::BuildsIndexes,
            ("integer", "oid") | ("oid", "integer") => return Conversion::BuildsIndexes,
            ("xml", onto) => is_text(onto) && to.modifiers.is_empty(),
            ("bit varying", "bit varying") => limit(self) <= limit(to),
            // The first modifier of these is the number of digits after the second, six unless told.
            (
                "timestamp"
                | "time"
                | "timestamp with time zone"
                | "time with time zone"
                | "interval",
                onto,
            ) if onto == self.name => {
                let digits = |it: &ColumnType| it.modifiers.first().copied().unwrap_or(6);
                digits(self) <= digits(to)
            }
            ("cidr", "inet") => true,
            ("timestamp", "timestamp with time zone")
            | ("timestamp with time zone", "timestamp")
                if to.modifiers.is_empty() =>
            {
                return Conversion::FreeInUtc;
            }
            _ => false,
        };
        if free { Conversion::Free } else { Conversion::Rewrites }
    }
}

/// As it is written in SQL.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, rest) = match self.name.split_once(" with") {
            Some((first, rest)) => (first, format!(" with{rest}")),
            None => (self.name.as_str(), String::new()),
        };
        f.write_str(first)?;
        if !self.modifiers.is_empty() {
            let modifiers: Vec<String> = self.modifiers.iter().map(u32::to_string).collect();
            write!(f, "({})", modifiers.join(", "))?;
        }
        write!(f, "{rest}{}", if self.is_array { "[]" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_one_name_each() {
        #[track_caller]
        fn check(sql: &str, expected: &str) {
            assert_eq!(ColumnType::read(sql).to_string(), expected, "{sql}");
        }
        check("INT", "integer");
        check("VarChar (20)", "character varying(20)");
        check("character varying", "character varying");
        check("char", "character(1)");
        check("pg_catalog.int8[]", "bigint[]");
        check("numeric(10, 2)", "numeric(10, 2)");
        check("timestamp(3) with time zone", "timestamp(3) with time zone");
        check("timestamptz", "timestamp with time zone");
        check("\"char\"", "\"char\"");
        check("app.\"Status\"", "app.Status");
    }

    #[test]
    fn changes_of_type_are_free_or_write_all_rows() {
        #[track_caller]
        fn check(from: &str, to: &str, expected: Conversion) {
            let found = ColumnType::read(from).conversion(&ColumnType::read(to));
            assert_eq!(found, expected, "{from} to {to}");
        }
        use Conversion::{BuildsIndexes, Free, FreeInUtc, Rewrites};
        check("varchar(50)", "varchar(100)", Free);
        check("varchar(50)", "varchar(20)", Rewrites);
        check("varchar(50)", "text", Free);
        check("text", "varchar", Free);
        check("text", "varchar(10)", Rewrites);
        check("numeric(10,2)", "numeric(12,2)", Free);
        check("numeric(10,2)", "numeric(12,3)", Rewrites);
        check("numeric(10,2)", "numeric", Free);
        check("numeric", "numeric(10,2)", Rewrites);
        check("int", "bigint", Rewrites);
        check("char(10)", "text", Rewrites);
        check("char(10)", "char(20)", Rewrites);
        check("varchar(50)", "citext", BuildsIndexes);
        check("citext", "varchar(50)", Rewrites);
        check("timestamp", "timestamptz", FreeInUtc);
        check("timestamp(3)", "timestamptz", FreeInUtc);
        check("timestamp(3)", "timestamptz(3)", Rewrites);
        check("timestamptz", "timestamptz(3)", Rewrites);
        check("timestamptz(3)", "timestamptz", Free);
        check("json", "jsonb", Rewrites);
        check("varchar(10)[]", "varchar[]", Free);
        check("varchar(10)[]", "text[]", Rewrites);
        check("xml", "text", Free);
        check("bit(4)", "varbit", BuildsIndexes);
        check("oid", "int", BuildsIndexes);
    }
}
