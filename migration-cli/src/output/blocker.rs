//! Whose locks were in the way, in the one JSON object.

use migrate_runtime::Blocker;
use serde::Serialize;

/// A session whose locks were in the way.
#[derive(Debug, Serialize)]
pub(crate) struct BlockerRecord {
    /// Null for a prepared transaction.
    pid: Option<i32>,
    application: Option<String>,
    role: Option<String>,
    state: Option<String>,
    transaction_age_s: Option<u64>,
    statement: Option<String>,
    /// Whether it waits for a lock itself.
    waits: bool,
}

impl BlockerRecord {
    /// `clean` takes out what no output may show.
    pub(super) fn new(blocker: &Blocker, clean: impl Fn(&str) -> String) -> BlockerRecord {
        let text = |it: &Option<String>| it.as_deref().map(&clean);
        BlockerRecord {
            pid: blocker.pid,
            application: text(&blocker.application),
            role: text(&blocker.role),
            state: text(&blocker.state),
            transaction_age_s: blocker.transaction_age.map(|it| it.as_secs()),
            statement: text(&blocker.statement),
            waits: blocker.waits,
        }
    }
}
