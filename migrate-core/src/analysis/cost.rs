//! What depends on the types and constraints that are there: whether rows are read or written anew.

use super::known::Known;
use super::locks::Deed;
use crate::sql::action::{Change, ColumnType, Conversion, ObjectName};

/// What a change of type does.
pub(super) struct Cost {
    pub(super) deed: Deed,
    pub(super) is_certain: bool,
}

/// What a change of type costs.
pub(super) fn of_type(known: &Known, table: &ObjectName, change: &Change) -> Cost {
    let Change::SetType { column, ty, has_using, has_collation } = change else {
        return Cost { deed: Deed::AlterColumn, is_certain: true };
    };
    let unknown = Cost { deed: Deed::AlterRewrite, is_certain: false };
    let Some(from) = known.column(table, column).map(|it| &it.ty) else { return unknown };
    // To and from a domain without a constraint costs what the type below it costs.
    let plain = |ty| match known.domain(ty) {
        Some((below, _)) => below,
        None => ty,
    };
    let (from, to) = (plain(from), plain(ty));
    let is_known = |ty: &ColumnType| ty.is_builtin() || known.enums.contains_key(&ty.object());
    let conversion = match known.domain(ty) {
        Some((_, true)) => Conversion::Rewrites,
        _ if *has_using => Conversion::Rewrites,
        _ if from != to && !(is_known(from) && is_known(to)) => return unknown,
        _ => from.conversion(to),
    };
    match conversion {
        // Another collation: the indexes of the column are built anew, if it has any.
        Conversion::Free if *has_collation => Cost { deed: Deed::AlterBuild, is_certain: false },
        Conversion::BuildsIndexes => Cost { deed: Deed::AlterBuild, is_certain: false },
        Conversion::Free => Cost { deed: Deed::AlterColumn, is_certain: true },
        Conversion::FreeInUtc => unknown,
        Conversion::Rewrites => Cost { deed: Deed::AlterRewrite, is_certain: true },
    }
}

/// Whether all columns of an index are NOT NULL, or proven to be so; nothing where that is not known.
pub(super) fn key_is_not_null(
    known: &Known,
    table: &ObjectName,
    index: &ObjectName,
) -> Option<bool> {
    let index = known.indexes.get(&table.beside(&index.name))?;
    let is_proven = |it: &Option<String>| {
        let name = it.as_deref()?;
        Some(known.column(table, name)?.not_null || known.proves_not_null(table, name))
    };
    let proven: Option<Vec<bool>> = index.columns.iter().map(is_proven).collect();
    Some(proven?.iter().all(|it| *it))
}
