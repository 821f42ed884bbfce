//! A history that was read before the lock was taken, and need not be sent again where it is still the same.

use std::time::SystemTime;

use migrate_core::Checksum;

use super::{History, Row, Store};
use crate::quote::fill;
use crate::reply_row::ReplyRow;

/// The place of the column that says whether all is as it was.
const SAME: usize = 6;

/// What is known of the history before the lock is taken.
pub(crate) struct Known {
    history: History,
    /// Of the rows as `unless_same.sql` puts them together.
    checksum: Checksum,
}

impl Known {
    /// Nothing where there is nothing to spare.
    pub(crate) fn of(history: History) -> Option<Known> {
        let rows: Vec<String> = history.rows.iter().map(text).collect();
        let checksum = Checksum::of(&rows.join("\x1e"));
        (!rows.is_empty()).then_some(Known { history, checksum })
    }

    /// One statement, on the tables of `store`: the rows of the history, or that they are the ones that are known.
    ///
    /// They are compared by what they say, which costs the server as much as to send them. It spares the client to
    /// take them in, which costs twice that. Who wrote a row (`xmin`) would be cheaper to look at, and does not tell
    /// whether another table has taken the name, or a view.
    pub(crate) fn rows(&self, store: &Store) -> String {
        let values = [("schema", store.schema.as_str()), ("checksum", &self.checksum.to_string())];
        let from = fill(include_str!("unless_same.sql"), &values);
        fill(include_str!("rows.sql"), &[("same", ", k.same"), ("from", &from)])
    }

    /// Reads the answer to [`rows`](Known::rows).
    pub(crate) fn parse(self, mut rows: impl Iterator<Item = ReplyRow>) -> Option<History> {
        let first = rows.next()?;
        match first.get(SAME) {
            Some("t") => Some(self.history),
            // One row that says nothing else: the table is empty now.
            _ if first.get(0).is_none() && first.get(1).is_none() => Some(History::default()),
            _ => History::parse(std::iter::once(first).chain(rows)),
        }
    }
}

/// A row as the server puts it together, unless its columns have other types than those that we make: then it is taken
/// for another one, and sent.
fn text(row: &Row) -> String {
    let Row { id, version, name, checksum, execution_time, applied_at } = row;
    let millis = execution_time.as_millis();
    let at = applied_at.map_or(0, |it| seconds(it).to_bits());
    format!("{id}\x1f{version}\x1f{name}\x1f{checksum}\x1f{millis}\x1f{at:016x}")
}

/// Since 1970, as the server gives the parts of a time: divided once.
#[expect(clippy::cast_precision_loss, reason = "that is what the server loses")]
fn seconds(time: SystemTime) -> f64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_micros() as f64 / 1e6,
        Err(before) => -(before.duration().as_micros() as f64) / 1e6,
    }
}
