//! Constraints of tables, columns and domains.

use squawk_syntax::ast::{self, AstNode, BinOp, ConstraintOption, PostfixOp};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::tree::{self, Reader, first, idents};
use crate::sql::action::{Constraint, ConstraintKind, ObjectName};

impl Reader {
    /// A constraint; `of` is the column that it stands at.
    pub(super) fn constraint(
        &self,
        constraint: &ast::Constraint,
        of: Option<&str>,
    ) -> Option<Constraint> {
        let node = constraint.syntax();
        let own = || of.map(str::to_owned).into_iter().collect::<Vec<_>>();
        let columns = |it: Option<ast::IndexParameters>| match it.and_then(|it| it.column_list()) {
            Some(list) => idents::<ast::ColumnNameRef>(list.syntax()),
            None => own(),
        };
        let kind = match constraint {
            ast::Constraint::CheckConstraint(it) => {
                let mut not_null = Vec::new();
                it.expr().iter().for_each(|it| find_not_null(it, &mut not_null));
                ConstraintKind::Check { not_null }
            }
            ast::Constraint::ForeignKeyConstraint(it) => ConstraintKind::ForeignKey {
                columns: it
                    .from_columns()
                    .map(|it| idents::<ast::ColumnNameRef>(it.syntax()))
                    .unwrap_or_default(),
                table: tree::name(&it.table_name_ref()?)?,
            },
            ast::Constraint::ReferencesConstraint(it) => {
                ConstraintKind::ForeignKey { columns: own(), table: tree::name(&it.table()?)? }
            }
            ast::Constraint::UniqueConstraint(it) => ConstraintKind::Unique {
                columns: columns(it.index_parameters()),
                using_index: index(it.using_index()),
            },
            ast::Constraint::PrimaryKeyConstraint(it) => ConstraintKind::PrimaryKey {
                columns: columns(it.index_parameters()),
                using_index: index(it.using_index()),
            },
            ast::Constraint::ExcludeConstraint(_) => ConstraintKind::Exclude,
            ast::Constraint::NotNullConstraint(it) => {
                let named = it.column_name_ref().map(|it| tree::ident(&it));
                ConstraintKind::NotNull { column: named.or_else(|| of.map(str::to_owned))? }
            }
            _ => return None,
        };
        let options: Vec<ConstraintOption> = options(node);
        Some(Constraint {
            range: self.range(node),
            name: constraint.constraint_name().map(|it| tree::ident(&it)),
            kind,
            not_valid: options.iter().any(|it| matches!(it, ConstraintOption::NotValid(_))),
            not_enforced: options.iter().any(|it| matches!(it, ConstraintOption::NotEnforced(_))),
        })
    }
}

fn options(node: &SyntaxNode) -> Vec<ConstraintOption> {
    node.children().filter_map(ConstraintOption::cast).collect()
}

fn index(using: Option<ast::UsingIndexName>) -> Option<ObjectName> {
    first::<ast::IndexRef>(using?.syntax()).and_then(|it| tree::name(&it))
}

/// The columns of which an expression says `IS NOT NULL`, by itself or joined with others by AND.
fn find_not_null(expression: &ast::Expr, found: &mut Vec<String>) {
    match expression {
        ast::Expr::ParenExpr(it) => it.expr().iter().for_each(|it| find_not_null(it, found)),
        ast::Expr::BinExpr(it) if matches!(it.op(), Some(BinOp::And(_))) => {
            let both = [it.lhs(), it.rhs()];
            both.iter().flatten().for_each(|it| find_not_null(it, found));
        }
        ast::Expr::BinExpr(it) if matches!(it.op(), Some(BinOp::IsNot(_))) => {
            // Not IS NOT TRUE, which NULL is as well.
            let is_null = it.rhs().is_some_and(|it| {
                it.syntax().kind() == SyntaxKind::LITERAL
                    && tree::has(it.syntax(), SyntaxKind::NULL_KW)
            });
            found.extend(it.lhs().filter(|_| is_null).and_then(|it| column(&it)));
        }
        ast::Expr::PostfixExpr(it) if matches!(it.op(), Some(PostfixOp::NotNull(_))) => {
            found.extend(it.expr().and_then(|it| column(&it)));
        }
        _ => {}
    }
}

fn column(expression: &ast::Expr) -> Option<String> {
    match expression {
        ast::Expr::ParenExpr(it) => column(&it.expr()?),
        ast::Expr::NameRef(it) => Some(tree::ident(it)),
        _ => None,
    }
}
