//! The order of the pieces, and what is taken apart where things need each other.

use std::collections::HashSet;

use super::super::needs::Need;
use super::super::sql::create::is_parsed;
use super::super::{ObjectKind, ObjectName, Schema};
use super::order::{circles, sorted};
use super::pieces::Pieces;
use super::steps::stand_in;
use super::tables::Tables;

/// What is made in two steps: columns get their defaults later, tables and domains their constraints, domains their
/// defaults, functions their bodies, and views their queries.
#[derive(Default)]
pub(super) struct Apart {
    pub(super) objects: HashSet<ObjectName>,
}

/// The statements in order, with what they make or belong to.
pub(super) struct Made<'s> {
    pub(super) statements: Vec<String>,
    pub(super) order: Vec<&'s ObjectName>,
}

/// Before what is in no order.
const CIRCLE: &str = "-- What follows needs each other, and nobody knows which comes first.\n";

/// Everything that something else may need.
pub(super) fn made(schema: &Schema) -> Made<'_> {
    let tables = Tables::new(schema);
    let mut apart = Apart::default();
    loop {
        let mut pieces = Pieces::of(schema, &tables, &apart);
        let needs: Vec<_> = pieces.all.iter_mut().map(|it| std::mem::take(&mut it.needs)).collect();
        let sorted = sorted(&needs);
        if !sorted.left.is_empty() {
            let more = more(&pieces, &circles(&needs));
            if !more.is_empty() {
                apart.objects.extend(more);
                continue;
            }
        }
        let mut made = Made { statements: Vec::new(), order: Vec::new() };
        let first_left = sorted.left.first().copied();
        for place in sorted.order.into_iter().chain(sorted.left) {
            let piece = &mut pieces.all[place];
            if let Some(first) = piece.statements.first_mut().filter(|_| first_left == Some(place))
            {
                first.insert_str(0, CIRCLE);
            }
            made.statements.append(&mut piece.statements);
            made.order.push(piece.object);
        }
        return made;
    }
}

/// What else is to be taken apart, what is least of it: only where that is not enough, the next.
fn more(pieces: &Pieces<'_, '_>, circles: &[Option<usize>]) -> Vec<ObjectName> {
    let is_in_circle = |need: &&Need| {
        let ends = pieces.ends(need).map(|it| (circles[it.0], circles[it.1]));
        matches!(ends, Some((Some(user), Some(needed))) if user == needed)
    };
    let needs: Vec<&Need> = pieces.schema.needs.0.iter().filter(is_in_circle).collect();
    for can in [can_wait, has_body, has_query] {
        let objects = needs.iter().filter(|it| can(pieces, it)).map(|it| it.object.clone());
        let new: Vec<_> = objects.filter(|it| !pieces.apart.objects.contains(it)).collect();
        if !new.is_empty() {
            return new;
        }
    }
    Vec::new()
}

fn can_wait(_: &Pieces<'_, '_>, need: &Need) -> bool {
    use ObjectKind as K;
    match need.object.kind {
        K::Column | K::Constraint => true,
        K::Domain => matches!(need.needed.kind, K::Function | K::Sequence),
        _ => false,
    }
}

fn has_body(pieces: &Pieces<'_, '_>, need: &Need) -> bool {
    let object = pieces.schema.objects.get(&need.object);
    matches!(need.object.kind, ObjectKind::Function | ObjectKind::Procedure)
        && object.and_then(|it| it.get("body")).is_some_and(is_parsed)
}

fn has_query(pieces: &Pieces<'_, '_>, need: &Need) -> bool {
    let object = pieces.schema.objects.get(&need.object);
    need.object.kind == ObjectKind::View
        && object.is_some_and(|it| stand_in(pieces, &need.object, it).is_some())
}
