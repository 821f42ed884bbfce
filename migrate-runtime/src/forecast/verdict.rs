//! What a step comes to, in one line.

use std::collections::BTreeSet;
use std::time::Duration;

use migrate_core::{Blocks, LockMode, Mode, Whose, Work};

use super::{RelationLock, StatementForecast};

/// What a step comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// How much it is felt.
    pub impact: Impact,
    /// In one line.
    pub text: String,
    /// About how long the work takes, by the size of the relations; nothing where there is none, or nobody
    /// knows.
    pub estimate: Option<Duration>,
}

/// How much a step is felt by those who use the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Impact {
    /// Nobody waits for it.
    #[default]
    None,
    /// Somebody may wait for an instant.
    Instant,
    /// Nobody knows: it runs code, or the build did not look at it.
    Unknown,
    /// Writers wait while it works.
    BlocksWrites,
    /// Readers and writers wait while it works.
    BlocksAll,
}

/// What a server reads, and what it writes and indexes, in a second: low, so that a person is not surprised.
/// (A disk of today reads several times as much.)
const READS: u64 = 200 << 20;
const WRITES: u64 = 40 << 20;

/// Work that takes less is over before anybody has noticed.
const INSTANT: Duration = Duration::from_millis(500);

impl Impact {
    /// One word, for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Impact::None => "none",
            Impact::Instant => "instant",
            Impact::Unknown => "unknown",
            Impact::BlocksWrites => "blocks_writes",
            Impact::BlocksAll => "blocks_all",
        }
    }
}

impl RelationLock {
    /// About how long the work takes. That of partitions counts where their parent stands.
    pub fn estimate(&self) -> Option<Duration> {
        let rate = match self.work {
            Work::Scan => READS,
            Work::Build | Work::Rewrite => WRITES,
            _ => return None,
        };
        let is_counted = self.whose == Whose::Partitions;
        let bytes = if is_counted { 0 } else { self.size_bytes };
        Some(Duration::from_millis(bytes.saturating_mul(1000) / rate))
    }

    /// What is felt of it when it is held for so long.
    fn impact(&self, held: Duration) -> Impact {
        let blocks = match self.lock {
            _ if self.count == 0 && self.is_expected => Blocks::Nobody,
            Some(lock) if self.count > 0 => lock.blocks(),
            _ => return Impact::Unknown,
        };
        match (blocks, held < INSTANT) {
            (Blocks::Everything, false) => Impact::BlocksAll,
            (Blocks::Writes, false) => Impact::BlocksWrites,
            (Blocks::Everything | Blocks::Writes, true) => Impact::Instant,
            _ => Impact::None,
        }
    }
}

/// How long the work of statements takes: all of it, and what is certain of it.
fn work(statements: &[StatementForecast]) -> (Duration, Duration) {
    let locks = || statements.iter().flat_map(|it| &it.locks);
    let certain = locks().filter(|it| it.is_certain).filter_map(RelationLock::estimate).sum();
    (locks().filter_map(RelationLock::estimate).sum(), certain)
}

/// A lock with what is felt of it, and whether that hangs on work that may not be needed.
struct Felt<'a> {
    lock: &'a RelationLock,
    impact: Impact,
    is_certain: bool,
}

/// What is felt of each lock. In a transaction, it is held while everything behind it works.
fn felt(statements: &[StatementForecast], mode: Mode) -> Vec<Felt<'_>> {
    let mut all = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let end = if mode == Mode::Standalone { index + 1 } else { statements.len() };
        let (held, certain) = work(&statements[index..end]);
        all.extend(statement.locks.iter().map(|lock| {
            let impact = lock.impact(held);
            Felt { lock, impact, is_certain: lock.impact(certain) == impact }
        }));
    }
    all
}

impl Verdict {
    /// What is not known of a step when the database was not asked.
    pub(super) fn unseen() -> Verdict {
        let text = "how it is felt is not known: the database was not asked".to_owned();
        Verdict { impact: Impact::Unknown, text, estimate: None }
    }

    pub(super) fn of(statements: &[StatementForecast], mode: Mode) -> Verdict {
        let felt = felt(statements, mode);
        let worst = felt.iter().map(|it| it.impact).max().unwrap_or_default();
        let unknown = statements.iter().any(|it| !it.is_known);
        let impact = if unknown { worst.max(Impact::Unknown) } else { worst };
        let these = || felt.iter().filter(|it| it.impact == impact);
        let perhaps = if these().any(|it| it.is_certain) { "" } else { ", perhaps" };
        let names = names(these().map(|it| it.lock.relation.as_str()));
        let text = match impact {
            Impact::BlocksAll => {
                format!("reads and writes of {names} wait while it works{perhaps}")
            }
            Impact::BlocksWrites => format!("writes to {names} wait while it works{perhaps}"),
            Impact::Unknown if unknown => {
                "nobody knows what it locks: it runs code, or could not be read".to_owned()
            }
            Impact::Unknown => format!("nobody knows how {names} is used: it is not found"),
            Impact::Instant => {
                let strongest = these().filter_map(|it| it.lock.lock).max();
                let who = match strongest {
                    Some(LockMode::AccessExclusive) => "reads and writes",
                    _ => "writes",
                };
                format!("{who} of {names} wait for an instant, once it has the lock")
            }
            Impact::None => "nobody waits for it".to_owned(),
        };
        let estimate = Some(work(statements).0).filter(|it| !it.is_zero());
        Verdict { impact, text, estimate }
    }
}

/// The first few, each once.
fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = all.collect::<BTreeSet<_>>().into_iter().collect();
    let more = names.len().saturating_sub(3);
    names.truncate(3);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1 << 30;

    fn lock(relation: &str, lock: LockMode, work: Work, size_bytes: u64) -> RelationLock {
        RelationLock {
            relation: relation.to_owned(),
            count: 1,
            lock: Some(lock),
            work,
            is_certain: true,
            size_bytes,
            ..RelationLock::unknown()
        }
    }

    fn statement(lock: RelationLock) -> StatementForecast {
        StatementForecast { line: 1, is_known: true, locks: vec![lock] }
    }

    #[track_caller]
    fn check(statements: &[StatementForecast], impact: Impact, text: &str) {
        let verdict = Verdict::of(statements, Mode::Transactional);
        assert_eq!((verdict.impact, verdict.text.as_str()), (impact, text));
    }

    #[test]
    fn what_is_felt_depends_on_lock_work_and_size() {
        use LockMode::{AccessExclusive, RowExclusive, Share, ShareUpdateExclusive};
        let check_one = |it: RelationLock, impact, text| check(&[statement(it)], impact, text);
        let all = "reads and writes of t wait while it works";
        check_one(lock("t", AccessExclusive, Work::Rewrite, GB), Impact::BlocksAll, all);
        let instant = "reads and writes of t wait for an instant, once it has the lock";
        check_one(lock("t", AccessExclusive, Work::Rewrite, 8192), Impact::Instant, instant);
        check_one(lock("t", AccessExclusive, Work::None, GB), Impact::Instant, instant);
        let writes = "writes to t wait while it works";
        check_one(lock("t", Share, Work::Build, GB), Impact::BlocksWrites, writes);
        let none = "nobody waits for it";
        check_one(lock("t", ShareUpdateExclusive, Work::Build, GB), Impact::None, none);
        check_one(lock("t", RowExclusive, Work::Scan, GB), Impact::None, none);
        let later = |is_expected| RelationLock {
            count: 0,
            is_expected,
            ..lock("t", AccessExclusive, Work::Rewrite, GB)
        };
        check_one(later(true), Impact::None, none);
        let missing = "nobody knows how t is used: it is not found";
        check_one(later(false), Impact::Unknown, missing);
        let perhaps =
            RelationLock { is_certain: false, ..lock("t", AccessExclusive, Work::Rewrite, GB) };
        check_one(perhaps, Impact::BlocksAll, &format!("{all}, perhaps"));
        let estimate = lock("t", Share, Work::Build, GB).estimate().unwrap();
        assert_eq!(estimate, Duration::from_millis(25_600));
    }

    #[test]
    fn a_transaction_keeps_its_locks_while_what_follows_works() {
        let first = statement(lock("users", LockMode::AccessExclusive, Work::None, GB));
        let then = statement(lock("orders", LockMode::RowExclusive, Work::Scan, GB));
        let text = "reads and writes of users wait while it works";
        check(&[first.clone(), then.clone()], Impact::BlocksAll, text);
        check(
            &[then.clone(), first.clone()],
            Impact::Instant,
            "reads and writes of users wait for an instant, once it has the lock",
        );
        let alone = Verdict::of(&[first, then], Mode::Standalone);
        assert_eq!(alone.impact, Impact::Instant);
    }

    #[test]
    fn what_is_not_known_is_said_unless_worse_is() {
        let code = StatementForecast { line: 1, is_known: false, locks: Vec::new() };
        let impact = |it: &[StatementForecast]| Verdict::of(it, Mode::Transactional).impact;
        assert_eq!(impact(std::slice::from_ref(&code)), Impact::Unknown);
        let worse = statement(lock("t", LockMode::AccessExclusive, Work::Rewrite, GB));
        assert_eq!(impact(&[code, worse]), Impact::BlocksAll);
    }

    #[test]
    fn partitions_are_counted_once() {
        let parent = lock("p", LockMode::Share, Work::Build, GB);
        let partitions = RelationLock { whose: Whose::Partitions, ..parent.clone() };
        let both =
            StatementForecast { line: 1, is_known: true, locks: vec![parent.clone(), partitions] };
        let verdict = Verdict::of(&[both], Mode::Transactional);
        assert_eq!(verdict.estimate, parent.estimate());
    }
}
