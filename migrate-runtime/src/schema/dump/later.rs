//! What nothing else needs, in an order of its own: by then, everything that it needs is there.

use super::super::sql::{create, setting};
use super::super::{Object, ObjectKind, ObjectName, Schema};
use super::DumpOptions;
use super::rights::own;
use super::tables::{described_as, is_foreign_key};
use crate::quote::{fill_code, listed, literal};

/// Foreign keys, statistics, rules, policies and publications.
pub(super) fn statements(schema: &Schema) -> Vec<String> {
    use ObjectKind as K;
    let kinds = [K::Constraint, K::Statistics, K::Rule, K::Policy, K::Publication];
    let of_kind = |kind| schema.objects.iter().filter(move |it| it.0.kind == kind);
    let mut statements = Vec::new();
    for (name, object) in kinds.into_iter().flat_map(of_kind) {
        if name.kind == K::Constraint && !is_foreign_key(object) {
            continue;
        }
        statements.push(create::main(name, object, schema));
        if name.kind == K::Constraint {
            statements.extend(disabled(name, object));
        }
        let set = |it: &str| setting(name, it, object.get(it)?);
        statements.extend(["state", "statistics target"].into_iter().filter_map(set));
        statements.extend(described_as(name, object, schema));
    }
    statements
}

/// Disables the triggers that keep a foreign key, where they are.
fn disabled(name: &ObjectName, object: &Object) -> Option<String> {
    let tables = object.get("disabled triggers")?.strip_prefix("on ")?;
    let tables = listed(tables, ',').map(literal).collect::<Vec<_>>().join(", ");
    let (table, name) = (literal(&name.relation()), literal(&name.name));
    let values = [("table", table.as_str()), ("name", &name), ("tables", &tables)];
    Some(fill_code(include_str!("disable.sql").trim(), &values))
}

/// Fills the materialised views that are, in the order in which they were made.
pub(super) fn refreshed(schema: &Schema, order: &[&ObjectName]) -> Vec<String> {
    let views = order.iter().filter(|it| it.kind == ObjectKind::MaterializedView);
    let is_filled =
        |it: &&&ObjectName| schema.objects.get(**it).is_some_and(|it| it.get("data").is_none());
    views
        .filter(is_filled)
        .map(|it| format!("REFRESH MATERIALIZED VIEW {}", it.qualified()))
        .collect()
}

/// They would act on the rest of the script.
pub(super) fn event_triggers(schema: &Schema, options: DumpOptions) -> Vec<String> {
    let all = schema.objects.iter().filter(|it| it.0.kind == ObjectKind::EventTrigger);
    let mut statements = Vec::new();
    for (name, object) in all {
        statements.push(create::main(name, object, schema));
        statements.extend(object.get("state").and_then(|it| setting(name, "state", it)));
        statements.extend(described_as(name, object, schema));
        if options.owners {
            statements.extend(own(name, object, schema));
        }
    }
    statements
}
