//! How long a script waits for the locks of others, and how often it is sent again.
//!
//! Whoever waits for a strong lock on a table makes all others wait who come after: the measured way to
//! spare them is to give up soon, to let them through, and to come again. The first tries give up almost
//! at once; on a busy table only somewhat longer ones ever win.

use std::time::Duration;

use crate::config::Settings;
use crate::deadline::{Deadline, Moment, between, server_millis};
use crate::plan::StepScript;
use crate::sqlstate;
use crate::transport::Failure;
use crate::waits::Waits;
use crate::watch::{CALM, Pace};

/// How many tries give up after [`QUICK`]; PostgreSQL knows `NOWAIT` for few statements alone.
const QUICK_TRIES: u32 = 3;
const QUICK: Duration = Duration::from_millis(1);

/// Whatever takes longer than this is not done again for a try that is over at once.
const CHEAP: Duration = Duration::from_secs(1);

/// Where nobody said otherwise, a statement that works on rows waits for so long: as long as no table is
/// locked before it, nobody queues behind it, and what it has done would have to be done again.
pub(crate) const ROWS: Duration = Duration::from_secs(2);

/// The pause after an attempt, in times of what the attempt waited at most.
const PAUSES: (u32, u32) = (5, 10);

/// What whoever gives way needs for it. Autovacuum never gives way to those who wait for less than
/// `deadlock_timeout`: where it alone is in the way, one attempt waits for that, rather than hours for it.
const YIELDING: Duration = Duration::from_millis(200);

/// How long the statements of one attempt wait for a lock, in milliseconds; 0 is without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Those that make others queue behind them, where nothing would have to be done again.
    pub(crate) first: u32,
    /// All others of these, and whatever comes after them.
    pub(crate) tables: u32,
    /// Those that work on rows, before them.
    pub(crate) rows: u32,
}

/// Attempts to get past the locks of others, until a deadline.
pub(super) struct Attempts {
    made: u32,
    lock_timeout: Duration,
    lock_deadline: Duration,
    /// It begins with the first attempt that found a lock in its way.
    deadline: Option<Deadline>,
    /// What the last attempt did takes long.
    is_costly: bool,
    /// How long the next attempt waits at least, for the sake of those who give way.
    least: Duration,
    /// For whom an attempt has waited that long.
    patient_with: Vec<Option<i32>>,
}

/// An attempt: when it began, and how long a statement of it may wait for a lock.
pub(super) struct Attempt {
    pub(super) began: Moment,
    /// Nothing where the script says so itself.
    pub(super) longest: Option<u32>,
}

impl Limits {
    /// What a script and the settings ask for.
    pub(crate) fn of(script: &StepScript, lock_timeout: Duration) -> Limits {
        let (tables, rows) = match script.lock_timeout_ms() {
            Some(own) => (own, own),
            None if lock_timeout.is_zero() => (0, 0),
            None => (server_millis(lock_timeout), server_millis(lock_timeout.max(ROWS))),
        };
        Limits { first: tables, tables, rows }
    }
}

impl Attempts {
    pub(super) fn new(settings: &Settings) -> Attempts {
        let Settings { lock_timeout, lock_deadline, .. } = *settings;
        let (deadline, is_costly, least, patient_with) = (None, false, Duration::ZERO, Vec::new());
        Attempts { made: 0, lock_timeout, lock_deadline, deadline, is_costly, least, patient_with }
    }

    /// The limits of the next attempt: nothing waits longer than until the deadline.
    pub(super) fn limits(&self, script: &StepScript) -> Limits {
        let wanted = Limits::of(script, self.lock_timeout);
        if self.lock_deadline.is_zero() {
            // One attempt is all there is.
            return wanted;
        }
        let left = server_millis(self.left()).max(1);
        let least = script.lock_timeout_ms().map_or(server_millis(self.least), |_| 0);
        let capped = |it: u32| if it == 0 { left } else { it.max(least).min(left) };
        let (tables, rows) = (capped(wanted.tables), capped(wanted.rows));
        let is_quick = self.made < QUICK_TRIES && !self.is_costly && least == 0;
        let first = if is_quick && wanted.tables != 0 { server_millis(QUICK) } else { tables };
        Limits { first, tables, rows }
    }

    /// When to look who is in the way of the next attempt.
    pub(super) fn pace(&self, limits: Limits) -> Pace {
        if self.deadline.is_none() {
            return CALM;
        }
        let quarter = Duration::from_millis(limits.tables.into()) / 4;
        let first = quarter.min(CALM.first);
        Pace { first, pause: first.max(Duration::from_millis(50)) }
    }

    /// Whether to try again after a failure: its number, and the pause before it. There is none without a
    /// whole pause. The deadline begins with the first lock in the way: what a script had done before
    /// that may have taken long.
    pub(super) fn again(
        &mut self,
        failure: &Failure,
        attempt: &Attempt,
        waits: &Waits,
    ) -> Option<(u32, Duration)> {
        failure.sqlstate().filter(|it| sqlstate::RETRIED.contains(it))?;
        let took = attempt.began.age();
        let pause = self.pause(took, attempt.longest)?;
        self.made += 1;
        self.is_costly |= took > CHEAP;
        self.heed(waits);
        Some((self.made, pause))
    }

    fn pause(&mut self, took: Duration, longest: Option<u32>) -> Option<Duration> {
        // Of an attempt that waited as long as it liked, only how long it took is known.
        let longest = longest.map_or(ROWS, |it| Duration::from_millis(it.into()));
        let waited = took.min(if longest.is_zero() { took } else { longest }).max(QUICK);
        let rest = self.lock_deadline.saturating_sub(waited);
        let left = self.deadline.get_or_insert_with(|| Deadline::after(rest)).left();
        let (least, most) = (waited.saturating_mul(PAUSES.0), waited.saturating_mul(PAUSES.1));
        let is_over = self.lock_deadline.is_zero() || left < least;
        (!is_over).then(|| between(least, most).min(left))
    }

    pub(super) fn made(&self) -> u32 {
        self.made
    }

    /// Waits once for those who give way after a time.
    fn heed(&mut self, waits: &Waits) {
        let pids: Vec<_> = waits.blockers.iter().map(|it| it.pid).collect();
        self.least = match waits.yield_after() {
            Some(time) if pids != self.patient_with => {
                self.patient_with = pids;
                time + YIELDING
            }
            _ => Duration::ZERO,
        };
    }

    fn left(&self) -> Duration {
        self.deadline.map_or(self.lock_deadline, Deadline::left)
    }
}

impl Attempt {
    pub(super) fn begins(longest: Option<u32>) -> Attempt {
        Attempt { began: Moment::now(), longest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pause after an attempt that waited for so long, of which a statement may wait for `longest`.
    #[track_caller]
    fn check(took: Duration, longest: Option<u32>, waited: Duration) {
        let mut attempts = Attempts::new(&Settings::default());
        let pause = attempts.pause(took, longest).unwrap();
        assert!(pause >= waited * 5 && pause <= waited * 10, "{pause:?} after {waited:?}");
    }

    #[test]
    fn a_pause_is_five_to_ten_times_what_was_waited() {
        let millis = Duration::from_millis;
        check(millis(1), Some(1), millis(1));
        check(millis(100), Some(100), millis(100));
        // What took long and waited little.
        check(millis(9000), Some(100), millis(100));
        // What failed before it had waited: a deadlock.
        check(millis(3), Some(2000), millis(3));
        // The script says for how long: what it did is no waiting.
        check(millis(60_000), None, ROWS);
        check(millis(200), None, millis(200));
    }

    #[test]
    fn there_is_no_attempt_without_a_whole_pause() {
        let lock_deadline = Duration::from_millis(400);
        let mut settings = Settings { lock_deadline, ..Settings::default() };
        let again = |took: u64| {
            Attempts::new(&settings).pause(Duration::from_millis(took), Some(100)).is_some()
        };
        assert!(again(10));
        assert!(!again(100));
        settings.lock_deadline = Duration::ZERO;
        assert!(Attempts::new(&settings).pause(Duration::ZERO, Some(100)).is_none());
        settings.lock_deadline = Duration::MAX;
        assert!(Attempts::new(&settings).pause(Duration::MAX, None).is_some());
    }
}
