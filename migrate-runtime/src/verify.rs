//! What binary, folder, history and database disagree about, each with the way out. Pure.

mod validates;

use std::collections::HashMap;
use std::path::Path;

use migrate_core::{Change, Migration, MigrationSet};

use crate::drift::{self, Drift};
use crate::error::ErrorKind;
use crate::history::{History, StoredScript, Unfinished, text};
use crate::mend::{InvalidIndex, MendKind};
use crate::plan::{may_take_back, same_down};
use crate::schema::Difference;
use crate::status::{Entry, State, Status};

/// The result of a verification against a database.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verification {
    /// Every migration.
    pub status: Status,
    /// Every disagreement.
    pub findings: Vec<Finding>,
}

/// One disagreement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What sort of disagreement it is.
    pub kind: FindingKind,
    /// The migration that it is about.
    pub version: Option<String>,
    /// One sentence.
    pub message: String,
    /// The way out, where one is needed.
    pub hint: Option<String>,
    /// The rows that are not as a constraint wants them.
    pub violation: Option<Violation>,
    /// What is not as the migrations made it.
    pub difference: Option<Difference>,
}

/// Rows that are not as a constraint wants them. What is in them is data: not for every log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The table, with its schema and its quotes.
    pub table: String,
    /// The constraint, in quotes where it needs them.
    pub constraint: String,
    /// What is told of each row: its primary key, or where it lies; of a foreign key, the columns that refer.
    pub columns: Vec<String>,
    /// The first ten of them, by their key.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many there are, as far as they were counted.
    pub count: u64,
    /// Whether all of them were counted.
    pub is_complete: bool,
}

impl Finding {
    pub(crate) fn new(kind: FindingKind, message: String) -> Finding {
        let (version, hint, violation, difference) = (None, None, None, None);
        Finding { kind, version, message, hint, violation, difference }
    }
}

/// What sort of disagreement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A script changed after it ran.
    Edited,
    /// The database has a migration that the binary does not have.
    Unknown,
    /// A pending migration is older than one that ran.
    OutOfOrder,
    /// Work outside a transaction began and did not end.
    Unfinished,
    /// A migration has not run yet.
    Pending,
    /// The down script in the binary is not the one that the database kept.
    ScriptDiffers,
    /// The folder has changed since this debug binary was built.
    StaleBuild,
    /// An index is invalid, and nobody is building it.
    InvalidIndex,
    /// A constraint holds for new rows alone: it was never validated.
    NotValidated,
    /// A constraint is not validated yet: a pending migration does so.
    NotValidatedYet,
    /// Rows refer to rows that are not there.
    ForeignKeyBroken,
    /// Rows are not as a check constraint wants them.
    CheckBroken,
    /// A constraint could not be compared with the rows, for want of a right for example.
    NotChecked,
    /// Something was not looked at: a constraint of a sort that is not compared with the rows, or what the role
    /// may not even ask for.
    PassedOver,
    /// An object of the schema is not as the migrations made it.
    Drift,
    /// An object is not as the migrations made it, and as good as equal.
    SlightDrift,
    /// Whether the schema is as the migrations made it is not known.
    DriftUnknown,
}

/// The exit code of what is in the database and not as it should be.
const DIFFERS: u8 = 5;

impl FindingKind {
    /// Every kind.
    pub const ALL: [FindingKind; 17] = [
        FindingKind::Edited,
        FindingKind::Unknown,
        FindingKind::OutOfOrder,
        FindingKind::Unfinished,
        FindingKind::Pending,
        FindingKind::ScriptDiffers,
        FindingKind::StaleBuild,
        FindingKind::InvalidIndex,
        FindingKind::NotValidated,
        FindingKind::NotValidatedYet,
        FindingKind::ForeignKeyBroken,
        FindingKind::CheckBroken,
        FindingKind::NotChecked,
        FindingKind::PassedOver,
        FindingKind::Drift,
        FindingKind::SlightDrift,
        FindingKind::DriftUnknown,
    ];

    /// The word that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            FindingKind::Edited => ErrorKind::Edited.as_str(),
            FindingKind::Unknown => State::Unknown.as_str(),
            FindingKind::OutOfOrder => ErrorKind::OutOfOrder.as_str(),
            FindingKind::Unfinished => ErrorKind::Unfinished.as_str(),
            FindingKind::Pending => State::Pending.as_str(),
            FindingKind::ScriptDiffers => ErrorKind::ScriptDiffers.as_str(),
            FindingKind::StaleBuild => ErrorKind::StaleBuild.as_str(),
            FindingKind::InvalidIndex => MendKind::InvalidIndex.as_str(),
            FindingKind::NotValidated => "not_validated",
            FindingKind::NotValidatedYet => "not_validated_yet",
            FindingKind::ForeignKeyBroken => "foreign_key_broken",
            FindingKind::CheckBroken => "check_broken",
            FindingKind::NotChecked => "not_checked",
            FindingKind::PassedOver => "passed_over",
            FindingKind::Drift => MendKind::Drift.as_str(),
            FindingKind::SlightDrift => "slight_drift",
            FindingKind::DriftUnknown => "drift_unknown",
        }
    }

    /// The exit code of a verification that finds this; 0 where it is no reason to fail. During a
    /// rolling deploy, pending and unknown migrations are normal.
    pub fn exit_code(self) -> u8 {
        match self {
            FindingKind::Unknown
            | FindingKind::Pending
            | FindingKind::NotValidatedYet
            | FindingKind::PassedOver
            | FindingKind::SlightDrift
            | FindingKind::DriftUnknown => 0,
            FindingKind::Edited => ErrorKind::Edited.exit_code(),
            FindingKind::OutOfOrder => ErrorKind::OutOfOrder.exit_code(),
            FindingKind::Unfinished => ErrorKind::Unfinished.exit_code(),
            FindingKind::ScriptDiffers => ErrorKind::ScriptDiffers.exit_code(),
            FindingKind::StaleBuild => ErrorKind::StaleBuild.exit_code(),
            FindingKind::InvalidIndex
            | FindingKind::NotValidated
            | FindingKind::ForeignKeyBroken
            | FindingKind::CheckBroken
            | FindingKind::NotChecked
            | FindingKind::Drift => DIFFERS,
        }
    }
}

impl Verification {
    pub(crate) fn new(
        set: &MigrationSet,
        history: History,
        stored: &[StoredScript],
        structure: &Structure,
        database: String,
    ) -> Verification {
        let drift = drift::compare(set, &history).drift;
        let status = Status::new(set, history, database);
        let by_state = status.entries.iter().filter_map(|it| of_state(set, it, &status, &drift));
        let stored: HashMap<_, _> = stored.iter().map(|it| (it.version.as_str(), it)).collect();
        let scripts = status.entries.iter().filter_map(|it| of_script(set, it, &stored));
        let pending = status.entries.iter().filter(|it| it.state == State::Pending);
        let pending: Vec<_> = pending.filter_map(|it| set.get(it.version.parse().ok()?)).collect();
        let structure = structure.findings(&pending);
        let findings = by_state.chain(scripts).chain(structure).collect();
        Verification { status, findings }
    }

    /// The worst of the findings; 0 when there is no reason to fail.
    pub fn exit_code(&self) -> u8 {
        self.findings.iter().map(|it| it.kind.exit_code()).max().unwrap_or(0)
    }
}

/// What to do about unfinished work.
fn way_out(set: &MigrationSet, work: &Unfinished) -> &'static str {
    if may_take_back(set, work) {
        return "migration-cli up   # goes on with it; `migration-cli down` takes it back";
    }
    "migration-cli repair   # goes on with it"
}

fn of_state(
    set: &MigrationSet,
    entry: &Entry,
    status: &Status,
    drift: &[Drift],
) -> Option<Finding> {
    let (version, title) = (&entry.version, entry.title());
    let said = || drift.iter().find(|it| it.version() == *version).map(Drift::to_string);
    let (kind, message, hint) = match entry.state {
        State::Applied => return None,
        State::Pending => (
            FindingKind::Pending,
            format!("{title} has not run"),
            Some("migration-cli up".to_owned()),
        ),
        State::Unknown => (FindingKind::Unknown, said()?, None),
        State::Edited => (
            FindingKind::Edited,
            said()?,
            Some(
                "git log -p -- migrations   # bring back the text that ran; changes go into a migration of their own"
                    .to_owned(),
            ),
        ),
        State::OutOfOrder => (
            FindingKind::OutOfOrder,
            said()?,
            Some("migration-cli up --allow-out-of-order".to_owned()),
        ),
        State::Unfinished => {
            let work = status.unfinished.iter().find(|it| it.version == *version)?;
            (
                FindingKind::Unfinished,
                format!("{title}: its {} script {}", work.direction, work.progress()),
                Some(way_out(set, work).to_owned()),
            )
        }
    };
    Some(Finding { version: Some(version.clone()), hint, ..Finding::new(kind, message) })
}

fn of_script(
    set: &MigrationSet,
    entry: &Entry,
    stored: &HashMap<&str, &StoredScript>,
) -> Option<Finding> {
    let migration = set.get(entry.version.parse().ok()?)?;
    let kept = stored.get(entry.version.as_str())?;
    if entry.state == State::Pending || same_down(migration, kept) {
        return None;
    }
    let (version, title) = (&entry.version, entry.title());
    Some(Finding {
        version: Some(version.clone()),
        hint: Some(
            "migration-cli down --use stored   # or --use embedded, when it is to be reverted"
                .to_owned(),
        ),
        ..Finding::new(FindingKind::ScriptDiffers, drift::down_differs(&title))
    })
}

/// Two statements: invalid indexes, and constraints that are not validated.
pub(crate) const STRUCTURE: &str = concat!(
    include_str!("history/invalid_indexes.sql"),
    ";\n",
    include_str!("history/not_validated.sql")
);

/// What the catalogs say is not as it should be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Structure {
    invalid: Vec<InvalidIndex>,
    unproven: Vec<Unproven>,
    /// Why nobody knows, where the role may not even ask.
    unread: Option<String>,
}

/// A constraint that is not validated.
#[derive(Clone, Debug)]
struct Unproven {
    /// `TABLE` or `DOMAIN`, and its name with its schema and its quotes.
    owner: String,
    /// Its name, in quotes where it needs them.
    name: String,
    /// What sort of constraint it is.
    sort: String,
}

impl Structure {
    /// Reads the answers to [`STRUCTURE`].
    pub(crate) fn read<'r>(
        indexes: impl Iterator<Item = &'r [Option<String>]>,
        constraints: impl Iterator<Item = &'r [Option<String>]>,
    ) -> Structure {
        let text = |cells: &[Option<String>], at| text(cells, at).to_owned();
        // An index is invalid as long as it is being built.
        let invalid = indexes.filter(|it| text(it, 2) != "t");
        let invalid = invalid.map(|it| InvalidIndex { qualified: text(it, 0), builder: None });
        let unproven = constraints.map(|it| Unproven {
            owner: text(it, 0),
            name: text(it, 1),
            sort: text(it, 2),
        });
        Structure { invalid: invalid.collect(), unproven: unproven.collect(), unread: None }
    }

    pub(crate) fn has_invalid_indexes(&self) -> bool {
        !self.invalid.is_empty()
    }

    /// For a role that may not ask, which the server says why.
    pub(crate) fn unread(reason: &str) -> Structure {
        Structure { unread: Some(reason.to_owned()), ..Structure::default() }
    }

    /// A finding each; what a pending migration is there for is no reason to fail.
    pub(crate) fn findings(&self, pending: &[&Migration]) -> Vec<Finding> {
        let invalid = self.invalid.iter().map(|it| {
            let (message, hint) = it.told();
            Finding { hint: Some(hint), ..Finding::new(FindingKind::InvalidIndex, message) }
        });
        let unproven = self.unproven.iter().map(|it| it.finding(pending));
        let unread = self.unread.iter().map(|reason| {
            let message = format!("indexes and constraints were not looked at: {reason}");
            Finding::new(FindingKind::PassedOver, message)
        });
        invalid.chain(unproven).chain(unread).collect()
    }
}

impl Unproven {
    fn finding(&self, pending: &[&Migration]) -> Finding {
        let Unproven { owner, name, sort } = self;
        let (noun, of) = owner.split_once(' ').unwrap_or(("TABLE", owner));
        let what = format!("the {sort} {name} of {} {of} is not validated", noun.to_lowercase());
        if let Some(later) = pending.iter().find(|it| self.is_validated_by(it)) {
            let message = format!("{what} yet: {}_{} does so", later.version, later.name);
            return Finding {
                version: Some(later.version.to_string()),
                hint: Some("migration-cli up".to_owned()),
                ..Finding::new(FindingKind::NotValidatedYet, message)
            };
        }
        let message = format!("{what}: rows from before it may break it");
        Finding {
            hint: Some(format!("ALTER {owner} VALIDATE CONSTRAINT {name};")),
            ..Finding::new(FindingKind::NotValidated, message)
        }
    }

    /// As far as the text of its script tells.
    fn is_validated_by(&self, migration: &Migration) -> bool {
        validates::validates(migration.up.sql, &self.owner, &self.name)
    }
}

/// Compares the set with the folder that it was made from: what needs no database.
pub(crate) fn offline(set: &MigrationSet) -> Vec<Finding> {
    let Some(source) = set.source() else { return Vec::new() };
    let stale = migrate_core::compare_folder(set, Path::new(source)).into_iter();
    let finding = stale.map(|it| {
        let what = match it.change {
            Change::Added => "was added",
            Change::Removed => "was removed",
            Change::Changed => "was changed",
        };
        let folder = set.folder();
        let message = format!("{folder}/{} {what} after this binary was built", it.file_name);
        Finding {
            version: it.file_name.split('_').next().map(str::to_owned),
            hint: Some(format!("touch {folder}/*.sql && cargo build")),
            ..Finding::new(FindingKind::StaleBuild, message)
        }
    });
    finding.collect()
}
