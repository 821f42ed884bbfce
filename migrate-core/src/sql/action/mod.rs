//! What a statement does, in terms of the objects it is about: what the lock table, the lint and what is
//! known of the schema are made of. Which parser read it does not matter here.

mod column_type;
mod name;

use crate::ByteRange;

pub(crate) use column_type::{ColumnType, Conversion};
pub(crate) use name::ObjectName;

/// One thing that a statement does; `ALTER TABLE` may do several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// The clause that says so, in the script.
    pub(crate) range: ByteRange,
    /// What it does.
    pub(crate) what: What,
    /// Whether it takes along what depends on it: `CASCADE`.
    pub(crate) cascades: bool,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    CreateTable(NewTable),
    /// `CREATE TABLE AS`, `SELECT INTO`.
    CreateTableAs {
        table: ObjectName,
        is_temporary: bool,
        if_not_exists: bool,
        sources: Vec<ObjectName>,
        /// Whether it is filled at once.
        has_data: bool,
    },
    DropTable {
        tables: Vec<ObjectName>,
        if_exists: bool,
        cascade: bool,
    },
    Truncate {
        tables: Vec<ObjectName>,
        cascade: bool,
    },
    AlterTable {
        table: ObjectName,
        only: bool,
        change: Change,
    },
    CreateIndex(NewIndex),
    DropIndex {
        indexes: Vec<ObjectName>,
        concurrently: bool,
        if_exists: bool,
        cascade: bool,
    },
    ReindexIndex {
        index: ObjectName,
        concurrently: bool,
    },
    ReindexTable {
        table: ObjectName,
        concurrently: bool,
    },
    /// A schema, the database or the system catalogs.
    ReindexAll {
        concurrently: bool,
    },
    AlterIndex {
        index: ObjectName,
        change: IndexChange,
    },
    CreateView {
        view: ObjectName,
        or_replace: bool,
        sources: Vec<ObjectName>,
    },
    DropView {
        views: Vec<ObjectName>,
        if_exists: bool,
        cascade: bool,
    },
    AlterView {
        view: ObjectName,
        renamed_to: Option<String>,
    },
    CreateMaterializedView {
        view: ObjectName,
        if_not_exists: bool,
        sources: Vec<ObjectName>,
        /// Whether it is filled at once.
        has_data: bool,
    },
    DropMaterializedView {
        views: Vec<ObjectName>,
        if_exists: bool,
        cascade: bool,
    },
    Refresh {
        view: ObjectName,
        concurrently: bool,
    },
    CreateTrigger {
        trigger: String,
        table: ObjectName,
        or_replace: bool,
    },
    DropTrigger {
        trigger: String,
        table: ObjectName,
        if_exists: bool,
    },
    AlterTrigger {
        trigger: String,
        table: ObjectName,
        renamed_to: Option<String>,
    },
    CreateRule {
        table: ObjectName,
    },
    /// `ALTER RULE`, `DROP RULE`.
    ChangeRule {
        table: ObjectName,
    },
    CreatePolicy {
        policy: String,
        table: ObjectName,
    },
    AlterPolicy {
        policy: String,
        table: ObjectName,
        renamed_to: Option<String>,
    },
    DropPolicy {
        policy: String,
        table: ObjectName,
        if_exists: bool,
    },
    CreateType {
        name: ObjectName,
        /// The labels of an enum.
        labels: Option<Vec<String>>,
    },
    CreateDomain {
        domain: ObjectName,
        ty: ColumnType,
        has_constraint: bool,
    },
    AddEnumValue {
        ty: ObjectName,
        value: String,
        if_not_exists: bool,
    },
    AlterType {
        ty: ObjectName,
        renamed_to: Option<String>,
    },
    RenameEnumValue {
        ty: ObjectName,
        from: String,
        to: String,
    },
    AlterDomain {
        domain: ObjectName,
        change: DomainChange,
    },
    /// Types and domains.
    DropType {
        types: Vec<ObjectName>,
        if_exists: bool,
    },
    CreateSequence {
        sequence: ObjectName,
        if_not_exists: bool,
    },
    AlterSequence {
        sequence: ObjectName,
        renamed_to: Option<String>,
    },
    DropSequence {
        sequences: Vec<ObjectName>,
        if_exists: bool,
    },
    CreateSchema {
        schema: String,
        if_not_exists: bool,
    },
    AlterSchema {
        schema: String,
        renamed_to: Option<String>,
    },
    DropSchema {
        schemas: Vec<String>,
        cascade: bool,
        if_exists: bool,
    },
    CreateExtension {
        extension: String,
        if_not_exists: bool,
    },
    DropExtension {
        extensions: Vec<String>,
    },
    CreateFunction(NewFunction),
    AlterFunction(FunctionChange),
    DropFunction {
        functions: Vec<ObjectName>,
        if_exists: bool,
    },
    CreateStatistics {
        tables: Vec<ObjectName>,
    },
    /// `CREATE PUBLICATION … FOR TABLE`, `ALTER PUBLICATION … ADD TABLE`.
    Publish {
        tables: Vec<ObjectName>,
    },
    Comment {
        table: Option<ObjectName>,
    },
    Grant {
        tables: Vec<ObjectName>,
    },
    Insert {
        table: ObjectName,
        sources: Vec<ObjectName>,
        /// Whether its rows are written out.
        has_values: bool,
    },
    Update {
        table: ObjectName,
        /// The columns that it sets.
        columns: Vec<String>,
        has_where: bool,
        sources: Vec<ObjectName>,
    },
    Delete {
        table: ObjectName,
        has_where: bool,
        sources: Vec<ObjectName>,
    },
    Merge {
        table: ObjectName,
        sources: Vec<ObjectName>,
    },
    Select {
        sources: Vec<ObjectName>,
        /// `FOR UPDATE` and the like.
        locks_rows: bool,
    },
    Lock {
        tables: Vec<ObjectName>,
        /// The mode, as it is written; nothing where it is left out.
        mode: Option<String>,
    },
    Analyze {
        tables: Vec<ObjectName>,
    },
    Vacuum {
        tables: Vec<ObjectName>,
        full: bool,
    },
    Cluster {
        table: ObjectName,
    },
    Set {
        parameter: String,
        value: String,
        is_local: bool,
    },
    /// A role, or a connection to another server, with its password.
    Password,
    /// Code, of which nobody knows before it runs what it does.
    Code,
    Other,
}

/// A table that is made.
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

/// An index that is made.
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

/// What happens to a function or procedure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FunctionChange {
    pub(crate) function: ObjectName,
    pub(crate) renamed_to: Option<String>,
    pub(crate) is_security_definer: bool,
    pub(crate) sets_search_path: bool,
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
    DropExpression {
        column: String,
    },
    AddIdentity {
        column: String,
    },
    /// Identity options, storage, compression.
    AlterColumn {
        column: String,
    },
    /// Statistics, and options such as `n_distinct`.
    SetStatistics {
        column: String,
    },
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
    AlterConstraint {
        constraint: String,
    },
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
