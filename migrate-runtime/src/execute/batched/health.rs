//! What keeps the next batch waiting: a standby that lags, somebody who waits long for a lock.

use std::collections::VecDeque;
use std::time::Duration;

use super::look::Rows;
use crate::deadline::Moment;
use crate::quote::fill;

/// Whoever waits for a lock on the table for longer than this has trouble enough without us.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is noted how much log there is: more would tell nothing.
const NOTED: Duration = Duration::from_millis(100);

/// Why the next batch has to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A standby lags: its name, for how long, and by how many bytes.
    Lag { name: String, time: Duration, bytes: u64 },
    /// Somebody waits for a lock on the table: a process of the server, and for how long.
    Lock { pid: String, time: Duration },
}

/// How much log there was, and when. A standby that does not get on says nothing of the time that it is behind by:
/// that is how old the first log is which it has not replayed.
#[derive(Debug, Default)]
pub(super) struct LogSizes(VecDeque<(Moment, u64)>);

impl Trouble {
    pub(super) fn reason(&self) -> String {
        match self {
            Trouble::Lag { name, time, bytes } => {
                let (time, bytes) = (time.as_secs_f64(), bytes.div_ceil(1 << 20));
                format!("the standby {name} is {time:.1} s and {bytes} MB behind")
            }
            Trouble::Lock { pid, time } => {
                format!("session {pid} has waited {} s for a lock on the table", time.as_secs())
            }
        }
    }

    /// What helps where it does not pass; `command` runs the script.
    pub(super) fn hint(&self, command: &str) -> String {
        match self {
            Trouble::Lag { .. } => {
                format!("migration-cli {command} --max-replication-lag 0   # waits for no standby")
            }
            Trouble::Lock { pid, .. } => {
                format!("SELECT pg_blocking_pids({pid});   -- who is in its way")
            }
        }
    }
}

/// The questions: for standbys, and for whoever waits. A lag of zero is none that matters.
pub(super) fn questions(oid: &str, max_lag: Duration, server_version: u32) -> [String; 2] {
    let since = if server_version >= 140_000 { "l.waitstart" } else { "a.query_start" };
    let values = [
        ("oid", oid),
        ("since", since),
        ("max_lag", &max_lag.as_millis().to_string()),
        ("patience", &PATIENCE.as_secs().to_string()),
    ];
    [include_str!("standbys.sql"), include_str!("waiting.sql")].map(|it| fill(it, &values))
}

/// What the answers mean. A standby goes first: the others wait for a moment as a rule.
pub(super) fn read(
    [standbys, waiting]: [&Rows; 2],
    sizes: &mut LogSizes,
    max_lag: Duration,
) -> Option<Trouble> {
    let mut worst: Option<Trouble> = None;
    let mut least = u64::MAX;
    for row in standbys.iter().filter(|it| !is_hidden(it)) {
        let (lag, replayed, size) = (number(row, 1)?, number(row, 2)?, number(row, 3)?);
        sizes.note(size);
        least = least.min(replayed);
        let time = Duration::from_millis(lag).max(sizes.age_behind(replayed));
        let is_worse =
            |it: &Trouble| !matches!(it, Trouble::Lag { time: other, .. } if *other >= time);
        // What has replayed everything may still say how long its last replay took.
        if time > max_lag && replayed < size && worst.as_ref().is_none_or(is_worse) {
            let name = row.first()?.clone()?;
            worst = Some(Trouble::Lag { name, time, bytes: size.saturating_sub(replayed) });
        }
    }
    sizes.forget(least);
    worst.or_else(|| {
        let row = waiting.first()?;
        let (pid, time) = (row.first()?.clone()?, Duration::from_millis(number(row, 1)?));
        Some(Trouble::Lock { pid, time })
    })
}

/// Whether there are standbys that this role may not look at.
pub(super) fn has_hidden(standbys: &Rows) -> bool {
    standbys.iter().any(|it| is_hidden(it))
}

fn is_hidden(standby: &[Option<String>]) -> bool {
    standby.get(4).and_then(Option::as_deref) == Some("t")
}

fn number(row: &[Option<String>], at: usize) -> Option<u64> {
    row.get(at)?.as_deref()?.parse().ok()
}

impl LogSizes {
    fn note(&mut self, size: u64) {
        if self.0.back().is_none_or(|it| it.1 < size && it.0.age() >= NOTED) {
            self.0.push_back((Moment::now(), size));
        }
    }

    /// How long ago there was more log than so much.
    fn age_behind(&self, replayed: u64) -> Duration {
        let first = self.0.iter().find(|it| it.1 > replayed);
        first.map_or(Duration::ZERO, |it| it.0.age())
    }

    /// What everybody has replayed.
    fn forget(&mut self, replayed: u64) {
        while self.0.front().is_some_and(|it| it.1 <= replayed) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(rows: &[[&str; N]]) -> Rows {
        rows.iter().map(|it| it.iter().map(|it| Some((*it).to_owned())).collect()).collect()
    }

    #[track_caller]
    fn check(standbys: &[[&str; 4]], waiting: Option<[&str; 2]>, expected: Option<&str>) {
        let waiting: Vec<_> = waiting.into_iter().collect();
        let (standbys, waiting) = (rows(standbys), rows(&waiting));
        let max_lag = Duration::from_secs(10);
        let found = read([&standbys, &waiting], &mut LogSizes::default(), max_lag);
        assert_eq!(found.map(|it| it.reason()).as_deref(), expected);
    }

    #[test]
    fn what_keeps_a_batch_waiting_has_a_reason() {
        check(&[], None, None);
        check(&[["a", "9000", "5", "10"]], None, None);
        check(&[["a", "12000", "10", "10"]], None, None);
        let lags = Some("the standby b is 12.5 s and 300 MB behind");
        check(
            &[["a", "11000", "5", "314572800"], ["b", "12500", "0", "314572800"]],
            Some(["1", "9"]),
            lags,
        );
        check(
            &[],
            Some(["4711", "2500"]),
            Some("session 4711 has waited 2 s for a lock on the table"),
        );
    }

    #[test]
    fn a_standby_that_stands_still_lags_since_there_is_more_log() {
        let mut sizes = LogSizes::default();
        let mut lags = |standby: [&str; 4]| {
            read([&rows(&[standby]), &Rows::new()], &mut sizes, Duration::ZERO).is_some()
        };
        assert!(!lags(["a", "0", "10", "10"]));
        assert!(lags(["a", "0", "10", "20"]));
        assert!(!lags(["a", "0", "20", "20"]));
    }
}
