//! The pieces of constraints that are not made with their tables: those of partitions, those that are not valid, those
//! that are apart.

use std::collections::HashSet;

use super::super::sql::create;
use super::super::{Object, ObjectName};
use super::pieces::{Pieces, Step};
use super::tables::{described_as, is_check, is_foreign_key};

pub(super) fn add<'s>(pieces: &mut Pieces<'_, 's>, name: &'s ObjectName, object: &'s Object) {
    let Some(whole) = pieces.whole_of(name) else { return };
    if is_foreign_key(object) {
        return;
    }
    if pieces.tables.is_inside(name, object, pieces.apart)
        || pieces.tables.is_inherited(name, object)
    {
        pieces.is_made_within(name, whole);
        return;
    }
    let text = if is_check(object) {
        create::main(name, object, pieces.schema)
    } else {
        let (table, constraint) = (name.relation(), create::constraint(name, object));
        format!("ALTER TABLE ONLY {table} ADD {constraint}")
    };
    let statements = [text].into_iter().chain(described_as(name, object, pieces.schema));
    let piece = pieces.add(name, whole, Step::Constraint, statements.collect());
    pieces.is_made_by(name, piece);
    pieces.want(piece, whole);
    if is_check(object) {
        hand_down(pieces, piece, name, object, whole);
    } else {
        pieces.want_partitions(piece, whole);
    }
}

/// A constraint that is not made with its table goes to the children that are there, and to theirs: those that have it
/// just so.
fn hand_down<'s>(
    pieces: &mut Pieces<'_, 's>,
    piece: usize,
    name: &'s ObjectName,
    object: &'s Object,
    whole: &'s ObjectName,
) {
    let (mut parents, mut seen) = (vec![whole], HashSet::new());
    while let Some(parent) = parents.pop() {
        for child in pieces.tables.families.children(parent) {
            let constraints = pieces.tables.constraints(child);
            let Some((own, inherited)) = constraints.iter().find(|it| it.0.name == name.name)
            else {
                continue;
            };
            if !pieces.tables.is_inherited(own, inherited) || !seen.insert(*child) {
                continue;
            }
            if inherited.get("definition") == object.get("definition") {
                pieces.want(piece, child);
                parents.push(child);
            } else {
                pieces.make_after(child, piece);
            }
        }
    }
}
