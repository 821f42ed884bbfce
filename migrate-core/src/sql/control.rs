//! Recognises statements that begin and end transactions.

use super::pattern::fits;
use super::token::Token;

/// What a statement does to the transaction it runs in. Savepoints do nothing to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// `BEGIN` without options.
    Begin,
    /// `BEGIN` with an isolation level or another option.
    BeginWith,
    /// `COMMIT` or `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`, `PREPARE TRANSACTION`, `COMMIT AND CHAIN` and the like.
    Other,
}

/// The first pattern that fits wins.
const PATTERNS: &[(&str, Option<Control>)] = &[
    ("rollback work|transaction? to", None),
    ("begin work|transaction? $", Some(Control::Begin)),
    ("start transaction $", Some(Control::Begin)),
    ("begin", Some(Control::BeginWith)),
    ("start transaction", Some(Control::BeginWith)),
    ("commit|end work|transaction? $", Some(Control::Commit)),
    ("commit|end work|transaction? and no chain $", Some(Control::Commit)),
    ("commit|end|rollback|abort", Some(Control::Other)),
    ("prepare transaction", Some(Control::Other)),
];

pub(crate) fn control(sql: &str, tokens: &[Token]) -> Option<Control> {
    let found = PATTERNS.iter().find(|(pattern, _)| fits(pattern, sql, tokens));
    found.and_then(|(_, control)| *control)
}
