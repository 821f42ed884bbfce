//! Whose objects are, and who may do what with them: after everything else, so that the rest of the script runs as one
//! role, and reads without it.

use super::super::sql::{comment, statement};
use super::super::{Object, ObjectKind, ObjectName, Schema};

/// The schema that an empty database has.
pub(super) fn is_public(name: &ObjectName) -> bool {
    name.kind == ObjectKind::Schema && name.name == "public"
}

/// How an empty database has it, since version 15.
const PUBLIC: [(&str, &str); 3] = [
    ("owner", "pg_database_owner"),
    ("grants", "USAGE TO PUBLIC"),
    ("comment", "standard public schema"),
];

fn is_as_made(object: &Object, attribute: &str) -> bool {
    PUBLIC.iter().any(|it| it.0 == attribute && object.get(attribute) == Some(it.1))
}

/// What is to be done about the schema that an empty database has.
pub(super) fn before(schema: &Schema) -> Vec<String> {
    match schema.objects.iter().find(|it| is_public(it.0)) {
        Some((_, object)) if is_as_made(object, "comment") => Vec::new(),
        Some((name, object)) => vec![comment(name, object.get("comment"), schema)],
        None => vec!["DROP SCHEMA IF EXISTS public".to_owned()],
    }
}

pub(super) fn owners(schema: &Schema) -> Vec<String> {
    use ObjectKind as K;
    let has_own = |(name, object): &(&ObjectName, &Object)| match name.kind {
        // It cannot be changed, or goes with a table, or would act on the rest.
        K::Extension | K::EventTrigger => false,
        K::Sequence => object.get("column").is_none(),
        _ => !is_public(name) || !is_as_made(object, "owner"),
    };
    let all = schema.objects.iter().filter(has_own);
    all.flat_map(|(name, object)| own(name, object, schema)).collect()
}

/// The statement that gives an object to its owner.
pub(super) fn own(name: &ObjectName, object: &Object, schema: &Schema) -> Vec<String> {
    let has = object.get("owner").is_some();
    if has { statement(name, object, "owner", schema) } else { Vec::new() }
}

pub(super) fn grants(schema: &Schema) -> Vec<String> {
    let mut statements = Vec::new();
    for (name, object) in &schema.objects {
        if is_public(name) {
            if is_as_made(object, "grants") {
                continue;
            }
            statements.push("REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned());
        }
        statements.extend(statement(name, object, "grants", schema));
    }
    statements
}
