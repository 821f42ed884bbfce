//! Versions of other tools as seconds, in the order in which those tools run them.

use jiff::ToSpan as _;
use jiff::civil::{DateTime, date};
use migrate_core::Version;

use crate::new_script::{time_of, version_of};

/// A number of so few digits counts migrations; longer ones are times.
const LONGEST_COUNT: usize = 7;
/// The first second that counted migrations get: older than every migration with a real time.
const ORIGIN: DateTime = date(2000, 1, 1).at(0, 0, 0, 0);
/// Seconds since 1970 that are taken for such: from 2001 to 2100.
const UNIX: std::ops::Range<i64> = 1_000_000_000..4_102_444_800;

/// The second of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Second {
    pub(crate) version: Version,
    /// Whether its old version is no time, and the order alone decided.
    pub(crate) moved: bool,
}

/// Two neighbours whose seconds do not grow; places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Disorder {
    pub(crate) earlier: usize,
    pub(crate) later: usize,
    /// Their seconds, where both have one.
    pub(crate) seconds: Option<(Version, Version)>,
}

/// Makes seconds of versions, which stand in the order in which they run.
pub(crate) fn seconds(versions: &[&str]) -> Result<Vec<Second>, Disorder> {
    let mut seconds: Vec<Second> = Vec::with_capacity(versions.len());
    for (later, digits) in versions.iter().enumerate() {
        let before = seconds.last().map(|it| it.version);
        let earlier = later.saturating_sub(1);
        if later > 0 && number(versions[earlier]) == number(digits) {
            return Err(Disorder { earlier, later, seconds: None });
        }
        let version = |time: Option<DateTime>| time.and_then(|it| version_of(it).ok());
        // What has more digits than a second may share its second with the one before.
        let shared =
            |it: &Version| number(digits).len() > 14 && before.is_some_and(|before| *it <= before);
        let meant = version(meant(digits)).filter(|it| !shared(it));
        let (moved, version) = (meant.is_none(), meant.or_else(|| version(after(before))));
        match (before, version) {
            (_, None) => return Err(Disorder { earlier, later, seconds: None }),
            (Some(before), Some(version)) if version <= before => {
                return Err(Disorder { earlier, later, seconds: Some((before, version)) });
            }
            (_, Some(version)) => seconds.push(Second { version, moved }),
        }
    }
    Ok(seconds)
}

fn number(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

/// The time that a version means, if it means one.
fn meant(digits: &str) -> Option<DateTime> {
    let digits = number(digits);
    match digits.len() {
        0..=LONGEST_COUNT => {
            let count: i64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
            ORIGIN.checked_add(count.seconds()).ok()
        }
        8 => recent(&format!("{digits}000000")),
        // A day and a number on that day, or seconds since 1970.
        10 => {
            let (day, count) = digits.split_at(8);
            let count: i64 = count.parse().ok()?;
            let day = recent(&format!("{day}000000"));
            day.and_then(|it| it.checked_add(count.seconds()).ok()).or_else(|| since_1970(digits))
        }
        12 => recent(&format!("{digits}00")),
        14 => time_of(digits.parse().ok()?),
        // A second and a number in that second, as the command line of diesel writes them.
        15.. => time_of(digits[..14].parse().ok()?),
        _ => None,
    }
}

/// A time that may be meant by digits that are not a whole time.
fn recent(digits: &str) -> Option<DateTime> {
    time_of(digits.parse().ok()?).filter(|it| (1970..2100).contains(&it.year()))
}

fn since_1970(digits: &str) -> Option<DateTime> {
    let seconds: i64 = digits.parse().ok()?;
    let start = date(1970, 1, 1).at(0, 0, 0, 0);
    UNIX.contains(&seconds).then(|| start.checked_add(seconds.seconds()).ok())?
}

fn after(before: Option<Version>) -> Option<DateTime> {
    match before {
        None => Some(ORIGIN),
        Some(before) => time_of(before)?.checked_add(1.second()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_become_seconds() {
        check("20240320121314", "20240320121314");
        check("00000000000000", "20000101000000");
        check("0", "20000101000000");
        check("1", "20000101000001");
        check("0001", "20000101000001");
        check("00000061", "20000101000101");
        check("9999999", "20000425174639");
        check("20240320", "20240320000000");
        check("202403201213", "20240320121300");
        check("2024032099", "20240320000139");
        check("1500360784", "20170718065304");
        check("1710929472", "20240320101112");
        check("202403201213140000", "20240320121314");
    }

    #[test]
    fn what_is_no_time_comes_a_second_after_the_one_before() {
        check("20240230000000", "20000101000000, moved");
        check(
            "20240320000000 20240320000099 20240321000000",
            "20240320000000 20240320000001, moved 20240321000000",
        );
        check("1 12345678", "20000101000001 20000101000002, moved");
        check(
            "202403201213140000 202403201213140001 20240320121315000",
            "20240320121314 20240320121315, moved 20240320121316, moved",
        );
    }

    #[test]
    fn counted_ones_come_before_real_times() {
        check("0 7 20150101000000", "20000101000000 20000101000007 20150101000000");
    }

    #[test]
    fn what_does_not_grow_is_refused() {
        check("1 1", "0 and 1");
        check("5 007 7", "1 and 2");
        check("20240320 20240319000000", "20240320000000 and 20240319000000");
        check("1 10 2", "20000101000010 and 20000101000002");
        check("20240101000000 20240101000060 20240101000001", "20240101000001 and 20240101000001");
        check("20240320000000 20240320000099 20240320000001", "20240320000001 and 20240320000001");
        check("99991231235959 99991231235960", "0 and 1");
    }

    #[track_caller]
    fn check(versions: &str, expected: &str) {
        let versions: Vec<&str> = versions.split(' ').collect();
        let shown = match seconds(&versions) {
            Ok(seconds) => {
                let show = |it: &Second| {
                    format!("{}{}", it.version, if it.moved { ", moved" } else { "" })
                };
                seconds.iter().map(show).collect::<Vec<_>>().join(" ")
            }
            Err(Disorder { seconds: Some((one, other)), .. }) => format!("{one} and {other}"),
            Err(Disorder { earlier, later, .. }) => format!("{earlier} and {later}"),
        };
        assert_eq!(shown, expected, "{versions:?}");
    }
}
