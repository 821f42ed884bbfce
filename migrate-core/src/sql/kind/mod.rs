//! Sorts of statements: one table says how each is recognised, what the database calls it, and
//! whether PostgreSQL refuses it in a transaction (measured on 15 to 18).

use super::pattern;
use super::token::Token;

/// One sort of statement.
struct Row {
    kind: StatementKind,
    /// The doc comment of the variant.
    about: &'static str,
    word: &'static str,
    transaction: Transaction,
    /// See [`pattern`]; the first row with a pattern that fits is the sort of the statement.
    patterns: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transaction {
    Allows,
    Refuses,
}

/// What a statement waits for while others are at work, as far as these notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitsFor {
    /// Nothing that others hold for long.
    Nothing,
    /// Rows, or a lock that is in the way of no reading and no writing. Only who wants the same waits behind
    /// it.
    Rows,
    /// A lock on a table, for which readers or writers who come later wait behind it; or nobody knows.
    Tables,
}

macro_rules! kinds {
    ($(#[doc = $doc:literal] $kind:ident $word:literal $transaction:ident [$($pattern:literal),*])*) => {
        /// What sort of statement it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StatementKind {
            $(#[doc = $doc] $kind,)*
        }

        /// In the order of the variants, so that a kind is the index of its row.
        const ROWS: &[Row] = &[$(Row {
            kind: StatementKind::$kind,
            about: $doc,
            word: $word,
            transaction: Transaction::$transaction,
            patterns: &[$($pattern),*],
        }),*];
    };
}

kinds! {
    /// `CREATE INDEX CONCURRENTLY`.
    CreateIndexConcurrently "create-index-concurrently" Refuses
        ["create unique? index concurrently"]
    /// `CREATE INDEX`.
    CreateIndex "create-index" Allows ["create unique? index"]
    /// `DROP INDEX CONCURRENTLY`.
    DropIndexConcurrently "drop-index-concurrently" Refuses ["drop index concurrently"]
    /// `DROP INDEX`.
    DropIndex "drop-index" Allows ["drop index"]
    /// `ALTER INDEX`.
    AlterIndex "alter-index" Allows ["alter index"]
    /// `REINDEX` of a schema, a database or the system.
    ReindexAll "reindex-all" Refuses
        ["reindex schema|database|system", "reindex (..) schema|database|system"]
    /// `REINDEX … CONCURRENTLY`.
    ReindexConcurrently "reindex-concurrently" Refuses [
        "reindex index|table concurrently",
        "reindex (..) index|table concurrently",
        "reindex (concurrently=on)"
    ]
    /// `REINDEX` of a table or an index.
    Reindex "reindex" Allows ["reindex"]
    /// `VACUUM`.
    Vacuum "vacuum" Refuses ["vacuum"]
    /// `ANALYZE`.
    Analyze "analyze" Allows ["analyze|analyse"]
    /// `CLUSTER` without a table.
    ClusterAll "cluster-all" Refuses ["cluster verbose? $", "cluster (..) $"]
    /// `CLUSTER` of a table.
    Cluster "cluster" Allows ["cluster"]
    /// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`.
    DetachPartitionConcurrently "detach-partition-concurrently" Refuses
        ["alter table if? exists? only? @ detach partition @ concurrently"]
    /// `CREATE DATABASE`.
    CreateDatabase "create-database" Refuses ["create database"]
    /// `DROP DATABASE`.
    DropDatabase "drop-database" Refuses ["drop database"]
    /// `ALTER DATABASE … SET TABLESPACE`.
    AlterDatabaseSetTablespace "alter-database-set-tablespace" Refuses
        ["alter database @ set tablespace"]
    /// `CREATE TABLESPACE`.
    CreateTablespace "create-tablespace" Refuses ["create tablespace"]
    /// `DROP TABLESPACE`.
    DropTablespace "drop-tablespace" Refuses ["drop tablespace"]
    /// `ALTER SYSTEM`.
    AlterSystem "alter-system" Refuses ["alter system"]
    /// `DISCARD ALL`.
    DiscardAll "discard-all" Refuses ["discard all"]
    /// `CREATE SUBSCRIPTION` that makes no replication slot.
    CreateSubscriptionWithoutSlot "create-subscription-without-slot" Allows [
        "create subscription @ .. with (create_slot=off)",
        "create subscription @ .. with (connect=off)"
    ]
    /// `CREATE SUBSCRIPTION` that makes a replication slot.
    CreateSubscription "create-subscription" Refuses ["create subscription"]
    /// `ALTER SUBSCRIPTION` of publications that does not refresh.
    AlterSubscriptionWithoutRefresh "alter-subscription-without-refresh" Allows
        ["alter subscription @ set|add|drop publication .. with (refresh=off)"]
    /// `ALTER SUBSCRIPTION` that refreshes the publications.
    AlterSubscriptionRefresh "alter-subscription-refresh" Refuses
        ["alter subscription @ refresh|set|add|drop publication"]

    /// `CREATE TABLE … PARTITION OF`.
    CreatePartition "create-partition" Allows
        ["create temporary|temp|unlogged? table if? not? exists? @ partition of"]
    /// `CREATE TABLE`.
    CreateTable "create-table" Allows
        ["create global|local? temporary|temp|unlogged? table", "create foreign table"]
    /// `ALTER TABLE … VALIDATE CONSTRAINT`, and nothing else.
    ValidateConstraint "validate-constraint" Allows ["alter table if? exists? only? @ validate constraint @ $"]
    /// `ALTER TABLE … ATTACH PARTITION`.
    AttachPartition "attach-partition" Allows ["alter table if? exists? only? @ attach partition"]
    /// `ALTER TABLE … DETACH PARTITION`.
    DetachPartition "detach-partition" Allows ["alter table if? exists? only? @ detach partition"]
    /// `ALTER TABLE`.
    AlterTable "alter-table" Allows ["alter foreign? table"]
    /// `DROP TABLE`.
    DropTable "drop-table" Allows ["drop foreign? table"]
    /// `TRUNCATE`.
    Truncate "truncate" Allows ["truncate"]
    /// `CREATE MATERIALIZED VIEW`.
    CreateMaterializedView "create-materialized-view" Allows ["create materialized view"]
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`.
    RefreshMaterializedViewConcurrently "refresh-materialized-view-concurrently" Allows
        ["refresh materialized view concurrently"]
    /// `REFRESH MATERIALIZED VIEW`.
    RefreshMaterializedView "refresh-materialized-view" Allows ["refresh materialized view"]
    /// `DROP MATERIALIZED VIEW`.
    DropMaterializedView "drop-materialized-view" Allows ["drop materialized view"]
    /// `CREATE VIEW`.
    CreateView "create-view" Allows
        ["create or? replace? temporary|temp? recursive? view"]
    /// `DROP VIEW`.
    DropView "drop-view" Allows ["drop view"]
    /// `CREATE FUNCTION` or `PROCEDURE`.
    CreateFunction "create-function" Allows ["create or? replace? function|procedure"]
    /// `DROP FUNCTION`, `PROCEDURE` or `ROUTINE`.
    DropFunction "drop-function" Allows ["drop function|procedure|routine"]
    /// `CREATE TRIGGER`.
    CreateTrigger "create-trigger" Allows ["create or? replace? constraint? trigger"]
    /// `DROP TRIGGER`.
    DropTrigger "drop-trigger" Allows ["drop trigger"]
    /// `CREATE RULE`.
    CreateRule "create-rule" Allows ["create or? replace? rule"]
    /// `CREATE POLICY`.
    CreatePolicy "create-policy" Allows ["create policy"]
    /// `CREATE TYPE` or `DOMAIN`.
    CreateType "create-type" Allows ["create type|domain"]
    /// `ALTER TYPE … ADD VALUE`.
    AlterTypeAddValue "alter-type-add-value" Allows ["alter type @ add value"]
    /// `ALTER TYPE` or `DOMAIN`.
    AlterType "alter-type" Allows ["alter type|domain"]
    /// `DROP TYPE` or `DOMAIN`.
    DropType "drop-type" Allows ["drop type|domain"]
    /// `CREATE SEQUENCE`.
    CreateSequence "create-sequence" Allows ["create temporary|temp|unlogged? sequence"]
    /// `ALTER SEQUENCE`.
    AlterSequence "alter-sequence" Allows ["alter sequence"]
    /// `DROP SEQUENCE`.
    DropSequence "drop-sequence" Allows ["drop sequence"]
    /// `CREATE SCHEMA`.
    CreateSchema "create-schema" Allows ["create schema"]
    /// `DROP SCHEMA`.
    DropSchema "drop-schema" Allows ["drop schema"]
    /// `CREATE EXTENSION`.
    CreateExtension "create-extension" Allows ["create extension"]
    /// `COMMENT ON`.
    Comment "comment" Allows ["comment on"]
    /// `GRANT` or `REVOKE`.
    Grant "grant" Allows ["grant|revoke"]
    /// `LOCK`.
    Lock "lock" Allows ["lock"]
    /// `INSERT`.
    Insert "insert" Allows ["insert"]
    /// `UPDATE`.
    Update "update" Allows ["update"]
    /// `DELETE`.
    Delete "delete" Allows ["delete"]
    /// `MERGE`.
    Merge "merge" Allows ["merge"]
    /// `SELECT`, `VALUES` or `TABLE`.
    Select "select" Allows ["select|values|table"]
    /// `COPY … FROM stdin`.
    CopyFromStdin "copy-from-stdin" Allows ["copy .. from stdin"]
    /// `COPY`.
    Copy "copy" Allows ["copy"]
    /// `SET` or `RESET`.
    Set "set" Allows ["set|reset"]
    /// `DO`.
    Do "do" Allows ["do"]
    /// `CALL`.
    Call "call" Allows ["call"]
    /// Anything that has no entry of its own.
    Other "other" Allows []
}

impl StatementKind {
    /// The word that the database keeps for this kind.
    pub const fn as_str(self) -> &'static str {
        ROWS[self as usize].word
    }

    /// The kind that a word of the database means.
    pub fn from_word(word: &str) -> Option<StatementKind> {
        ROWS.iter().find(|it| it.word == word).map(|it| it.kind)
    }

    /// Whether PostgreSQL refuses such a statement in a transaction.
    pub const fn refuses_transaction(self) -> bool {
        matches!(ROWS[self as usize].transaction, Transaction::Refuses)
    }

    /// What such a statement waits for.
    pub const fn waits_for(self) -> WaitsFor {
        use StatementKind as Kind;
        match self {
            Kind::Set
            | Kind::CreateFunction
            | Kind::CreateType
            | Kind::CreateSchema
            | Kind::CreateSequence => WaitsFor::Nothing,
            Kind::Insert
            | Kind::Update
            | Kind::Delete
            | Kind::Merge
            | Kind::Select
            | Kind::Copy
            | Kind::CopyFromStdin
            | Kind::ValidateConstraint
            | Kind::Analyze => WaitsFor::Rows,
            _ => WaitsFor::Tables,
        }
    }

    /// What people call such a statement, with the key words in backquotes.
    pub(crate) fn about(self) -> &'static str {
        ROWS[self as usize].about.trim().trim_end_matches('.')
    }

    /// Whether a statement of a known kind can begin with this word.
    #[cfg(feature = "parser")]
    pub(crate) fn is_first_word(word: &str) -> bool {
        let firsts = ROWS.iter().flat_map(|it| it.patterns).filter_map(|it| it.split(' ').next());
        firsts.flat_map(|it| it.split('|')).any(|it| it.eq_ignore_ascii_case(word))
    }

    /// Recognises a statement by its tokens, comments left out.
    pub(crate) fn of(sql: &str, tokens: &[Token]) -> StatementKind {
        let tokens = pattern::main_verb(sql, tokens);
        let Some(first) = tokens.first() else { return StatementKind::Other };
        let letter = first.text(sql).as_bytes()[0].to_ascii_lowercase();
        let fits = |row: &&Row| {
            let patterns = row.patterns.iter();
            // Most patterns fail at the first letter, which is cheaper to compare than the word.
            let mut likely = patterns.filter(|it| pattern::may_begin(it, letter));
            likely.any(|it| pattern::fits(it, sql, tokens))
        };
        ROWS.iter().find(fits).map_or(StatementKind::Other, |it| it.kind)
    }
}

#[cfg(test)]
mod tests;
