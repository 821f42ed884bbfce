//! Statements that may do anything: code, and queries that call functions of which nothing is known.

use crate::sql::action::What;
use crate::sql::token::{Token, TokenKind, Tokens};

/// What may stand before a parenthesis in a query, and changes no object with a name.
const HARMLESS: [&str; 16] = [
    "setval",
    "set_config",
    "nextval",
    "pg_notify",
    "count",
    "max",
    "min",
    "coalesce",
    "greatest",
    "now",
    "as",
    "and",
    "from",
    "in",
    "exists",
    "values",
];

/// Whether an action is code, or calls some.
pub(crate) fn may_do_anything(what: &What, sql: &str) -> bool {
    if !matches!(what, What::Select { .. }) {
        return *what == What::Code;
    }
    let tokens: Vec<Token> = Tokens::of(sql).collect();
    tokens.windows(2).any(|it| {
        let [name, next] = it else { return false };
        let is_name = matches!(name.kind, TokenKind::Word | TokenKind::QuotedName);
        is_name && next.is_symbol(b'(') && !HARMLESS.iter().any(|known| name.is(sql, known))
    })
}
