//! The name of an object: for people, and as SQL writes it.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use super::ObjectKind;
use crate::quote::ident;

/// What tells an object from every other one. Names are as they are, without quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// What sort of object it is.
    pub kind: ObjectKind,
    /// The schema, where it is in one.
    pub schema: Option<String>,
    /// The table, view, composite type or domain that it is a part of.
    pub table: Option<String>,
    /// Its own name; that of a function with the types of its arguments.
    pub name: String,
}

impl ObjectName {
    /// A schema.
    pub(super) fn of_schema(name: &str) -> ObjectName {
        let (kind, name) = (ObjectKind::Schema, name.to_owned());
        ObjectName { kind, schema: None, table: None, name }
    }

    /// The name with its schema, quoted where it has to be: of a column and an index with all of it, of what
    /// has its name within its table without the table.
    pub(super) fn qualified(&self) -> String {
        let own = self.quoted();
        match (self.kind, &self.table) {
            (ObjectKind::Column, Some(_)) => format!("{}.{own}", self.relation()),
            (ObjectKind::Index, _) | (_, None) => match &self.schema {
                Some(schema) => format!("{}.{own}", spelt(schema)),
                None => own,
            },
            (_, Some(_)) => own,
        }
    }

    /// The table that it is a part of, with its schema.
    pub(super) fn relation(&self) -> String {
        let parts = [self.schema.as_deref(), self.table.as_deref()];
        parts.into_iter().flatten().map(spelt).collect::<Vec<_>>().join(".")
    }

    /// Its own name, quoted where it has to be.
    pub(super) fn quoted(&self) -> String {
        match self.kind {
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate => {
                let arguments = arguments_at(&self.name).unwrap_or(self.name.len());
                let (own, arguments) = self.name.split_at(arguments);
                let is_empty = self.kind == ObjectKind::Aggregate && arguments == "()";
                format!("{}{}", spelt(own), if is_empty { "(*)" } else { arguments })
            }
            // These are more than a name.
            ObjectKind::Operator
            | ObjectKind::OperatorClass
            | ObjectKind::OperatorFamily
            | ObjectKind::Cast
            | ObjectKind::DefaultPrivileges => self.name.clone(),
            _ => spelt(&self.name),
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind.as_str())?;
        if self.kind == ObjectKind::DefaultPrivileges {
            write!(f, "for {}", self.name)?;
            return match &self.schema {
                Some(schema) => write!(f, " in schema {schema}"),
                None => Ok(()),
            };
        }
        // Where everything is in it, nobody names it.
        if let Some(schema) = self.schema.as_deref().filter(|it| *it != "public") {
            write!(f, "{}.", spelt(schema))?;
        }
        match &self.table {
            Some(table) if self.kind == ObjectKind::Column => {
                write!(f, "{}.{}", spelt(table), self.quoted())
            }
            Some(table) if self.kind != ObjectKind::Index => {
                write!(f, "{} of {}", self.quoted(), spelt(table))
            }
            _ => f.write_str(&self.quoted()),
        }
    }
}

/// Where the list of types begins behind the name of a function or an operator, which may be quoted or not: types are
/// quoted where they have to be.
pub(super) fn arguments_at(name: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut marks = name.rmatch_indices(['(', '"']);
    let begins = marks.find(|(_, it)| {
        is_quoted ^= *it == "\"";
        *it == "(" && !is_quoted
    });
    begins.map(|it| it.0)
}

/// The words that PostgreSQL 18 does not take as a name of everything without quotes.
const RESERVED: &str = " all analyse analyze and any array as asc asymmetric authorization between bigint \
    binary bit boolean both case cast char character check coalesce collate collation column concurrently \
    constraint create cross current_catalog current_date current_role current_schema current_time \
    current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists \
    extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in \
    initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg \
    json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value \
    lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none \
    normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing \
    position precision primary real references returning right row select session_user setof similar \
    smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat \
    trim true union unique user using values varchar variadic verbose when where window with xmlattributes \
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable ";

fn is_reserved(name: &str) -> bool {
    // Every name of a schema comes by here, most of them many times.
    static WORDS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| RESERVED.split_ascii_whitespace().collect());
    WORDS.contains(name)
}

/// A name as `quote_ident` writes it.
pub(super) fn spelt(name: &str) -> String {
    let mut bytes = name.bytes();
    let is_plain = bytes.next().is_some_and(|it| it.is_ascii_lowercase() || it == b'_')
        && bytes.all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
        && !is_reserved(name);
    if is_plain { name.to_owned() } else { ident(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parenthesis_in_a_type_begins_no_arguments() {
        let own = |it: &'static str| arguments_at(it).map(|at| &it[..at]);
        assert_eq!(own("f(integer, text)"), Some("f"));
        assert_eq!(own("f (x(public.\"a(b\", text)"), Some("f (x"));
        assert_eq!(own("a\"b(public.\"say \"\"(\"\"\"[])"), Some("a\"b"));
        assert_eq!(own("app.\"f(x\""), None);
    }
}
