//! What changes functions and schemas.

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::tree::{self, first};
use crate::sql::action::{FunctionChange, What};

pub(super) fn alters_functions(statement: &Stmt) -> Option<What> {
    Some(match statement {
        Stmt::AlterSchema(it) => What::AlterSchema {
            schema: tree::ident(&it.schema_ref()?),
            renamed_to: first::<ast::SchemaRenameTo>(it.syntax())
                .and_then(|it| Some(tree::ident(&it.schema()?))),
        },
        Stmt::AlterFunction(it) => What::AlterFunction(FunctionChange {
            function: tree::name(&it.function_sig()?.function_name_ref()?)?,
            renamed_to: first::<ast::FunctionRenameTo>(it.syntax())
                .and_then(|it| Some(tree::name(&it.function_name()?)?.name)),
            ..function_change(it.syntax())
        }),
        Stmt::AlterProcedure(it) => What::AlterFunction(FunctionChange {
            function: tree::name(&it.procedure_sig()?.procedure_name_ref()?)?,
            renamed_to: first::<ast::ProcedureRenameTo>(it.syntax())
                .and_then(|it| Some(tree::name(&it.procedure_name()?)?.name)),
            ..function_change(it.syntax())
        }),
        _ => return None,
    })
}

/// What happens to a function, but for its name.
fn function_change(node: &SyntaxNode) -> FunctionChange {
    let options = super::new::routine(first::<ast::FuncOptionList>(node).as_ref());
    FunctionChange {
        is_security_definer: options.is_security_definer,
        sets_search_path: options.sets_search_path,
        ..FunctionChange::default()
    }
}
