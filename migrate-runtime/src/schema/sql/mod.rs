//! What is known of an object, as SQL: for people who compare two of them. Most of it runs as it is; what has no
//! statement of its own is a remark.

pub(super) mod create;
mod grants;

pub(super) use grants::grants;

use create::{column, main, remark, table};

use super::name::spelt;
use super::{Object, ObjectKind, ObjectName, Schema};
use crate::quote::optional;

/// The lines that make an object, with what belongs to it alone.
pub(super) fn definition(name: &ObjectName, object: &Object, schema: &Schema) -> Vec<String> {
    let text = match (name.kind, &name.schema) {
        (ObjectKind::Table | ObjectKind::ForeignTable | ObjectKind::Composite, Some(space)) => {
            let columns = schema.columns(space, &name.name);
            let columns = columns.iter().map(|(name, it)| column(name, it));
            table(name, object, &columns.collect::<Vec<_>>())
        }
        _ => main(name, object, schema),
    };
    let mut lines = lines_of(&text);
    let aside = object.attributes.iter().filter(|it| ["grants", "comment"].contains(&it.name));
    lines.extend(aside.flat_map(|it| statement(name, object, it.name, schema)));
    lines
}

/// The lines that tell one attribute of an object; none where it is as it is unless told.
pub(super) fn statement(
    name: &ObjectName,
    object: &Object,
    attribute: &str,
    schema: &Schema,
) -> Vec<String> {
    let (kind, target) = (name.kind.sql(), target(name, schema));
    let value = object.get(attribute);
    match (attribute, value) {
        ("comment", value) => comment(name, value, schema).lines().map(str::to_owned).collect(),
        ("owner", Some(owner)) => vec![format!("ALTER {kind} {target} OWNER TO {}", spelt(owner))],
        ("grants", value) => {
            let owner = object.get("owner").or_else(|| schema.whole(name)?.1.get("owner"));
            grants(name, value.unwrap_or_default(), owner)
        }
        (_, value) => match setting(name, attribute, value.unwrap_or_default()) {
            Some(text) if value.is_some() => lines_of(&text),
            Some(_) => Vec::new(),
            None => lines_of(&main(name, object, schema)),
        },
    }
}

/// The statement that sets a comment, or takes it away.
pub(super) fn comment(name: &ObjectName, value: Option<&str>, schema: &Schema) -> String {
    format!("COMMENT ON {} {} IS {}", name.kind.sql(), target(name, schema), optional(value))
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(|it| it.trim_end().to_owned()).collect()
}

/// The statement that drops the object.
pub(super) fn removal(name: &ObjectName, schema: &Schema) -> Option<String> {
    use ObjectKind as K;
    let (kind, own, relation) = (name.kind.sql(), name.quoted(), name.relation());
    Some(match name.kind {
        K::DefaultPrivileges => return None,
        K::Column if schema.is_part_of(name, K::Composite) => {
            format!("ALTER TYPE {relation} DROP ATTRIBUTE {own};")
        }
        K::Column => format!("ALTER TABLE {relation} DROP COLUMN {own};"),
        K::Constraint if schema.is_part_of(name, K::Domain) => {
            format!("ALTER DOMAIN {relation} DROP CONSTRAINT {own};")
        }
        K::Constraint => format!("ALTER TABLE {relation} DROP CONSTRAINT {own};"),
        K::Trigger | K::Rule | K::Policy => format!("DROP {kind} {own} ON {relation};"),
        _ => format!("DROP {kind} {};", target(name, schema)),
    })
}

/// What comes after the kind in a statement about the object.
fn target(name: &ObjectName, schema: &Schema) -> String {
    match (name.kind, &name.table) {
        (ObjectKind::Cast, _) => format!("({})", name.quoted()),
        (ObjectKind::Column | ObjectKind::Index, _) | (_, None) => name.qualified(),
        (_, Some(_)) => {
            let domain = if schema.is_part_of(name, ObjectKind::Domain) { "DOMAIN " } else { "" };
            format!("{} ON {domain}{}", name.quoted(), name.relation())
        }
    }
}

/// The statement that sets one attribute, as far as it is not part of what makes the object; a remark where there is
/// none.
pub(super) fn setting(name: &ObjectName, attribute: &str, value: &str) -> Option<String> {
    use ObjectKind as K;
    let (kind, own, qualified) = (name.kind.sql(), name.quoted(), name.qualified());
    let only = if name.kind == K::Table { "ONLY " } else { "" };
    let table = || format!("ALTER TABLE ONLY {}", name.relation());
    let of_own = |what: &str| Some(format!("ALTER {kind} {only}{qualified} {what}"));
    let of_column = |what: &str| Some(format!("{} ALTER COLUMN {own} {what}", table()));
    match (name.kind, attribute) {
        (K::Column, "storage") => of_column(&format!("SET STORAGE {value}")),
        (K::Column, "compression") => of_column(&format!("SET COMPRESSION {value}")),
        (K::Column, "statistics target") => of_column(&format!("SET STATISTICS {value}")),
        (K::Column, "options") => of_column(&format!("SET ({value})")),
        (K::Column, "foreign options") => of_column(&format!("OPTIONS ({value})")),
        (K::Table | K::ForeignTable, "row level security") => of_own("ENABLE ROW LEVEL SECURITY"),
        (K::Table | K::ForeignTable, "row level security of its owner") => {
            of_own("FORCE ROW LEVEL SECURITY")
        }
        (K::Table, "replica identity") => of_own(&format!("REPLICA IDENTITY {value}")),
        (K::Table | K::View, "options") | (K::Table, "TOAST options") => {
            of_own(&format!("SET ({value})"))
        }
        (K::Table | K::Index | K::MaterializedView, "tablespace") => {
            of_own(&format!("SET TABLESPACE {value}"))
        }
        (K::Table, "access method") => of_own(&format!("SET ACCESS METHOD {value}")),
        (K::Statistics, "statistics target") => of_own(&format!("SET STATISTICS {value}")),
        (K::Trigger | K::Rule, "state") => {
            Some(format!("ALTER TABLE {} {value} {kind} {own}", name.relation()))
        }
        (K::EventTrigger, "state") => of_own(value),
        (K::Index, "clustering") => {
            Some(format!("ALTER TABLE {} CLUSTER ON {own}", name.relation()))
        }
        (K::Index, "statistics targets") => of_own(&targets(value)),
        (K::Index, "parent") => Some(format!("ALTER INDEX {value} ATTACH PARTITION {qualified}")),
        (K::Sequence, "column") => of_own(&format!("OWNED BY {value}")),
        (K::Column, "inheritance" | "name of its not-null constraint")
        | (K::Index, "validity")
        | (K::Constraint, "inheritance" | "disabled triggers") => {
            Some(remark(&format!("{attribute} of {qualified}: {value}")))
        }
        _ => None,
    }
}

/// The targets of an index, each with the number of its column: `1 100, 3 50`.
fn targets(value: &str) -> String {
    let target = |it: &str| {
        let (column, target) = it.split_once(' ')?;
        Some(format!("ALTER COLUMN {column} SET STATISTICS {target}"))
    };
    value.split(", ").filter_map(target).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Attribute;

    fn object(attributes: &[(&'static str, &str)]) -> Object {
        let attribute = |&(name, value): &_| Attribute { name, value: str::to_owned(value) };
        Object { attributes: attributes.iter().map(attribute).collect() }
    }

    fn name(kind: ObjectKind, table: Option<&str>, name: &str) -> ObjectName {
        let (schema, table) = (Some("public".to_owned()), table.map(str::to_owned));
        ObjectName { kind, schema, table, name: name.to_owned() }
    }

    #[test]
    fn attributes_can_be_pasted() {
        use ObjectKind as K;
        let check = |kind, table, attribute, value, expected: &str| {
            assert_eq!(setting(&name(kind, table, "it"), attribute, value).unwrap(), expected);
        };
        let of = Some("t");
        check(K::Trigger, of, "state", "DISABLE", "ALTER TABLE public.t DISABLE TRIGGER it");
        check(K::Rule, of, "state", "ENABLE ALWAYS", "ALTER TABLE public.t ENABLE ALWAYS RULE it");
        check(
            K::Table,
            None,
            "row level security",
            "enabled",
            "ALTER TABLE ONLY public.it ENABLE ROW LEVEL SECURITY",
        );
        check(
            K::Index,
            of,
            "statistics targets",
            "1 100, 3 50",
            "ALTER INDEX public.it ALTER COLUMN 1 SET STATISTICS 100, ALTER COLUMN 3 SET STATISTICS 50",
        );
    }

    #[test]
    fn a_remark_is_one_line() {
        let index = name(ObjectKind::Index, Some("t"), "a\nDROP TABLE t; --");
        let invalid = setting(&index, "validity", "INVALID").unwrap();
        assert_eq!(invalid, "-- validity of public.\"a DROP TABLE t; --\": INVALID");
        let kind = ObjectKind::DefaultPrivileges;
        let privileges =
            ObjectName { kind, schema: None, table: None, name: "tables of \"a\nb\"".to_owned() };
        assert_eq!(
            definition(&privileges, &object(&[("grants", "SELECT TO PUBLIC")]), &Schema::default()),
            [
                "-- default privileges for tables of \"a b\"",
                "ALTER DEFAULT PRIVILEGES FOR ROLE \"a\nb\" GRANT SELECT ON TABLES TO PUBLIC"
            ]
        );
    }

    #[test]
    fn parts_of_types_and_domains_have_statements_of_their_own() {
        let objects = [
            (name(ObjectKind::Composite, None, "pair"), Object::default()),
            (name(ObjectKind::Domain, None, "d"), Object::default()),
        ];
        let schema = Schema { objects: objects.into(), ..Schema::default() };
        let constraint = name(ObjectKind::Constraint, Some("d"), "c");
        let checks = object(&[("definition", "CHECK (VALUE > 0)"), ("comment", "why")]);
        assert_eq!(
            definition(&constraint, &checks, &schema),
            [
                "ALTER DOMAIN public.d ADD CONSTRAINT c CHECK (VALUE > 0)",
                "COMMENT ON CONSTRAINT c ON DOMAIN public.d IS 'why'"
            ]
        );
        let gone = |it| removal(&it, &schema).unwrap();
        assert_eq!(gone(constraint), "ALTER DOMAIN public.d DROP CONSTRAINT c;");
        let attribute = name(ObjectKind::Column, Some("pair"), "one");
        assert_eq!(gone(attribute), "ALTER TYPE public.pair DROP ATTRIBUTE one;");
        let column = name(ObjectKind::Column, Some("t"), "one");
        assert_eq!(gone(column), "ALTER TABLE public.t DROP COLUMN one;");
    }
}
