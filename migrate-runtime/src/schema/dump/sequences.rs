//! The pieces of sequences: those of identities come with their tables, others belong to a column once it is there.

use super::super::sql::{create, setting};
use super::super::{Object, ObjectName};
use super::pieces::{Pieces, Step};
use super::plain;
use super::tables::described_as;
use crate::quote::listed;

pub(super) fn add<'s>(pieces: &mut Pieces<'_, 's>, name: &'s ObjectName, object: &'s Object) {
    let column = object.get("column");
    let table = column.and_then(|it| pieces.tables.families.named(relation_of(it)));
    if let (Some(_), Some(table)) = (object.get("identity"), table) {
        pieces.is_made_within(name, table);
        let is_unlogged = |it: &Object| it.get("persistence").is_some();
        let mut statements = Vec::new();
        // Unless told, it is as its table.
        if is_unlogged(object) && !pieces.schema.objects.get(table).is_some_and(is_unlogged) {
            statements.push(format!("ALTER SEQUENCE {} SET UNLOGGED", name.qualified()));
        }
        statements.extend(described_as(name, object, pieces.schema));
        if !statements.is_empty() {
            let piece = pieces.add(name, table, Step::Joined, statements);
            pieces.want(piece, table);
        }
        return;
    }
    let text = create::main(name, &plain::sequence(object), pieces.schema);
    pieces.whole(name, object, text);
    if let (Some(column), Some(table)) = (column, table) {
        let owned = setting(name, "column", column).into_iter().collect();
        let piece = pieces.add(name, table, Step::Joined, owned);
        pieces.want(piece, name);
        pieces.want(piece, table);
    }
}

/// The table of a column as SQL writes it: what comes before the last dot that is not quoted.
fn relation_of(column: &str) -> &str {
    let own = listed(column, '.').last().unwrap_or_default();
    column.strip_suffix(own).and_then(|it| it.strip_suffix('.')).unwrap_or(column)
}
