//! What is known of an object, as SQL: for people who compare two of them. Most of it runs as it is; what has no
//! statement of its own is a comment.

use std::fmt::Write as _;

use super::name::spelt;
use super::{Object, ObjectKind, ObjectName, Schema};
use crate::quote::literal;

/// The lines that make an object, with what belongs to it alone.
pub(super) fn definition(name: &ObjectName, object: &Object, schema: &Schema) -> Vec<String> {
    let mut lines = match (name.kind, &name.schema) {
        (ObjectKind::Table | ObjectKind::ForeignTable | ObjectKind::Composite, Some(space)) => {
            let columns = schema.columns(space, &name.name);
            let columns = columns.iter().map(|(name, it)| format!("    {}", column(name, it)));
            with_columns(&main(name, object, schema), &columns.collect::<Vec<_>>())
        }
        _ => main(name, object, schema),
    };
    let aside =
        object.attributes.iter().filter(|it| ASIDE.contains(&it.name) && it.name != "owner");
    lines.extend(aside.flat_map(|it| statement(name, object, it.name, schema)));
    lines
}

/// What statements of their own tell.
const ASIDE: [&str; 3] = ["owner", "grants", "comment"];

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
        ("comment", value) => {
            let text = value.map_or_else(|| "NULL".to_owned(), literal);
            let text = format!("COMMENT ON {kind} {target} IS {text}");
            text.lines().map(str::to_owned).collect()
        }
        ("owner", Some(owner)) => vec![format!("ALTER {kind} {target} OWNER TO {}", spelt(owner))],
        ("grants", value) => {
            let owner = object.get("owner").or_else(|| schema.whole(name)?.1.get("owner"));
            grants(name, value.unwrap_or_default(), owner)
        }
        _ => match (alteration(name, attribute), value) {
            (Some(action), Some(value)) => vec![format!("{action} {value}")],
            (Some(_), None) => Vec::new(),
            (None, _) => main(name, object, schema),
        },
    }
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
        K::Cast => format!("DROP CAST ({own});"),
        _ => format!("DROP {kind} {};", name.qualified()),
    })
}

/// What comes after the kind in a statement about the object.
fn target(name: &ObjectName, schema: &Schema) -> String {
    match (name.kind, &name.table) {
        (ObjectKind::Column | ObjectKind::Index, _) | (_, None) => name.qualified(),
        (_, Some(_)) => {
            let domain = if schema.is_part_of(name, ObjectKind::Domain) { "DOMAIN " } else { "" };
            format!("{} ON {domain}{}", name.quoted(), name.relation())
        }
    }
}

fn grants(name: &ObjectName, value: &str, owner: Option<&str>) -> Vec<String> {
    let (kind, qualified) = match name.kind {
        ObjectKind::Column => ("TABLE", name.relation()),
        ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
            ("TABLE", name.qualified())
        }
        ObjectKind::Server => ("FOREIGN SERVER", name.qualified()),
        it => (it.sql(), name.qualified()),
    };
    if name.kind == ObjectKind::DefaultPrivileges {
        return value.lines().map(|it| format!("-- {name}: GRANT {it}")).collect();
    }
    let line = |it: &str| {
        let (privileges, to) = it.split_once(" TO ").unwrap_or((it, "nobody"));
        let (is_no, privileges) = match privileges.strip_prefix("no ") {
            Some(privileges) => (true, privileges),
            None => (false, privileges),
        };
        let privileges = match name.kind {
            ObjectKind::Column => each_of(privileges, &name.quoted()),
            _ => privileges.to_owned(),
        };
        let (grantee, option) = match to.strip_suffix(OPTION) {
            Some(grantee) => (grantee, OPTION),
            None => (to, ""),
        };
        let grantee = match owner {
            Some(owner) if grantee == "its owner" => spelt(owner),
            _ => grantee.to_owned(),
        };
        match (is_no, option) {
            (true, "") => format!("REVOKE {privileges} ON {kind} {qualified} FROM {grantee}"),
            (true, _) => {
                format!("REVOKE GRANT OPTION FOR {privileges} ON {kind} {qualified} FROM {grantee}")
            }
            (false, _) => format!("GRANT {privileges} ON {kind} {qualified} TO {grantee}{option}"),
        }
    };
    value.lines().map(line).collect()
}

/// Of whom may pass it on.
const OPTION: &str = " WITH GRANT OPTION";

/// Privileges with a column behind each: `SELECT (c), INSERT (c)`.
fn each_of(privileges: &str, column: &str) -> String {
    let each = privileges.split(", ").map(|it| format!("{it} ({column})"));
    each.collect::<Vec<_>>().join(", ")
}

/// Statements that set one attribute, as far as it is not part of what makes the object.
fn alteration(name: &ObjectName, attribute: &str) -> Option<String> {
    use ObjectKind as K;
    let (own, relation) = (name.quoted(), name.relation());
    let of_column = |what: &str| Some(format!("ALTER TABLE {relation} ALTER COLUMN {own} {what}"));
    let of_own =
        |what: &str| Some(format!("ALTER {} {} {what}", name.kind.sql(), name.qualified()));
    match (name.kind, attribute) {
        (K::Column, "storage") => of_column("SET STORAGE"),
        (K::Column, "compression") => of_column("SET COMPRESSION"),
        (K::Column, "statistics target") => of_column("SET STATISTICS"),
        (K::Column, "options") => of_column("SET"),
        (K::Column, "foreign options") => of_column("OPTIONS"),
        (K::Table | K::ForeignTable, "row level security" | "row level security of its owner") => {
            of_own("ROW LEVEL SECURITY --")
        }
        (K::Table, "replica identity") => of_own("REPLICA IDENTITY"),
        (K::Table | K::View, "options") | (K::Table, "TOAST options") => of_own("SET"),
        (K::Table | K::Index | K::MaterializedView, "tablespace") => of_own("SET TABLESPACE"),
        (K::Table, "access method") => of_own("SET ACCESS METHOD"),
        (K::Statistics, "statistics target") => of_own("SET STATISTICS"),
        (K::Trigger, "state") => Some(format!("ALTER TABLE {relation} /* TRIGGER {own} */")),
        (K::Rule, "state") => Some(format!("ALTER TABLE {relation} /* RULE {own} */")),
        (K::Column, "inheritance" | "name of its not-null constraint")
        | (K::Index, "validity" | "clustering" | "parent" | "statistics targets") => {
            Some(format!("-- {attribute} of {}:", name.qualified()))
        }
        (K::Constraint, "inheritance" | "disabled triggers") => {
            Some(format!("-- {attribute} of {own}:"))
        }
        (K::Sequence, "column") => of_own("OWNED BY"),
        _ => None,
    }
}

/// What makes the object, without its parts.
fn main(name: &ObjectName, object: &Object, schema: &Schema) -> Vec<String> {
    use ObjectKind as K;
    let get = |it: &str| object.get(it);
    let definition = get("definition").unwrap_or_default();
    let qualified = name.qualified();
    let text = match name.kind {
        K::Column => column(name, object),
        K::Index | K::Trigger | K::Rule | K::Statistics => definition.to_owned(),
        K::Constraint => {
            let whole = if schema.is_part_of(name, K::Domain) { "DOMAIN" } else { "TABLE" };
            let (relation, own) = (name.relation(), name.quoted());
            format!("ALTER {whole} {relation} ADD CONSTRAINT {own} {definition}")
        }
        K::Enum => format!("CREATE TYPE {qualified} AS ENUM ({})", get("labels").unwrap_or("")),
        K::Range => format!("CREATE TYPE {qualified} AS RANGE ({definition})"),
        K::Composite => format!("CREATE TYPE {qualified} AS"),
        K::Domain => domain(&qualified, object),
        K::View | K::MaterializedView => {
            format!("CREATE {} {qualified} AS\n{definition}", name.kind.sql())
        }
        K::Table | K::ForeignTable => table(name, object),
        K::Sequence => sequence(&qualified, object),
        K::Function | K::Procedure => function(name, object),
        K::Policy => policy(name, object),
        K::Publication => {
            let contents = get("contents").map_or_else(String::new, |it| format!(" FOR {it}"));
            let operations = get("operations").unwrap_or_default();
            format!("CREATE PUBLICATION {qualified}{contents} WITH (publish = '{operations}')")
        }
        K::EventTrigger => {
            let (event, function) = (get("event"), get("function"));
            let (event, function) = (event.unwrap_or_default(), function.unwrap_or_default());
            let tags = get("tags").map_or_else(String::new, |it| format!(" WHEN TAG IN ({it})"));
            format!("CREATE EVENT TRIGGER {qualified} ON {event}{tags} EXECUTE FUNCTION {function}")
        }
        K::Extension => {
            let [version, schema] = ["version", "schema"].map(|it| get(it).unwrap_or_default());
            format!("CREATE EXTENSION {qualified} SCHEMA {schema} VERSION '{version}'")
        }
        K::DefaultPrivileges => format!("-- {name}"),
        kind => format!("CREATE {} {qualified} {definition}", kind.sql()).trim_end().to_owned(),
    };
    text.lines().map(|it| it.trim_end().to_owned()).collect()
}

/// Adds the attributes that the object has, each with what stands before it.
fn append(text: &mut String, object: &Object, between: char, parts: &[(&str, &str)]) {
    for (attribute, before) in parts {
        if let Some(value) = object.get(attribute) {
            let _ = write!(text, "{between}{before}{value}");
        }
    }
}

/// A column as in `CREATE TABLE`.
fn column(name: &ObjectName, object: &Object) -> String {
    let mut text = format!("{} {}", name.quoted(), object.get("type").unwrap_or_default());
    let parts = [
        ("collation", "COLLATE "),
        ("generated", "GENERATED "),
        ("default", "DEFAULT "),
        ("not null", ""),
    ];
    append(&mut text, object, ' ', &parts);
    if let Some(identity) = object.get("identity") {
        let _ = write!(text, " GENERATED {identity} AS IDENTITY");
    }
    text
}

/// `CREATE TABLE …` with its columns before what follows them.
fn with_columns(main: &[String], columns: &[String]) -> Vec<String> {
    let mut lines = vec![format!("{} (", main.first().map_or("", String::as_str))];
    let last = columns.len().saturating_sub(1);
    let comma = |at: usize| if at == last { "" } else { "," };
    lines.extend(columns.iter().enumerate().map(|(at, it)| format!("{it}{}", comma(at))));
    lines.push(
        [")"]
            .into_iter()
            .chain(main.iter().skip(1).map(String::as_str))
            .collect::<Vec<_>>()
            .join(" "),
    );
    lines
}

/// The head in the first line, and what follows the columns, a line each.
fn table(name: &ObjectName, object: &Object) -> String {
    let unlogged = object.get("persistence").map_or("", |_| "UNLOGGED ");
    let mut text = format!("CREATE {unlogged}{} {}", name.kind.sql(), name.qualified());
    let parts = [
        ("row type", "OF "),
        ("parents", "INHERITS "),
        ("parent", "PARTITION OF "),
        ("bounds", ""),
        ("partition key", "PARTITION BY "),
        ("server", "SERVER "),
    ];
    append(&mut text, object, '\n', &parts);
    text
}

fn domain(qualified: &str, object: &Object) -> String {
    let mut text = format!("CREATE DOMAIN {qualified} AS {}", object.get("type").unwrap_or(""));
    let parts = [("collation", "COLLATE "), ("default", "DEFAULT "), ("not null", "")];
    append(&mut text, object, ' ', &parts);
    text
}

fn sequence(qualified: &str, object: &Object) -> String {
    let mut text = format!("CREATE SEQUENCE {qualified}");
    let parts = [
        ("type", "AS "),
        ("start", "START "),
        ("increment", "INCREMENT "),
        ("minimum", "MINVALUE "),
        ("maximum", "MAXVALUE "),
        ("cache", "CACHE "),
        ("cycle", ""),
    ];
    append(&mut text, object, ' ', &parts);
    text
}

fn policy(name: &ObjectName, object: &Object) -> String {
    let mut text = format!("CREATE POLICY {} ON {}", name.quoted(), name.relation());
    let parts = [("permissiveness", "AS "), ("command", "FOR "), ("roles", "TO ")];
    append(&mut text, object, ' ', &parts);
    for (attribute, before) in [("condition", "USING"), ("check", "WITH CHECK")] {
        if let Some(value) = object.get(attribute) {
            let _ = write!(text, " {before} ({value})");
        }
    }
    text
}

fn function(name: &ObjectName, object: &Object) -> String {
    let get = |it: &str| object.get(it).unwrap_or_default();
    let own = name.qualified();
    let own = own.rfind('(').map_or(own.as_str(), |at| &own[..at]);
    let mut text = format!("CREATE {} {own}({})", name.kind.sql(), get("arguments"));
    let parts = [
        ("result", "RETURNS "),
        ("language", "LANGUAGE "),
        ("window", ""),
        ("volatility", ""),
        ("strictness", ""),
        ("security", ""),
        ("leakproofness", ""),
        ("parallel safety", "PARALLEL "),
        ("cost", "COST "),
        ("rows", "ROWS "),
        ("support function", "SUPPORT "),
        ("settings", "SET "),
        ("library", "AS "),
    ];
    append(&mut text, object, '\n', &parts);
    let body = get("body").trim_matches('\n');
    let _ = write!(text, "\nAS $function$\n{body}\n$function$");
    text
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

    #[test]
    fn grants_can_be_pasted() {
        let table = name(ObjectKind::Table, None, "t");
        let objects = [(table, object(&[("owner", "Me")]))].into();
        let schema = Schema { objects, ..Schema::default() };
        let column = name(ObjectKind::Column, Some("t"), "c");
        let granted = |value| statement(&column, &object(&[("grants", value)]), "grants", &schema);
        assert_eq!(
            granted("INSERT, SELECT TO app\nUPDATE TO app WITH GRANT OPTION"),
            [
                "GRANT INSERT (c), SELECT (c) ON TABLE public.t TO app",
                "GRANT UPDATE (c) ON TABLE public.t TO app WITH GRANT OPTION"
            ]
        );
        assert_eq!(
            granted("no SELECT TO its owner\nno INSERT TO app WITH GRANT OPTION"),
            [
                "REVOKE SELECT (c) ON TABLE public.t FROM \"Me\"",
                "REVOKE GRANT OPTION FOR INSERT (c) ON TABLE public.t FROM app"
            ]
        );
    }
}
