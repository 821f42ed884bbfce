//! Tables: columns wide enough for their cells, two blanks between them, nothing drawn.
//!
//! Cells carry a style of their own, which is why this is not a library: those that measure styled
//! text bring a terminal library along. Where the terminal is too narrow, columns that can be spared
//! are left out, so that a line stays a line.

use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::style::{HEADER, Styled};
use crate::text::steers;

/// Which side of a column is straight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A column.
pub(crate) struct Column<'t> {
    pub(crate) title: &'t str,
    pub(crate) align: Align,
    /// Whether it may be left out: the highest goes first, 0 never goes.
    pub(crate) spare: u8,
}

impl<'t> Column<'t> {
    pub(crate) const fn left(title: &'t str, spare: u8) -> Column<'t> {
        Column { title, align: Align::Left, spare }
    }

    pub(crate) const fn right(title: &'t str, spare: u8) -> Column<'t> {
        Column { title, align: Align::Right, spare }
    }
}

/// A text in a cell.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl Cell {
    pub(crate) fn plain(text: impl Into<String>) -> Cell {
        Cell::styled(Style::new(), text)
    }

    /// A name in the database may hold anything; what would break the line is replaced.
    pub(crate) fn styled(style: Style, text: impl Into<String>) -> Cell {
        let text = text.into().replace(steers, "\u{fffd}");
        Cell { text, style }
    }
}

const GAP: usize = 2;

/// Lays a table out, every line with its line end. Without a width, nothing is left out.
pub(crate) fn render(columns: &[Column<'_>], rows: &[Vec<Cell>], width: Option<usize>) -> String {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().map(|row| row[index].text.width());
            cells.chain([column.title.width()]).max().unwrap_or_default()
        })
        .collect();
    let shown = fitting(columns, &widths, width);
    let mut text = String::new();
    let titles = columns.iter().map(|it| Cell::styled(HEADER, it.title)).collect();
    for row in [&titles].into_iter().chain(rows) {
        let mut line = String::new();
        for &index in &shown {
            let Cell { text, style } = &row[index];
            let blanks = " ".repeat(widths[index] - text.width());
            // Even an empty cell would keep the blanks before it from being trimmed.
            let style = if text.is_empty() { Style::new() } else { *style };
            let cell = Styled(style, text);
            // Writing to a string does not fail.
            let _ = match columns[index].align {
                Align::Left => write!(line, "{cell}{blanks}"),
                Align::Right => write!(line, "{blanks}{cell}"),
            };
            line.push_str(&" ".repeat(GAP));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn fitting(columns: &[Column<'_>], widths: &[usize], width: Option<usize>) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let total = |shown: &[usize]| shown.iter().map(|it| widths[*it] + GAP).sum::<usize>() - GAP;
    while width.is_some_and(|it| total(&shown) > it) {
        let Some(spared) = shown.iter().copied().max_by_key(|it| columns[*it].spare) else { break };
        if columns[spared].spare == 0 {
            break;
        }
        shown.retain(|it| *it != spared);
    }
    shown
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn cells_line_up_by_width_on_the_screen() {
        check(
            None,
            &expect![[r"
                version   time  note
                1         2 ms  long
                日本     12 ms
            "]],
        );
    }

    #[test]
    fn a_name_with_a_line_end_stays_in_its_line() {
        assert_eq!(Cell::plain("a\nb\u{1b}c").text, "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn a_narrow_terminal_loses_what_can_be_spared() {
        check(
            Some(14),
            &expect![[r"
            version   time
            1         2 ms
            日本     12 ms
        "]],
        );
    }

    #[track_caller]
    fn check(width: Option<usize>, expected: &Expect) {
        let columns =
            [Column::left("version", 0), Column::right("time", 1), Column::left("note", 2)];
        let rows = [["1", "2 ms", "long"], ["日本", "12 ms", ""]];
        let rows = rows.map(|row| row.map(Cell::plain).into_iter().collect::<Vec<Cell>>());
        let text = render(&columns, &rows, width);
        expected.assert_eq(&anstream::adapter::strip_str(&text).to_string());
    }
}
