//! Words and numbers for people: plurals, durations, time limits, near misses.

use std::num::NonZeroUsize;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// `1 migration`, `2 migrations`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A text of the database, which may hold anything: what would steer the terminal is replaced.
pub(crate) fn printable(text: &str) -> String {
    text.replace(|it| steers(it) && it != '\n' && it != '\t', "\u{fffd}")
}

/// Whether a character does something to the terminal, or to the order in which it shows others, instead
/// of being shown.
pub(crate) fn steers(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}')
}

/// A duration with about three significant digits: `12 ms`, `1.23 s`, `2 min 5 s`.
pub(crate) fn duration(time: Duration) -> String {
    let (millis, seconds) = (time.as_millis(), time.as_secs());
    match seconds {
        0 => format!("{millis} ms"),
        1..10 => format!("{seconds}.{:02} s", time.subsec_millis() / 10),
        10..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A number of bytes with about three significant digits: `812 B`, `1.23 MB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let (mut unit, mut left) = (0, count);
    // In tenths of the next unit, so that no floating point number is needed.
    while left >= 1_000_000 && unit + 1 < UNITS.len() {
        left /= 1000;
        unit += 1;
    }
    match left {
        0..1000 => format!("{left} B"),
        1000..10_000 => format!("{}.{:02} {}", left / 1000, left % 1000 / 10, UNITS[unit]),
        10_000..100_000 => format!("{}.{} {}", left / 1000, left % 1000 / 100, UNITS[unit]),
        _ => format!("{} {}", left / 1000, UNITS[unit]),
    }
}

/// A statement in one line, cut to a width on the screen; an ellipsis says that there is more.
pub(crate) fn one_line(sql: &str, width: usize) -> String {
    let lines = sql.lines().filter(|it| !it.trim_start().starts_with("--"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    cut(words.join(" "), width)
}

/// A text of the database in one line that steers nothing, cut to a width on the screen.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(printable(&words.join(" ")), width)
}

fn cut(line: String, width: usize) -> String {
    if line.width() <= width {
        return line;
    }
    let (mut cut, mut used) = (String::new(), 0);
    for letter in line.chars() {
        used += letter.width().unwrap_or_default();
        if used + 2 > width {
            break;
        }
        cut.push(letter);
    }
    format!("{} …", cut.trim_end())
}

/// Reads a time limit, as a flag gives it.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let millis = migrate_core::parse_duration_ms(text);
    let millis = millis.ok_or("write a whole number and its unit, as in 100ms, 30s, 5m or 1h")?;
    Ok(Duration::from_millis(millis.into()))
}

/// A time limit as a flag gives it: in the largest unit that leaves nothing over.
pub(crate) fn limit(time: Duration) -> String {
    const UNITS: [(u128, &str); 4] = [(3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
    let millis = time.as_millis();
    let fits = UNITS.iter().find(|(length, _)| millis > 0 && millis.is_multiple_of(*length));
    fits.map_or("0".to_owned(), |(length, unit)| format!("{}{unit}", millis / length))
}

/// Reads how many migrations are meant.
pub(crate) fn parse_count(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "write a whole number from 1 upwards")
}

/// The candidate that was probably meant: the most alike, unless nothing is alike.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let text = text.to_lowercase();
    let scored = candidates
        .into_iter()
        .map(|it| (strsim::damerau_levenshtein(&text, &it.to_lowercase()), it))
        .filter(|(distance, it)| *distance <= 1.max(it.len() / 3));
    scored.min_by_key(|(distance, _)| *distance).map(|(_, it)| it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_the_database_does_not_steer_the_terminal() {
        assert_eq!(
            printable("a\x1b]0;owned\x07\r\u{9b}1m\n\tb é"),
            "a\u{fffd}]0;owned\u{fffd}\u{fffd}\u{fffd}1m\n\tb é"
        );
        assert_eq!(printable("to\u{202e}evil"), "to\u{fffd}evil");
        assert_eq!(shorten(" a\nb\x1b[2J\tc ", 80), "a b\u{fffd}[2J c");
        assert_eq!(shorten(&"x".repeat(1 << 20), 6), "xxxx …");
    }

    #[test]
    fn durations_are_short() {
        #[track_caller]
        fn check(millis: u64, expected: &str) {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }

        check(0, "0 ms");
        check(999, "999 ms");
        check(1_234, "1.23 s");
        check(12_345, "12.3 s");
        check(125_000, "2 min 5 s");
        check(3_720_000, "1 h 2 min");
    }

    #[test]
    fn a_statement_is_cut_where_the_screen_ends() {
        #[track_caller]
        fn check(text: &str, width: usize, expected: &str) {
            assert_eq!(one_line(text, width), expected);
        }

        check("SELECT 1", 8, "SELECT 1");
        check("SELECT 12", 8, "SELECT …");
        check("CREATE TABLE a (\n    -- The key.\n    id int\n)", 80, "CREATE TABLE a ( id int )");
        check("日本日本", 6, "日本 …");
        check("", 4, "");
    }

    #[test]
    fn a_limit_is_written_as_it_is_read() {
        for text in ["100ms", "1s", "90s", "5m", "90m", "2h", "0"] {
            assert_eq!(limit(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn the_nearest_word_is_alike_or_missing() {
        #[track_caller]
        fn check(text: &str, candidates: &[&str], expected: Option<&str>) {
            assert_eq!(nearest(text, candidates.iter().copied()), expected);
        }

        check("protcted", &["url", "protected"], Some("protected"));
        check("URL", &["url", "protected"], Some("url"));
        check("colour", &["url", "protected"], None);
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(plural(1, "migration"), "1 migration");
        assert_eq!(plural(0, "migration"), "0 migrations");
    }
}
