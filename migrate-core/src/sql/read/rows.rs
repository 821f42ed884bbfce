//! What works on rows, and code that may do anything.

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::tree::{self, Reader, first, lists};
use crate::sql::action::{ObjectName, What};

impl Reader {
    pub(super) fn works_on_rows(statement: &Stmt) -> Option<What> {
        Some(match statement {
            Stmt::Insert(it) => What::Insert {
                table: tree::name(&it.relation_name_ref()?)?,
                sources: sources(it.syntax()),
                has_values: it.insert_source().is_some_and(|it| is_values(&it)),
            },
            Stmt::Update(it) => What::Update {
                table: tree::name(&it.relation_name()?)?,
                columns: it.set_clause().iter().flat_map(|it| targets(it.syntax())).collect(),
                has_where: it.where_clause_or_current_of().is_some(),
                sources: sources(it.syntax()),
            },
            Stmt::Delete(it) => What::Delete {
                table: tree::name(&it.relation_name()?)?,
                has_where: it.where_clause_or_current_of().is_some(),
                sources: sources(it.syntax()),
            },
            Stmt::Merge(it) => What::Merge {
                table: tree::name(&it.table_relation_name()?)?,
                sources: sources(it.syntax()),
            },
            Stmt::Select(_)
            | Stmt::CompoundSelect(_)
            | Stmt::ParenSelect(_)
            | Stmt::Table(_)
            | Stmt::Values(_) => {
                let node = statement.syntax();
                What::Select {
                    sources: sources(node),
                    locks_rows: first::<ast::LockingClause>(node).is_some(),
                }
            }
            Stmt::Do(_) | Stmt::Call(_) => What::Code,
            _ => return None,
        })
    }
}

fn is_values(source: &ast::InsertSource) -> bool {
    let node = source.syntax();
    matches!(source, ast::InsertSource::DefaultValues(_)) || ast::Values::can_cast(node.kind())
}

/// The columns that SET gives values to.
fn targets(node: &SyntaxNode) -> Vec<String> {
    node.descendants().filter_map(ast::ColumnTarget::cast).map(|it| tree::ident(&it)).collect()
}

/// The relations that a query reads, each once; what WITH names is none, there or around it.
pub(super) fn sources(node: &SyntaxNode) -> Vec<ObjectName> {
    let whole = node.ancestors().last();
    let parts: Vec<ObjectName> = whole
        .iter()
        .flat_map(SyntaxNode::descendants)
        .filter_map(ast::CteName::cast)
        .map(|it| ObjectName::plain(tree::ident(&it)))
        .collect();
    let read = node.descendants().filter_map(ast::RelationFromItem::cast);
    let mut found: Vec<ObjectName> = Vec::new();
    for name in read.filter_map(|it| tree::name(&it)).chain(lists::<ast::Table>(node)) {
        if !parts.contains(&name) && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
