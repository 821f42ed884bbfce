//! The pieces of indexes: those of constraints come with these.

use migrate_core::sql_words;

use super::super::query::outside_of_brackets;
use super::super::sql::{create, setting};
use super::super::{Object, ObjectKind, ObjectName};
use super::pieces::{Pieces, Step};
use super::tables::described_as;

pub(super) fn add<'s>(pieces: &mut Pieces<'_, 's>, name: &'s ObjectName, object: &'s Object) {
    let Some(table) = pieces.whole_of(name) else { return };
    let constraint = object.get("constraint").map(|it| ObjectName {
        kind: ObjectKind::Constraint,
        name: it.to_owned(),
        ..name.clone()
    });
    let schema = pieces.schema;
    let constraint = constraint.and_then(|it| schema.objects.get_key_value(&it));
    let is_split = schema.objects.get(table).is_some_and(|it| it.get("partition key").is_some());
    let mut statements = Vec::new();
    if constraint.is_none() {
        statements.push(create::main(name, object, schema));
        // That of a table with partitions is valid once all of these have theirs.
        if object.get("validity").is_some() && !is_split {
            statements[0].insert_str(0, "-- It was not valid.\n");
        }
    }
    statements.extend(settings(name, object, constraint.is_some()));
    statements.extend(described_as(name, object, schema));
    if let Some((constraint, _)) = constraint {
        pieces.is_made_within(name, constraint);
        if !statements.is_empty() {
            let piece = pieces.add(name, table, Step::Index, statements);
            pieces.want(piece, constraint);
        }
    } else {
        let piece = pieces.add(name, table, Step::Index, statements);
        pieces.is_made_by(name, piece);
        pieces.want(piece, table);
        pieces.want_partitions(piece, table);
        if calls_functions(pieces, name) {
            pieces.put_off(piece);
        }
    }
    let parent = object.get("parent").and_then(|it| pieces.tables.families.named(it));
    if let Some(parent) = parent {
        let attached = setting(name, "parent", &parent.qualified()).into_iter().collect();
        let piece = pieces.add(name, table, Step::Attached, attached);
        pieces.want(piece, name);
        pieces.want(piece, parent);
    }
}

/// Whether it has an expression that calls functions: the text of one may be run then, and what it reads there is known to
/// nobody.
fn calls_functions(pieces: &Pieces<'_, '_>, name: &ObjectName) -> bool {
    let needs = &pieces.schema.needs.0;
    let first = needs.partition_point(|it| it.object < *name);
    let mut own = needs[first..].iter().take_while(|it| it.object == *name);
    own.any(|it| it.needed.kind == ObjectKind::Function)
}

/// What has statements of its own.
fn settings(name: &ObjectName, object: &Object, is_of_constraint: bool) -> Vec<String> {
    let mut statements = Vec::new();
    let definition = object.get("definition").filter(|_| is_of_constraint);
    // What is written of a constraint has no word about it.
    if let Some(options) = definition.and_then(options) {
        statements.push(format!("ALTER INDEX {} SET ({options})", name.qualified()));
    }
    let set = |it: &str| setting(name, it, object.get(it)?);
    statements
        .extend(["statistics targets", "tablespace", "clustering"].into_iter().filter_map(set));
    statements
}

/// The options in the definition of an index: the words `WITH (…)` that stand in no brackets and no quotes.
fn options(definition: &str) -> Option<String> {
    let words = sql_words(definition);
    let mut outside = outside_of_brackets(&words).into_iter();
    let start = outside.find(|it| words[*it] == "WITH")? + 2;
    let options: Vec<_> = words.get(start..)?.iter().copied().take_while(|it| *it != ")").collect();
    Some(options.concat().replace(',', ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_no_words_of_a_condition() {
        let options = |it: &str| options(&format!("CREATE UNIQUE INDEX i ON t USING btree {it}"));
        assert_eq!(options("(a)"), None);
        assert_eq!(options("(a) INCLUDE (b) WHERE (c <> ' WITH (x)'::text)"), None);
        let both = options("(\" WITH (\") WITH (fillfactor='70', buffering=auto) WHERE (a > 0)");
        assert_eq!(both.unwrap(), "fillfactor='70', buffering=auto");
    }
}
