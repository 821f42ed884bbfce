//! What statements change about what is there.

use super::{Column, ColumnType, Constraint, ObjectName};

/// What happens to a function or procedure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FunctionChange {
    pub(crate) function: ObjectName,
    pub(crate) renamed_to: Option<String>,
    pub(crate) is_security_definer: bool,
    pub(crate) sets_search_path: bool,
}

/// A clause of `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    AddColumn {
        column: Column,
        if_not_exists: bool,
    },
    DropColumn {
        column: String,
        if_exists: bool,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    SetDefault {
        column: String,
    },
    DropDefault {
        column: String,
    },
    SetNotNull {
        column: String,
    },
    DropNotNull {
        column: String,
    },
    SetType {
        column: String,
        ty: ColumnType,
        /// Whether the new values are made by something else than a cast of the old ones.
        has_using: bool,
        has_collation: bool,
    },
    SetExpression {
        column: String,
    },
    AddIdentity {
        column: String,
    },
    /// Identity options, storage, compression, `DROP EXPRESSION`.
    AlterColumn,
    /// Statistics of a column, and its options such as `n_distinct`.
    SetStatistics,
    AddConstraint(Constraint),
    DropConstraint {
        constraint: String,
        if_exists: bool,
    },
    ValidateConstraint {
        constraint: String,
    },
    RenameConstraint {
        from: String,
        to: String,
    },
    AlterConstraint,
    Attach {
        partition: ObjectName,
        is_default: bool,
    },
    Detach {
        partition: ObjectName,
        concurrently: bool,
        finalize: bool,
    },
    Inherit {
        parent: ObjectName,
    },
    NoInherit {
        parent: ObjectName,
    },
    Rename {
        to: String,
    },
    SetSchema {
        to: String,
    },
    /// `SET LOGGED`, `SET UNLOGGED`.
    SetPersistence,
    SetTablespace,
    SetAccessMethod,
    /// `SET (…)`, `RESET (…)`, `CLUSTER ON`.
    SetOptions,
    /// Enables or disables triggers.
    Trigger,
    /// Owner, row security, replica identity, rules and the rest.
    Other,
}

/// A clause of `ALTER INDEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IndexChange {
    Rename { to: String },
    Attach { partition: ObjectName },
    Set,
    Move,
}

/// A clause of `ALTER DOMAIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DomainChange {
    AddCheck { not_valid: bool },
    SetNotNull,
    Validate,
    Other,
}
