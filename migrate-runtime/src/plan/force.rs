//! What the history has to gain and to lose, so that it says what somebody knows to be true. Pure.

use std::collections::HashSet;

use migrate_core::{Migration, MigrationSet, Version};

use super::{Refusal, nearest};
use crate::history::{History, Row, Unfinished};

/// The difference between the history and exactly the migrations up to a version.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HistoryChange {
    /// The migrations that will count as run, oldest first.
    pub added: Vec<&'static Migration>,
    /// Those that will count as not run, newest first.
    pub removed: Vec<Removed>,
    /// Those that were edited after they ran, oldest first: the scripts in the binary will count as the
    /// ones that ran.
    pub accepted: Vec<Accepted>,
    /// Unfinished work that will count as ended.
    pub ended: Vec<Unfinished>,
}

/// A migration that will count as not run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// The version.
    pub version: String,
    /// The name, as the history has it.
    pub name: String,
    /// The checksum of the script that ran.
    pub checksum: String,
}

/// A migration that was edited after it ran.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The migration, with the script that will count.
    pub migration: &'static Migration,
    /// The checksum of the script that ran, which the history loses.
    pub ran: String,
}

impl HistoryChange {
    /// Whether the history says so already.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.accepted.is_empty()
            && self.ended.is_empty()
    }

    /// Whether both make the same of the same: what a person or a caller has agreed to.
    pub(crate) fn same_as(&self, other: &HistoryChange) -> bool {
        type Seen<'a> = (Vec<(Version, [u8; 32])>, Vec<(Version, [u8; 32], &'a str)>);
        fn seen(change: &HistoryChange) -> Seen<'_> {
            let id = |it: &Migration| (it.version, *it.up.checksum.bytes());
            let accepted = change.accepted.iter().map(|it| {
                let (version, checksum) = id(it.migration);
                (version, checksum, it.ran.as_str())
            });
            (change.added.iter().map(|it| id(it)).collect(), accepted.collect())
        }
        seen(self) == seen(other) && self.removed == other.removed && self.ended == other.ended
    }
}

/// Plans to make the history say that exactly the migrations up to `version` ran.
///
/// Rows whose version is none of ours stay: another tool wrote them, and knows why.
pub(crate) fn plan_force(
    set: &MigrationSet,
    history: &History,
    version: Version,
) -> Result<HistoryChange, Refusal> {
    if set.get(version).is_none() {
        return Err(Refusal::NotToForce { version, nearest: nearest(set, version) });
    }
    let rows: Vec<(Version, &Row)> = history
        .newest_first()
        .into_iter()
        .filter_map(|row| Some((row.version.parse().ok()?, row)))
        .collect();
    let ran: HashSet<Version> = rows.iter().map(|it| it.0).collect();
    let wanted = |it: Version| set.get(it).filter(|it| it.version <= version);
    let added = set.iter().filter(|it| it.version <= version && !ran.contains(&it.version));
    let removed = rows.iter().filter(|it| wanted(it.0).is_none()).map(|(_, row)| Removed {
        version: row.version.clone(),
        name: row.name.clone(),
        checksum: row.checksum.clone(),
    });
    let edited = |(at, row): &(Version, &Row)| {
        let migration = wanted(*at)?;
        let is_edited = migration.up.checksum != *row.checksum;
        is_edited.then(|| Accepted { migration, ran: row.checksum.clone() })
    };
    let mut accepted: Vec<Accepted> = rows.iter().filter_map(edited).collect();
    accepted.sort_by_key(|it| it.migration.version);
    Ok(HistoryChange {
        added: added.collect(),
        removed: removed.collect(),
        accepted,
        ended: history.unfinished.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SET, history, unfinished, version};
    use super::*;

    #[test]
    fn a_database_without_a_history_gets_one() {
        check(&[], 2, "+1 +2");
        check(&[], 3, "+1 +2 +3");
    }

    #[test]
    fn what_the_history_says_already_is_left() {
        check(&[(1, b'a'), (2, b'b')], 2, "");
        check(&[(1, b'a')], 2, "+2");
        check(&[(1, b'a'), (3, b'c')], 3, "+2");
    }

    #[test]
    fn what_is_newer_goes_newest_first() {
        check(&[(1, b'a'), (2, b'b'), (3, b'c')], 1, "-3 -2");
        check(&[(3, b'c')], 1, "+1 -3");
    }

    #[test]
    fn what_the_binary_does_not_have_goes_wherever_it_stands() {
        check(&[(1, b'a'), (9, b'z')], 1, "-9");
        check(&[(0, b'z'), (1, b'a')], 1, "-0");
    }

    #[test]
    fn what_was_edited_counts_as_it_is_now() {
        check(&[(2, b'X'), (1, b'Y')], 2, "~1 ~2");
        // What goes anyway is not accepted first.
        check(&[(1, b'a'), (2, b'X')], 1, "-2");
    }

    #[test]
    fn a_repeated_version_counts_once_where_it_stands_last() {
        check(&[(1, b'X'), (1, b'a')], 1, "");
        check(&[(1, b'a'), (1, b'X'), (2, b'b'), (2, b'b')], 1, "-2 ~1");
    }

    #[test]
    fn rows_of_another_tool_stay() {
        let mut history = history(&[(1, b'a'), (2, b'b')]);
        for (row, version) in history.rows.iter_mut().zip(["V1", "20269999999999"]) {
            version.clone_into(&mut row.version);
        }
        assert_eq!(told(&plan_force(&SET, &history, version(1)).unwrap()), "+1");
    }

    #[test]
    fn unfinished_work_ends() {
        let mut history = history(&[(1, b'a')]);
        history.unfinished.push(unfinished());
        let change = plan_force(&SET, &history, version(1)).unwrap();
        assert_eq!((told(&change).as_str(), change.is_empty()), ("!3", false));
    }

    #[test]
    fn a_version_that_the_binary_does_not_have_is_refused() {
        let refusal = Refusal::NotToForce { version: version(8), nearest: Some(version(3)) };
        assert_eq!(plan_force(&SET, &history(&[]), version(8)).unwrap_err(), refusal);
    }

    #[test]
    fn a_change_is_the_same_only_as_a_whole() {
        let change = |ran: &[(i64, u8)]| plan_force(&SET, &history(ran), version(2)).unwrap();
        assert!(change(&[]).same_as(&change(&[])));
        assert!(!change(&[]).same_as(&change(&[(1, b'a')])));
        assert!(!change(&[(1, b'X')]).same_as(&change(&[(1, b'Y')])));
        assert!(!change(&[(3, b'c')]).same_as(&change(&[])));
        let mut begun = history(&[]);
        begun.unfinished.push(unfinished());
        assert!(!change(&[]).same_as(&plan_force(&SET, &begun, version(2)).unwrap()));
    }

    #[track_caller]
    fn check(ran: &[(i64, u8)], to: i64, expected: &str) {
        let change = plan_force(&SET, &history(ran), version(to)).unwrap();
        assert_eq!(told(&change), expected);
        assert_eq!(change.is_empty(), expected.is_empty());
    }

    /// The last digit of every version, behind what becomes of it.
    fn told(change: &HistoryChange) -> String {
        let last = |it: &str| it.chars().next_back().unwrap();
        let added = change.added.iter().map(|it| ('+', it.version.to_string()));
        let removed = change.removed.iter().map(|it| ('-', it.version.clone()));
        let accepted = change.accepted.iter().map(|it| ('~', it.migration.version.to_string()));
        let ended = change.ended.iter().map(|it| ('!', it.version.clone()));
        let all = added.chain(removed).chain(accepted).chain(ended);
        all.map(|(sign, it)| format!("{sign}{}", last(&it))).collect::<Vec<_>>().join(" ")
    }
}
