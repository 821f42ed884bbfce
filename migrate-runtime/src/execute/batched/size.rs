//! How many rows the next batch has. Pure.

use std::time::Duration;

use migrate_core::Batch;

/// The size after a batch that took so long: towards the one that takes as long as it is to take, and at most twice
/// or half of what it was, since one batch may say little about the next.
pub(super) fn after(batch: &Batch, size: u32, rows: u64, took: Duration) -> u32 {
    let target = f64::from(batch.target_ms) / 1_000.0;
    let took = took.as_secs_f64().max(0.000_1);
    #[expect(clippy::cast_precision_loss, reason = "a batch has a million rows at most")]
    let ideal = rows as f64 * target / took;
    let least = (size / 2).max(batch.min_size);
    let most = size.saturating_mul(2).min(batch.max_size);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between two numbers"
    )]
    let next = ideal.clamp(f64::from(least.min(most)), f64::from(most)) as u32;
    next.max(1)
}

/// The size after a batch that failed because of what others had locked, or for taking too long.
pub(super) fn smaller(batch: &Batch, size: u32) -> u32 {
    (size / 2).max(batch.min_size).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let sql = "-- migrate:batch table=a key=id size=1000 max-size=5000\nSELECT 1";
        let statement = migrate_core::split(sql).unwrap()[0];
        Batch::of(sql, &statement).unwrap()
    }

    #[track_caller]
    fn check(size: u32, rows: u64, took: u64, expected: u32) {
        assert_eq!(after(&batch(), size, rows, Duration::from_millis(took)), expected);
    }

    #[test]
    fn the_size_goes_towards_the_time_that_a_batch_is_to_take() {
        check(1_000, 1_000, 200, 1_000);
        check(1_000, 1_000, 250, 800);
        check(1_000, 1_000, 160, 1_250);
        // At most twice or half of it.
        check(1_000, 1_000, 1, 2_000);
        check(1_000, 1_000, 0, 2_000);
        check(1_000, 1_000, 100_000, 500);
        // Within its bounds.
        check(4_000, 4_000, 1, 5_000);
        check(110, 110, 100_000, 100);
        // Fewer rows than wanted say how long one takes.
        check(1_000, 100, 20, 1_000);
    }

    #[test]
    fn what_failed_is_tried_with_half_of_it() {
        assert_eq!(smaller(&batch(), 1_000), 500);
        assert_eq!(smaller(&batch(), 150), 100);
        assert_eq!(smaller(&batch(), 100), 100);
    }
}
