//! Times that end, also those that are too far away for the clock.

use std::time::{Duration, Instant};

/// A moment after which something is given up; nothing for one that never comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(time))
    }

    /// The time until then; nothing once it is over.
    pub(crate) fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |it| it.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|it| Instant::now() >= it)
    }
}

/// A moment that was, to tell how long ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(Instant);

impl Moment {
    pub(crate) fn now() -> Moment {
        Moment(Instant::now())
    }

    pub(crate) fn age(self) -> Duration {
        self.0.elapsed()
    }
}

/// Milliseconds as the server takes them: zero means no limit there, so that a shorter time than one
/// becomes one, and a longer one than it can count the longest that it can.
pub(crate) fn server_millis(time: Duration) -> u32 {
    const MOST: u128 = i32::MAX as u128;
    let millis = time.as_nanos().div_ceil(1_000_000).min(MOST);
    u32::try_from(millis).unwrap_or_default()
}

/// Between half and one and a half of a time, so that runners that started together do not stay so.
pub(crate) fn jittered(time: Duration) -> Duration {
    between(time / 2, time.saturating_mul(3) / 2)
}

/// A time at random between two others.
pub(crate) fn between(least: Duration, most: Duration) -> Duration {
    let random = u32::try_from(uuid::Uuid::new_v4().as_u128() % 1000).unwrap_or(500);
    least + (most.saturating_sub(least) / 1000).saturating_mul(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stay_within_what_the_server_counts() {
        assert_eq!(server_millis(Duration::ZERO), 0);
        assert_eq!(server_millis(Duration::from_nanos(1)), 1);
        assert_eq!(server_millis(Duration::from_millis(100)), 100);
        assert_eq!(server_millis(Duration::MAX), 2_147_483_647);
        assert!(!Deadline::after(Duration::MAX).is_over());
        assert!(Deadline::after(Duration::ZERO).is_over());
        assert_eq!(Deadline::after(Duration::MAX).left(), Duration::MAX);
        assert_eq!(Deadline::after(Duration::ZERO).left(), Duration::ZERO);
    }
}
