//! What a proof has found.

use std::time::Duration;

use migrate_core::{Direction, Migration, MigrationSet, Version};

use crate::error::{Error, Location};
use crate::schema::{Difference, Weight};
use crate::sqlstate;

/// What is proven of a set of migrations, and what is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// Every migration, oldest first.
    pub migrations: Vec<Checked>,
    /// Everything that is wrong, in the order in which it was found.
    pub findings: Vec<CheckFinding>,
    /// What came of reverting all and running all.
    pub round: Round,
    /// The major version of the server.
    pub server: String,
}

/// What is known of one migration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The version.
    pub version: Version,
    /// The name.
    pub name: &'static str,
    /// What is proven.
    pub proven: Proven,
    /// How long its up script took, measured by the server on empty tables; nothing where it did not run alone.
    pub up: Option<Duration>,
    /// How long its down script took.
    pub down: Option<Duration>,
    /// What is not as it was after its down script, and as good as equal or not to be restored.
    pub notes: Vec<Difference>,
}

/// What is proven of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// It ran, was reverted, and ran again, and the schema was the same after each.
    Now,
    /// The same, in an earlier check.
    Before,
    /// It runs. Its down script says why it cannot be reverted.
    Irreversible(&'static str),
    /// It is not: there are findings.
    Not,
    /// Nothing: something before it failed.
    NotReached,
}

/// What came of reverting all migrations and running them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// The database was empty again, and then as it was.
    Proven,
    /// The same, in an earlier check.
    ProvenBefore,
    /// The same, down to a migration that cannot be reverted.
    ProvenDownTo(Version),
    /// It was tried, and there are findings.
    Failed,
    /// It was not tried: single migrations have findings.
    NotTried,
}

/// One thing that is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckFinding {
    /// What sort of fault it is.
    pub kind: CheckFindingKind,
    /// The migration; nothing where it is about all of them.
    pub version: Option<Version>,
    /// The script that it is in.
    pub place: Option<Location>,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
    /// What is not the same, where that is the fault.
    pub differences: Vec<Difference>,
    /// What failed, where that is the fault.
    pub error: Option<Error>,
}

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckFindingKind {
    /// An up script fails.
    UpFailed,
    /// A down script fails.
    DownFailed,
    /// After its down script, an up script fails that ran before.
    UpAgainFailed,
    /// A down script does not restore what was there.
    DownDiffers,
    /// Run again, an up script makes something else.
    UpAgainDiffers,
    /// Reverting all of them fails.
    AllDownFailed,
    /// Reverting all of them leaves something behind.
    AllDownDiffers,
    /// Running all of them again fails.
    AllUpFailed,
    /// Running all of them again makes something else.
    AllUpDiffers,
}

use CheckFindingKind as K;

/// Each kind with its word, and whether a script failed.
const KINDS: [(CheckFindingKind, &str, bool); 9] = [
    (K::UpFailed, "up_failed", true),
    (K::DownFailed, "down_failed", true),
    (K::UpAgainFailed, "up_again_failed", true),
    (K::DownDiffers, "down_differs", false),
    (K::UpAgainDiffers, "up_again_differs", false),
    (K::AllDownFailed, "all_down_failed", true),
    (K::AllDownDiffers, "all_down_differs", false),
    (K::AllUpFailed, "all_up_failed", true),
    (K::AllUpDiffers, "all_up_differs", false),
];

impl CheckFindingKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = CheckFindingKind> {
        KINDS.into_iter().map(|it| it.0)
    }

    /// The word that JSON output uses.
    pub fn as_str(self) -> &'static str {
        KINDS[self as usize].1
    }

    /// Whether a script failed.
    pub fn is_failure(self) -> bool {
        KINDS[self as usize].2
    }

    /// The scripts that it is about.
    pub(super) fn direction(self) -> Direction {
        let of_down = [K::DownFailed, K::DownDiffers, K::AllDownFailed, K::AllDownDiffers];
        if of_down.contains(&self) { Direction::Down } else { Direction::Up }
    }
}

impl CheckReport {
    pub(super) fn new(set: &MigrationSet, server: String) -> CheckReport {
        let checked = |it: &'static Migration| Checked {
            version: it.version,
            name: it.name,
            proven: Proven::NotReached,
            up: None,
            down: None,
            notes: Vec::new(),
        };
        let migrations = set.iter().map(checked).collect();
        CheckReport { migrations, findings: Vec::new(), round: Round::NotTried, server }
    }

    /// Everything was proven before.
    pub(super) fn known(set: &MigrationSet, server: String) -> CheckReport {
        let mut report = CheckReport::new(set, server);
        report.round = Round::ProvenBefore;
        for (checked, migration) in report.migrations.iter_mut().zip(set) {
            checked.proven = proven_before(migration);
        }
        report
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// The exit code of a command that ends with this report: 1 where a script failed, 5 where something is not
    /// restored.
    pub fn exit_code(&self) -> u8 {
        match self.findings.iter().any(|it| it.kind.is_failure()) {
            true => 1,
            false if self.is_clean() => 0,
            false => 5,
        }
    }
}

pub(super) fn proven_before(migration: &Migration) -> Proven {
    migration.down.directives().irreversible.map_or(Proven::Before, Proven::Irreversible)
}

/// Where a script begins, for what is wrong with it as a whole.
pub(super) fn script(set: &MigrationSet, migration: &Migration, direction: Direction) -> Location {
    let script = match direction {
        Direction::Up => &migration.up,
        Direction::Down => &migration.down,
    };
    let line = script.statements.first().map_or(1, |it| it.line);
    let text = script.sql.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
    Location {
        file: format!("{}/{}", set.folder(), migration.file_name(direction)),
        line,
        column: None,
        source_line: text.to_owned(),
        statement: 1,
    }
}

/// Where the newest script begins, for what is wrong with all of them together.
pub(super) fn newest(set: &MigrationSet, direction: Direction) -> Option<Location> {
    set.iter().next_back().map(|it| script(set, it, direction))
}

/// What to do where a script fails because the server is not the one that it was written for.
pub(super) fn lacking(error: &Error) -> Option<&'static str> {
    let message = error.server_message()?;
    match error.sqlstate()? {
        sqlstate::UNDEFINED_OBJECT if message.starts_with("role ") => Some(
            "migration-cli check --setup FILE   # CREATE ROLE …; what migrations expect of their server",
        ),
        sqlstate::FEATURE_NOT_SUPPORTED | sqlstate::UNDEFINED_FILE
            if message.contains("extension") =>
        {
            Some("migration-cli check --scratch-url URL   # a server that has the extension")
        }
        sqlstate::INVALID_CATALOG_NAME => Some(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I …', current_database()); END $$;   -- every database of the set has a name of its own",
        ),
        _ => None,
    }
}

/// The differences that count, and those that do not.
pub(super) fn parted(differences: Vec<Difference>) -> (Vec<Difference>, Vec<Difference>) {
    differences.into_iter().partition(|it| it.weight == Weight::Full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_kind_at_its_own_place() {
        for (index, (kind, word, _)) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{word}");
        }
        assert_eq!(CheckFindingKind::AllUpDiffers as usize + 1, KINDS.len());
    }
}
