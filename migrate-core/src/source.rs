//! A set of migrations as it was read from a folder: the owned twin of [`MigrationSet`].

use std::path::PathBuf;

#[cfg(feature = "parser")]
use crate::sql::action::Action;
use crate::{
    Allow, Checksum, Directives, Migration, MigrationSet, Mode, Script, Statement, Version,
};

/// Every migration of a folder, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSet {
    /// The migrations; versions are strictly increasing.
    pub migrations: Vec<SourceMigration>,
}

/// A migration of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMigration {
    /// The version.
    pub version: Version,
    /// The name.
    pub name: String,
    /// The script that makes the change.
    pub up: SourceScript,
    /// The script that takes the change back.
    pub down: SourceScript,
}

/// A script of a folder, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceScript {
    /// The name of the file, without the folder.
    pub file_name: String,
    /// Where the file lies.
    pub path: PathBuf,
    /// The text, without a byte order mark and with LF line ends.
    pub sql: String,
    /// Whether the file holds exactly [`sql`](SourceScript::sql), byte for byte.
    pub verbatim: bool,
    /// The checksum of [`sql`](SourceScript::sql).
    pub checksum: Checksum,
    /// How the script runs.
    pub mode: Mode,
    /// What the header asks for.
    pub directives: SourceDirectives,
    /// The statements, in order; transaction control around the whole script is not among them.
    pub statements: Vec<Statement>,
    /// What each of the statements does, one entry for each; an empty one where the parser was not asked.
    #[cfg(feature = "parser")]
    pub(crate) actions: Vec<Vec<Action>>,
}

/// The directives of a script; see [`Directives`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceDirectives {
    /// `no-transaction`, which became the script's [`Mode`].
    pub no_transaction: bool,
    /// `lock-timeout`, in milliseconds.
    pub lock_timeout_ms: Option<u32>,
    /// `statement-timeout`, in milliseconds.
    pub statement_timeout_ms: Option<u32>,
    /// The reason of `no-parse`.
    pub no_parse: Option<String>,
    /// The reason of `irreversible`.
    pub irreversible: Option<String>,
    /// The rules of `allow`, each with its reason.
    pub allow: Vec<SourceAllow>,
}

/// One `-- migrate:allow RULE because REASON` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceAllow {
    /// The id of the rule.
    pub rule: String,
    /// Why the finding is accepted.
    pub reason: String,
}

impl SourceSet {
    /// Makes a set that lives as long as the program, for commands that look at a folder instead of
    /// the embedded set, and for tests. The memory is never given back.
    pub fn leak(self, folder: &str) -> MigrationSet {
        let migrations: Vec<Migration> =
            self.migrations.into_iter().map(SourceMigration::leak).collect();
        MigrationSet::new(migrations.leak()).with_folder(leak(folder.to_owned()))
    }
}

impl SourceMigration {
    fn leak(self) -> Migration {
        Migration::new(self.version, leak(self.name), self.up.leak(), self.down.leak())
    }
}

impl SourceScript {
    fn leak(self) -> Script {
        let directives =
            (self.directives != SourceDirectives::default()).then(|| self.directives.leak());
        let statements = self.statements.leak();
        Script::new(leak(self.sql), self.checksum, self.mode, directives, statements)
    }
}

impl SourceDirectives {
    fn leak(self) -> &'static Directives {
        let allow = self.allow.into_iter().map(|it| Allow::new(leak(it.rule), leak(it.reason)));
        Box::leak(Box::new(Directives {
            lock_timeout_ms: self.lock_timeout_ms,
            statement_timeout_ms: self.statement_timeout_ms,
            no_parse: self.no_parse.map(leak),
            irreversible: self.irreversible.map(leak),
            allow: allow.collect::<Vec<_>>().leak(),
        }))
    }
}

fn leak(text: String) -> &'static str {
    text.leak()
}
