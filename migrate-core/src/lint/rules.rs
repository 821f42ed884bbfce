//! The rules, in the order of their documentation.

mod char_type;
mod delete_without_where;
mod down_does_not_undo;
mod down_does_nothing;
mod drop_cascade;
mod drop_column;
mod drop_schema;
mod drop_table;
mod foreign_key_validates;
mod foreign_key_without_index;
mod identifier_too_long;
mod index_not_concurrent;
mod json_column;
mod not_idempotent;
mod password_literal;
mod rename_column;
mod rename_table;
mod search_path;
mod security_definer_search_path;
mod serial_key;
mod set_schema;
mod timestamp_without_time_zone;
mod truncate;
mod unused_allow;
mod update_without_where;

use super::Rule;

pub(super) use unused_allow::{RULE as UNUSED_ALLOW, found as unused_allow};

/// Every rule.
pub const RULES: &[&Rule] = &[
    &index_not_concurrent::RULE,
    &foreign_key_validates::RULE,
    // What is lost.
    &drop_table::RULE,
    &drop_column::RULE,
    &drop_schema::RULE,
    &drop_cascade::RULE,
    &truncate::RULE,
    &delete_without_where::RULE,
    &update_without_where::RULE,
    // What breaks programs that are running.
    &rename_table::RULE,
    &rename_column::RULE,
    &set_schema::RULE,
    // What costs later.
    &foreign_key_without_index::RULE,
    &identifier_too_long::RULE,
    &search_path::RULE,
    &not_idempotent::RULE,
    // Types.
    &timestamp_without_time_zone::RULE,
    &char_type::RULE,
    &json_column::RULE,
    &serial_key::RULE,
    // Secrets and rights.
    &password_literal::RULE,
    &security_definer_search_path::RULE,
    // The way back.
    &down_does_not_undo::RULE,
    &down_does_nothing::RULE,
    &unused_allow::RULE,
];
