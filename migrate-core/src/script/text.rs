//! From bytes to text: what has to be right before anybody looks for SQL.

use std::borrow::Cow;

use crate::Problem;
use crate::place::{line_text, place_of};
use crate::problem::{Finding, ProblemKind};
use crate::sql::byte_range;

/// PostgreSQL takes messages up to a gigabyte, and a script is part of one.
const LARGEST: usize = 1 << 29;

/// The text that is hashed and sent: without a byte order mark, with LF line ends. A carriage
/// return inside of a line stays.
pub(crate) fn normalize(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// Reads the bytes of a file as a text, normalised.
pub(crate) fn decode<'a>(bytes: &'a [u8], file: &str) -> Result<Cow<'a, str>, Problem> {
    if bytes.len() > LARGEST {
        return Err(too_large(bytes.len(), file));
    }
    std::str::from_utf8(bytes).map(normalize).map_err(|error| {
        let at = error.valid_up_to();
        // The line is shown with a mark in the place of each bad byte; the good part keeps its length.
        let text = String::from_utf8_lossy(bytes);
        let place = place_of(&text, at);
        let help = match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16: save it as UTF-8",
            _ => "save the file as UTF-8",
        };
        let message = format!("byte 0x{:02x} is not UTF-8", bytes[at]);
        Problem {
            place: Some(place),
            source_line: Some(line_text(&text, place.line).to_owned()),
            ..Problem::of_file(ProblemKind::NotUtf8, file.to_owned(), message, help.to_owned())
        }
    })
}

fn too_large(size: usize, file: &str) -> Problem {
    let message = format!("{} MiB are more than one script may have", size >> 20);
    let help = format!("load data by other means, or in scripts of up to {} MiB", LARGEST >> 20);
    Problem::of_file(ProblemKind::TooLarge, file.to_owned(), message, help)
}

/// What makes every other finding about a text worthless: NUL bytes and unfinished merges.
pub(crate) fn find_unusable(sql: &str) -> Vec<Finding> {
    if let Some(byte) = sql.bytes().position(|it| it == 0) {
        let help = "PostgreSQL does not take it: was the file saved as UTF-16?";
        let range = byte_range(byte, byte + 1);
        return vec![Finding::new(ProblemKind::Nul, range, "a NUL byte", help)];
    }
    let (mut findings, mut inside, mut start) = (Vec::new(), false, 0);
    for line in sql.split_inclusive('\n') {
        let (opens, closes) = (is_marker(line, "<<<<<<<"), is_marker(line, ">>>>>>>"));
        // One finding for a conflict as a whole; the end alone where its start was deleted.
        if opens || (closes && !inside) {
            let range = byte_range(start, start + line.trim_end().len());
            let help = "finish the merge: keep one side and delete the marker lines";
            findings.push(Finding::new(
                ProblemKind::MergeConflict,
                range,
                "a merge conflict marker",
                help,
            ));
        }
        inside = (inside || opens) && !closes;
        start += line.len();
    }
    findings
}

/// A marker has a label behind a blank, or stands alone.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|it| it.starts_with(' ') || it.trim_end().is_empty())
}
