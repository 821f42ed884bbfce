//! The statements that make an object, without its parts: byte for byte what the catalogs say, and without a semicolon
//! at the end where they have none.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::name::{arguments_at, spelt};
use super::super::{Object, ObjectKind, ObjectName, Schema};
use crate::quote::{literal, setting_value};

/// What makes the object.
pub(in super::super) fn main(name: &ObjectName, object: &Object, schema: &Schema) -> String {
    use ObjectKind as K;
    let get = |it: &str| object.get(it).unwrap_or_default();
    let definition = get("definition");
    let (kind, qualified) = (name.kind.sql(), name.qualified());
    match name.kind {
        K::Column => column(name, object),
        K::Index | K::Trigger | K::Rule | K::Statistics => definition.to_owned(),
        K::Constraint => {
            let whole = if schema.is_part_of(name, K::Domain) { "DOMAIN" } else { "TABLE" };
            format!("ALTER {whole} {} ADD {}", name.relation(), constraint(name, object))
        }
        K::Enum => format!("CREATE TYPE {qualified} AS ENUM ({})", get("labels")),
        K::Range => format!("CREATE TYPE {qualified} AS RANGE ({definition})"),
        K::Domain => domain(&qualified, object),
        K::View | K::MaterializedView => view(name, object),
        K::Table | K::ForeignTable | K::Composite => table(name, object, &[]),
        K::Sequence => sequence(&qualified, object),
        K::Function | K::Procedure => function(name, object),
        K::Aggregate => {
            let arguments = Some(get("arguments")).filter(|it| !it.is_empty()).unwrap_or("*");
            let safety = object.get("parallel safety");
            let safety = safety.map_or_else(String::new, |it| format!(", PARALLEL = {it}"));
            format!("CREATE {kind} {}({arguments}) ({definition}{safety})", called(&qualified))
        }
        K::Operator => format!("CREATE {kind} {} ({definition})", called(&qualified)),
        K::OperatorClass => {
            let own = qualified.rsplit_once(" USING ").map_or(qualified.as_str(), |it| it.0);
            format!("CREATE {kind} {own} {definition}")
        }
        K::OperatorFamily => match object.get("definition") {
            Some(items) => {
                format!("CREATE {kind} {qualified};\n\nALTER {kind} {qualified} ADD {items}")
            }
            None => format!("CREATE {kind} {qualified}"),
        },
        K::Cast => format!("CREATE {kind} ({qualified}) {definition}"),
        K::Collation | K::TextSearchDictionary => {
            format!("CREATE {kind} {qualified} ({definition})")
        }
        K::TextSearchConfiguration => {
            let (parser, mappings) = definition.split_once('\n').unwrap_or((definition, ""));
            let mut text = format!("CREATE {kind} {qualified} ({parser})");
            for (dictionaries, words) in mapped(mappings) {
                let words = words.join(", ");
                let mapping = format!("ADD MAPPING FOR {words} WITH {dictionaries}");
                let _ = write!(text, ";\n\nALTER {kind} {qualified} {mapping}");
            }
            text
        }
        K::Type if definition.is_empty() => format!("CREATE TYPE {qualified}"),
        K::Type => format!("CREATE TYPE {qualified} ({definition})"),
        K::Policy => policy(name, object),
        K::Publication => publication(&qualified, object),
        K::EventTrigger => {
            let (event, function) = (get("event"), get("function"));
            let tags = object.get("tags");
            let tags = tags.map_or_else(String::new, |it| format!(" WHEN TAG IN ({it})"));
            format!("CREATE EVENT TRIGGER {qualified} ON {event}{tags} EXECUTE FUNCTION {function}")
        }
        K::Extension => {
            let (version, schema) = (get("version"), spelt(get("schema")));
            format!("CREATE EXTENSION {qualified} SCHEMA {schema} VERSION {}", literal(version))
        }
        K::DefaultPrivileges => remark(&name.to_string()),
        K::Schema | K::ForeignDataWrapper | K::Server => {
            format!("CREATE {kind} {qualified} {definition}").trim_end().to_owned()
        }
    }
}

/// What is no statement, on one line whatever the names in it are.
pub(super) fn remark(text: &str) -> String {
    format!("-- {}", text.replace(['\n', '\r'], " "))
}

/// The sorts of words that have the same dictionaries.
fn mapped(mappings: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut mapped: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (word, dictionaries) in mappings.lines().filter_map(|it| it.split_once(" WITH ")) {
        mapped.entry(dictionaries).or_default().push(word);
    }
    mapped
}

/// A name without what stands in parentheses behind it.
fn called(qualified: &str) -> &str {
    arguments_at(qualified).map_or(qualified, |at| &qualified[..at])
}

/// Adds the attributes that the object has, each with what stands before it, and after it.
fn append(text: &mut String, object: &Object, between: char, parts: &[(&str, &str, &str)]) {
    for (attribute, before, after) in parts {
        if let Some(value) = object.get(attribute) {
            let _ = write!(text, "{between}{before}{value}{after}");
        }
    }
}

/// A column as in `CREATE TABLE`.
pub(in super::super) fn column(name: &ObjectName, object: &Object) -> String {
    let mut text = format!("{} {}", name.quoted(), object.get("type").unwrap_or_default());
    let parts = [
        ("foreign options", "OPTIONS (", ")"),
        ("collation", "COLLATE ", ""),
        ("generated", "GENERATED ", ""),
        ("default", "DEFAULT ", ""),
        ("not null", "", ""),
        ("identity", "GENERATED ", " AS IDENTITY"),
    ];
    append(&mut text, object, ' ', &parts);
    text
}

/// A constraint as in `CREATE TABLE`.
pub(in super::super) fn constraint(name: &ObjectName, object: &Object) -> String {
    format!("CONSTRAINT {} {}", name.quoted(), object.get("definition").unwrap_or_default())
}

/// A table or a composite type, with the lines that stand in its parentheses; of a partition and of a table of a type,
/// there may be none.
pub(in super::super) fn table(name: &ObjectName, object: &Object, inside: &[String]) -> String {
    let unlogged = object.get("persistence").map_or("", |_| "UNLOGGED ");
    let mut text = format!("CREATE {unlogged}{} {}", name.kind.sql(), name.qualified());
    if name.kind == ObjectKind::Composite {
        text.push_str(" AS");
    }
    append(&mut text, object, ' ', &[("row type", "OF ", ""), ("parent", "PARTITION OF ", "")]);
    let has_others = ["row type", "parent"].iter().any(|it| object.get(it).is_some());
    if !inside.is_empty() || !has_others {
        let lines: Vec<_> = inside.iter().map(|it| format!("\n    {it}")).collect();
        let _ = write!(text, " ({}\n)", lines.join(","));
    }
    let parts = [
        ("parents", "INHERITS (", ")"),
        ("bounds", "", ""),
        ("partition key", "PARTITION BY ", ""),
        ("server", "SERVER ", ""),
    ];
    append(&mut text, object, ' ', &parts);
    text.push_str(&using(object));
    let options = ["options", "TOAST options"].into_iter().filter_map(|it| object.get(it));
    let options = options.collect::<Vec<_>>().join(", ");
    if !options.is_empty() {
        let _ = write!(text, " WITH ({options})");
    }
    append(&mut text, object, ' ', &[("tablespace", "TABLESPACE ", "")]);
    text
}

fn view(name: &ObjectName, object: &Object) -> String {
    let mut text = format!("CREATE {} {}", name.kind.sql(), name.qualified());
    text.push_str(&using(object));
    append(
        &mut text,
        object,
        ' ',
        &[("options", "WITH (", ")"), ("tablespace", "TABLESPACE ", "")],
    );
    let query = object.get("definition").unwrap_or_default().trim_end_matches(';');
    let _ = write!(text, " AS\n{query}");
    append(&mut text, object, '\n', &[("data", "", "")]);
    text
}

/// The access method, where it is not the one that tables have unless told.
fn using(object: &Object) -> String {
    let method = object.get("access method").filter(|it| *it != "heap");
    method.map_or_else(String::new, |it| format!(" USING {it}"))
}

fn domain(qualified: &str, object: &Object) -> String {
    let mut text = format!("CREATE DOMAIN {qualified} AS {}", object.get("type").unwrap_or(""));
    let parts = [("collation", "COLLATE ", ""), ("default", "DEFAULT ", ""), ("not null", "", "")];
    append(&mut text, object, ' ', &parts);
    text
}

fn sequence(qualified: &str, object: &Object) -> String {
    let unlogged = object.get("persistence").map_or("", |_| "UNLOGGED ");
    let mut text = format!("CREATE {unlogged}SEQUENCE {qualified}");
    append(&mut text, object, ' ', &[("type", "AS ", "")]);
    text.push_str(&sequence_options(object));
    text
}

/// What a sequence has, each with a blank before it.
pub(in super::super) fn sequence_options(object: &Object) -> String {
    let mut text = String::new();
    let parts = [
        ("start", "START ", ""),
        ("increment", "INCREMENT ", ""),
        ("minimum", "MINVALUE ", ""),
        ("maximum", "MAXVALUE ", ""),
        ("cache", "CACHE ", ""),
        ("cycle", "", ""),
    ];
    append(&mut text, object, ' ', &parts);
    text
}

fn policy(name: &ObjectName, object: &Object) -> String {
    let mut text = format!("CREATE POLICY {} ON {}", name.quoted(), name.relation());
    let parts = [
        ("permissiveness", "AS ", ""),
        ("command", "FOR ", ""),
        ("roles", "TO ", ""),
        ("condition", "USING (", ")"),
        ("check", "WITH CHECK (", ")"),
    ];
    append(&mut text, object, ' ', &parts);
    text
}

fn publication(qualified: &str, object: &Object) -> String {
    let mut text = format!("CREATE PUBLICATION {qualified}");
    append(&mut text, object, ' ', &[("contents", "FOR ", "")]);
    let mut options = Vec::new();
    let operations = object.get("operations").unwrap_or_default();
    if operations != "insert, update, delete, truncate" {
        options.push(format!("publish = '{operations}'"));
    }
    if object.get("root").is_some() {
        options.push("publish_via_partition_root = true".to_owned());
    }
    if object.get("generated columns") == Some("s") {
        options.push("publish_generated_columns = stored".to_owned());
    }
    if !options.is_empty() {
        let _ = write!(text, " WITH ({})", options.join(", "));
    }
    text
}

fn function(name: &ObjectName, object: &Object) -> String {
    let get = |it: &str| object.get(it).unwrap_or_default();
    let own = name.qualified();
    let mut text = format!("CREATE {} {}({})", name.kind.sql(), called(&own), get("arguments"));
    let parts = [
        ("result", "RETURNS ", ""),
        ("language", "LANGUAGE ", ""),
        ("window", "", ""),
        ("volatility", "", ""),
        ("strictness", "", ""),
        ("security", "", ""),
        ("leakproofness", "", ""),
        ("parallel safety", "PARALLEL ", ""),
        ("cost", "COST ", ""),
        ("rows", "ROWS ", ""),
        ("support function", "SUPPORT ", ""),
    ];
    append(&mut text, object, '\n', &parts);
    // Those that begin with a blank are lines of a value.
    for setting in get("settings").replace("\n ", "\0").split_terminator('\n') {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        let value = setting_value(name, &value.replace('\0', "\n"));
        let _ = write!(text, "\nSET {} TO {value}", setting_name(name));
    }
    let body = get("body");
    let _ = match (get("language"), object.get("library")) {
        ("sql", _) if is_parsed(body) => write!(text, "\n{body}"),
        ("c", Some(library)) => write!(text, "\nAS {}, {}", literal(library), literal(body)),
        ("internal", _) => write!(text, "\nAS {}", literal(body)),
        _ => {
            let tag = tag(body);
            write!(text, "\nAS {tag}{body}{tag}")
        }
    };
    text
}

/// Whether a function in SQL has a body that PostgreSQL has parsed: no text of one begins so.
pub(in super::super) fn is_parsed(body: &str) -> bool {
    body.starts_with("BEGIN ATOMIC") || body.starts_with("RETURN ")
}

/// A quote for a body that is not in it.
fn tag(body: &str) -> String {
    let mut tag = "$function".to_owned();
    while body.contains(&tag) {
        tag.push('_');
    }
    tag + "$"
}

/// Its name, or two with a dot between them.
fn setting_name(name: &str) -> String {
    name.split('.').map(spelt).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_may_have_two_names() {
        assert_eq!(setting_name("my.Setting"), "my.\"Setting\"");
    }

    #[test]
    fn a_body_is_quoted_with_what_it_does_not_hold() {
        assert_eq!(tag("SELECT 1"), "$function$");
        assert_eq!(tag("SELECT $function$a$function$"), "$function_$");
    }
}
