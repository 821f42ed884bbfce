//! A row of an answer, as the simple protocol sends it: cells that are texts or nothing.

use std::cell::OnceCell;

use tokio_postgres::SimpleQueryRow;

/// A row of an answer. Its cells become texts of their own for whoever asks for all of them, which nobody does with the
/// rows of a long history.
#[derive(Debug, Default)]
pub(crate) struct ReplyRow {
    sent: Option<SimpleQueryRow>,
    cells: OnceCell<Vec<Option<String>>>,
}

impl ReplyRow {
    /// What one cell holds; nothing also where there is no such cell.
    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        match &self.sent {
            // What is no UTF-8 is not passed over: that is a panic, which is told as a bug.
            Some(row) => row.get(Some(at).filter(|it| *it < row.len())?),
            None => self.cells.get()?.get(at)?.as_deref(),
        }
    }

    /// As [`get`](ReplyRow::get), as a text of its own.
    pub(crate) fn text(&self, at: usize) -> Option<String> {
        self.get(at).map(str::to_owned)
    }

    pub(crate) fn cells(&self) -> &[Option<String>] {
        self.cells.get_or_init(|| {
            let count = self.sent.as_ref().map_or(0, SimpleQueryRow::len);
            (0..count).map(|at| self.text(at)).collect()
        })
    }

    pub(crate) fn into_cells(self) -> Vec<Option<String>> {
        self.cells();
        self.cells.into_inner().unwrap_or_default()
    }

    /// Gives a cell that is there another value.
    pub(crate) fn put(&mut self, at: usize, value: Option<String>) {
        let mut cells = std::mem::take(self).into_cells();
        if let Some(cell) = cells.get_mut(at) {
            *cell = value;
        }
        *self = cells.into();
    }
}

impl From<SimpleQueryRow> for ReplyRow {
    fn from(row: SimpleQueryRow) -> ReplyRow {
        ReplyRow { sent: Some(row), cells: OnceCell::new() }
    }
}

impl From<Vec<Option<String>>> for ReplyRow {
    fn from(cells: Vec<Option<String>>) -> ReplyRow {
        ReplyRow { sent: None, cells: cells.into() }
    }
}
