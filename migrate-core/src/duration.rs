//! Durations as people write them in directives, flags and configuration.

/// The longest duration that PostgreSQL takes for a timeout, in milliseconds.
const LONGEST: u64 = 2_147_483_647;

const UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("min", 60_000), ("m", 60_000), ("h", 3_600_000)];

/// Reads `100ms`, `2s`, `5m`, `5min`, `1h` or `0`, in milliseconds.
///
/// A number needs its unit, except `0`: "30" is seconds to one reader and milliseconds to another.
///
/// ```
/// use migrate_core::parse_duration_ms;
///
/// assert_eq!(parse_duration_ms("5min"), Some(300_000));
/// assert_eq!(parse_duration_ms("30"), None);
/// ```
pub fn parse_duration_ms(text: &str) -> Option<u32> {
    let digits = text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let factor = match UNITS.iter().find(|(name, _)| *name == unit) {
        Some((_, factor)) => *factor,
        None if unit.is_empty() && number == 0 => 1,
        None => return None,
    };
    let product = number.checked_mul(factor).filter(|it| *it <= LONGEST)?;
    u32::try_from(product).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_postgresql_would_take() {
        check("100ms", Some(100));
        check("2s", Some(2_000));
        check("5m", Some(300_000));
        check("5min", Some(300_000));
        check("1h", Some(3_600_000));
        check("0", Some(0));
        check("0s", Some(0));
        check("2147483647ms", Some(2_147_483_647));
    }

    #[test]
    fn refuses_what_two_readers_would_read_differently() {
        for text in ["", "30", "s", "1.5s", "-1s", "1 s", "1S", "1d", "2147483648ms", "99999999h"] {
            check(text, None);
        }
        check("99999999999999999999999s", None);
        check("١s", None);
    }

    #[track_caller]
    fn check(text: &str, expected: Option<u32>) {
        assert_eq!(parse_duration_ms(text), expected, "{text:?}");
    }
}
