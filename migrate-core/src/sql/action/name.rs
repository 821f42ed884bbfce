//! Names of objects, as PostgreSQL folds them.

use std::fmt;

use crate::sql::token::{TokenKind, Tokens};

/// The name of a table, an index, a type and so on; the schema `public` is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectName {
    /// The schema, where one is named and it is not `public`.
    pub(crate) schema: Option<String>,
    /// The name.
    pub(crate) name: String,
}

impl ObjectName {
    /// A name without a schema.
    pub(crate) fn plain(name: impl Into<String>) -> ObjectName {
        ObjectName { schema: None, name: name.into() }
    }

    /// Reads a name as it stands in SQL.
    pub(crate) fn read(sql: &str) -> Option<ObjectName> {
        let mut parts = Vec::new();
        for token in Tokens::of(sql) {
            let text = token.text(sql);
            match token.kind {
                TokenKind::Word => parts.push(text.to_ascii_lowercase()),
                TokenKind::QuotedName => parts.push(unquote(text)),
                TokenKind::LineComment | TokenKind::BlockComment => {}
                TokenKind::Symbol(b'.') if !parts.is_empty() => {}
                _ => break,
            }
        }
        let name = parts.pop()?;
        Some(ObjectName { schema: parts.pop().filter(|it| it != "public"), name })
    }

    /// A name in a schema.
    pub(crate) fn in_schema(schema: &str, name: &str) -> ObjectName {
        let schema = Some(schema.to_owned()).filter(|it| it != "public");
        ObjectName { schema, name: name.to_owned() }
    }

    /// Another name in the same schema.
    #[must_use]
    pub(crate) fn beside(&self, name: impl Into<String>) -> ObjectName {
        ObjectName { schema: self.schema.clone(), name: name.into() }
    }
}

/// A name in double quotes without them; one with `U&` stays as it is.
fn unquote(text: &str) -> String {
    match text.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

/// As it is written in SQL, quoted where it has to be.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write_name(f, schema)?;
            f.write_str(".")?;
        }
        write_name(f, &self.name)
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    let mut bytes = name.bytes();
    let is_plain = bytes.next().is_some_and(|it| it.is_ascii_lowercase() || it == b'_')
        && bytes.all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_');
    if is_plain { f.write_str(name) } else { write!(f, "\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_and_written_as_they_must_be() {
        #[track_caller]
        fn check(sql: &str, expected: &str) {
            assert_eq!(ObjectName::read(sql).unwrap().to_string(), expected, "{sql}");
        }
        check("Users", "users");
        check("public.users", "users");
        check("app /* the schema */ . \"Users\"", "app.\"Users\"");
        check("\"a \"\"b\"", "\"a \"\"b\"");
        check("db.s.t", "s.t");
        check("ÄPFEL", "\"Äpfel\"");
        assert_eq!(ObjectName::read("(a)"), None);
    }
}
