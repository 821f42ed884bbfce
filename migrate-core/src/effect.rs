//! What a statement does to the relations that it touches: locks, and the work done under them.

use std::fmt;

/// A lock on a table, the weakest first, as `pg_locks` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LockMode {
    /// `ACCESS SHARE`: what reading takes.
    AccessShare,
    /// `ROW SHARE`: what `SELECT … FOR UPDATE` takes.
    RowShare,
    /// `ROW EXCLUSIVE`: what writing takes.
    RowExclusive,
    /// `SHARE UPDATE EXCLUSIVE`.
    ShareUpdateExclusive,
    /// `SHARE`.
    Share,
    /// `SHARE ROW EXCLUSIVE`.
    ShareRowExclusive,
    /// `EXCLUSIVE`.
    Exclusive,
    /// `ACCESS EXCLUSIVE`.
    AccessExclusive,
}

/// Whom a lock keeps waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Blocks {
    /// Nobody but those who change or lock the table as a whole.
    Nobody,
    /// Other changes of the schema, and vacuum.
    SchemaChanges,
    /// Whoever writes.
    Writes,
    /// Whoever reads or writes.
    Everything,
}

/// Work that is done while the lock is held, and takes the longer the larger the relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Work {
    /// None that depends on the size.
    None,
    /// Every row is read.
    Scan,
    /// An index is built, which reads every row.
    Build,
    /// Every row is written anew, and every index built.
    Rewrite,
}

/// Which relations a claim is about, seen from the one that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Whose {
    /// The one that is named.
    Itself,
    /// Its partitions, those of its partitions too.
    Partitions,
    /// Its default partition, if it has one.
    DefaultPartition,
    /// The tables that its foreign keys reference.
    Referenced,
    /// The tables whose foreign keys reference it.
    Referencing,
    /// The views over it, and the views over those.
    Views,
    /// The table that the index belongs to.
    TableOfIndex,
    /// Its indexes.
    Indexes,
    /// The tables with a column of the type or domain.
    Users,
    /// All relations of the schema.
    Schema,
}

/// What a statement does to one relation, or to several that hang together with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effect<'a> {
    /// Which statement of its script, counted from 0.
    pub statement: u32,
    /// The name that the statement has, ready to be written into SQL; the schema `public` is left out.
    pub relation: &'a str,
    /// Which relations are meant.
    pub whose: Whose,
    /// The lock.
    pub lock: LockMode,
    /// The work done under it.
    pub work: Work,
    /// Whether the work is certain; where it is not, it depends on what the database holds.
    pub is_certain: bool,
    /// The first server version that does so.
    pub since: u8,
}

const MODES: [(LockMode, &str, &str); 8] = [
    (LockMode::AccessShare, "AS", "ACCESS SHARE"),
    (LockMode::RowShare, "RS", "ROW SHARE"),
    (LockMode::RowExclusive, "RX", "ROW EXCLUSIVE"),
    (LockMode::ShareUpdateExclusive, "SUX", "SHARE UPDATE EXCLUSIVE"),
    (LockMode::Share, "S", "SHARE"),
    (LockMode::ShareRowExclusive, "SRX", "SHARE ROW EXCLUSIVE"),
    (LockMode::Exclusive, "X", "EXCLUSIVE"),
    (LockMode::AccessExclusive, "AX", "ACCESS EXCLUSIVE"),
];

const WORKS: [(Work, &str); 4] = [
    (Work::None, "none"),
    (Work::Scan, "scan"),
    (Work::Build, "build"),
    (Work::Rewrite, "rewrite"),
];

const WHOSE: [(Whose, &str, &str); 10] = [
    (Whose::Itself, "itself", ""),
    (Whose::Partitions, "partitions", "partitions of"),
    (Whose::DefaultPartition, "default_partition", "default partition of"),
    (Whose::Referenced, "referenced", "tables referenced by"),
    (Whose::Referencing, "referencing", "tables referencing"),
    (Whose::Views, "views", "views over"),
    (Whose::TableOfIndex, "table_of_index", "table of"),
    (Whose::Indexes, "indexes", "indexes of"),
    (Whose::Users, "users", "tables with a column of"),
    (Whose::Schema, "schema", "everything in"),
];

impl LockMode {
    /// As PostgreSQL's manual calls it, `ACCESS EXCLUSIVE`.
    pub fn as_str(self) -> &'static str {
        MODES[self as usize].2
    }

    /// Two or three letters, `AX`, for machines and narrow columns.
    pub fn short(self) -> &'static str {
        MODES[self as usize].1
    }

    /// The mode of a name, short or long, or as `pg_locks` writes it.
    pub fn from_word(word: &str) -> Option<LockMode> {
        let plain = |it: &str| it.replace(' ', "").to_ascii_lowercase();
        let wanted = word.strip_suffix("Lock").unwrap_or(word);
        let fits = |it: &&(LockMode, &str, &str)| it.1 == word || plain(it.2) == plain(wanted);
        MODES.iter().find(fits).map(|it| it.0)
    }

    /// Whom it keeps waiting.
    pub fn blocks(self) -> Blocks {
        match self {
            LockMode::AccessShare | LockMode::RowShare | LockMode::RowExclusive => Blocks::Nobody,
            LockMode::ShareUpdateExclusive => Blocks::SchemaChanges,
            LockMode::Share | LockMode::ShareRowExclusive | LockMode::Exclusive => Blocks::Writes,
            LockMode::AccessExclusive => Blocks::Everything,
        }
    }
}

impl Blocks {
    /// In words that follow "blocks".
    pub fn as_str(self) -> &'static str {
        match self {
            Blocks::Nobody => "nobody",
            Blocks::SchemaChanges => "schema changes",
            Blocks::Writes => "writes",
            Blocks::Everything => "reads and writes",
        }
    }
}

impl Work {
    /// One word, for machines.
    pub fn as_str(self) -> &'static str {
        WORKS[self as usize].1
    }

    /// The work that a word means.
    pub fn from_word(word: &str) -> Option<Work> {
        WORKS.iter().find(|it| it.1 == word).map(|it| it.0)
    }
}

impl Whose {
    /// One word, for machines.
    pub fn as_str(self) -> &'static str {
        WHOSE[self as usize].1
    }

    /// In words that stand before the name.
    pub fn words(self) -> &'static str {
        WHOSE[self as usize].2
    }

    /// The relations that a word means.
    pub fn from_word(word: &str) -> Option<Whose> {
        WHOSE.iter().find(|it| it.1 == word).map(|it| it.0)
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for (index, (mode, short, long)) in MODES.into_iter().enumerate() {
            assert_eq!(mode as usize, index);
            assert_eq!(LockMode::from_word(short), Some(mode));
            assert_eq!(LockMode::from_word(long), Some(mode));
        }
        assert_eq!(
            LockMode::from_word("ShareUpdateExclusiveLock"),
            Some(LockMode::ShareUpdateExclusive)
        );
        for (index, (work, word)) in WORKS.into_iter().enumerate() {
            assert_eq!((work as usize, Work::from_word(word)), (index, Some(work)));
        }
        for (index, (whose, word, _)) in WHOSE.into_iter().enumerate() {
            assert_eq!((whose as usize, Whose::from_word(word)), (index, Some(whose)));
        }
    }
}
