//! `ALTER TABLE`, clause by clause.

use squawk_syntax::ast::{
    self, AlterColumnOption, AlterTableAction, AstNode, DetachPartitionOption,
};

use super::column::column_type;
use super::tree::{self, Reader};
use crate::sql::action::{Action, Change, What};

impl Reader {
    pub(super) fn alter_table(
        &self,
        relation: Option<&ast::TableRelationName>,
        clauses: impl Iterator<Item = AlterTableAction>,
        actions: &mut Vec<Action>,
    ) {
        let Some(relation) = relation else { return };
        let Some(table) = tree::name(relation) else { return };
        let only = relation.only_token().is_some();
        for clause in clauses {
            let change = self.change(&clause).unwrap_or(Change::Other);
            let what = What::AlterTable { table: table.clone(), only, change };
            actions.push(self.action(clause.syntax(), what));
        }
    }

    fn change(&self, clause: &AlterTableAction) -> Option<Change> {
        use AlterTableAction as Clause;
        Some(match clause {
            Clause::AddColumn(it) => Change::AddColumn {
                column: self.column(
                    it.syntax(),
                    it.column_name().as_ref(),
                    it.ty().as_ref(),
                    it.constraints(),
                ),
                if_not_exists: it.if_not_exists().is_some(),
            },
            Clause::DropColumn(it) => Change::DropColumn {
                column: tree::ident(&it.column_name_ref()?),
                if_exists: it.if_exists().is_some(),
            },
            Clause::RenameColumn(it) => Change::RenameColumn {
                from: tree::ident(&it.column_name_ref()?),
                to: tree::ident(&it.column_name()?),
            },
            Clause::AlterColumn(it) => {
                column_change(tree::ident(&it.column_name_ref()?), &it.option()?)
            }
            Clause::AddConstraint(it) => {
                Change::AddConstraint(self.constraint(&it.constraint()?, None)?)
            }
            Clause::DropConstraint(it) => Change::DropConstraint {
                constraint: tree::ident(&it.constraint_name_ref()?),
                if_exists: it.if_exists().is_some(),
            },
            Clause::ValidateConstraint(it) => {
                Change::ValidateConstraint { constraint: tree::ident(&it.constraint_name_ref()?) }
            }
            Clause::RenameConstraint(it) => Change::RenameConstraint {
                from: tree::ident(&it.constraint_name_ref()?),
                to: tree::ident(&it.constraint_name()?),
            },
            Clause::AlterConstraint(_) => Change::AlterConstraint,
            other => return Reader::table_change(other),
        })
    }

    /// What is about the table as a whole.
    fn table_change(clause: &AlterTableAction) -> Option<Change> {
        use AlterTableAction as Clause;
        Some(match clause {
            Clause::AttachPartition(it) => Change::Attach {
                partition: tree::name(&it.table_name_ref()?)?,
                is_default: matches!(
                    it.partition_type(),
                    Some(ast::PartitionType::PartitionDefault(_))
                ),
            },
            Clause::DetachPartition(it) => {
                let option = it.detach_partition_option();
                Change::Detach {
                    partition: tree::name(&it.table_name_ref()?)?,
                    concurrently: matches!(
                        option,
                        Some(DetachPartitionOption::DetachConcurrently(_))
                    ),
                    finalize: matches!(option, Some(DetachPartitionOption::DetachFinalize(_))),
                }
            }
            Clause::InheritTable(it) => {
                Change::Inherit { parent: tree::name(&it.table_name_ref()?)? }
            }
            Clause::NoInheritTable(it) => Change::NoInherit { parent: tree::name(it)? },
            Clause::TableRenameTo(it) => Change::Rename { to: tree::ident(&it.table_name()?) },
            Clause::SetSchema(it) => Change::SetSchema { to: tree::ident(&it.schema_ref()?) },
            Clause::SetLogged(_) | Clause::SetUnlogged(_) => Change::SetPersistence,
            Clause::SetTablespace(_) => Change::SetTablespace,
            Clause::SetAccessMethod(_) => Change::SetAccessMethod,
            Clause::SetOptions(_)
            | Clause::ResetOptions(_)
            | Clause::OptionItemList(_)
            | Clause::ClusterOn(_)
            | Clause::SetWithoutCluster(_) => Change::SetOptions,
            Clause::EnableTrigger(_)
            | Clause::DisableTrigger(_)
            | Clause::EnableAlwaysTrigger(_)
            | Clause::EnableReplicaTrigger(_) => Change::Trigger,
            _ => return None,
        })
    }
}

fn column_change(column: String, option: &AlterColumnOption) -> Change {
    use AlterColumnOption as Option;
    match option {
        Option::SetDefault(_) => Change::SetDefault { column },
        Option::DropDefault(_) => Change::DropDefault { column },
        Option::SetNotNull(_) => Change::SetNotNull { column },
        Option::DropNotNull(_) => Change::DropNotNull { column },
        Option::SetType(it) => Change::SetType {
            ty: it.ty().as_ref().map(column_type).unwrap_or_default(),
            has_using: it
                .using_expr()
                .and_then(|it| it.expr())
                .is_some_and(|it| !is_cast_of(&it, &column)),
            column,
            has_collation: it.collate().is_some(),
        },
        Option::SetExpression(_) => Change::SetExpression { column },
        Option::AddGenerated(_) => Change::AddIdentity { column },
        Option::SetStatistics(_) | Option::SetOptions(_) | Option::ResetOptions(_) => {
            Change::SetStatistics
        }
        _ => Change::AlterColumn,
    }
}

/// Whether an expression is the column itself, or a cast of it.
fn is_cast_of(expression: &ast::Expr, column: &str) -> bool {
    let is_column = |it: ast::Expr| match bare(it) {
        Some(ast::Expr::NameRef(it)) => tree::ident(&it) == column,
        _ => false,
    };
    match bare(expression.clone()) {
        Some(ast::Expr::CastExpr(it)) => it.expr().is_some_and(is_column),
        Some(other) => is_column(other),
        None => false,
    }
}

/// An expression without the parentheses around it.
fn bare(expression: ast::Expr) -> Option<ast::Expr> {
    match expression {
        ast::Expr::ParenExpr(it) => bare(it.expr()?),
        other => Some(other),
    }
}
