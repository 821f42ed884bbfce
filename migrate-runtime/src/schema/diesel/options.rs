//! What `diesel print-schema` can be told.

/// What to print, and how: as `diesel print-schema` does it unless told. Start from [`DieselOptions::default`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DieselOptions {
    /// The schema whose tables are printed, in a module of its name (`--schema`); nothing means `public`, without a
    /// module.
    pub schema: Option<String>,
    /// Which tables are printed (`--only-tables`, `--except-tables`).
    pub tables: DieselTables,
    /// Whether views and materialised views are printed too, each as a `table!`. Diesel 2.3 prints none; as the key,
    /// which `table!` must have, the column `id` is taken, and the first one where there is no such column. The
    /// columns are in the order of their names.
    pub views: bool,
    /// The order of columns (`--column-sorting`).
    pub columns: DieselColumns,
    /// Which comments tables and columns have (`--with-docs`, `--with-docs-config`).
    pub docs: DieselDocs,
    /// Which tables may appear in the same query (`--allow-tables-to-appear-in-same-query-config`).
    pub same_query: DieselSameQuery,
    /// What every table imports, such as `diesel::sql_types::*` (`--import-types`).
    pub import_types: Vec<String>,
    /// Whether types that Diesel does not have are left to the user (`--no-generate-missing-sql-type-definitions`).
    pub without_custom_types: bool,
    /// The types that are left to the user, by their names in Rust (`--except-custom-type-definitions`).
    pub except_custom_types: Vec<String>,
    /// What is derived for types that Diesel does not have (`--custom-type-derives`);
    /// `diesel::sql_types::SqlType` is added where it is missing.
    pub custom_type_derives: Vec<String>,
    /// The domains that are types of their own, instead of what they are made of (`--pg-domains-as-custom-types`).
    pub domains_as_types: Vec<String>,
}

/// Which tables are printed, by their names as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DieselTables {
    /// Every table.
    #[default]
    All,
    /// These.
    Only(Vec<String>),
    /// All but these.
    Except(Vec<String>),
}

/// The order of columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DieselColumns {
    /// As the table has them.
    #[default]
    ByPosition,
    /// By their names.
    ByName,
}

/// Which comments tables and columns have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DieselDocs {
    /// None.
    #[default]
    None,
    /// Those of the database.
    Comments,
    /// Those of the database, and where there is none, what Diesel writes for that.
    CommentsOrNames,
}

/// Which tables may appear in the same query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DieselSameQuery {
    /// All of them.
    #[default]
    All,
    /// Those that foreign keys join, over however many others.
    ByForeignKeys,
    /// None.
    None,
}

impl DieselTables {
    pub(super) fn has(&self, table: &str) -> bool {
        let has = |all: &[String]| all.iter().any(|it| it == table);
        match self {
            DieselTables::All => true,
            DieselTables::Only(some) => has(some),
            DieselTables::Except(some) => !has(some),
        }
    }
}
