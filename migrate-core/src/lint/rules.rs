//! The rules, in the order of their documentation.

mod attach_partition_scans;
mod char_type;
mod check_validates;
mod cluster_or_vacuum_full;
mod column_rewrites_table;
mod constraint_builds_index;
mod create_partition_locks_parent;
mod delete_without_where;
mod detach_not_concurrent;
mod domain_constraint_scans;
mod down_does_not_undo;
mod down_does_nothing;
mod drop_cascade;
mod drop_column;
mod drop_index_not_concurrent;
mod drop_schema;
mod drop_table;
mod enum_value_in_same_transaction;
mod foreign_key_validates;
mod foreign_key_without_index;
mod identifier_too_long;
mod index_not_concurrent;
mod json_column;
mod lock_table_explicit;
mod locks_several_tables;
mod not_idempotent;
mod not_null_without_default;
mod password_literal;
mod primary_key_scans;
mod references_locks_table;
mod refresh_not_concurrent;
mod reindex_not_concurrent;
mod rename_column;
mod rename_table;
mod rows_beside_ddl;
mod search_path;
mod security_definer_search_path;
mod serial_key;
mod set_not_null_scans;
mod set_schema;
mod storage_change_rewrites;
mod timestamp_without_time_zone;
mod truncate;
mod type_change_rewrites;
mod unknown_rule;
mod unused_allow;
mod update_without_where;
mod validate_in_same_transaction;
mod work_under_lock;

use super::Rule;

pub(super) use password_literal::RULE as PASSWORD_LITERAL;
pub(super) use unknown_rule::{RULE as UNKNOWN_RULE, found as unknown_rule};
pub(super) use unused_allow::{RULE as UNUSED_ALLOW, found as unused_allow};

/// Every rule.
pub const RULES: &[&Rule] = &[
    // What keeps others waiting.
    &index_not_concurrent::RULE,
    &drop_index_not_concurrent::RULE,
    &reindex_not_concurrent::RULE,
    &foreign_key_validates::RULE,
    &check_validates::RULE,
    &validate_in_same_transaction::RULE,
    &references_locks_table::RULE,
    &not_null_without_default::RULE,
    &set_not_null_scans::RULE,
    &column_rewrites_table::RULE,
    &type_change_rewrites::RULE,
    &constraint_builds_index::RULE,
    &primary_key_scans::RULE,
    &attach_partition_scans::RULE,
    &detach_not_concurrent::RULE,
    &create_partition_locks_parent::RULE,
    &refresh_not_concurrent::RULE,
    &cluster_or_vacuum_full::RULE,
    &storage_change_rewrites::RULE,
    &domain_constraint_scans::RULE,
    &work_under_lock::RULE,
    &rows_beside_ddl::RULE,
    &locks_several_tables::RULE,
    &lock_table_explicit::RULE,
    &enum_value_in_same_transaction::RULE,
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
    &unknown_rule::RULE,
    &unused_allow::RULE,
];
