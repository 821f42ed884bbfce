//! What keeps the next batch waiting: a standby that lags, somebody who waits long for a lock. Pure.

use std::time::Duration;

use crate::quote::fill;

/// A standby that is further behind than this is behind for long, whatever it says about the time.
const MOST_BYTES: u64 = 256 << 20;

/// Whoever waits for a lock on the table for longer than this has trouble enough without us.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why the next batch has to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A standby lags: its name, for how long, and by how many bytes.
    Lag { name: String, time: Duration, bytes: u64 },
    /// Somebody waits for a lock on the table: a process of the server, and for how long.
    Lock { pid: String, time: Duration },
}

impl Trouble {
    pub(super) fn reason(&self) -> String {
        match self {
            Trouble::Lag { name, time, bytes } => format!(
                "the standby {name} is {:.1} s and {} MB behind",
                time.as_secs_f64(),
                bytes >> 20
            ),
            Trouble::Lock { pid, time } => {
                format!("session {pid} has waited {} s for a lock on the table", time.as_secs())
            }
        }
    }

    /// What helps where it does not pass.
    pub(super) fn hint(&self) -> String {
        match self {
            Trouble::Lag { .. } => {
                "migration-cli up --max-replication-lag 0   # does not wait for standbys".to_owned()
            }
            Trouble::Lock { pid, .. } => {
                format!("SELECT pg_blocking_pids({pid});   -- who is in its way")
            }
        }
    }
}

/// The question; a lag of zero is none that matters.
pub(super) fn question(oid: &str, max_lag: Duration, server_version: u32) -> String {
    let since = if server_version >= 140_000 { "l.waitstart" } else { "a.query_start" };
    let values = [
        ("oid", oid),
        ("since", since),
        ("max_lag", &max_lag.as_millis().to_string()),
        ("max_bytes", &MOST_BYTES.to_string()),
        ("patience", &PATIENCE.as_secs().to_string()),
    ];
    fill(include_str!("health.sql"), &values)
}

/// What the answer means; a standby goes first.
pub(super) fn read(row: Option<&[Option<String>]>) -> Option<Trouble> {
    let row = row?;
    let text = |at: usize| row.get(at).and_then(Option::as_deref).filter(|it| !it.is_empty());
    let millis = |it: &str| it.parse().ok().map(Duration::from_millis);
    if let Some(lag) = text(0) {
        let mut words = lag.splitn(3, ' ');
        let (time, bytes) = (millis(words.next()?)?, words.next()?.parse().ok()?);
        return Some(Trouble::Lag { name: words.next()?.to_owned(), time, bytes });
    }
    let (time, pid) = text(1)?.split_once(' ')?;
    Some(Trouble::Lock { pid: pid.to_owned(), time: millis(time)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lag: Option<&str>, lock: Option<&str>, expected: Option<&str>) {
        let row = [lag, lock].map(|it| it.map(str::to_owned));
        assert_eq!(read(Some(&row)).map(|it| it.reason()).as_deref(), expected);
    }

    #[test]
    fn what_keeps_a_batch_waiting_has_a_reason() {
        check(None, None, None);
        check(Some(""), None, None);
        check(
            Some("12500 314572800 my standby"),
            None,
            Some("the standby my standby is 12.5 s and 300 MB behind"),
        );
        check(None, Some("2500 4711"), Some("session 4711 has waited 2 s for a lock on the table"));
    }
}
