//! How long a script waits for the locks of others, and how often it is sent again.
//!
//! Whoever waits for a strong lock on a table makes all others wait who come after: the measured way to
//! spare them is to give up soon, to let them through, and to come again. The first tries give up almost
//! at once; on a busy table only somewhat longer ones ever win.

use std::time::Duration;

use migrate_core::Statement;

use crate::config::Settings;
use crate::deadline::{Deadline, between, server_millis};
use crate::plan::StepScript;
use crate::sqlstate;
use crate::transport::Failure;
use crate::waits::Waits;
use crate::watch::{CALM, Pace};

/// How many tries give up after [`QUICK`]; PostgreSQL knows `NOWAIT` for few statements alone.
const QUICK_TRIES: u32 = 3;
const QUICK: Duration = Duration::from_millis(1);

/// Where nobody said otherwise, a statement that works on rows waits for so long: nobody queues behind
/// it, and what it has done so far would have to be done again.
const ROWS: Duration = Duration::from_secs(2);

/// The pause after an attempt, in times of what the attempt waited at most.
const PAUSES: (u32, u32) = (5, 10);

/// What whoever gives way needs for it. Autovacuum never gives way to those who wait for less than
/// `deadlock_timeout`: where it alone is in the way, an attempt waits for that once, rather than for hours.
const YIELDING: Duration = Duration::from_millis(200);

/// How long the statements of one attempt wait for a lock, in milliseconds; 0 is without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Those that make others queue behind them.
    pub(crate) tables: u32,
    /// Those that work on rows.
    pub(crate) rows: u32,
}

/// Attempts to get past the locks of others, until a deadline.
pub(super) struct Attempts {
    made: u32,
    lock_timeout: Duration,
    lock_deadline: Duration,
    /// How long the next attempt waits at least.
    least: Duration,
    /// It begins with the first attempt that found a lock in its way.
    deadline: Option<Deadline>,
}

impl Limits {
    /// What a script and the settings ask for.
    pub(crate) fn of(script: &StepScript, lock_timeout: Duration) -> Limits {
        match script.lock_timeout_ms() {
            Some(own) => Limits { tables: own, rows: own },
            None if lock_timeout.is_zero() => Limits { tables: 0, rows: 0 },
            None => Limits {
                tables: server_millis(lock_timeout),
                rows: server_millis(lock_timeout.max(ROWS)),
            },
        }
    }

    /// What holds for a statement.
    pub(crate) fn for_statement(self, statement: &Statement) -> u32 {
        if statement.kind.spares_traffic() { self.rows } else { self.tables }
    }

    fn map(self, change: impl Fn(u32) -> u32) -> Limits {
        Limits { tables: change(self.tables), rows: change(self.rows) }
    }
}

impl Attempts {
    pub(super) fn new(settings: &Settings) -> Attempts {
        let Settings { lock_timeout, lock_deadline, .. } = *settings;
        Attempts { made: 0, lock_timeout, lock_deadline, least: Duration::ZERO, deadline: None }
    }

    /// The limits of the next attempt: nothing waits longer than until the deadline.
    pub(super) fn limits(&self, script: &StepScript) -> Limits {
        let wanted = Limits::of(script, self.lock_timeout);
        if self.lock_deadline.is_zero() {
            // One attempt is all there is.
            return wanted;
        }
        let left = server_millis(self.left()).max(1);
        let limits = wanted.map(|it| if it == 0 { left } else { it.min(left) });
        if self.is_quick() && wanted.tables != 0 {
            let quick = server_millis(QUICK);
            return Limits { tables: limits.tables.min(quick), ..limits };
        }
        match script.lock_timeout_ms() {
            Some(_) => limits,
            None => limits.map(|it| it.max(server_millis(self.least)).min(left)),
        }
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

    /// Whether a failure passes by itself, and there is still time. The time begins with the first lock in
    /// the way: what a script had done before that may have taken long.
    pub(super) fn may_go_on(&mut self, failure: &Failure, limits: Limits) -> bool {
        let passes = failure.sqlstate().is_some_and(|it| sqlstate::RETRIED.contains(&it));
        let waited = Duration::from_millis(limits.tables.into());
        let left = self.lock_deadline.saturating_sub(waited);
        passes && !self.deadline.get_or_insert_with(|| Deadline::after(left)).is_over()
    }

    /// Counts an attempt that failed; gives how many there were, and the pause before the next one.
    pub(super) fn count(&mut self, limits: Limits, waits: &Waits) -> (u32, Duration) {
        self.made += 1;
        self.least = waits.yield_after().map_or(Duration::ZERO, |it| it + YIELDING);
        let waited = Duration::from_millis(limits.tables.into()).max(QUICK);
        let pause = between(waited * PAUSES.0, waited * PAUSES.1);
        // So that there is time for a last attempt.
        (self.made, pause.min(self.left() / 2))
    }

    pub(super) fn made(&self) -> u32 {
        self.made
    }

    /// Whether the next attempt gives up almost at once.
    fn is_quick(&self) -> bool {
        self.made < QUICK_TRIES
    }

    fn left(&self) -> Duration {
        self.deadline.map_or(self.lock_deadline, Deadline::left)
    }
}
