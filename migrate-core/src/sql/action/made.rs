//! What statements make: tables, columns, constraints, indexes, functions.

use super::{ColumnType, ObjectName};
use crate::ByteRange;

/// A table that is made.
#[expect(clippy::struct_excessive_bools, reason = "the words of the statement, each there or not")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewTable {
    pub(crate) table: ObjectName,
    pub(crate) if_not_exists: bool,
    pub(crate) is_temporary: bool,
    pub(crate) is_partitioned: bool,
    pub(crate) columns: Vec<Column>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) partition_of: Option<ObjectName>,
    pub(crate) is_default_partition: bool,
    pub(crate) inherits: Vec<ObjectName>,
    pub(crate) like: Vec<ObjectName>,
}

impl NewTable {
    /// Its constraints, those that stand at a column too.
    pub(crate) fn all_constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.columns.iter().flat_map(|it| &it.constraints).chain(&self.constraints)
    }
}

/// An index that is made.
#[expect(clippy::struct_excessive_bools, reason = "the words of the statement, each there or not")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewIndex {
    pub(crate) index: Option<String>,
    pub(crate) table: ObjectName,
    pub(crate) only: bool,
    pub(crate) unique: bool,
    pub(crate) concurrently: bool,
    pub(crate) if_not_exists: bool,
    /// Its columns; nothing for an expression.
    pub(crate) columns: Vec<Option<String>>,
    pub(crate) is_partial: bool,
}

/// A function or procedure that is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a clause of its own")]
pub(crate) struct NewFunction {
    pub(crate) function: ObjectName,
    pub(crate) or_replace: bool,
    pub(crate) is_security_definer: bool,
    pub(crate) sets_search_path: bool,
    /// Whether its body is SQL of its own and no text: the names in it are looked up once, when it is made.
    pub(crate) has_sql_body: bool,
}

/// A column that is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) range: ByteRange,
    pub(crate) name: String,
    pub(crate) ty: ColumnType,
    pub(crate) not_null: bool,
    pub(crate) default: Option<Volatility>,
    pub(crate) generated: Option<Generated>,
    /// Its other constraints.
    pub(crate) constraints: Vec<Constraint>,
}

/// Whether an expression gives the same in one transaction; what decides whether a new column makes
/// the table be written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Volatility {
    /// It does, as constants and `now()`.
    Stable,
    /// It does not, as `random()`.
    Volatile,
    /// It calls functions that are not known.
    Unknown,
}

/// How a column gets its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generated {
    Identity,
    Stored,
    Virtual,
}

/// A constraint that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constraint {
    pub(crate) range: ByteRange,
    pub(crate) name: Option<String>,
    pub(crate) kind: ConstraintKind,
    pub(crate) not_valid: bool,
    pub(crate) not_enforced: bool,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConstraintKind {
    Check {
        /// The columns that the expression, or a part of it joined by AND, says not to be NULL.
        not_null: Vec<String>,
    },
    ForeignKey {
        columns: Vec<String>,
        table: ObjectName,
    },
    Unique {
        columns: Vec<String>,
        using_index: Option<ObjectName>,
    },
    PrimaryKey {
        columns: Vec<String>,
        using_index: Option<ObjectName>,
    },
    Exclude,
    NotNull {
        column: String,
    },
}
