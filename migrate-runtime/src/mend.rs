//! What `repair` finds, and what it does about it. Pure.

use migrate_core::{Migration, MigrationSet, StatementKind, Target, target};

use crate::config::Repair;
use crate::drift::{self, Drift};
use crate::history::{History, StoredScript};
use crate::plan::{Plan, same_down, shorten};

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
    /// The history has a migration that this binary does not have.
    Unknown,
    /// A pending migration is older than one that ran.
    OutOfOrder,
}

impl MendKind {
    /// The word that JSON output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            MendKind::Unfinished => "unfinished",
            MendKind::MissingTable => "missing_table",
            MendKind::InvalidIndex => "invalid_index",
            MendKind::Edited => "edited",
            MendKind::Unknown => "unknown",
            MendKind::OutOfOrder => "out_of_order",
        }
    }
}

/// An invalid index of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidIndex {
    /// With its schema and its quotes.
    pub(crate) qualified: String,
    pub(crate) name: String,
    /// The session that builds it at this moment.
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
        let statement = step.resumes_at().unwrap_or(1);
        Mend {
            kind: MendKind::Unfinished,
            version: Some(version.to_owned()),
            found: format!(
                "the {direction} script of {version}_{} stopped at statement {statement}",
                step.name()
            ),
            action: Some("it goes on".to_owned()),
            hint: None,
        }
    });
    let indexes = evidence.invalid.iter().map(|it| of_index(it, evidence));
    let drift = drift::compare(evidence.set, evidence.history);
    let begun = |it: &Drift| match it {
        Drift::OutOfOrder { version, .. } => {
            let version = version.to_string();
            evidence.history.unfinished.iter().any(|work| work.version == version)
        }
        _ => false,
    };
    let drift = drift.iter().filter(|it| !begun(it)).map(|it| of_drift(it, repair));
    tables.chain(steps).chain(indexes).chain(drift).collect()
}

fn of_index(index: &InvalidIndex, evidence: &Evidence<'_>) -> Mend {
    let InvalidIndex { qualified, builder, .. } = index;
    let statement = mending(index, evidence);
    let hint = match (builder, &statement) {
        (Some(pid), _) => Some(format!("migration-cli verify   # once session {pid} has built it")),
        (None, Some(_)) => None,
        (None, None) => Some(format!(
            "REINDEX INDEX CONCURRENTLY {qualified};   -- or DROP INDEX CONCURRENTLY, where nobody needs it"
        )),
    };
    let found = match builder {
        Some(pid) => format!("the index {qualified} is being built by session {pid}"),
        None => format!("the index {qualified} is invalid"),
    };
    Mend { kind: MendKind::InvalidIndex, version: None, found, action: statement, hint }
}

/// The statement that mends an index of ours: one that a script makes is built again, and what is left
/// of a rebuild goes. What is none of ours, and what is being built, is left alone.
pub(crate) fn mending(index: &InvalidIndex, evidence: &Evidence<'_>) -> Option<String> {
    if index.builder.is_some() {
        return None;
    }
    let ran = |it: &&Migration| {
        evidence.history.rows.iter().any(|row| row.version == it.version.to_string())
    };
    let scripts: Vec<_> = evidence.set.iter().filter(ran).map(|it| &it.up).collect();
    let mut statements =
        scripts.iter().flat_map(|it| it.statements.iter().map(|s| (s.kind, s.range.of(it.sql))));
    let is_left = is_leftover(&index.name);
    statements.find_map(|(kind, sql)| match kind {
        StatementKind::CreateIndexConcurrently => match target(sql) {
            Some(Target::CreatedIndex { index: Some(name), .. }) if name.last == index.name => {
                Some(format!("REINDEX INDEX CONCURRENTLY {}", index.qualified))
            }
            _ => None,
        },
        StatementKind::ReindexConcurrently if is_left => {
            Some(format!("DROP INDEX CONCURRENTLY {}", index.qualified))
        }
        _ => None,
    })
}

/// Whether a name is one that `REINDEX CONCURRENTLY` gives: `…_ccnew`, `…_ccold`, with a number or not.
fn is_leftover(name: &str) -> bool {
    let name = name.trim_end_matches(|it: char| it.is_ascii_digit());
    name.ends_with("_ccnew") || name.ends_with("_ccold")
}

fn of_drift(drift: &Drift, repair: &Repair) -> Mend {
    let (kind, version, found, action, hint) = match drift {
        Drift::Edited { version, name, ran, embedded, .. } => (
            MendKind::Edited,
            version.to_string(),
            format!(
                "{version}_{name} was edited after it ran: checksum {} then, {} now",
                shorten(ran),
                shorten(embedded)
            ),
            repair
                .update_checksums
                .then(|| "the script in this program counts as the one that ran".to_owned()),
            "migration-cli repair --update-checksums   # the script in this program counts as the one that ran",
        ),
        Drift::Unknown { version, name } => (
            MendKind::Unknown,
            version.clone(),
            format!("{version}_{name} ran, but this binary does not have it"),
            None,
            "migration-cli status   # normal during a rolling deploy",
        ),
        Drift::OutOfOrder { version, name, newest } => (
            MendKind::OutOfOrder,
            version.to_string(),
            format!("{version}_{name} has not run, but the newer {newest} has"),
            None,
            "migration-cli up --allow-out-of-order",
        ),
    };
    let hint = action.is_none().then(|| hint.to_owned());
    Mend { kind, version: Some(version), found, action, hint }
}

/// The migrations whose embedded scripts will count as the ones that ran.
pub(crate) fn accepted(evidence: &Evidence<'_>) -> Vec<&'static Migration> {
    let differs = |it: &&Migration| {
        let version = it.version.to_string();
        let mut rows = evidence.history.rows.iter().filter(|row| row.version == version);
        let kept = evidence.stored.iter().find(|kept| kept.version == version);
        rows.any(|row| {
            row.checksum != it.up.checksum.to_string()
                || kept.is_some_and(|kept| !same_down(it, kept))
        })
    };
    evidence.set.iter().filter(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rebuild_leaves_is_known_by_its_name() {
        for name in ["i_ccnew", "i_ccold", "i_ccnew12"] {
            assert!(is_leftover(name), "{name}");
        }
        for name in ["i", "i_ccnew_x", "ccne"] {
            assert!(!is_leftover(name), "{name}");
        }
    }
}
