//! A history that was read before the lock was taken, and need not be sent again where nobody has written since.

use super::{History, Server, Store};
use crate::quote::fill;
use crate::reply_row::ReplyRow;

/// The place of the column that says whether all is as it was.
const SAME: usize = 6;

/// What is known of the history before the lock is taken.
pub(crate) struct Known {
    history: History,
    /// The oldest transaction that had not ended when it was read: what is seen since then in another way was written
    /// by this one or a newer one, or is gone.
    oldest: u64,
}

impl Known {
    /// Nothing where there is nothing to spare.
    pub(crate) fn of(server: &Server, history: History) -> Option<Known> {
        let oldest = server.oldest_transaction.filter(|_| !history.rows.is_empty())?;
        Some(Known { history, oldest })
    }

    /// One statement, on the tables of `store`: the rows of the history, or that they are as they are known. There are as
    /// many, and whoever wrote each had ended before it was read. (The numbers of transactions come round: a very old row
    /// may look like a new one, never a new one like an old one.)
    pub(crate) fn rows(&self, store: &Store) -> String {
        let values = [
            ("schema", store.schema.as_str()),
            ("count", &self.history.rows.len().to_string()),
            ("oldest", &self.oldest.to_string()),
        ];
        let from = fill(include_str!("unless_same.sql"), &values);
        fill(include_str!("rows.sql"), &[("same", ", k.same"), ("from", &from)])
    }

    /// Reads the answer to [`rows`](Known::rows).
    pub(crate) fn or(self, mut rows: impl Iterator<Item = ReplyRow>) -> Option<History> {
        let first = rows.next()?;
        match (first.get(0), first.get(SAME)) {
            (None, Some("t")) => Some(self.history),
            (None, _) => Some(History::default()),
            (Some(_), _) => History::parse(std::iter::once(first).chain(rows)),
        }
    }
}
