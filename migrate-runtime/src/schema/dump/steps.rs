//! What may have to be made in two steps, since something that it needs needs it.

use super::super::query::selected;
use super::super::sql::create;
use super::super::{Attribute, Object, ObjectKind, ObjectName};
use super::pieces::{Pieces, Step};
use super::plain;
use super::tables::{alter_column, column_settings, described_as};

/// A function: of one that is apart, the body comes later.
pub(super) fn function<'s>(pieces: &mut Pieces<'_, 's>, name: &'s ObjectName, object: &'s Object) {
    let object = plain::function(object);
    let text = create::main(name, &object, pieces.schema);
    if !pieces.apart.objects.contains(name) {
        pieces.whole(name, &object, text);
        return;
    }
    let mut without = object.clone();
    for attribute in without.attributes.iter_mut().filter(|it| it.name == "body") {
        "SELECT NULL".clone_into(&mut attribute.value);
    }
    let before = create::main(name, &without, pieces.schema);
    two_steps(pieces, name, &object, &format!("-- Its body comes later.\n{before}"), &text, vec![]);
}

/// A view: of one that is apart, the query comes later.
pub(super) fn view<'s>(pieces: &mut Pieces<'_, 's>, name: &'s ObjectName, object: &'s Object) {
    // It is filled when all is there.
    let mut unfilled = object.without(&["data"]);
    if name.kind == ObjectKind::MaterializedView {
        let (name, value) = ("data", "WITH NO DATA".to_owned());
        unfilled.attributes.push(Attribute { name, value });
    }
    let text = create::main(name, &unfilled, pieces.schema);
    let columns = pieces.tables.families.columns(name);
    let mut more = Vec::new();
    for (column, object) in &columns {
        if let Some(default) = object.get("default") {
            let (view, own) = (column.relation(), column.quoted());
            more.push(format!("ALTER VIEW {view} ALTER COLUMN {own} SET DEFAULT {default}"));
        }
        more.extend(column_settings(column, object));
        more.extend(described_as(column, object, pieces.schema));
    }
    let is_apart = pieces.apart.objects.contains(name);
    if let Some(before) = stand_in(pieces, name, object).filter(|_| is_apart) {
        two_steps(pieces, name, object, &before, &text, more);
    } else {
        let piece = pieces.whole(name, object, text);
        pieces.all[piece].statements.extend(more);
    }
}

/// A view with the same columns over nothing; none where it is not known in which order they are.
pub(super) fn stand_in(
    pieces: &Pieces<'_, '_>,
    name: &ObjectName,
    object: &Object,
) -> Option<String> {
    let columns = pieces.tables.families.columns(name);
    let order = selected(object.get("definition")?)?;
    if name.kind != ObjectKind::View || order.len() != columns.len() {
        return None;
    }
    let mut lines = Vec::new();
    for own in order {
        let (column, object) = columns.iter().find(|it| it.0.name == own)?;
        let collation =
            object.get("collation").map_or_else(String::new, |it| format!(" COLLATE {it}"));
        let type_ = object.get("type").unwrap_or_default();
        lines.push(format!("    NULL::{type_}{collation} AS {}", column.quoted()));
    }
    let (own, lines) = (name.qualified(), lines.join(",\n"));
    Some(format!("-- Its query comes later.\nCREATE VIEW {own} AS\nSELECT\n{lines}"))
}

fn two_steps<'s>(
    pieces: &mut Pieces<'_, 's>,
    name: &'s ObjectName,
    object: &Object,
    before: &str,
    text: &str,
    more: Vec<String>,
) {
    let first = pieces.add(name, name, Step::Before, vec![before.to_owned()]);
    pieces.is_made_by(name, first);
    let mut statements = vec![text.replacen("CREATE ", "CREATE OR REPLACE ", 1)];
    statements.extend(described_as(name, object, pieces.schema));
    statements.extend(more);
    let rest = pieces.add(name, name, Step::Made, statements);
    pieces.is_completed_by(name, rest);
    pieces.want(rest, name);
}

/// The defaults of a table that are apart.
pub(super) fn defaults<'s>(pieces: &mut Pieces<'_, 's>, table: &'s ObjectName) {
    if pieces.apart.objects.is_empty() {
        return;
    }
    for (column, object) in pieces.tables.families.columns(table) {
        let default = object.get("default").filter(|_| pieces.apart.objects.contains(column));
        if let Some(default) = default {
            let text = alter_column(column, &format!("SET DEFAULT {default}"));
            let piece = pieces.add(column, table, Step::Constraint, vec![text]);
            pieces.is_made_by(column, piece);
            pieces.want(piece, table);
        }
    }
}

/// A domain with its constraints: of one that is apart, the default comes later.
pub(super) fn domain<'s>(pieces: &mut Pieces<'_, 's>, name: &'s ObjectName, object: &'s Object) {
    let is_apart = pieces.apart.objects.contains(name);
    let hidden: &[&str] = if is_apart { &["default"] } else { &[] };
    let mut text = create::main(name, &object.without(hidden), pieces.schema);
    let mut comments = Vec::new();
    for (constraint, object) in pieces.tables.constraints(name) {
        if pieces.tables.is_inside(constraint, object, pieces.apart) {
            text.push_str("\n    ");
            text.push_str(&create::constraint(constraint, object));
            comments.extend(described_as(constraint, object, pieces.schema));
        }
    }
    let piece = pieces.whole(name, object, text);
    pieces.all[piece].statements.extend(comments);
    if let Some(default) = object.get("default").filter(|_| is_apart) {
        let text = format!("ALTER DOMAIN {} SET DEFAULT {default}", name.qualified());
        let rest = pieces.add(name, name, Step::Constraint, vec![text]);
        pieces.is_completed_by(name, rest);
        pieces.want(rest, name);
    }
}

/// A type whose functions take it, and are made between its name and itself.
pub(super) fn type_of_its_own<'s>(
    pieces: &mut Pieces<'_, 's>,
    name: &'s ObjectName,
    object: &'s Object,
) {
    let text = create::main(name, object, pieces.schema);
    let definition = object.get("definition").unwrap_or_default();
    let piece = pieces.whole(name, object, text);
    if definition.contains("CANONICAL = ") || definition.starts_with("INPUT = ") {
        let text = format!("CREATE TYPE {}", name.qualified());
        let shell = pieces.add(name, name, Step::Before, vec![text]);
        pieces.has_shell(name, shell);
        pieces.all[piece].needs.push(shell);
    }
}
