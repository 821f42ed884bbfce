//! A connection that belongs to the caller, and what is owed to it.

use crate::quote::literal;
use crate::transport::{Keep, send_lent};

/// A connection that belongs to the caller. Dropping it puts back what we changed.
pub(crate) struct Lent<'a> {
    pub(crate) client: &'a mut postgres::Client,
    /// What undoes our changes: roles, and the lock once it is held.
    pub(crate) restore: Vec<String>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        for statement in self.restore.iter().rev() {
            // There is nobody left to tell; a connection that is gone has nothing to put back.
            let _ = send_lent(self.client, statement, Keep::All);
        }
    }
}

/// The expression that sets a parameter, from a row with its name and its value.
pub(crate) fn set_config(cells: &[Option<String>]) -> Option<String> {
    let [Some(name), Some(value)] = cells else { return None };
    Some(format!("pg_catalog.set_config({}, {}, false)", literal(name), literal(value)))
}
