//! The migration model: what the macro bakes into the binary and the runtime executes.
//!
//! Everything here is immutable data known at build time, made by `const` functions. What a database
//! knows about a migration (when it ran, how long it took) is history, and lives in the runtime.

use std::fmt;

use crate::{Checksum, Direction, FileName, StatementKind, Version};

/// Every migration of a project, oldest first.
///
/// Invariant: versions are strictly increasing. `embed_migrations!` makes the set in a constant, so
/// a set that breaks the invariant does not compile.
#[derive(Clone, Copy, Debug)]
pub struct MigrationSet {
    migrations: &'static [Migration],
    folder: &'static str,
    source: Option<&'static str>,
    revision: Option<&'static str>,
    analysis: Option<&'static str>,
}

/// A version, a name and two scripts: one makes a schema change, the other takes it back.
#[derive(Debug)]
#[non_exhaustive]
pub struct Migration {
    /// The timestamp that orders this migration among the others.
    pub version: Version,
    /// The part of the file name between the version and `.up.sql`.
    pub name: &'static str,
    /// The script that makes the change.
    pub up: Script,
    /// The script that takes the change back.
    pub down: Script,
}

/// One SQL file, as it was when the binary was built.
#[derive(Debug)]
#[non_exhaustive]
pub struct Script {
    /// The text of the file, without a byte order mark and with LF line ends.
    pub sql: &'static str,
    /// The checksum of [`sql`](Script::sql).
    pub checksum: Checksum,
    /// How the script runs.
    pub mode: Mode,
    /// What the header of the script asks for. Most have none: an address of what asks for nothing would be one more
    /// that the loader has to write.
    directives: Option<&'static Directives>,
    /// The statements, in order; transaction control around the whole script is not among them.
    pub statements: &'static [Statement],
}

/// How a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// In one transaction, together with its row of the history.
    Transactional,
    /// Statement by statement, for what PostgreSQL refuses to run in a transaction.
    Standalone,
}

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Where it stands in the script, from its first token to the one before the semicolon.
    pub range: ByteRange,
    /// The line of its first token, counted from 1.
    pub line: u32,
    /// What sort of statement it is.
    pub kind: StatementKind,
    /// How it runs.
    pub manner: Manner,
}

/// How a statement runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Manner {
    /// As it stands.
    #[default]
    Once,
    /// Piece by piece over the rows of a table, each in a transaction of its own; see [`Batch`](crate::Batch).
    Batch,
    /// It is a query that has to give true, else the script fails.
    Verify,
}

/// A half-open range of bytes in a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// The `-- migrate:` lines of a script's header.
///
/// `no-transaction` is not kept here: it became the script's [`Mode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Directives {
    /// `lock-timeout`: how long one attempt waits for a lock, in milliseconds.
    pub lock_timeout_ms: Option<u32>,
    /// `statement-timeout`: how long one statement may run, in milliseconds; 0 is without limit.
    pub statement_timeout_ms: Option<u32>,
    /// `no-parse`: why the parser was told not to look at this script.
    pub no_parse: Option<&'static str>,
    /// `irreversible`: why a down script holds no SQL.
    pub irreversible: Option<&'static str>,
    /// `allow`: findings that are accepted in this script.
    pub allow: &'static [Allow],
}

/// One `-- migrate:allow RULE because REASON` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allow {
    /// The id of the rule.
    pub rule: &'static str,
    /// Why the finding is accepted.
    pub reason: &'static str,
}

impl MigrationSet {
    /// Wraps migrations that are already sorted.
    ///
    /// # Panics
    ///
    /// Panics if versions do not strictly increase. In a constant, that is a compile error.
    pub const fn new(migrations: &'static [Migration]) -> MigrationSet {
        let mut next = 1;
        while next < migrations.len() {
            let (older, newer) = (migrations[next - 1].version, migrations[next].version);
            assert!(older.get() < newer.get(), "migrations must be sorted, one per version");
            next += 1;
        }
        MigrationSet {
            migrations,
            folder: "migrations",
            source: None,
            revision: None,
            analysis: None,
        }
    }

    /// Names the folder that messages put before a file name; `migrations` unless told.
    #[must_use]
    pub const fn with_folder(self, folder: &'static str) -> MigrationSet {
        MigrationSet { folder, ..self }
    }

    /// Remembers where the folder lay when the binary was built, so that a stale debug build can be
    /// told from a fresh one. A release build has none.
    #[doc(hidden)] // For generated code.
    #[must_use]
    pub const fn with_source(self, source: Option<&'static str>) -> MigrationSet {
        MigrationSet { source, ..self }
    }

    /// Names the revision of the sources that the program is built from, for the log in the database.
    /// `embed_migrations!` finds it.
    #[must_use]
    pub const fn with_revision(self, revision: Option<&'static str>) -> MigrationSet {
        MigrationSet { revision, ..self }
    }

    /// Keeps what the build found out about the scripts.
    #[doc(hidden)] // For generated code.
    #[must_use]
    pub const fn with_analysis(self, analysis: Option<&'static str>) -> MigrationSet {
        MigrationSet { analysis, ..self }
    }

    /// Iterates over the migrations, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'static, Migration> {
        self.migrations.iter()
    }

    /// The migrations, oldest first: for constants, which cannot iterate.
    pub const fn as_slice(&self) -> &'static [Migration] {
        self.migrations
    }

    /// Looks up the migration with the given version.
    pub fn get(&self, version: Version) -> Option<&'static Migration> {
        let found = self.migrations.binary_search_by_key(&version, |it| it.version);
        found.ok().map(|index| &self.migrations[index])
    }

    /// How many migrations there are.
    pub const fn len(&self) -> usize {
        self.migrations.len()
    }

    /// Whether there is no migration at all.
    pub const fn is_empty(&self) -> bool {
        self.migrations.is_empty()
    }

    /// The folder that messages put before a file name.
    pub const fn folder(&self) -> &'static str {
        self.folder
    }

    /// The revision of the sources that the program was built from.
    pub const fn revision(&self) -> Option<&'static str> {
        self.revision
    }

    pub(crate) const fn analysis(&self) -> Option<&'static str> {
        self.analysis
    }

    /// Where the folder lay when a debug binary was built.
    pub const fn source(&self) -> Option<&'static str> {
        self.source
    }
}

impl IntoIterator for &MigrationSet {
    type Item = &'static Migration;
    type IntoIter = std::slice::Iter<'static, Migration>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Migration {
    /// Puts a migration together.
    pub const fn new(version: Version, name: &'static str, up: Script, down: Script) -> Migration {
        Migration { version, name, up, down }
    }

    /// The name of the file that one of its scripts came from.
    pub fn file_name(&self, direction: Direction) -> FileName {
        FileName { version: self.version, name: self.name.to_owned(), direction }
    }
}

impl Script {
    /// Puts a script together.
    pub const fn new(
        sql: &'static str,
        checksum: Checksum,
        mode: Mode,
        directives: Option<&'static Directives>,
        statements: &'static [Statement],
    ) -> Script {
        Script { sql, checksum, mode, directives, statements }
    }

    /// What the header of the script asks for.
    pub const fn directives(&self) -> &'static Directives {
        match self.directives {
            Some(directives) => directives,
            None => &Directives::NONE,
        }
    }

    /// Gives it what its header asks for.
    #[doc(hidden)]
    pub const fn set_directives(&mut self, directives: &'static Directives) {
        self.directives = Some(directives);
    }
}

impl Mode {
    /// The word that the database keeps for this mode.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Transactional => "transactional",
            Mode::Standalone => "standalone",
        }
    }

    /// The mode that a word of the database means.
    pub fn from_word(word: &str) -> Option<Mode> {
        [Mode::Transactional, Mode::Standalone].into_iter().find(|it| it.as_str() == word)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Statement {
    /// Puts a statement together that runs as it stands.
    pub const fn new(range: ByteRange, line: u32, kind: StatementKind) -> Statement {
        Statement { range, line, kind, manner: Manner::Once }
    }
}

impl Manner {
    const ALL: [Manner; 3] = [Manner::Once, Manner::Batch, Manner::Verify];

    /// The word that the database keeps for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Manner::Once => "once",
            Manner::Batch => "batch",
            Manner::Verify => "verify",
        }
    }

    /// What a word of the database means.
    pub fn from_word(word: &str) -> Option<Manner> {
        Manner::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Its number, for generated code.
    #[doc(hidden)]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What a number of generated code means.
    #[doc(hidden)]
    pub const fn embedded(number: u8) -> Manner {
        Manner::ALL[number as usize]
    }
}

impl ByteRange {
    /// The part of `text` that this range covers.
    ///
    /// # Panics
    ///
    /// Panics if the range was made for another text.
    pub fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

impl Directives {
    /// No directive at all.
    pub const NONE: Directives = Directives {
        lock_timeout_ms: None,
        statement_timeout_ms: None,
        no_parse: None,
        irreversible: None,
        allow: &[],
    };

    /// Sets all fields at once.
    #[doc(hidden)] // For generated code; users of the model take `NONE` and set fields by name.
    pub const fn embedded(
        lock_timeout_ms: Option<u32>,
        statement_timeout_ms: Option<u32>,
        no_parse: Option<&'static str>,
        irreversible: Option<&'static str>,
        allow: &'static [Allow],
    ) -> Directives {
        Directives { lock_timeout_ms, statement_timeout_ms, no_parse, irreversible, allow }
    }
}

impl Allow {
    /// Accepts the findings of `rule`, for a reason.
    pub const fn new(rule: &'static str, reason: &'static str) -> Allow {
        Allow { rule, reason }
    }
}
