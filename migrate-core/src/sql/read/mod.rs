//! Reads what a statement does from the tree that the parser makes of it. With `parse`, this is all that
//! knows which parser it is.

mod alter_table;
mod column;
mod constraint;
mod elements;
mod functions;
mod new;
mod others;
mod roles;
mod rows;
mod tree;

use squawk_syntax::SourceFile;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::action::{Action, What};
use tree::{Reader, lists};

/// What a statement does that starts there in its script, in the order of its clauses.
pub(super) fn read(tree: &SourceFile, start: u32) -> Vec<Action> {
    let reader = Reader { start };
    let mut actions = Vec::new();
    for statement in tree.stmts() {
        reader.statement(&statement, &mut actions);
    }
    actions
}

impl Reader {
    fn statement(&self, statement: &Stmt, actions: &mut Vec<Action>) {
        match statement {
            Stmt::AlterTable(it) => {
                self.alter_table(it.table_relation_name().as_ref(), it.actions(), actions);
            }
            Stmt::AlterForeignTable(it) => {
                self.alter_table(it.table_relation_name().as_ref(), it.actions(), actions);
            }
            Stmt::CreateSchema(it) => {
                let schema = new::schema_name(it);
                actions.push(self.action(it.syntax(), Reader::create_schema(it)));
                // Its elements are statements of their own.
                let first = actions.len();
                for element in it.schema_elements() {
                    if let Some(inner) = Stmt::cast(element.syntax().clone()) {
                        self.statement(&inner, actions);
                    }
                }
                actions[first..].iter_mut().for_each(|it| elements::qualify(&mut it.what, &schema));
            }
            other => {
                actions.push(self.action(other.syntax(), self.one(other)));
                self.parts(other, actions);
            }
        }
    }

    /// The parts of WITH that change rows.
    fn parts(&self, statement: &Stmt, actions: &mut Vec<Action>) {
        if matches!(statement, Stmt::CreateFunction(_) | Stmt::CreateProcedure(_)) {
            return;
        }
        let queries = statement.syntax().descendants().filter_map(ast::WithTable::cast);
        for query in queries.filter_map(|it| Stmt::cast(it.query()?.syntax().clone())) {
            if matches!(query, Stmt::Insert(_) | Stmt::Update(_) | Stmt::Delete(_) | Stmt::Merge(_))
            {
                actions.push(self.action(query.syntax(), self.one(&query)));
            }
        }
    }

    /// What a statement does that does one thing.
    fn one(&self, statement: &Stmt) -> What {
        self.defines(statement)
            .or_else(|| Reader::changes(statement))
            .or_else(|| Reader::drops(statement))
            .or_else(|| Reader::works_on_rows(statement))
            .unwrap_or(What::Other)
    }

    fn drops(statement: &Stmt) -> Option<What> {
        Some(match statement {
            Stmt::DropTable(it) => What::DropTable {
                tables: lists::<ast::TableNameRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropForeignTable(it) => What::DropTable {
                tables: lists::<ast::TableNameRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropIndex(it) => What::DropIndex {
                indexes: lists::<ast::IndexRef>(it.syntax()),
                concurrently: it.concurrently_token().is_some(),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropView(it) => What::DropView {
                views: lists::<ast::ViewRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropMaterializedView(it) => What::DropView {
                views: lists::<ast::ViewRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropTrigger(it) => What::DropTrigger {
                trigger: tree::ident(&it.trigger_ref()?),
                table: tree::name(&it.on_relation()?)?,
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropRule(it) => What::ChangeRule { table: tree::name(&it.on_relation()?)? },
            Stmt::DropPolicy(it) => What::DropPolicy {
                policy: tree::ident(&it.policy_ref()?),
                table: tree::name(&it.on_table()?)?,
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropType(it) => What::DropType {
                types: lists::<ast::TypeNameRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropDomain(it) => What::DropType {
                types: lists::<ast::DomainRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropSequence(it) => What::DropSequence {
                sequences: lists::<ast::SequenceRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropSchema(it) => What::DropSchema {
                schemas: it.schema_refs().map(|it| tree::ident(&it)).collect(),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropExtension(it) => What::DropExtension {
                extensions: it.extension_refs().map(|it| tree::ident(&it)).collect(),
            },
            Stmt::DropFunction(it) => What::DropFunction {
                functions: lists::<ast::FunctionNameRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            Stmt::DropProcedure(it) => What::DropFunction {
                functions: lists::<ast::ProcedureNameRef>(it.syntax()),
                if_exists: it.if_exists().is_some(),
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
