//! The rules, in the order of their documentation.

mod attach_partition_scans;
mod check_validates;
mod cluster_or_vacuum_full;
mod column_rewrites_table;
mod constraint_builds_index;
mod create_partition_locks_parent;
mod detach_not_concurrent;
mod domain_constraint_scans;
mod drop_index_not_concurrent;
mod drop_table;
mod enum_value_in_same_transaction;
mod foreign_key_validates;
mod index_not_concurrent;
mod lock_table_explicit;
mod locks_several_tables;
mod not_null_without_default;
mod primary_key_scans;
mod references_locks_table;
mod refresh_not_concurrent;
mod reindex_not_concurrent;
mod rows_beside_ddl;
mod set_not_null_scans;
mod storage_change_rewrites;
mod type_change_rewrites;
mod unused_allow;
mod validate_in_same_transaction;
mod work_under_lock;

use super::Rule;

pub(super) use unused_allow::{RULE as UNUSED_ALLOW, found as unused_allow};

/// Every rule.
pub const RULES: &[&Rule] = &[
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
    &drop_table::RULE,
    &unused_allow::RULE,
];
