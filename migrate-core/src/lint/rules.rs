//! The rules, in the order of their documentation.

mod drop_table;
mod foreign_key_validates;
mod index_not_concurrent;
mod unused_allow;

use super::Rule;

pub(super) use unused_allow::{RULE as UNUSED_ALLOW, found as unused_allow};

/// Every rule.
pub const RULES: &[&Rule] = &[
    &index_not_concurrent::RULE,
    &foreign_key_validates::RULE,
    &drop_table::RULE,
    &unused_allow::RULE,
];
