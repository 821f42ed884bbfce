//! Times for people and programs, always UTC; and the clock that names new migrations.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use migrate_runtime::Since;

/// `2026-11-23T15:40:00Z`
pub(crate) fn rfc3339(time: SystemTime) -> String {
    civil(time).map_or_else(String::new, |it| it.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// `2026-11-23 15:40:00`
pub(crate) fn readable(time: SystemTime) -> String {
    civil(time).map_or_else(String::new, |it| it.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Reads how long ago, or when: RFC 3339, or a date with or without a time, which is then UTC.
pub(crate) fn parse_since(text: &str) -> Result<Since, &'static str> {
    if let Some(age) = age(text) {
        return Ok(Since::Ago(age));
    }
    let with_offset = text.parse::<Timestamp>().ok();
    let in_utc = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let time = with_offset.or_else(|| Some(in_utc()?.timestamp()));
    time.map(|it| Since::Time(it.into())).ok_or(
        "write how long ago, as in 90m, 2h or 7d, or a time in UTC, as in 2026-11-23 or 2026-11-23T15:40",
    )
}

/// A whole number and its unit.
fn age(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 6] =
        [("s", 1), ("m", 60), ("min", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let seconds = UNITS.iter().find(|it| it.0 == unit)?.1;
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
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
    use super::*;

    #[test]
    fn a_time_is_an_age_or_utc() {
        #[track_caller]
        fn at(text: &str, expected: &str) {
            let Ok(Since::Time(time)) = parse_since(text) else { panic!("{text}") };
            assert_eq!(rfc3339(time), expected);
        }
        #[track_caller]
        fn ago(text: &str, seconds: u64) {
            assert_eq!(parse_since(text), Ok(Since::Ago(Duration::from_secs(seconds))), "{text}");
        }

        at("2026-11-23", "2026-11-23T00:00:00Z");
        at("2026-11-23 15:40", "2026-11-23T15:40:00Z");
        at("2026-11-23T15:40:07", "2026-11-23T15:40:07Z");
        at("2026-11-23T15:40:07Z", "2026-11-23T15:40:07Z");
        at("2026-11-23T15:40:07+02:00", "2026-11-23T13:40:07Z");
        ago("90s", 90);
        ago("2h", 7_200);
        ago("5min", 300);
        ago("7d", 604_800);
        ago("0m", 0);
        let most = u64::MAX.to_string();
        for text in ["", "2", "h", "-2h", "2 h", "yesterday", "2026-13-01", "2026", &most] {
            assert!(parse_since(text).is_err(), "{text}");
        }
        assert!(parse_since(&format!("{most}d")).is_err());
    }

    #[test]
    fn times_are_utc_to_the_second() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_448_400_999);
        assert_eq!(rfc3339(time), "2026-11-23T15:40:00Z");
        assert_eq!(readable(time), "2026-11-23 15:40:00");
    }
}
