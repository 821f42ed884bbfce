//! The words by which an action is done only where it is not done yet.

use crate::sql::action::{Change, What};

/// `IF NOT EXISTS`, `OR REPLACE` or `IF EXISTS`, of what takes one of them.
pub(super) struct Condition {
    pub(super) is_said: bool,
    pub(super) words: &'static str,
}

/// What an action takes of these words, and whether it has them.
pub(super) fn condition(what: &What) -> Option<Condition> {
    let (is_said, words) = match what {
        What::CreateTable(it) => (it.if_not_exists, "IF NOT EXISTS"),
        What::CreateIndex(it) => (it.if_not_exists, "IF NOT EXISTS"),
        What::CreateTableAs { if_not_exists, .. }
        | What::CreateMaterializedView { if_not_exists, .. }
        | What::CreateSequence { if_not_exists, .. }
        | What::CreateSchema { if_not_exists, .. }
        | What::CreateExtension { if_not_exists, .. }
        | What::AddEnumValue { if_not_exists, .. }
        | What::AlterTable { change: Change::AddColumn { if_not_exists, .. }, .. } => {
            (*if_not_exists, "IF NOT EXISTS")
        }
        What::CreateView { or_replace, .. } | What::CreateTrigger { or_replace, .. } => {
            (*or_replace, "OR REPLACE")
        }
        What::CreateFunction(it) => (it.or_replace, "OR REPLACE"),
        What::DropTable { if_exists, .. }
        | What::DropIndex { if_exists, .. }
        | What::DropView { if_exists, .. }
        | What::DropTrigger { if_exists, .. }
        | What::DropPolicy { if_exists, .. }
        | What::DropType { if_exists, .. }
        | What::DropSequence { if_exists, .. }
        | What::DropSchema { if_exists, .. }
        | What::DropFunction { if_exists, .. }
        | What::AlterTable {
            change: Change::DropColumn { if_exists, .. } | Change::DropConstraint { if_exists, .. },
            ..
        } => (*if_exists, "IF EXISTS"),
        _ => return None,
    };
    Some(Condition { is_said, words })
}
