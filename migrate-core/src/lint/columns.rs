//! The columns that an action makes, or gives another type.

use crate::ByteRange;
use crate::sql::action::{Action, Change, ColumnType, ObjectName, What};

/// A column, and where its type stands.
pub(super) struct NewType<'a> {
    pub(super) range: ByteRange,
    pub(super) table: &'a ObjectName,
    pub(super) column: &'a str,
    pub(super) ty: &'a ColumnType,
}

/// The columns of tables that stay; what is temporary is gone with the session.
pub(super) fn new_types(action: &Action) -> Vec<NewType<'_>> {
    match &action.what {
        What::CreateTable(new) if !new.is_temporary => {
            let of = |it| NewType::of(&new.table, it);
            new.columns.iter().map(of).collect()
        }
        What::AlterTable { table, change: Change::AddColumn { column, .. }, .. } => {
            vec![NewType::of(table, column)]
        }
        What::AlterTable { table, change: Change::SetType { column, ty, .. }, .. } => {
            vec![NewType { range: action.range, table, column, ty }]
        }
        _ => Vec::new(),
    }
}

impl<'a> NewType<'a> {
    fn of(table: &'a ObjectName, column: &'a crate::sql::action::Column) -> NewType<'a> {
        NewType { range: column.range, table, column: &column.name, ty: &column.ty }
    }

    /// The column as it is named in SQL, behind its table.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.table, ObjectName::plain(self.column))
    }
}
