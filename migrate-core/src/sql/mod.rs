//! SQL as far as a migration system has to understand it: statement boundaries and sorts.

mod kind;

pub use kind::StatementKind;
