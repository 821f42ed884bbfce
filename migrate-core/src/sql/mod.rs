//! SQL as far as a migration system has to understand it: where statements begin and end, what sort
//! they are, and, with the feature `parser`, whether they parse.

#[cfg(feature = "parser")]
pub(crate) mod action;
#[cfg(feature = "parser")]
pub(crate) mod code;
mod control;
mod kind;
#[cfg(feature = "parser")]
mod parse;
mod pattern;
#[cfg(feature = "parser")]
mod read;
#[cfg(feature = "parser")]
pub(crate) mod secret;
mod split;
mod tables;
mod target;
pub(crate) mod token;
mod words;

pub use kind::{StatementKind, WaitsFor};
pub use split::{SplitError, split};
pub use tables::tables;
pub use target::{Name, Target, target};
pub use words::words;

pub(crate) use control::{Control, control};
#[cfg(feature = "parser")]
pub(crate) use parse::{Parsed, parse};
pub(crate) use split::{Fault, FaultKind, Piece, Split, byte_range};
pub(crate) use token::{Token, TokenKind, Tokens, is_blank};
