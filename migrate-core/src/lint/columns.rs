//! The columns that an action makes on the way up, or gives another type.

use crate::ByteRange;
use crate::lint::ActionContext;
use crate::sql::action::{Change, Column, ColumnType, ObjectName, What};

/// A column, and where its type stands.
pub(super) struct NewType<'a> {
    pub(super) range: ByteRange,
    pub(super) table: &'a ObjectName,
    pub(super) column: &'a str,
    pub(super) ty: &'a ColumnType,
}

/// The columns of tables that stay; what is temporary is gone with the session, and the way back makes what was there.
pub(super) fn new_types<'a>(context: &ActionContext<'a>) -> Vec<NewType<'a>> {
    let action = context.action;
    match &action.what {
        _ if !context.is_up() => Vec::new(),
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
    fn of(table: &'a ObjectName, column: &'a Column) -> NewType<'a> {
        NewType { range: column.range, table, column: &column.name, ty: &column.ty }
    }

    /// The column as it is named in SQL, behind its table.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.table, ObjectName::plain(self.column))
    }
}
