//! The type of a column, taken apart.

use migrate_core::sql_words;

use crate::quote::unquoted;

/// A type as PostgreSQL's catalog names it, read from how SQL writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlType {
    /// Its schema; nothing for the types of `pg_catalog`.
    pub schema: Option<String>,
    /// The name in `pg_type`, such as `int4` for `integer`; of an array, that of its elements.
    pub name: String,
    /// What limits it, such as `255` of `varchar(255)`, `10,2` of `numeric(10,2)`, or `hour to minute` of an interval.
    pub modifier: Option<String>,
    /// Whether it is an array. PostgreSQL does not tell of how many dimensions.
    pub is_array: bool,
}

/// The types that SQL calls otherwise than the catalog, as `format_type` of PostgreSQL writes them.
const SPELT: [(&[&str], &str); 13] = [
    (&["character", "varying"], "varchar"),
    (&["double", "precision"], "float8"),
    (&["bit", "varying"], "varbit"),
    (&["timestamp", "with", "time", "zone"], "timestamptz"),
    (&["timestamp", "without", "time", "zone"], "timestamp"),
    (&["time", "with", "time", "zone"], "timetz"),
    (&["time", "without", "time", "zone"], "time"),
    (&["character"], "bpchar"),
    (&["boolean"], "bool"),
    (&["bigint"], "int8"),
    (&["integer"], "int4"),
    (&["smallint"], "int2"),
    (&["real"], "float4"),
];

impl SqlType {
    /// Reads a type as `format_type` writes it with an empty path: all but `pg_catalog` has its schema.
    pub(super) fn of(text: &str) -> SqlType {
        let mut words = sql_words(text);
        let is_array = words.ends_with(&["[", "]"]);
        if is_array {
            words.truncate(words.len() - 2);
        }
        let modifier = take_brackets(&mut words);
        if let Some((_, name)) = SPELT.iter().find(|it| it.0 == words) {
            let (schema, name) = (None, (*name).to_owned());
            return SqlType { schema, name, modifier, is_array };
        }
        let (schema, name, rest) = match &words[..] {
            [schema, ".", name, rest @ ..] => (Some(unquoted(schema)), unquoted(name), rest),
            [name, rest @ ..] => (None, unquoted(name), rest),
            [] => (None, String::new(), &[][..]),
        };
        // `interval day to second(3)`
        let field = (!rest.is_empty()).then(|| rest.join(" "));
        let parts = [field, modifier];
        let modifier = parts.into_iter().flatten().reduce(|field, it| format!("{field}({it})"));
        SqlType { schema, name, modifier, is_array }
    }
}

/// Takes what is between brackets out: `timestamp(3) without time zone` has them in the middle.
fn take_brackets(words: &mut Vec<&str>) -> Option<String> {
    let start = words.iter().position(|it| *it == "(")?;
    let end = words.iter().rposition(|it| *it == ")")?;
    let inside = words.get(start + 1..end)?.concat();
    words.drain(start..=end);
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_the_catalog_does() {
        let check = |text: &str, name: &str, modifier: Option<&str>, is_array: bool| {
            let read = SqlType::of(text);
            let (name, modifier) = (name.to_owned(), modifier.map(str::to_owned));
            assert_eq!(read, SqlType { schema: None, name, modifier, is_array }, "{text}");
        };
        check("integer", "int4", None, false);
        check("character varying(255)[]", "varchar", Some("255"), true);
        check("character varying", "varchar", None, false);
        check("character(1)", "bpchar", Some("1"), false);
        check("\"char\"", "char", None, false);
        check("numeric(10,2)", "numeric", Some("10,2"), false);
        check("numeric(2,-3)", "numeric", Some("2,-3"), false);
        check("timestamp(3) with time zone", "timestamptz", Some("3"), false);
        check("time without time zone", "time", None, false);
        check("interval day to second(3)", "interval", Some("day to second(3)"), false);
        check("interval(3)", "interval", Some("3"), false);
        check("tstzrange[]", "tstzrange", None, true);
    }

    #[test]
    fn types_of_users_have_their_schema() {
        let read = SqlType::of("public.\"Mood \"\" of\"[]");
        let (schema, name) = (Some("public".to_owned()), "Mood \" of".to_owned());
        assert_eq!(read, SqlType { schema, name, modifier: None, is_array: true });
        let read = SqlType::of("gis.geometry(Point,4326)");
        assert_eq!(read.modifier.as_deref(), Some("Point,4326"));
    }
}
