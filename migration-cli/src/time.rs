//! Times for people and programs, always UTC; and the clock that names new migrations.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// `2026-11-23T15:40:00Z`
pub(crate) fn rfc3339(time: SystemTime) -> String {
    civil(time).map_or_else(String::new, |it| it.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// `2026-11-23 15:40:00`
pub(crate) fn readable(time: SystemTime) -> String {
    civil(time).map_or_else(String::new, |it| it.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// This second.
pub(crate) fn now() -> DateTime {
    Offset::UTC.to_datetime(Timestamp::now())
}

fn civil(time: SystemTime) -> Option<DateTime> {
    Timestamp::try_from(time).ok().map(|it| Offset::UTC.to_datetime(it))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_utc_to_the_second() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_448_400_999);
        assert_eq!(rfc3339(time), "2026-11-23T15:40:00Z");
        assert_eq!(readable(time), "2026-11-23 15:40:00");
    }
}
