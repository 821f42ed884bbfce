//! What a statement does, in terms of the objects it is about: what the lock table, the lint and what is
//! known of the schema are made of. Which parser read it does not matter here.

mod change;
mod column_type;
mod made;
mod name;

use crate::{ByteRange, LockMode};

pub(crate) use change::{Change, DomainChange, FunctionChange, IndexChange};
pub(crate) use column_type::{ColumnType, Conversion};
pub(crate) use made::{
    Column, Constraint, ConstraintKind, Generated, NewFunction, NewIndex, NewTable, Volatility,
};
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
    },
    Truncate {
        tables: Vec<ObjectName>,
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
    /// Materialized ones too, as in `AlterView`.
    DropView {
        views: Vec<ObjectName>,
        if_exists: bool,
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
    Refresh {
        view: ObjectName,
        concurrently: bool,
    },
    CreateTrigger {
        trigger: String,
        table: ObjectName,
        or_replace: bool,
        for_each_row: bool,
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
        /// Not its name, its schema or its owner.
        is_about_numbers: bool,
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
    /// A query of `-- migrate:verify`: it reads, and does nothing else, whatever functions it calls.
    Verify {
        sources: Vec<ObjectName>,
    },
    Lock {
        tables: Vec<ObjectName>,
        /// Those without what hangs on them.
        only: Vec<ObjectName>,
        mode: LockMode,
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
    },
    /// A role, or a connection to another server, with its password.
    Password,
    /// Code, of which nobody knows before it runs what it does.
    Code,
    Other,
}
