//! The key of the lock that allows one runner at a time per database and history table.

use std::time::Duration;

use migrate_core::Checksum;

use crate::error::{Error, ErrorKind};
use crate::quote::fill;

/// The first of the two numbers of the advisory lock.
///
/// It depends on the schema alone and never changes: binaries of every version, past and to come,
/// must exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LockKey(u32);

impl LockKey {
    /// The key for the history table in `schema`.
    pub(crate) fn of(schema: &str) -> LockKey {
        let hash = Checksum::of(&format!("migrate:{schema}._migrations"));
        let [a, b, c, d, ..] = *hash.bytes();
        LockKey(u32::from_be_bytes([a, b, c, d]))
    }

    /// One statement: takes the lock if it is free. It is taken twice, for the sake of [`is_held`](LockKey::is_held).
    pub(crate) fn try_lock(self) -> String {
        let take = self.take();
        format!("SELECT {take} AND {take}")
    }

    /// One statement: gives the lock back.
    pub(crate) fn unlock(self) -> String {
        let give = self.give();
        format!("SELECT {give}, {give}")
    }

    /// An expression: whether the session holds the lock. Giving back one of the two times that it was taken tells;
    /// the other one keeps everybody else out meanwhile. A script that gave it back once is not noticed: then somebody
    /// else may get in, which makes this false, and the transaction's own lock keeps the two apart. To look into `pg_locks` would cost the server many times
    /// as much: it copies the locks of all sessions.
    pub(crate) fn is_held(self) -> String {
        format!("({} AND {})", self.give(), self.take())
    }

    fn take(self) -> String {
        format!("pg_catalog.pg_try_advisory_lock({}, 1)", self.signed())
    }

    fn give(self) -> String {
        format!("pg_catalog.pg_advisory_unlock({}, 1)", self.signed())
    }

    /// One statement: who holds the lock, as far as the role may see.
    pub(crate) fn holder(self) -> String {
        fill(include_str!("history/holder.sql"), &[("classid", &self.unsigned().to_string())])
    }

    /// One statement: ends a session that waits for a client which is not there any more.
    pub(crate) fn end_idle(pid: i32) -> String {
        format!(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = {pid} AND state LIKE 'idle%' AND application_name = pg_catalog.current_setting('application_name')"
        )
    }

    /// As the `int4` that the lock functions take.
    pub(crate) fn signed(self) -> i32 {
        self.0.cast_signed()
    }

    /// As the `oid` that `pg_locks.classid` shows.
    pub(crate) fn unsigned(self) -> u32 {
        self.0
    }
}

/// Who holds the lock.
#[derive(Debug, Default)]
pub(crate) struct Holder {
    /// 0 where it is not known.
    pub(crate) pid: i32,
    /// Application, role and address, as far as the role may see.
    details: Vec<(&'static str, String)>,
    /// Whether it waits for its client, outside of a transaction or inside.
    pub(crate) is_idle: bool,
}

impl Holder {
    /// Reads a row of the answer to [`LockKey::holder`].
    pub(crate) fn parse(cells: &[Option<String>]) -> Holder {
        let pid = cells.first().and_then(|it| it.as_deref()?.parse().ok()).unwrap_or(0);
        let names = ["application", "role", "from", "for"];
        let details = names.into_iter().zip(cells.iter().skip(1)).filter_map(|(name, value)| {
            let value = value.clone().filter(|it| !it.is_empty())?;
            Some((name, value))
        });
        let state = cells.get(5).and_then(Option::as_deref).unwrap_or_default();
        Holder { pid, details: details.collect(), is_idle: state.starts_with("idle") }
    }

    /// What is said when it still holds the lock after `wait`.
    pub(crate) fn held(&self, wait: Duration) -> Error {
        let wait = wait.as_secs_f32();
        let message = format!("another runner holds the lock after {wait} s of waiting: {self}");
        let error = Error::new(ErrorKind::LockHeld, message)
            .with_state("nothing was changed")
            .with_hint("add `--wait 10m` to the command   # waits longer");
        match self.pid {
            0 => error,
            pid => error.with_hint(format!(
                "SELECT pg_terminate_backend({pid});   -- once it is certain that nobody needs that session"
            )),
        }
    }

    /// Whether it is a session of the run with this token.
    pub(crate) fn is_of(&self, token: &str) -> bool {
        self.details.iter().any(|(name, value)| *name == "application" && value.ends_with(token))
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            0 => f.write_str("sessions that come and go")?,
            pid => write!(f, "pid {pid}")?,
        }
        self.details.iter().try_for_each(|(name, value)| write!(f, ", {name} {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_public_schema_never_changes() {
        // printf 'migrate:public._migrations' | sha256sum | head -c 8
        assert_eq!(format!("{:08x}", LockKey::of("public").unsigned()), "0fc4a656");
    }

    #[test]
    fn schemas_have_locks_of_their_own() {
        assert_ne!(LockKey::of("public"), LockKey::of("tenant_1"));
    }
}
