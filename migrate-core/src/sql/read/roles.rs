//! Roles, and connections to other servers: all that is of interest is a password.

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::tree::first;
use crate::sql::action::What;
use crate::sql::secret::holds_password;
use crate::sql::token::{TokenKind, Tokens};

pub(super) fn gives_password(statement: &Stmt) -> Option<What> {
    Some(match statement {
        Stmt::CreateRole(it) => password(it.syntax()),
        Stmt::CreateUser(it) => password(it.syntax()),
        Stmt::AlterRole(it) => password(it.syntax()),
        Stmt::AlterUser(it) => password(it.syntax()),
        Stmt::CreateUserMapping(it) => connection(it.syntax()),
        Stmt::AlterUserMapping(it) => connection(it.syntax()),
        Stmt::CreateSubscription(it) => connection(it.syntax()),
        Stmt::AlterSubscription(it) => connection(it.syntax()),
        _ => return None,
    })
}

fn password(node: &SyntaxNode) -> What {
    let has_one = node
        .descendants()
        .filter_map(ast::RoleOptionPassword::cast)
        .any(|it| it.literal().is_some())
        || first::<ast::RoleOptionEncryptedPassword>(node).is_some();
    if has_one { What::Password } else { What::Other }
}

fn connection(node: &SyntaxNode) -> What {
    let sql = node.text().to_string();
    let mut after_password = false;
    for token in Tokens::of(&sql) {
        match token.kind {
            TokenKind::Text if after_password || holds_password(token.text(&sql)) => {
                return What::Password;
            }
            _ => {}
        }
        // An option of a user mapping.
        after_password = token.text(&sql).trim_matches('"').eq_ignore_ascii_case("password");
    }
    What::Other
}
