//! What `repair` finds, and what it does about it. Pure.

use migrate_core::{Migration, MigrationSet};

use crate::config::Decision;
use crate::drift::{self, Drift};
use crate::history::{History, StoredScript};
use crate::plan::{Accepted, Plan, same_down};

const ACCEPT: &str = "the script in this program counts as the one that ran";

/// What `repair` is asked to do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Repair {
    /// What a person says about the statement at which a script stopped.
    pub decision: Option<Decision>,
    /// The embedded scripts count as the ones that ran.
    pub update_checksums: bool,
    /// The schema that is there counts as the one that the migrations made.
    pub accept_schema: bool,
    /// What was shown to a person, as [`Migrator::plan_repair`](crate::Migrator::plan_repair) found it:
    /// where anything else is to be mended, all of it is refused.
    pub agreed: Option<Vec<Mend>>,
}

/// Something that `repair` found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mend {
    /// What sort of thing it is.
    pub kind: MendKind,
    /// The migration that it is about.
    pub version: Option<String>,
    /// What was found, in a sentence.
    pub found: String,
    /// What is done about it; nothing where it is left to a person.
    pub action: Option<String>,
    /// What a person can do about what is left.
    pub hint: Option<String>,
}

/// What sort of thing `repair` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MendKind {
    /// Work outside a transaction began and did not end.
    Unfinished,
    /// A table beside the history is missing.
    MissingTable,
    /// An index is invalid.
    InvalidIndex,
    /// A script changed after it ran.
    Edited,
    /// The down script in the binary is not the one that the database kept.
    ScriptDiffers,
    /// The history has a migration that this binary does not have.
    Unknown,
    /// A pending migration is older than one that ran.
    OutOfOrder,
    /// The schema is not as the migrations made it, or nobody knows.
    Drift,
}

impl MendKind {
    /// The word that JSON output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            MendKind::Unfinished => "unfinished",
            MendKind::MissingTable => "missing_table",
            MendKind::InvalidIndex => "invalid_index",
            MendKind::Edited => "edited",
            MendKind::ScriptDiffers => "script_differs",
            MendKind::Unknown => "unknown",
            MendKind::OutOfOrder => "out_of_order",
            MendKind::Drift => "drift",
        }
    }
}

/// An invalid index of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidIndex {
    /// With its schema and its quotes.
    pub(crate) qualified: String,
    /// A session that holds the lock of a build on its table.
    pub(crate) builder: Option<String>,
}

/// What is known about a database before it is mended.
pub(crate) struct Evidence<'a> {
    pub(crate) set: &'a MigrationSet,
    pub(crate) history: &'a History,
    pub(crate) stored: &'a [StoredScript],
    pub(crate) missing: Vec<String>,
    pub(crate) invalid: Vec<InvalidIndex>,
    pub(crate) unfinished: Option<Plan>,
    /// What is not as the migrations made it, a sentence each, where that is asked for.
    pub(crate) drift: Vec<String>,
}

/// Everything that was found, in the order in which it is mended.
pub(crate) fn findings(evidence: &Evidence<'_>, repair: &Repair) -> Vec<Mend> {
    let tables = evidence.missing.iter().map(|it| Mend {
        kind: MendKind::MissingTable,
        version: None,
        found: format!("the table {it} is missing"),
        action: Some("it is made".to_owned()),
        hint: None,
    });
    let steps = evidence.unfinished.iter().flat_map(|it| &it.steps).map(|step| {
        let (version, direction) = (step.version(), step.direction());
        let progress = step.resume().map(|it| it.work.progress()).unwrap_or_default();
        Mend {
            kind: MendKind::Unfinished,
            version: Some(version.to_owned()),
            found: format!("the {direction} script of {version}_{} {progress}", step.name()),
            action: Some("it goes on".to_owned()),
            hint: None,
        }
    });
    let indexes = evidence.invalid.iter().map(of_index);
    let drift = drift::compare(evidence.set, evidence.history).drift;
    let drift = drift.iter().map(|it| of_drift(it, repair));
    let down = down_differs(evidence).map(|(migration, _)| of_down(migration, repair));
    let schema = evidence.drift.iter().map(|it| Mend {
        kind: MendKind::Drift,
        version: None,
        found: it.clone(),
        action: Some("the schema that is there counts as what the migrations made".to_owned()),
        hint: None,
    });
    tables.chain(schema).chain(steps).chain(indexes).chain(drift).chain(down).collect()
}

/// What is mended of what was found; the rest is left to a person.
pub(crate) fn mended(found: &[Mend]) -> Vec<&Mend> {
    found.iter().filter(|it| it.action.is_some()).collect()
}

/// Whose index it is, and whether somebody needs it, only a person knows. What a script of ours left
/// unfinished goes on with that script.
fn of_index(index: &InvalidIndex) -> Mend {
    let (found, hint) = index.told();
    Mend { kind: MendKind::InvalidIndex, version: None, found, action: None, hint: Some(hint) }
}

impl InvalidIndex {
    /// What is said about it, and the way out.
    pub(crate) fn told(&self) -> (String, String) {
        let InvalidIndex { qualified, builder } = self;
        match builder {
            Some(pid) => (
                format!("the index {qualified} is invalid, and session {pid} works on its table"),
                "migration-cli repair --dry-run   # once that session is done".to_owned(),
            ),
            None if is_left_by_rebuild(qualified) => (
                format!(
                    "the index {qualified} is what a REINDEX CONCURRENTLY left that did not end"
                ),
                format!("DROP INDEX CONCURRENTLY {qualified};"),
            ),
            None => (
                format!("the index {qualified} is invalid"),
                format!(
                    "REINDEX INDEX CONCURRENTLY {qualified};   -- or DROP INDEX CONCURRENTLY, where nobody needs it"
                ),
            ),
        }
    }
}

/// `_ccnew` was to take the place of an index, `_ccold` is one that was replaced; the server numbers them
/// where a name is taken.
fn is_left_by_rebuild(qualified: &str) -> bool {
    let name = qualified.trim_end_matches('"').trim_end_matches(|it: char| it.is_ascii_digit());
    name.ends_with("_ccnew") || name.ends_with("_ccold")
}

fn of_drift(drift: &Drift, repair: &Repair) -> Mend {
    let (kind, hint) = match drift {
        Drift::Edited { .. } => (
            MendKind::Edited,
            "migration-cli repair --update-checksums   # the script in this program counts as the one that ran",
        ),
        Drift::Unknown { .. } => {
            (MendKind::Unknown, "migration-cli status   # normal during a rolling deploy")
        }
        Drift::OutOfOrder { .. } => (MendKind::OutOfOrder, "migration-cli up --allow-out-of-order"),
    };
    let accepted = repair.update_checksums && kind == MendKind::Edited;
    let action = accepted.then(|| ACCEPT.to_owned());
    let hint = action.is_none().then(|| hint.to_owned());
    let (version, found) = (Some(drift.version()), drift.to_string());
    Mend { kind, version, found, action, hint }
}

/// The migrations whose embedded scripts will count as the ones that ran: those that are found to differ.
pub(crate) fn accepted(evidence: &Evidence<'_>) -> Vec<Accepted> {
    let drift = drift::compare(evidence.set, evidence.history).drift.into_iter();
    let edited = drift.filter_map(|it| match it {
        Drift::Edited { version, ran, .. } => {
            Some(Accepted { migration: evidence.set.get(version)?, ran })
        }
        _ => None,
    });
    let down = down_differs(evidence);
    edited.chain(down.map(|(migration, ran)| Accepted { migration, ran })).collect()
}

/// Those of which only the down script differs from the one that the database kept.
fn down_differs<'e>(
    evidence: &'e Evidence<'_>,
) -> impl Iterator<Item = (&'static Migration, String)> + 'e {
    evidence.set.iter().filter_map(|it| {
        let version = it.version.to_string();
        let row = evidence.history.rows.iter().find(|row| row.version == version)?;
        let kept = evidence.stored.iter().find(|kept| kept.version == version)?;
        let same_up = it.up.checksum == *row.checksum;
        (same_up && !same_down(it, kept)).then(|| (it, row.checksum.clone()))
    })
}

fn of_down(migration: &Migration, repair: &Repair) -> Mend {
    let (version, name) = (migration.version, migration.name);
    let action = repair.update_checksums.then(|| ACCEPT.to_owned());
    Mend {
        kind: MendKind::ScriptDiffers,
        version: Some(version.to_string()),
        found: drift::down_differs(&format!("{version}_{name}")),
        hint: action.is_none().then(|| "migration-cli repair --update-checksums".to_owned()),
        action,
    }
}
