//! Places in a text: line and column, as editors count them.

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
}

/// Finds the place of a byte; one past the end is the place after the last character.
pub fn place_of(text: &str, byte: usize) -> Place {
    let before = &text.as_bytes()[..byte.min(text.len())];
    let start = before.iter().rposition(|it| *it == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + line_ends(before);
    Place { line: count(line), column: count(1 + characters(&before[start..])) }
}

/// The text of a line, counted from 1, without its line end; empty where there is no such line.
pub fn line_text(text: &str, line: u32) -> &str {
    let index = line.saturating_sub(1) as usize;
    let line = text.split('\n').nth(index).unwrap_or_default();
    line.strip_suffix('\r').unwrap_or(line)
}

/// Where the lines of a text begin, for many places in one text.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Lines<'a> {
        let ends = text.bytes().enumerate().filter(|(_, it)| *it == b'\n');
        Lines { text, starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// As [`place_of`].
    pub(crate) fn place_of(&self, byte: usize) -> Place {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|it| *it <= byte);
        let before = &self.text.as_bytes()[self.starts[line - 1]..byte];
        Place { line: count(line), column: count(1 + characters(before)) }
    }

    /// The text of the line on which a byte stands, without its line end.
    pub(crate) fn text_at(&self, byte: usize) -> &'a str {
        let line = self.starts.partition_point(|it| *it <= byte.min(self.text.len()));
        line_text(&self.text[self.starts[line - 1]..], 1)
    }

    /// As [`width_of`].
    pub(crate) fn width_of(&self, start: usize, end: usize) -> u32 {
        width_of(self.text, start, end)
    }
}

/// How many characters of `text[start..end]` stand on the line where the range starts, at least 1.
pub(crate) fn width_of(text: &str, start: usize, end: usize) -> u32 {
    let range = text.as_bytes().get(start..end.min(text.len())).unwrap_or_default();
    let line = range.split(|it| *it == b'\n').next().unwrap_or_default();
    count(characters(line).max(1))
}

/// How many lines end in these bytes.
pub(crate) fn line_ends(bytes: &[u8]) -> usize {
    bytes.split(|it| *it == b'\n').count() - 1
}

/// Counts the first bytes of characters: works on a range that was cut anywhere.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|it| **it & 0b1100_0000 != 0b1000_0000).count()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        check("", 0, (1, 1));
        check("a", 1, (1, 2));
        check("a\nb", 2, (2, 1));
        check("a\nb", 1, (1, 2));
        check("äöü;", 6, (1, 4));
        check("日本\n語;", 10, (2, 2));
        check("a\r\nb", 3, (2, 1));
        check("a", 99, (1, 2));
    }

    #[test]
    fn lines_come_without_their_end() {
        assert_eq!(line_text("a\nb\r\nc", 1), "a");
        assert_eq!(line_text("a\nb\r\nc", 2), "b");
        assert_eq!(line_text("a\nb\r\nc", 3), "c");
        assert_eq!(line_text("a\n", 2), "");
        assert_eq!(line_text("a", 7), "");
    }

    #[test]
    fn widths_end_with_the_line() {
        assert_eq!(width_of("select\n1", 0, 8), 6);
        assert_eq!(width_of("'ä'", 0, 4), 3);
        assert_eq!(width_of("x", 1, 1), 1);
    }

    #[track_caller]
    fn check(text: &str, byte: usize, (line, column): (u32, u32)) {
        let (expected, lines) = (Place { line, column }, Lines::of(text));
        assert_eq!(place_of(text, byte), expected, "{text:?} {byte}");
        assert_eq!(lines.place_of(byte), expected, "{text:?} {byte}");
        assert_eq!(lines.text_at(byte), line_text(text, line), "{text:?} {byte}");
    }
}
