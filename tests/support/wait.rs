//! Waiting for a condition instead of sleeping.

use std::thread;
use std::time::{Duration, Instant};

/// The number of sessions of a test's database that wait for the advisory lock 42, which the test holds.
pub const BLOCKED: &str =
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND objid = 42 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Waits until `condition` holds; fails the test if it does not within a minute.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !condition() {
        assert!(Instant::now() < end, "waited a minute until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
