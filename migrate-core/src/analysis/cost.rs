//! What depends on the types and constraints that are there: whether rows are read or written anew.

use super::known::Known;
use super::locks::Deed;
use crate::sql::action::{ColumnType, Conversion, ObjectName};

/// What a change of type does.
pub(super) struct Cost {
    pub(super) deed: Deed,
    pub(super) is_certain: bool,
}

/// What a change of type costs; `from` is nothing where the column is not known.
pub(super) fn of_type(
    known: &Known,
    from: Option<&ColumnType>,
    to: &ColumnType,
    has_collation: bool,
) -> Cost {
    // To a domain without a constraint costs what the type below it costs.
    let to = match known.domains.get(&ObjectName::plain(to.name.clone())) {
        Some((below, false)) => below,
        Some((_, true)) => return Cost { deed: Deed::AlterRewrite, is_certain: true },
        None => to,
    };
    let Some(from) = from else {
        return Cost { deed: Deed::AlterRewrite, is_certain: false };
    };
    match from.conversion(to) {
        // Another collation: the indexes of the column are built anew, if it has any.
        Conversion::Free if has_collation => Cost { deed: Deed::AlterBuild, is_certain: false },
        Conversion::Free => Cost { deed: Deed::AlterColumn, is_certain: true },
        Conversion::FreeInUtc => Cost { deed: Deed::AlterRewrite, is_certain: false },
        Conversion::Rewrites => Cost { deed: Deed::AlterRewrite, is_certain: true },
    }
}

/// Whether all columns of an index are NOT NULL; nothing where that is not known.
pub(super) fn key_is_not_null(
    known: &Known,
    table: &ObjectName,
    index: &ObjectName,
) -> Option<bool> {
    let index = known.indexes.get(&table.beside(&index.name))?;
    let columns = index.columns.iter().map(|it| known.column(table, it.as_deref()?));
    let columns: Option<Vec<_>> = columns.collect();
    Some(columns?.iter().all(|it| it.not_null))
}
