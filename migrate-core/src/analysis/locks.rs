//! The lock table: for each sort of deed the lock on every relation that it touches, and the work under it.
//!
//! Measured on PostgreSQL 15 to 18: `tests/locks` compares every row with a server.

use LockMode::{
    AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive,
    ShareUpdateExclusive,
};

use crate::{LockMode, Whose, Work};

/// One lock that a deed takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lock {
    pub(crate) on: On,
    pub(crate) whose: Whose,
    pub(crate) mode: LockMode,
    pub(crate) work: Work,
    /// The first server version that takes it.
    pub(crate) since: u8,
}

/// Which of the names of a statement a lock is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// The relation that the statement is about, or each of them.
    Own,
    /// The other one that it names: the table that is referenced, the partition, the source of rows.
    Other,
}

/// The oldest version that the table was measured on; older ones are taken to do the same.
const OLDEST: u8 = 15;

const fn own(mode: LockMode) -> Lock {
    Lock { on: On::Own, whose: Whose::Itself, mode, work: Work::None, since: OLDEST }
}

const fn other(mode: LockMode) -> Lock {
    Lock { on: On::Other, ..own(mode) }
}

impl Lock {
    const fn of(self, whose: Whose) -> Lock {
        Lock { whose, ..self }
    }

    const fn with(self, work: Work) -> Lock {
        Lock { work, ..self }
    }

    const fn since(self, since: u8) -> Lock {
        Lock { since, ..self }
    }
}

macro_rules! deeds {
    ($($(#[doc = $about:literal])+ $deed:ident [$($lock:expr),*])+) => {
        /// What the lock table has a row for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Deed {
            $($(#[doc = $about])+ $deed,)+
        }

        const ROWS: &[&[Lock]] = &[$(&[$($lock),*]),+];
    };
}

impl Deed {
    pub(crate) fn locks(self) -> &'static [Lock] {
        ROWS[self as usize]
    }
}

/// What `LOCK TABLE` in a mode takes.
pub(crate) const fn lock_table(mode: LockMode) -> [Lock; 2] {
    [own(mode), own(mode).of(Whose::Partitions)]
}

// Where a deed on a partitioned table goes on to its partitions, the row says so; `ONLY` is seen to elsewhere.
deeds! {
    /// A foreign key, wherever it is made; the table that it is on has a row of its own.
    References [other(ShareRowExclusive)]
    /// `CREATE TABLE … PARTITION OF`.
    CreatePartition [
        own(AccessExclusive),
        own(AccessExclusive).of(Whose::DefaultPartition).with(Work::Scan)
    ]
    /// `CREATE TABLE (LIKE …)`, `INHERITS` excepted; `CREATE VIEW`; what is made `WITH NO DATA`.
    Mention [other(AccessShare)]
    /// `INHERITS`, `INHERIT`: the parent.
    Parent [other(ShareUpdateExclusive)]
    /// `SELECT`, `CREATE TABLE AS`, whatever else reads rows.
    Read [other(AccessShare).with(Work::Scan)]
    /// `SELECT … FOR UPDATE`.
    ReadForUpdate [other(RowShare).with(Work::Scan)]
    /// `INSERT`.
    Insert [own(RowExclusive)]
    /// `UPDATE`, `DELETE`, `MERGE`.
    Change [own(RowExclusive).with(Work::Scan)]
    /// `DROP TABLE`.
    DropTable [
        own(AccessExclusive),
        own(AccessExclusive).of(Whose::Referenced),
        own(AccessExclusive).of(Whose::Partitions)
    ]
    /// `DROP TABLE … CASCADE`.
    DropTableCascade [
        own(AccessExclusive),
        own(AccessExclusive).of(Whose::Referenced),
        own(AccessExclusive).of(Whose::Partitions),
        own(AccessExclusive).of(Whose::Referencing),
        own(AccessExclusive).of(Whose::Views)
    ]
    /// `DROP TABLE` of a partition, seen from its table.
    DropPartition [own(AccessExclusive), own(AccessExclusive).of(Whose::DefaultPartition)]
    /// `TRUNCATE`: new, empty files.
    Truncate [own(AccessExclusive), own(AccessExclusive).of(Whose::Partitions)]
    /// `TRUNCATE … CASCADE`.
    TruncateCascade [
        own(AccessExclusive),
        own(AccessExclusive).of(Whose::Partitions),
        own(AccessExclusive).of(Whose::Referencing)
    ]
    /// `DROP SCHEMA … CASCADE`.
    DropSchema [own(AccessExclusive).of(Whose::Schema)]
    /// What changes a table for an instant: rename, owner, row security, replica identity, `SET SCHEMA`.
    Alter [own(AccessExclusive)]
    /// What changes a column or a constraint for an instant, on all partitions too.
    AlterColumn [own(AccessExclusive), own(AccessExclusive).of(Whose::Partitions)]
    /// What reads all rows to see that they fit: `SET NOT NULL`, `ADD CHECK`.
    AlterScan [
        own(AccessExclusive).with(Work::Scan),
        own(AccessExclusive).with(Work::Scan).of(Whose::Partitions)
    ]
    /// `UNIQUE`, `PRIMARY KEY`, `EXCLUDE`: an index is built.
    AlterBuild [
        own(AccessExclusive).with(Work::Build),
        own(AccessExclusive).with(Work::Build).of(Whose::Partitions)
    ]
    /// What writes every row anew.
    AlterRewrite [
        own(AccessExclusive).with(Work::Rewrite),
        own(AccessExclusive).with(Work::Rewrite).of(Whose::Partitions)
    ]
    /// `DROP VIEW … CASCADE`.
    DropViewCascade [own(AccessExclusive), own(AccessExclusive).of(Whose::Views)]
    /// `DROP INDEX … CASCADE`: the foreign keys that need the index, seen from its table.
    DropIndexCascade [own(AccessExclusive), own(AccessExclusive).of(Whose::Referencing)]
    /// Options, statistics, `CLUSTER ON`, comments, extended statistics, publications; `ANALYZE`, `VACUUM`.
    Note [own(ShareUpdateExclusive)]
    /// Statistics of a column: on all partitions too.
    NoteColumn [own(ShareUpdateExclusive), own(ShareUpdateExclusive).of(Whose::Partitions)]
    /// `ADD FOREIGN KEY`.
    AddForeignKey [
        own(ShareRowExclusive).with(Work::Scan),
        own(ShareRowExclusive).with(Work::Scan).of(Whose::Partitions),
        other(ShareRowExclusive).with(Work::Scan)
    ]
    /// `ADD FOREIGN KEY … NOT VALID`, or `NOT ENFORCED`.
    AddForeignKeyNotValid [
        own(ShareRowExclusive),
        own(ShareRowExclusive).of(Whose::Partitions),
        other(ShareRowExclusive)
    ]
    /// `VALIDATE CONSTRAINT` of a CHECK, or of a NOT NULL.
    Validate [
        own(ShareUpdateExclusive).with(Work::Scan),
        own(ShareUpdateExclusive).with(Work::Scan).of(Whose::Partitions)
    ]
    /// `VALIDATE CONSTRAINT` of a foreign key.
    ValidateForeignKey [
        own(ShareUpdateExclusive).with(Work::Scan),
        own(ShareUpdateExclusive).with(Work::Scan).of(Whose::Partitions),
        other(RowShare).with(Work::Scan)
    ]
    /// `DROP CONSTRAINT` of a foreign key.
    DropForeignKey [
        own(AccessExclusive),
        own(AccessExclusive).of(Whose::Partitions),
        other(AccessExclusive)
    ]
    /// `ATTACH PARTITION`.
    Attach [
        own(ShareUpdateExclusive),
        other(AccessExclusive).with(Work::Scan),
        own(AccessExclusive).with(Work::Scan).of(Whose::DefaultPartition)
    ]
    /// `DETACH PARTITION`.
    Detach [
        own(AccessExclusive),
        other(AccessExclusive),
        own(AccessExclusive).of(Whose::DefaultPartition),
        own(AccessExclusive).of(Whose::Referencing)
    ]
    /// `DETACH PARTITION … CONCURRENTLY`, and `FINALIZE` after it.
    DetachConcurrently [own(ShareUpdateExclusive), other(AccessExclusive)]
    /// Triggers: made, replaced, enabled, disabled.
    Trigger [own(ShareRowExclusive)]
    /// The same of triggers for each row, which partitions have too.
    TriggerOnRows [own(ShareRowExclusive), own(ShareRowExclusive).of(Whose::Partitions)]
    /// `CREATE INDEX`.
    CreateIndex [
        own(Share).with(Work::Build),
        own(Share).with(Work::Build).of(Whose::Partitions)
    ]
    /// `CREATE INDEX … ON ONLY`, of a partitioned table.
    CreateIndexOnly [own(Share)]
    /// `CREATE INDEX CONCURRENTLY`.
    CreateIndexConcurrently [own(ShareUpdateExclusive).with(Work::Build)]
    /// `DROP INDEX`.
    DropIndex [own(AccessExclusive), own(AccessExclusive).of(Whose::TableOfIndex)]
    /// `DROP INDEX CONCURRENTLY`.
    DropIndexConcurrently [
        own(ShareUpdateExclusive),
        own(ShareUpdateExclusive).of(Whose::TableOfIndex)
    ]
    /// `REINDEX INDEX`.
    ReindexIndex [
        own(AccessExclusive).with(Work::Build),
        own(Share).with(Work::Scan).of(Whose::TableOfIndex)
    ]
    /// `REINDEX INDEX CONCURRENTLY`.
    ReindexIndexConcurrently [
        own(ShareUpdateExclusive).with(Work::Build),
        own(ShareUpdateExclusive).of(Whose::TableOfIndex)
    ]
    /// `REINDEX TABLE`.
    ReindexTable [
        own(Share).with(Work::Scan),
        own(AccessExclusive).with(Work::Build).of(Whose::Indexes)
    ]
    /// `REINDEX TABLE CONCURRENTLY`.
    ReindexTableConcurrently [
        own(ShareUpdateExclusive).with(Work::Scan),
        own(ShareUpdateExclusive).with(Work::Build).of(Whose::Indexes)
    ]
    /// `ALTER INDEX … ATTACH PARTITION`.
    AttachIndex [own(ShareUpdateExclusive), other(AccessExclusive)]
    /// `REFRESH MATERIALIZED VIEW`.
    Refresh [own(AccessExclusive).with(Work::Rewrite), other(AccessShare).with(Work::Scan)]
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`.
    RefreshConcurrently [own(Exclusive).with(Work::Scan), other(AccessShare).with(Work::Scan)]
    /// `ALTER DOMAIN … ADD CHECK`, `SET NOT NULL`.
    ConstrainDomain [own(Share).with(Work::Scan).of(Whose::Users)]
    /// `DROP TYPE … CASCADE`: the columns of the type.
    DropTypeCascade [own(AccessExclusive).of(Whose::Users)]
    /// `ALTER SEQUENCE`.
    Sequence [own(ShareRowExclusive)]
    /// `GRANT`, `REVOKE`.
    Grant [own(AccessShare).since(18)]
}
