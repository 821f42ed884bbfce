//! What a step comes to, in one line.

use std::collections::BTreeSet;
use std::time::Duration;

use migrate_core::{Blocks, LockMode, Work};

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
    /// About how long the work takes.
    pub fn estimate(&self) -> Option<Duration> {
        let rate = match self.work {
            Work::Scan => READS,
            Work::Build | Work::Rewrite => WRITES,
            _ => return None,
        };
        Some(Duration::from_millis(self.size_bytes.saturating_mul(1000) / rate))
    }

    /// What is felt of it alone.
    pub fn impact(&self) -> Impact {
        let Some(lock) = self.lock else { return Impact::Unknown };
        // What is not there yet nobody uses.
        let blocks = if self.count == 0 { Blocks::Nobody } else { lock.blocks() };
        let is_instant = self.estimate().is_none_or(|it| it < INSTANT);
        match blocks {
            Blocks::Everything if !is_instant => Impact::BlocksAll,
            Blocks::Writes if !is_instant => Impact::BlocksWrites,
            Blocks::Everything | Blocks::Writes => Impact::Instant,
            _ => Impact::None,
        }
    }
}

impl Verdict {
    pub(super) fn of(statements: &[StatementForecast]) -> Verdict {
        let locks = || statements.iter().flat_map(|it| &it.locks);
        let worst = locks().map(RelationLock::impact).max().unwrap_or_default();
        let unknown = statements.iter().any(|it| !it.is_known);
        let impact = if unknown { worst.max(Impact::Unknown) } else { worst };
        let estimate: Duration = locks().filter_map(RelationLock::estimate).sum();
        let names = |impact: Impact| {
            let names: BTreeSet<&str> =
                locks().filter(|it| it.impact() == impact).map(|it| it.relation.as_str()).collect();
            let mut names: Vec<&str> = names.into_iter().collect();
            let more = names.len().saturating_sub(3);
            names.truncate(3);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{}{more}", names.join(", "))
        };
        let text = match impact {
            Impact::BlocksAll => {
                format!("reads and writes of {} wait while it works", names(impact))
            }
            Impact::BlocksWrites => format!("writes to {} wait while it works", names(impact)),
            Impact::Unknown => {
                "nobody knows what it locks: it runs code, or could not be read".into()
            }
            Impact::Instant => {
                let strongest = locks().filter_map(|it| it.lock).max();
                let who = match strongest {
                    Some(LockMode::AccessExclusive) => "reads and writes",
                    _ => "writes",
                };
                format!("{who} of {} wait for an instant, once it has the lock", names(impact))
            }
            Impact::None => "nobody waits for it".to_owned(),
        };
        let estimate = Some(estimate).filter(|it| !it.is_zero());
        Verdict { impact, text, estimate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use migrate_core::Whose;

    fn lock(lock: LockMode, work: Work, size_bytes: u64) -> RelationLock {
        RelationLock {
            relation: "t".to_owned(),
            whose: Whose::Itself,
            count: 1,
            lock: Some(lock),
            work,
            is_certain: true,
            size_bytes,
            rows: None,
            is_table: true,
            since: 15,
        }
    }

    #[track_caller]
    fn check(it: RelationLock, impact: Impact, text: &str) {
        let statement = StatementForecast { line: 1, is_known: true, locks: vec![it] };
        let verdict = Verdict::of(&[statement]);
        assert_eq!((verdict.impact, verdict.text.as_str()), (impact, text));
    }

    #[test]
    fn what_is_felt_depends_on_lock_work_and_size() {
        const GB: u64 = 1 << 30;
        use LockMode::{AccessExclusive, RowExclusive, Share, ShareUpdateExclusive};
        let all = "reads and writes of t wait while it works";
        check(lock(AccessExclusive, Work::Rewrite, GB), Impact::BlocksAll, all);
        let instant = "reads and writes of t wait for an instant, once it has the lock";
        check(lock(AccessExclusive, Work::Rewrite, 8192), Impact::Instant, instant);
        check(lock(AccessExclusive, Work::None, GB), Impact::Instant, instant);
        let writes = "writes to t wait while it works";
        check(lock(Share, Work::Build, GB), Impact::BlocksWrites, writes);
        check(lock(ShareUpdateExclusive, Work::Build, GB), Impact::None, "nobody waits for it");
        check(lock(RowExclusive, Work::Scan, GB), Impact::None, "nobody waits for it");
        let gone = RelationLock { count: 0, ..lock(AccessExclusive, Work::Rewrite, GB) };
        check(gone, Impact::None, "nobody waits for it");
        let estimate = lock(Share, Work::Build, GB).estimate().unwrap();
        assert_eq!(estimate, Duration::from_millis(25_600));
    }

    #[test]
    fn what_is_not_known_is_said_unless_worse_is() {
        let code = StatementForecast { line: 1, is_known: false, locks: Vec::new() };
        assert_eq!(Verdict::of(std::slice::from_ref(&code)).impact, Impact::Unknown);
        let locks = vec![lock(LockMode::AccessExclusive, Work::Rewrite, 1 << 30)];
        let worse = StatementForecast { line: 2, is_known: true, locks };
        assert_eq!(Verdict::of(&[code, worse]).impact, Impact::BlocksAll);
    }
}
