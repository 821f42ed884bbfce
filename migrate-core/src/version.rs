//! Versions: fourteen digits that name a UTC second and order the migrations.

use std::fmt;
use std::str::FromStr;

/// The version of a migration: a UTC second written `YYYYMMDDHHMMSS`.
///
/// ```
/// use migrate_core::Version;
///
/// let version: Version = "20240320000000".parse().unwrap();
/// assert_eq!(version.to_string(), "20240320000000");
/// assert!("20240230000000".parse::<Version>().is_err(), "February has no 30th");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

/// Why a text is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionError {
    /// It is not exactly fourteen ASCII digits.
    NotFourteenDigits,
    /// The digits do not name a second that exists.
    NoSuchTime,
}

impl Version {
    /// The version as a number of fourteen digits.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Wraps a number that is known to be a version.
    ///
    /// # Panics
    ///
    /// Panics if the number does not have fourteen digits.
    #[doc(hidden)] // For generated code, whose file names were checked.
    pub const fn embedded(number: u64) -> Version {
        assert!(number >= 10_000_000_000_000 && number <= 99_999_999_999_999);
        Version(number)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Version, VersionError> {
        if text.len() != 14 || !text.bytes().all(|it| it.is_ascii_digit()) {
            return Err(VersionError::NotFourteenDigits);
        }
        let number = text.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        if is_a_second(number) { Ok(Version(number)) } else { Err(VersionError::NoSuchTime) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VersionError::NotFourteenDigits => "a version has fourteen digits, YYYYMMDDHHMMSS",
            VersionError::NoSuchTime => "the digits of a version name a UTC second that exists",
        })
    }
}

impl std::error::Error for VersionError {}

/// Years before 1000 are excluded with the leading zero, so a version keeps its fourteen digits.
/// A leap second is no second of a `timestamptz` either, hence seconds up to 59.
fn is_a_second(number: u64) -> bool {
    let (date, time) = (number / 1_000_000, number % 1_000_000);
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    let in_day = time / 10_000 < 24 && time / 100 % 100 < 60 && time % 100 < 60;
    year >= 1000 && (1..=days).contains(&day) && in_day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_real_seconds_only() {
        check("20240320000000", None);
        check("20240229235959", None);
        check("20230229000000", Some(VersionError::NoSuchTime));
        check("20241301000000", Some(VersionError::NoSuchTime));
        check("20240100000000", Some(VersionError::NoSuchTime));
        check("20240101240000", Some(VersionError::NoSuchTime));
        check("20240101006000", Some(VersionError::NoSuchTime));
        check("20240101000060", Some(VersionError::NoSuchTime));
        check("00010101000000", Some(VersionError::NoSuchTime));
        check("2024010100000", Some(VersionError::NotFourteenDigits));
        check("2024010100000a", Some(VersionError::NotFourteenDigits));
        check("２0240101000", Some(VersionError::NotFourteenDigits));
    }

    #[track_caller]
    fn check(text: &str, error: Option<VersionError>) {
        assert_eq!(text.parse::<Version>().err(), error, "{text}");
        if let Ok(version) = text.parse::<Version>() {
            assert_eq!(version.to_string(), text);
        }
    }
}
